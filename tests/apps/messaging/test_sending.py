"""Sending by WeChat: once, by a granted template, and what WeChat answers decides what becomes of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache

from apps.base.cache import SoftRedisCache, breaker_of
from apps.messaging import marks, pacing
from apps.messaging.models import Dispatch, Message, Template
from apps.messaging.services import carrying, hearing, inbox, wishes
from apps.messaging.states import Channel, DispatchStatus, MessageStatus, Reason
from apps.wechat.pushed import Delivery, MessagesSent
from apps.wechat.sandbox.control import Sandbox
from mall.lifecycle import MoveRefused
from tests.apps.members import make as members
from tests.apps.messaging import make
from tests.apps.messaging.make import DAY, HOUR, MINUTE, NOW
from tests.conftest import Shopper

pytestmark = pytest.mark.django_db
SEND = "/cgi-bin/message/subscribe/send"
SECOND = timedelta(seconds=1)


def paid_order(wechat: Sandbox, times: int = 1) -> tuple[Any, Template]:
    """A member who accepted messages, and an order of theirs of which one is to be told."""
    owner, found = make.subscribed(wechat, times)
    make.write(owner, make.is_true("SO1"))
    make.tell()
    return owner, found


def test_a_granted_message_goes_by_wechat_and_uses_the_grant(wechat: Sandbox) -> None:
    owner, found = paid_order(wechat)

    make.send()

    way = make.the_way(owner)
    assert (way.channel, way.status, way.tries) == (Channel.SUBSCRIPTION, DispatchStatus.SENT, 1)
    (sent,) = wechat.messages()
    assert (sent["template_id"], sent["page"]) == (found.template_id, "pages/order/detail?order_no=SO1")
    assert str(sent["msgid"]) == way.msgid
    assert make.balance(owner, found) == 0
    message = make.the_message(owner)
    assert (message.status, message.channel, message.reason) == (
        MessageStatus.TOLD,
        Channel.SUBSCRIPTION,
        "",
    )
    assert make.send() == 0
    assert len(wechat.calls(SEND)) == 1


def test_without_a_grant_only_the_inbox_has_it(wechat: Sandbox) -> None:
    owner = make.member()
    make.told_by(make.template())
    make.write(owner, make.is_true("SO1"))

    make.tell_and_send()

    assert (make.the_message(owner).status, make.the_message(owner).reason) == (
        MessageStatus.TOLD,
        Reason.NO_GRANT,
    )
    assert wechat.calls(SEND) == []


def test_the_second_of_two_messages_has_no_grant_left(wechat: Sandbox) -> None:
    owner, found = make.subscribed(wechat)
    for number in (1, 2):
        make.write(owner, make.is_true(f"SO{number}"))

    make.tell_and_send()

    assert sorted(Dispatch.objects.values_list("status", "reason")) == [
        (DispatchStatus.REFUSED, Reason.NO_GRANT),
        (DispatchStatus.SENT, ""),
    ]
    assert (len(wechat.messages()), make.balance(owner, found)) == (1, 0)


def test_wechats_no_corrects_the_ledger_and_is_final(wechat: Sandbox) -> None:
    owner, found = paid_order(wechat, times=2)
    wechat.turn_messages_off(owner.openid, found.template_id)

    make.send()
    make.send(at=NOW + HOUR)

    way = make.the_way(owner)
    assert (way.status, way.reason) == (DispatchStatus.REFUSED, Reason.NO_GRANT)
    assert make.balance(owner, found) == 0
    assert make.the_message(owner).reason == Reason.NO_GRANT
    assert len(wechat.calls(SEND)) == 1


@pytest.mark.parametrize("errcode", [-1, 45009, 43108])
def test_a_busy_wechat_is_asked_again_and_the_grant_waits_with_it(wechat: Sandbox, errcode: int) -> None:
    owner, found = paid_order(wechat)
    wechat.fault("errcode", path=SEND, errcode=errcode)

    make.send()
    way = make.the_way(owner)
    assert (way.status, way.reason, way.tries) == (DispatchStatus.WAITING, Reason.BUSY, 1)
    assert make.balance(owner, found) == 1
    assert way.due_at > NOW

    pacing.forget()
    cache.clear()
    make.send(at=NOW + 2 * MINUTE)
    assert make.the_way(owner).status == DispatchStatus.SENT
    assert (make.balance(owner, found), len(wechat.messages())) == (0, 1)


def test_a_used_up_quota_gives_the_whole_channel_a_rest(wechat: Sandbox) -> None:
    owner, _ = paid_order(wechat)
    wechat.fault("errcode", path=SEND, errcode=45009)
    make.send()
    assert len(wechat.calls(SEND)) == 1

    Dispatch.objects.update(due_at=NOW)
    assert make.send(at=NOW + 30 * SECOND) == 0
    make.send(at=NOW + 61 * SECOND)

    assert len(wechat.calls(SEND)) == 2
    assert make.the_way(owner).status == DispatchStatus.SENT


def test_a_send_without_an_answer_is_never_repeated(wechat: Sandbox, settings: Any) -> None:
    settings.WECHAT_TIMEOUT_S = (1.0, 0.3)
    owner, found = paid_order(wechat, times=2)
    wechat.fault("timeout_after_commit", path=SEND, hang_s=1)

    make.send()
    make.send(at=NOW + HOUR)

    way = make.the_way(owner)
    assert (way.status, way.reason) == (DispatchStatus.UNKNOWN, Reason.UNKNOWN)
    assert make.the_message(owner).reason == Reason.UNKNOWN
    assert (len(wechat.messages()), make.balance(owner, found)) == (1, 1)
    with pytest.raises(MoveRefused):
        carrying.repeat(dispatch_id=way.pk, at=NOW + HOUR)


def test_what_a_dead_worker_was_sending_is_unknown_and_never_sent_again(
    wechat: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, found = paid_order(wechat, times=2)

    class Killed(BaseException):
        """What ends a worker in the middle, whatever it is at."""

    def die(out: Any, *, at: Any) -> Any:
        raise Killed

    monkeypatch.setattr("apps.messaging.channels.CHANNELS", {Channel.SUBSCRIPTION: die})
    with pytest.raises(Killed):
        make.send()
    monkeypatch.undo()
    assert make.the_way(owner).status == DispatchStatus.SENDING

    make.send(at=NOW + MINUTE)
    assert make.the_way(owner).status == DispatchStatus.SENDING
    make.send(at=NOW + carrying.LEASE)
    make.send(at=NOW + HOUR)

    assert make.the_way(owner).status == DispatchStatus.UNKNOWN
    assert (wechat.messages(), make.balance(owner, found)) == ([], 1)


@pytest.mark.parametrize("errcode", [47003, 41030, 45168, 43107, 40037])
def test_what_wechat_refuses_for_good_waits_for_an_operator_and_keeps_its_grant(
    wechat: Sandbox, errcode: int
) -> None:
    owner, found = paid_order(wechat)
    wechat.fault("errcode", path=SEND, errcode=errcode)

    make.send()
    way = make.the_way(owner)
    assert (way.status, way.reason) == (DispatchStatus.FAILED, Reason.REFUSED)
    assert str(errcode) in way.fault
    assert make.balance(owner, found) == 1
    assert make.send(at=NOW + HOUR) == 0

    Template.objects.update(missing_since=None)
    carrying.repeat(dispatch_id=way.pk, at=NOW + HOUR)
    make.send(at=NOW + HOUR)
    assert make.the_way(owner).status == DispatchStatus.SENT


def test_a_template_that_wechat_has_no_more_is_asked_for_and_used_no_more(wechat: Sandbox) -> None:
    owner, found = paid_order(wechat, times=2)
    wechat.fault("errcode", path=SEND, errcode=40037)
    make.send()
    found.refresh_from_db()
    assert found.missing_since is not None

    make.write(owner, make.is_true("SO2"))
    make.tell_and_send()
    assert make.the_message(owner, subject="SO2").reason == Reason.NO_CHANNEL


def test_an_hour_without_wechat_sends_nothing_twice_and_drops_what_is_past_its_time(wechat: Sandbox) -> None:
    owner, found = make.subscribed(wechat, 2)
    make.write(owner, make.is_true("SO1"))
    make.write(owner, make.is_true("SO2"), expires_at=NOW + 30 * MINUTE)
    make.tell()
    wechat.fault("http_status", path=SEND, status=503, times=1)
    wechat.fault("errcode", path=SEND, errcode=-1, times=100)
    at = NOW
    while at < NOW + HOUR:
        pacing.forget()
        cache.clear()
        make.send(at=at)
        at += 5 * MINUTE
    wechat.clear_faults()
    pacing.forget()
    cache.clear()
    make.send(at=NOW + HOUR)

    found_statuses = dict(Dispatch.objects.values_list("message__subject", "status"))
    assert found_statuses["SO2"] in {DispatchStatus.REFUSED, DispatchStatus.UNKNOWN}
    # A broken answer leaves it unknown; whichever of both it struck was not sent again.
    assert len(wechat.messages()) == list(found_statuses.values()).count(DispatchStatus.SENT)
    assert make.the_message(owner, subject="SO2").reason in {Reason.EXPIRED, Reason.UNKNOWN}
    assert make.balance(owner, found) <= 1


def test_a_switch_turned_off_between_telling_and_sending_stops_it(wechat: Sandbox) -> None:
    owner, found = make.subscribed(wechat)
    make.told_by(found, scene="price_drop", fields=make.the_setting("order_paid").fields)
    make.write(owner, make.is_true("P1"), scene="price_drop")
    make.tell()
    wishes.set_marketing(member_id=owner.pk, wanted=False, at=NOW)

    make.send()

    assert make.the_way(owner).reason == Reason.MARKETING_OFF
    assert (wechat.calls(SEND), make.balance(owner, found)) == ([], 1)


def test_what_is_over_between_telling_and_sending_is_not_sent(wechat: Sandbox) -> None:
    owner, found = paid_order(wechat)
    make.is_over("SO1")

    make.send()

    assert make.the_way(owner).reason == Reason.NOT_TRUE
    assert (wechat.calls(SEND), make.balance(owner, found)) == ([], 1)


def test_what_is_sent_reads_as_it_is_true_at_that_moment(wechat: Sandbox) -> None:
    paid_order(wechat)
    make.is_true("SO1", amount=9_900)

    make.send()

    (sent,) = wechat.messages()
    assert "¥99.00" in sent["values"].values()


def test_long_facts_are_cut_so_that_wechat_takes_them(wechat: Sandbox) -> None:
    owner, _ = make.subscribed(wechat)
    make.write(owner, make.is_true("SO1", goods="明前龙井一级礼盒装二百五十克两罐加赠青瓷茶杯一只"))

    make.tell_and_send()

    (sent,) = wechat.messages()
    assert "明前龙井一级礼盒装二百五十克两罐加赠青…" in sent["values"].values()


def test_a_value_that_cannot_fit_is_not_sent_and_names_its_keyword(wechat: Sandbox) -> None:
    owner, found = make.subscribed(wechat)
    setting = make.the_setting("order_paid")
    keyword = next(key for key in setting.fields if key.startswith("character_string"))
    make.told_by(found, fields={**setting.fields, keyword: "{goods}"})
    make.write(owner, make.is_true("SO1", goods="春茶"))

    make.tell_and_send()

    way = make.the_way(owner)
    assert (way.status, way.reason) == (DispatchStatus.FAILED, Reason.UNFIT)
    assert way.fault.startswith(f"{keyword}：")
    assert (wechat.calls(SEND), make.balance(owner, found)) == ([], 1)


def test_what_wechat_could_not_deliver_after_all_is_marked_and_its_grant_is_back(wechat: Sandbox) -> None:
    owner, found = paid_order(wechat)
    make.send()
    way = make.the_way(owner)
    said = MessagesSent(owner.openid, NOW, (Delivery(found.template_id, way.msgid, "20003", "system error"),))

    for _ in range(2):
        hearing.hear(said=said, cause="push", at=NOW + MINUTE)

    way.refresh_from_db()
    assert (way.status, way.reason) == (DispatchStatus.REFUSED, Reason.NOT_DELIVERED)
    assert make.the_message(owner).reason == Reason.NOT_DELIVERED
    assert make.balance(owner, found) == 1


def test_order_news_goes_before_marketing(wechat: Sandbox) -> None:
    owner, found = make.subscribed(wechat, 2)
    make.told_by(found, scene="price_drop", fields=make.the_setting("order_paid").fields)
    make.write(owner, make.is_true("P1"), scene="price_drop")
    make.write(owner, make.is_true("SO1"))
    make.tell()

    assert carrying.carry_next(channel=Channel.SUBSCRIPTION, at=NOW)

    assert make.the_way(owner, status=DispatchStatus.SENT).message.subject == "SO1"


def test_nothing_is_sent_faster_than_the_bucket_lets_it(settings: Any) -> None:
    settings.MESSAGE_SENDS_PER_SECOND = 3
    turns = [pacing.turn(Channel.SUBSCRIPTION, at=NOW) for _ in range(4)]
    assert turns[:3] == [0.0, 0.0, 0.0]
    assert turns[3] == pytest.approx(1.0)
    assert pacing.turn(Channel.SMS, at=NOW) == 0.0
    assert pacing.turn(Channel.SUBSCRIPTION, at=NOW + SECOND) == 0.0


def test_without_redis_each_process_keeps_to_one_send_a_second(settings: Any) -> None:
    breaker = breaker_of(str(settings.REDIS_URL))
    assert isinstance(cache._connections[cache._alias], SoftRedisCache)  # type: ignore[attr-defined]
    breaker.open()
    try:
        first, second = (pacing.turn(Channel.SUBSCRIPTION, at=NOW) for _ in range(2))
    finally:
        breaker.close()
    assert first == 0.0
    assert 0.9 < second <= 1.0


def test_a_channel_that_asked_for_a_rest_has_it_without_redis_too(settings: Any) -> None:
    pacing.rest(Channel.SUBSCRIPTION, lasting=MINUTE, at=NOW)
    cache.clear()
    assert 59 < pacing.turn(Channel.SUBSCRIPTION, at=NOW) <= 60
    assert pacing.turn(Channel.SERVICE, at=NOW) == 0.0


def test_what_was_tried_for_a_day_without_end_is_left_to_operators(wechat: Sandbox) -> None:
    owner, found = paid_order(wechat)
    Message.objects.update(expires_at=NOW + 30 * DAY)
    wechat.fault("errcode", path=SEND, errcode=-1, times=100)
    at = NOW
    while make.the_way(owner).status == DispatchStatus.WAITING:
        at = max(at, make.the_way(owner).due_at)
        pacing.forget()
        cache.clear()
        make.send(at=at)
    way = make.the_way(owner)
    assert (way.status, way.reason, way.tries) == (DispatchStatus.FAILED, Reason.GIVEN_UP, 15)
    assert make.balance(owner, found) == 1


def test_an_offer_that_is_opened_in_wechat_counts_as_read_by_its_owner_only(wechat: Sandbox) -> None:
    owner, found = make.subscribed(wechat)
    told_by = make.the_setting("order_paid")
    make.told_by(found, scene="price_drop", fields=told_by.fields)
    make.write(owner, make.is_true("SO1"), scene="price_drop")
    make.tell_and_send()
    (sent,) = wechat.messages()
    page, _, mark = sent["page"].partition("&msg=")
    message = make.the_message(owner)
    assert page == message.page == "pages/order/detail?order_no=SO1"
    other = make.member()
    for who, said in (
        (other, mark),
        (owner, mark[:-1] + "~"),
        (owner, f"{mark}0"),
        (owner, None),
        (owner, 7),
    ):
        assert not inbox.mark_opened(member_id=who.pk, mark=said, at=NOW)
    assert make.the_message(owner).read_at is None
    landed = Shopper(members.access_token(owner)).call("POST", "/me/messages/opened", {"msg": mark})
    assert landed.status_code == 204
    first = make.the_message(owner).read_at
    assert first is not None
    assert not inbox.mark_opened(member_id=owner.pk, mark=mark, at=NOW)
    assert make.the_message(owner).read_at == first


def test_a_page_that_has_no_room_for_a_mark_and_none_at_all_stay_as_they_are() -> None:
    assert marks.marked("", message_id=7) == ""
    assert marks.marked("p" * 1024, message_id=7) == "p" * 1024
    said = marks.marked("pages/home/index", message_id=12345)
    assert marks.message_of(said.partition("?msg=")[2]) == 12345
