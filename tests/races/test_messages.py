"""Messages under real threads on PostgreSQL: one grant is one send, one occasion one message, a cap is a cap, and a worker
that is killed in the middle sends nothing twice.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import transaction
from django.utils import timezone

from apps.members.models import Member
from apps.messaging import services as messaging
from apps.messaging.models import Dispatch, GrantEntry, Message, SceneSetting, Standing
from apps.messaging.services import broadcasts, carrying, deciding, grants, wishes
from apps.messaging.states import Channel, DispatchStatus, GrantChange, MessageStatus, Reason
from apps.wechat.sandbox.control import Sandbox
from tests.apps.messaging import make
from tests.apps.messaging.make import MINUTE, NOW
from tests.apps.messaging.test_broadcasts import content
from tests.journeys.programs import ROOT, on_the_tests_database
from tests.races.together import all_answers

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
ROUNDS = 10
SEND = "/cgi-bin/message/subscribe/send"


@pytest.fixture(autouse=True)
def _own_board(settings: object) -> None:
    settings.MESSAGE_SCENES = "tests.apps.messaging.make.SCENES"  # type: ignore[attr-defined]
    make.TRUTH.clear()


def carrying_one() -> str:
    return "tried" if carrying.carry_next(channel=Channel.SUBSCRIPTION, at=NOW) else "nothing due"


def deciding_some() -> str:
    return str(deciding.decide_some(at=NOW))


def test_one_grant_is_one_send_however_many_workers_there_are(wechat: Sandbox):
    wechat.fault("delay", path=SEND, delay_s=0.05, times=ROUNDS)
    owner, found = make.subscribed(wechat)
    for number in range(6):
        make.write(owner, make.is_true(f"SO{number}"))
    make.tell()
    assert Dispatch.objects.count() == 6

    for step in range(ROUNDS):
        all_answers([carrying_one] * 6)
        make.send(at=NOW + (step + 1) * MINUTE)

    assert len(wechat.messages()) == 1
    ends = Counter(Dispatch.objects.values_list("status", flat=True))
    assert ends == {DispatchStatus.SENT: 1, DispatchStatus.REFUSED: 5}
    assert make.balance(owner, found) == 0


def test_one_message_is_carried_by_one_worker(wechat: Sandbox):
    wechat.fault("delay", path=SEND, delay_s=0.1, times=ROUNDS)
    for round_ in range(ROUNDS):
        owner, found = make.subscribed(wechat, 2)
        make.write(owner, make.is_true("SO1"))
        make.tell()
        answers = all_answers([carrying_one] * 4)
        assert answers["tried"] >= 1
        assert (len(wechat.messages()), make.balance(owner, found)) == (round_ + 1, 1)


def test_two_messages_to_one_member_never_go_at_the_same_time(wechat: Sandbox):
    owner, _ = make.subscribed(wechat, 4)
    for number in range(4):
        make.write(owner, make.is_true(f"SO{number}"))
    make.tell()
    under_way: list[int] = []
    send = carrying.channels.CHANNELS[Channel.SUBSCRIPTION]

    def slowly(out: object, *, at: object) -> object:
        under_way.append(Dispatch.objects.filter(status=DispatchStatus.SENDING).count())
        time.sleep(0.05)
        return send(out, at=at)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("apps.messaging.channels.CHANNELS", {Channel.SUBSCRIPTION: slowly})
        for step in range(4):
            all_answers([carrying_one] * 4)
            make.send(at=NOW + step * MINUTE)

    assert max(under_way) == 1
    assert len(wechat.messages()) == 4


def writing(owner: Member) -> Callable[[], str]:
    def write() -> str:
        with transaction.atomic():
            return str(
                messaging.write(scene="order_paid", member_id=owner.pk, subject="SO1", occasion="SO1", at=NOW)
            )

    return write


def test_the_same_occasion_announced_at_once_is_one_message():
    for _ in range(ROUNDS):
        owner = make.member()
        assert all_answers([writing(owner)] * 8) == {"True": 1, "False": 7}
        assert Message.objects.filter(member=owner).count() == 1


def test_workers_that_tell_at_once_tell_each_message_once():
    for number in range(40):
        make.write(make.member(), make.is_true(f"SO{number}"))
    taken = all_answers([lambda: str(deciding.decide_some(at=NOW, limit=15))] * 4)
    assert sum(int(answer) * times for answer, times in taken.items()) <= 40
    make.tell()
    assert Message.objects.filter(status=MessageStatus.TOLD).count() == 40


def test_a_cap_holds_however_many_workers_tell_at_once():
    make.rules(per_day=2, per_week=5)
    for _ in range(ROUNDS):
        owner = make.member()
        for number in range(6):
            make.write(owner, make.is_true(f"P{number}"), scene="price_drop")
        all_answers([lambda: str(deciding.decide_some(at=NOW, limit=2))] * 3)
        make.tell()
        told = Message.objects.filter(member=owner, status=MessageStatus.TOLD).count()
        assert (told, Standing.objects.get(member=owner).told_day) == (2, 2)


def test_the_client_and_wechat_who_tell_of_one_accept_at_once_count_once():
    found = make.template()
    for round_ in range(ROUNDS):
        owner = make.member()

        def by_client(who: Member = owner) -> str:
            grants.note_answers(member_id=who.pk, scene="order_paid", results={"T-paid": "accept"}, at=NOW)
            return "told"

        def by_event(who: Member = owner, push: str = f"p{round_}") -> str:
            grants.note_events(member_id=who.pk, answers=[("T-paid", "accept")], cause=push, at=NOW)
            return "told"

        all_answers([by_client, by_event, by_event, by_client])
        assert make.balance(owner, found) == 1
        accepted = GrantEntry.objects.filter(grant__member=owner, what=GrantChange.ACCEPTED)
        assert accepted.count() == 1


def test_marketing_switched_off_while_messages_are_prepared_stops_what_is_not_told():
    for _ in range(ROUNDS):
        owner = make.member()
        make.write(owner, make.is_true("P1"), scene="price_drop")

        def switch_off(who: Member = owner) -> str:
            wishes.set_marketing(member_id=who.pk, wanted=False, at=NOW)
            return "off"

        all_answers([switch_off, deciding_some])
        make.tell()
        make.write(owner, make.is_true("P2"), scene="price_drop")
        make.tell()
        # Whichever came first of the first one, the second is refused.
        second = Message.objects.get(member=owner, subject="P2")
        assert (second.status, second.reason) == (MessageStatus.DROPPED, Reason.MARKETING_OFF)


def test_a_mass_send_that_workers_prepare_at_once_writes_each_member_one_message():
    for _ in range(30):
        make.member()
    row = broadcasts.draft(content=content(), audience="ALL", due_at=NOW, at=NOW, operator=None)
    broadcasts.start(broadcast_id=row.pk, at=NOW)
    for _ in range(4):
        all_answers([lambda: str(broadcasts.prepare_some(broadcast_id=row.pk, at=NOW, limit=5))] * 4)
    broadcasts.prepare_due(at=NOW)
    row.refresh_from_db()
    assert (Message.objects.count(), row.written) == (30, 30)


def test_a_worker_killed_while_it_sends_leaves_one_unknown_and_nothing_is_sent_twice(wechat: Sandbox):
    at = timezone.now()
    owner, found = make.subscribed(wechat, 3)
    SceneSetting.objects.filter(scene="level_changed").delete()
    for number in range(3):
        make.write(owner, make.is_true(f"SO{number}"), at=at)
    make.tell(at=at)
    wechat.fault("delay", path=SEND, delay_s=3)
    command = [sys.executable, "-m", "tests.races.carry", wechat.base_url]
    process = subprocess.Popen(command, cwd=ROOT, env=on_the_tests_database())
    try:
        ends = time.monotonic() + 60
        while (
            wechat.faults()
        ):  # a call that waits has taken its fault already, and is listed only when answered
            assert time.monotonic() < ends
            time.sleep(0.02)
    finally:
        process.kill()
        assert process.wait(5) == -9
    assert Dispatch.objects.filter(status=DispatchStatus.SENDING).count() == 1
    wechat.wait(lambda: wechat.calls(SEND))  # WeChat goes on with what it was asked

    later = at + carrying.LEASE + MINUTE
    for step in range(4):
        make.send(at=later + step * MINUTE)

    ends_ = Counter(Dispatch.objects.values_list("status", flat=True))
    assert ends_ == {DispatchStatus.UNKNOWN: 1, DispatchStatus.SENT: 2}
    assert len(wechat.calls(SEND)) == 3
    assert make.balance(owner, found) == 0
