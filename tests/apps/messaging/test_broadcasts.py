"""Mass sends: drafted, written down in chunks, watched, paused, cancelled; each member once, within the rules."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from apps.members.models import Group, Member, Membership
from apps.messaging import selectors as message_facts
from apps.messaging.models import Broadcast, Content, Dispatch, Message
from apps.messaging.services import broadcasts, ruling
from apps.messaging.states import BroadcastStatus, DispatchStatus, MessageStatus, Reason
from apps.wechat.sandbox.control import Sandbox
from mall.errors import Invalid
from mall.lifecycle import MoveRefused
from tests.apps.members import make as members
from tests.apps.messaging import make
from tests.apps.messaging.make import DAY, HOUR, MINUTE, NOW

pytestmark = pytest.mark.django_db


def content(**columns: Any) -> Content:
    return Content(
        **{
            "title": "春茶上新",
            "text": "{nickname}您好，明前龙井已上架。",
            "page": "pages/home/index",
            **columns,
        }
    )


def draft(*, audience: str = "ALL", text: Content | None = None, **more: Any) -> Broadcast:
    asked = {"due_at": NOW, "at": NOW, "operator": None, **more}
    return broadcasts.draft(content=text or content(), audience=audience, **asked)


def started(**more: Any) -> Broadcast:
    row = draft(**more)
    broadcasts.start(broadcast_id=row.pk, at=NOW)
    return row


def told() -> set[str]:
    return set(Message.objects.filter(status=MessageStatus.TOLD).values_list("member__nickname", flat=True))


def test_everybody_gets_one_in_their_own_words() -> None:
    for name in ("小茶", "小瓷"):
        make.member(name)
    row = started()
    broadcasts.prepare_due(at=NOW)
    broadcasts.prepare_due(at=NOW)
    make.tell()
    broadcasts.prepare_due(at=NOW)

    assert told() == {"小茶", "小瓷"}
    assert set(Message.objects.values_list("text", flat=True)) == {
        "小茶您好，明前龙井已上架。",
        "小瓷您好，明前龙井已上架。",
    }
    row.refresh_from_db()
    assert (row.status, row.written, row.total) == (BroadcastStatus.DONE, 2, 2)


def test_a_draft_is_sent_to_nobody() -> None:
    make.member()
    draft()
    assert broadcasts.prepare_due(at=NOW) == 0
    assert not Message.objects.exists()


def test_members_are_reached_chunk_by_chunk_and_those_who_come_later_are_not_meant() -> None:
    for number in range(5):
        make.member(f"早{number}")
    row = started()
    make.member("晚")
    assert [broadcasts.prepare_some(broadcast_id=row.pk, at=NOW, limit=2) for _ in range(4)] == [
        2,
        2,
        1,
        None,
    ]
    assert Message.objects.count() == 5


def test_a_group_a_level_or_a_list_can_be_meant() -> None:
    level = members.level("金卡会员", rank=3)
    gold, friend, listed = make.member("金", level=level), make.member("友"), make.member("单")
    group = Group.objects.create(name="茶友")
    Membership.objects.create(group=group, member=friend, added_at=NOW - DAY)
    Member.objects.filter(pk=listed.pk).update(disabled_at=None)

    for row in (
        started(audience="LEVEL", level=level),
        started(audience="GROUP", group=group),
        started(audience="LIST", member_numbers=[listed.public_id, "NOBODY"]),
    ):
        broadcasts.prepare_due(at=NOW)
        assert row.total == 1
    assert Broadcast.objects.order_by("id").last().unknown == 1  # type: ignore[union-attr]
    make.tell()
    assert told() == {gold.nickname, "友", "单"}


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"audience": "NOBODY"}, "audience"),
        ({"audience": "LEVEL"}, "level"),
        ({"audience": "GROUP"}, "group"),
        ({"audience": "LIST"}, "numbers"),
        ({"due_at": NOW - 6 * MINUTE}, "due_at"),
    ],
)
def test_who_is_meant_must_be_said(asked: dict[str, Any], field: str) -> None:
    with pytest.raises(broadcasts.BroadcastRefused) as refused:
        draft(**asked)
    assert list(refused.value.details) == [field]


def test_a_time_of_a_few_minutes_ago_is_now() -> None:
    make.member()
    assert draft(due_at=NOW - 5 * MINUTE).due_at == NOW


def test_who_starts_one_whose_time_has_passed_is_told_that_it_goes_at_once(admin_client: Client) -> None:
    make.member()
    now = timezone.now()
    for due_at, said in ((now, True), (now + DAY, False)):
        row = draft(due_at=due_at, at=now)
        page = admin_client.get(f"/admin/messaging/broadcast/{row.pk}/start/").text
        assert f"{timezone.localtime(due_at):%Y-%m-%d %H:%M}" in page
        assert ("已过，开始后立即发送" in page) == said


def test_a_time_that_has_passed_is_refused_beside_its_field(admin_client: Client) -> None:
    make.member()
    typed = {"heading": "春茶上新", "text": "您好", "audience": "ALL", "token": uuid4().hex}
    typed |= {"due_at_0": "2025-12-05", "due_at_1": "10:00"}
    answer = admin_client.post("/admin/messaging/broadcast/draft/", typed)
    assert answer.status_code == 409
    assert "发送时间已过" in str(answer.context["form"].errors["due_at"])
    assert not Broadcast.objects.exists()


def test_nobody_can_be_meant() -> None:
    with pytest.raises(Invalid, match="没有符合条件的会员"):
        draft(audience="LIST", member_numbers=["NOBODY"])
    assert not Content.objects.exists()


def test_the_same_page_sent_twice_is_one_mass_send() -> None:
    make.member()
    assert draft(token="page").pk == draft(token="page").pk


@pytest.mark.parametrize("text", ["{order_no}", "{nickname", "{nickname.openid}"])
def test_a_text_names_what_is_known_of_a_member_only(text: str) -> None:
    make.member()
    with pytest.raises(ruling.ContentRefused) as refused:
        draft(text=content(text=text))
    assert "text" in refused.value.details


def test_it_waits_for_its_time() -> None:
    make.member()
    started(due_at=NOW + HOUR)
    broadcasts.prepare_due(at=NOW)
    assert make.tell() == 0
    make.tell(at=NOW + HOUR)
    assert Message.objects.get().status == MessageStatus.TOLD


def test_a_paused_one_sends_nothing_more_and_goes_on_where_it_was(wechat: Sandbox) -> None:
    owner, found = make.subscribed(wechat)
    setting = make.the_setting("order_paid")
    fields = {key: "春茶上新" if key.startswith("thing") else text for key, text in setting.fields.items()}
    fields = {
        k: ("A1" if k.startswith("char") else "¥1.00" if k.startswith("amount") else t)
        for k, t in fields.items()
    }
    row = started(text=content(template=found, fields=fields))
    broadcasts.prepare_due(at=NOW)
    make.tell()
    make.member("后来")

    broadcasts.pause(broadcast_id=row.pk, at=NOW)
    make.send()
    assert (make.the_way(owner).status, wechat.messages()) == (DispatchStatus.HELD, [])

    broadcasts.resume(broadcast_id=row.pk, at=NOW)
    make.send()
    assert make.the_way(owner).status == DispatchStatus.SENT


def test_paused_before_it_is_told_nothing_is_told_and_what_is_past_its_time_afterwards_is_dropped() -> None:
    make.member()
    row = started()
    broadcasts.prepare_due(at=NOW)
    assert broadcasts.pause(broadcast_id=row.pk, at=NOW) == 1
    assert make.tell() == 0

    broadcasts.resume(broadcast_id=row.pk, at=NOW + 2 * DAY)
    make.tell(at=NOW + 2 * DAY)

    assert Message.objects.get().reason == Reason.EXPIRED
    broadcasts.prepare_due(at=NOW + 2 * DAY)
    broadcasts.prepare_due(at=NOW + 2 * DAY)
    row.refresh_from_db()
    assert row.status == BroadcastStatus.DONE


def test_a_cancelled_one_never_sends_the_rest() -> None:
    for _ in range(3):
        make.member()
    row = started()
    broadcasts.prepare_some(broadcast_id=row.pk, at=NOW, limit=2)
    broadcasts.cancel(broadcast_id=row.pk, at=NOW)

    assert broadcasts.prepare_due(at=NOW) == 0
    assert make.tell() == 0
    assert set(Message.objects.values_list("status", "reason")) == {(MessageStatus.DROPPED, Reason.CANCELLED)}
    assert not Dispatch.objects.exists()
    with pytest.raises(MoveRefused):
        broadcasts.resume(broadcast_id=row.pk, at=NOW)


def test_its_progress_says_how_many_were_told_and_why_others_were_not() -> None:
    one, other = make.member(), make.member()
    make.rules(per_day=1)
    make.write(one, make.is_true("P"), scene="price_drop")
    make.tell()
    row = started()
    broadcasts.prepare_due(at=NOW)
    make.tell()

    found = message_facts.progress(row)

    assert found.messages == {MessageStatus.TOLD: 1, MessageStatus.DROPPED: 1}
    assert found.reasons == {Reason.CAPPED_DAY: 1, Reason.NO_CHANNEL: 1}
    assert Message.objects.get(broadcast=row, member=other).status == MessageStatus.TOLD


def test_what_members_received_is_not_reworded_afterwards() -> None:
    make.member()
    row = started()
    broadcasts.prepare_due(at=NOW)
    row.content.text = "别的"
    with pytest.raises(ruling.ContentRefused):
        ruling.save_content(row.content, at=NOW)


@pytest.mark.parametrize(
    "page", ["https://evil.example/", 'pages/x?"><script>', "//evil.example", "pages//x"]
)
def test_a_page_that_is_none_of_the_mini_program_is_refused(page: str) -> None:
    with pytest.raises(ruling.ContentRefused) as refused:
        draft(text=content(page=page))
    assert list(refused.value.details) == ["page"]
