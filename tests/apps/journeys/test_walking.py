"""How members walk: waits, branches, actions once each, exits, the holdout, versions, and what is gone."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from apps.audiences import services as audiences
from apps.coupons.models import Coupon, Template
from apps.journeys import keys
from apps.journeys import selectors as journey_facts
from apps.journeys import services as journeys
from apps.journeys.models import Journey, JourneyVersion, Participation, StaffTask, StepRecord
from apps.journeys.personal import ROOM
from apps.members.models import Member
from apps.messaging.models import Message
from apps.messaging.services import deciding, wishes
from apps.outbox import announced_at
from apps.outbox import services as outbox
from apps.points import services as points
from apps.points.models import Account, Entry, Lot
from apps.risk import services as risk
from apps.risk.models import Look
from mall.events import MemberRegistered
from tests.apps.audiences import make as crowd
from tests.apps.catalog import make as catalog
from tests.apps.coupons import make as coupons
from tests.apps.journeys import make
from tests.apps.journeys.make import AT, DAY, HOUR, MINUTE, branch, give, message, wait

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_is_broken() -> Any:
    yield
    assert list(journey_facts.misdone()) == []


def test_the_way_of_a_member_over_days() -> None:
    """A wait, a question, its two ways, what follows both: each step at its time and once, whoever rings how often."""
    tag, ticket = crowd.tag("回访"), coupons.template()
    row = make.live(
        make.event(),
        wait(60),
        branch(
            "ordered",
            yes=[{"is": "tag", "tag": tag.pk}],
            no=[
                {"is": "coupon", "template": ticket.pk},
                {"is": "until", "days": 0, "clock": "10:00"},
                message(),
            ],
        ),
        {"is": "task", "text": "电话回访"},
        give(7),
    )
    idle, buyer = make.member("闲"), make.member("买")
    for owner in (idle, buyer):
        make.come(owner)
    make.bought(buyer, at=AT + 30 * MINUTE)

    assert journeys.move_due(at=AT) == 2
    assert journeys.move_due(at=AT + 59 * MINUTE) == 0
    for _ in range(2):
        journeys.move_due(at=AT + HOUR)
    ways = {p.member.nickname: p for p in Participation.objects.select_related("member")}
    assert make.done(ways["买"]) == [(2, "YES", ""), (3, "DONE", ""), (7, "DONE", ""), (8, "DONE", "")]
    assert ways["买"].status == "FINISHED"
    assert (ways["闲"].status, ways["闲"].cursor) == ("WALKING", 6)
    # Noon is past ten: the next time that the clock shows it.
    assert ways["闲"].next_due_at == AT + 22 * HOUR
    assert Coupon.objects.get().member == idle
    assert not Message.objects.exists()

    journeys.move_due(at=AT + 22 * HOUR)
    assert make.done(ways["闲"])[-3:] == [(6, "DONE", ""), (7, "DONE", ""), (8, "DONE", "")]
    assert Message.objects.get().member == idle
    assert sorted(StaffTask.objects.values_list("member__nickname", flat=True)) == ["买", "闲"]
    assert list(Account.objects.values_list("balance", flat=True)) == [7, 7]
    journeys.end(journey_id=row.pk, at=AT + 2 * DAY)
    assert set(StaffTask.objects.values_list("status", flat=True)) == {"DROPPED"}


def test_a_question_sees_what_the_step_before_it_did() -> None:
    tag = crowd.tag("已回访")
    tree = {"op": "all", "of": [{"is": "tag", "tags": [tag.pk]}]}
    make.live(make.event(), {"is": "tag", "tag": tag.pk}, branch("tree", tree=tree, yes=[give()]))
    way = make.come(make.member())
    journeys.move_due(at=AT)
    assert make.done(way) == [(1, "DONE", ""), (2, "YES", ""), (3, "DONE", "")]


@pytest.mark.parametrize(
    ("fact", "come_true"),
    [
        ("came_back", lambda owner: Member.objects.filter(pk=owner.pk).update(last_login_at=AT + MINUTE)),
        ("opened", lambda owner: Message.objects.update(read_at=AT)),
        ("coupon_used", lambda owner: Coupon.objects.update(status="USED", order_no="SO9")),
        ("in_cart", lambda owner: make.put_in_cart(owner, crowd_sku())),
        ("ordered", lambda owner: make.bought(owner, at=AT + MINUTE)),
    ],
)
def test_each_fact_is_true_once_it_happened(fact: str, come_true: Any) -> None:
    ticket = coupons.template()
    steps = [
        message(),
        {"is": "coupon", "template": ticket.pk},
        wait(60),
        branch(fact, yes=[give()], no=[give(9)]),
    ]
    make.live(make.event(), *steps)
    owners = [make.member("是"), make.member("否")]
    ways = [make.come(owner) for owner in owners]
    journeys.move_due(at=AT)
    # Of the one only: the other's rows are put back as they were.
    others = {model: list(model.objects.filter(member=owners[1]).values()) for model in (Message, Coupon)}
    come_true(owners[0])
    for model, rows in others.items():
        for kept in rows:
            model.objects.filter(pk=kept.pop("id")).update(**kept)
    journeys.move_due(at=AT + HOUR)
    assert [make.done(way)[2][:2] for way in ways] == [(4, "YES"), (4, "NO")]
    Coupon.objects.update(status="AVAILABLE", order_no="")


def crowd_sku() -> Any:
    return catalog.sku()


def test_who_pays_leaves_at_once_what_one_leaves_by_that() -> None:
    make.live(make.event(), wait(60), give(), exits=["ordered"])
    make.live(make.event(), wait(60), give())
    buyer = make.member()
    make.come(buyer, at=AT)
    assert journeys.let_buyer_go(member_id=buyer.pk, at=AT) == 0
    make.bought(buyer, at=AT + MINUTE)
    assert journeys.let_buyer_go(member_id=buyer.pk, at=AT + 2 * MINUTE) == 1
    assert journeys.let_buyer_go(member_id=buyer.pk, at=AT + 2 * MINUTE) == 0
    exits = sorted(Participation.objects.values_list("status", "exit", "next_due_at"))
    assert exits == [("LEFT", "ORDERED", None), ("WALKING", "", AT)]


def test_who_paid_before_late_news_let_them_in_has_ordered_after_entering() -> None:
    make.live(make.event("MemberRegistered"), wait(60), give(), exits=["ordered"])
    newcomer, late = make.member(), AT + 10 * MINUTE
    outbox.publish(MemberRegistered(member_id=newcomer.pk), at=AT)
    make.bought(newcomer, at=AT + MINUTE)
    outbox.deliver_due(at=late)
    assert Participation.objects.get().entered_at == AT
    assert announced_at() is None
    journeys.move_due(at=late)
    assert Participation.objects.get().exit == "ORDERED"


def test_who_ordered_leaves_and_is_told_nothing_that_is_not_true_any_more() -> None:
    make.live(make.event(), message(), wait(60), give(), exits=["ordered"])
    told, early = make.member("后下单"), make.member("先下单")
    night = AT + 10 * HOUR  # 22:00: marketing waits for the morning
    make.come(told, at=night)
    make.come(early, at=night)
    journeys.move_due(at=night)
    make.bought(told, at=night + 30 * MINUTE)
    journeys.move_due(at=night + HOUR)
    statuses = dict(Participation.objects.values_list("member__nickname", "exit"))
    assert statuses == {"后下单": "ORDERED", "先下单": ""}
    deciding.decide_due(at=night + HOUR)
    deciding.decide_due(at=night + 11 * HOUR)
    assert dict(Message.objects.values_list("member__nickname", "status")) == {
        "后下单": "DROPPED",
        "先下单": "TOLD",
    }
    assert Message.objects.get(member=told).reason == "NOT_TRUE"


def test_messaging_decides_and_its_reason_is_found_beside_the_step() -> None:
    make.live(make.event(), message(hours=2))
    ways = {name: make.come(make.member(name)) for name in ("关", "迟")}
    wishes.set_marketing(member_id=ways["关"].member_id, wanted=False, at=AT)
    journeys.move_due(at=AT)
    deciding.decide_due(at=AT)
    # Due at noon; whoever comes to it only three hours later tells it to nobody.
    ways["忙"] = make.come(make.member("忙"))
    journeys.move_due(at=AT + 3 * HOUR)
    deciding.decide_due(at=AT + 3 * HOUR)
    reasons = {name: journey_facts.messages_of(way)[1].reason for name, way in ways.items()}
    assert reasons == {"关": "MARKETING_OFF", "迟": "NO_CHANNEL", "忙": "EXPIRED"}
    assert {make.done(way)[0] for way in ways.values()} == {(1, "DONE", "")}


def test_the_holdout_walks_the_same_way_and_gets_nothing() -> None:
    ticket = coupons.template()
    row = make.live(
        make.event(),
        message(),
        give(),
        {"is": "coupon", "template": ticket.pk},
        {"is": "task", "text": "x"},
        holdout=30,
    )
    people = [make.member(f"客{number}") for number in range(60)]
    for owner in people:
        make.come(owner)
    journeys.move_due(at=AT)
    held_out = set(Participation.objects.filter(arm="HOLDOUT").values_list("member_id", flat=True))
    assert 6 <= len(held_out) <= 30
    expected = {
        p.pk for p in people if keys.arm(code=row.code, member_id=p.pk, holdout_percent=30) == "HOLDOUT"
    }
    assert held_out == expected
    for model in (Message, Coupon, StaffTask):
        assert not set(model.objects.values_list("member_id", flat=True)) & held_out
    assert not Entry.objects.filter(account__member_id__in=held_out).exists()
    assert set(StepRecord.objects.filter(participation__arm="HOLDOUT").values_list("reason", flat=True)) == {
        "HOLDOUT"
    }
    assert set(Participation.objects.values_list("status", flat=True)) == {"FINISHED"}


def test_the_arm_follows_from_code_and_member_alone() -> None:
    # Stays what it is for ever: a changed hash would move people from one arm to the other.
    arms = [keys.arm(code="newcomer", member_id=number, holdout_percent=50) for number in range(1, 13)]
    assert "".join(arm[0] for arm in arms) == "HHTTHTHHHTTT"
    held = sum(keys.arm(code="newcomer", member_id=n, holdout_percent=10) == "HOLDOUT" for n in range(10_000))
    assert 900 < held < 1_100
    assert {keys.arm(code="x", member_id=n, holdout_percent=0) for n in range(500)} == {"TREATED"}


def test_who_is_on_the_way_goes_on_by_the_version_by_which_they_began() -> None:
    row = make.live(make.event(), wait(60), give(1))
    old = make.come(make.member("旧"))
    journeys.change_step(journey_id=row.pk, revision=row.revision, number=2, step=give(2), at=AT)
    row.refresh_from_db()
    journeys.publish(journey_id=row.pk, operator=None, at=AT)
    with pytest.raises(journeys.NothingNew):
        journeys.publish(journey_id=row.pk, operator=None, at=AT)
    new = make.come(make.member("新"))
    for at in (AT, AT + HOUR):
        journeys.move_due(at=at)
    assert [old.version.number, new.version.number] == [1, 2]
    assert dict(Account.objects.values_list("member__nickname", "balance")) == {"旧": 1, "新": 2}


def test_what_is_gone_pauses_the_journey_and_is_said() -> None:
    tag, ticket = crowd.tag("茶会"), coupons.template()
    segment = crowd.segment({"is": "tag", "tags": [tag.pk]})
    asks = make.live(make.event(), branch("segment", segment=segment.pk, yes=[give()]), wait(60), give())
    gives = make.live(make.event(), wait(60), {"is": "coupon", "template": ticket.pk})
    puts = make.live(make.event(), wait(60), {"is": "tag", "tag": tag.pk})
    other = make.live(make.event(), wait(60), give())
    owner = make.member()
    make.come(owner)
    journeys.move_due(at=AT)
    audiences.archive_tag(tag_id=tag.pk, at=AT)
    Template.objects.update(status="STOPPED")
    journeys.move_due(at=AT + HOUR)
    paused = dict(Journey.objects.filter(status="PAUSED").values_list("pk", "paused_for"))
    assert paused == {
        asks.pk: "人群「老客」的条件已失效：标签「茶会」已归档",
        gives.pk: "优惠券「满50减10」未发布或已停发",
        puts.pk: "标签「茶会」已归档",
    }
    assert set(Participation.objects.filter(status="FINISHED").values_list("journey_id", flat=True)) == {
        other.pk
    }
    with pytest.raises(journeys.FlowRefused):
        journeys.resume(journey_id=puts.pk, at=AT + HOUR)
    audiences.restore_tag(tag_id=tag.pk, at=AT + HOUR)
    journeys.resume(journey_id=puts.pk, at=AT + 2 * HOUR)
    journeys.move_due(at=AT + 2 * HOUR)
    assert Journey.objects.get(pk=puts.pk).paused_for == ""
    assert tag.marks.count() == 1


def test_nobody_enters_and_nobody_goes_on_while_it_is_paused() -> None:
    row = make.live(make.event(), wait(60), give())
    way = make.come(make.member("先"))
    journeys.move_due(at=AT)
    journeys.pause(journey_id=row.pk, at=AT)
    journeys.on_news(name="OrderReceived", member_id=make.member("后").pk, subject="SO2", at=AT)
    journeys.move_due(at=AT + HOUR)
    assert (make.inside(row), make.done(way)) == ({"先"}, [])


def test_coupons_that_run_out_are_given_as_far_as_they_go() -> None:
    ticket = coupons.template(quota=2)
    row = make.live(make.event(), {"is": "coupon", "template": ticket.pk})
    for number in range(3):
        make.come(make.member(f"客{number}"))
    journeys.move_due(at=AT)
    assert [made for _, *made in make.done(row)] == [["DONE", ""], ["DONE", ""], ["SKIPPED", "SOLD_OUT"]]
    ticket.refresh_from_db()
    assert (ticket.issued, Coupon.objects.count()) == (2, 2)


def test_a_coupon_for_somebody_who_looks_like_another_waits_for_a_person(admin_user: Any) -> None:
    ticket = coupons.template()
    row = make.live(make.event(), {"is": "coupon", "template": ticket.pk})
    twins = [make.member(name, phone="13912345678") for name in ("甲", "乙")]
    honest = make.member("丙", phone="13900000000")
    for owner in (*twins, honest):
        make.come(owner)
    journeys.move_due(at=AT)
    assert list(Coupon.objects.values_list("member__nickname", flat=True)) == ["丙"]
    looks = list(Look.objects.order_by("member_id"))
    assert [look.verdict for look in looks] == ["HELD", "HELD"]
    risk.release(look_ids=[looks[0].pk], operator=admin_user, at=AT + HOUR)
    risk.reject(look_ids=[looks[1].pk], reason="小号", operator=admin_user, at=AT + HOUR)
    assert sorted(Coupon.objects.values_list("member__nickname", flat=True)) == ["丙", "甲"]
    found = {
        (name, outcome)
        for name, outcome in StepRecord.objects.values_list("participation__member__nickname", "outcome")
    }
    assert found == {("甲", "HELD"), ("甲", "DONE"), ("乙", "HELD"), ("乙", "SKIPPED"), ("丙", "DONE")}
    assert row.status == "LIVE"


def test_points_for_many_are_booked_as_for_one() -> None:
    """Who owes pays first, and whatever expired is gone: for them as without the others."""
    make.live(make.event(), give(50))
    owing, late, plain = make.member("欠"), make.member("过期"), make.member("平")
    points.claw_back(member_id=owing.pk, amount=20, cause="x", at=AT - DAY)
    points.earn(member_id=late.pk, amount=9, cause="y", at=AT - DAY)
    Lot.objects.update(expires_at=AT)
    for owner in (owing, late, plain):
        make.come(owner)
    journeys.move_due(at=AT)
    assert dict(Account.objects.values_list("member__nickname", "balance")) == {
        "欠": 30,
        "过期": 50,
        "平": 50,
    }


def test_a_step_that_fails_pauses_its_journey_and_no_other() -> None:
    broken, sound = make.live(make.event(), give(1)), make.live(make.event(), give(2))
    way = make.come(make.member())
    # What no release would do: a version that nobody can read.
    unreadable = JourneyVersion.objects.create(journey=broken, number=2, plan={}, at=AT)
    Journey.objects.filter(pk=broken.pk).update(current=unreadable)
    Participation.objects.filter(journey=broken).update(version=unreadable)
    journeys.move_due(at=AT)
    broken.refresh_from_db()
    assert (broken.status, bool(broken.paused_for)) == ("PAUSED", True)
    assert Participation.objects.get(journey=sound).status == "FINISHED"
    assert way.member_id == Account.objects.get().member_id


def test_who_leaves_the_shop_leaves_all_journeys() -> None:
    make.live(make.event(), {"is": "task", "text": "致电"}, wait(60), give())
    owner = make.member()
    way = make.come(owner)
    journeys.move_due(at=AT)
    assert {name: len(rows) for name, rows in ROOM.export(owner.person).items()} == {
        "营销旅程": 1,
        "旅程记录": 1,
        "跟进任务": 1,
    }
    for _ in range(2):
        with transaction.atomic():
            ROOM.erase(owner.person, at=AT + 30 * MINUTE)
    way.refresh_from_db()
    assert (way.status, way.exit, StaffTask.objects.get().status) == ("LEFT", "GONE", "DROPPED")
    journeys.move_due(at=AT + HOUR)
    assert len(make.done(way)) == 1
