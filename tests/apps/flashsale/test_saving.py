"""Sessions as operators and files make them, and plans that make them."""

from __future__ import annotations

import json
from datetime import date, time, timedelta
from typing import Any

import pytest
from django.db import transaction

from apps.campaigns import services as campaigns
from apps.campaigns.models import Quota, SkuWindow
from apps.campaigns.services import AlreadyOver, QuotaTooSmall
from apps.desk import campaign_file
from apps.flashsale import services as flashsale
from apps.flashsale.models import Good, Plan, PlanGood, Session
from apps.members.models import Group
from mall.errors import ShopError
from mall.lifecycle import MoveRefused
from tests.apps.campaigns import make as campaign_make
from tests.apps.flashsale import make
from tests.apps.flashsale.make import HOUR, NOW, buyer, goods, order

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def faults(draft: flashsale.SessionDraft) -> list[tuple[str, str]]:
    """What is refused about it."""
    with pytest.raises(flashsale.SessionRefused) as refusal:
        flashsale.CAMPAIGNS.save(draft, at=NOW)
    assert not Session.objects.filter(code=draft.code).exists()
    return [(fault.field, fault.text) for fault in refusal.value.faults]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    sku = goods(50_00)
    found = faults(
        make.draft(sku, sku, price_fen=50_00, quota=0, ends_at=NOW, preheat_at=NOW + HOUR, combines=["luck"])
    )
    assert [field for field, _ in found] == [
        "ends_at", "preheat_at", "combines", "goods", "goods", "goods",
    ]  # fmt: skip
    assert found[3][1] == "同一商品规格只能添加一次"
    assert found[-1][1].endswith("活动价必须低于原价 ¥50.00")
    assert faults(make.draft()) == [("goods", "请添加 1 到 100 个商品")]


def test_a_code_is_a_sessions_own() -> None:
    make.session(goods(50_00), code="ONE")
    with pytest.raises(flashsale.SessionRefused) as refusal:
        flashsale.CAMPAIGNS.save(make.draft(goods(50_00), code="ONE"), at=NOW)
    assert refusal.value.faults[0].field == "code"


def test_a_sku_of_another_campaign_is_refused_and_the_other_is_named() -> None:
    sku = goods(50_00)
    campaign_make.book("77", sku, starts_at=NOW, ends_at=NOW + HOUR, kind="group_buy", title="三人团")
    row = flashsale.CAMPAIGNS.save(make.draft(sku), at=NOW).row  # a draft speaks for nothing
    with pytest.raises(campaigns.SkuTaken) as refusal:
        flashsale.CAMPAIGNS.approve(row, at=NOW)
    assert refusal.value.faults[0].field == "goods"
    assert "「三人团」" in refusal.value.faults[0].text
    row.refresh_from_db()
    assert row.approval == "DRAFT"


def test_goods_that_are_taken_out_are_withdrawn_and_come_back_under_their_id() -> None:
    one, two = goods(50_00), goods(60_00)
    row = make.session(one, two)
    first, second = row.goods.order_by("id")
    placed = order(buyer(), second)
    flashsale.CAMPAIGNS.save(make.draft(one, row_id=row.pk, code=row.code), at=NOW)
    assert list(Good.objects.filter(withdrawn=True)) == [second]
    assert not SkuWindow.objects.filter(sku=two).exists()
    with pytest.raises(ShopError):
        order(buyer(), second)
    flashsale.CAMPAIGNS.save(make.draft(two, one, row_id=row.pk, code=row.code), at=NOW)
    assert set(row.goods.filter(withdrawn=False)) == {first, second}
    make.close(placed)
    assert Quota.objects.get(key=second.key).taken == 0


def test_a_quota_is_never_set_below_what_is_taken() -> None:
    good = make.good(limit=5)
    order(buyer(), good, 3)
    with pytest.raises(QuotaTooSmall) as refusal:
        flashsale.CAMPAIGNS.save(
            make.draft(good.sku, quota=2, row_id=good.session_id, code=good.session.code), at=NOW
        )
    (fault,) = refusal.value.faults
    assert fault.field == "goods"
    assert f"（{good.sku.code}）总量不能少于已占用的 3 件" in fault.text
    good.refresh_from_db()
    assert good.quota == 10


def test_what_is_over_is_not_approved_and_what_is_stopped_is_over_for_good() -> None:
    row = make.session(goods(50_00), approved=False)
    with pytest.raises(AlreadyOver):
        flashsale.CAMPAIGNS.approve(row, at=NOW + 3 * HOUR)
    flashsale.CAMPAIGNS.approve(row, at=NOW)
    flashsale.CAMPAIGNS.stop(row, at=NOW)
    with pytest.raises(MoveRefused):
        flashsale.CAMPAIGNS.resume(row, at=NOW)


def test_a_copy_is_a_draft_that_says_the_same() -> None:
    row = make.session(goods(50_00), code="TEN", combines=["coupon"])
    made = flashsale.CAMPAIGNS.copy(row, code="TEN-2", at=NOW)
    assert flashsale.CAMPAIGNS.copy(row, code="TEN-2", at=NOW) == made
    assert (made.code, made.approval) == ("TEN-2", "DRAFT")
    said = flashsale.CAMPAIGNS.draft_of(made)
    assert (said.goods, said.combines) == (flashsale.CAMPAIGNS.draft_of(row).goods, ["coupon"])


def test_trying_a_draft_leaves_nothing_behind() -> None:
    assert flashsale.CAMPAIGNS.try_out(make.draft(goods(50_00)), at=NOW) == []
    assert (Session.objects.count(), Good.objects.count(), Quota.objects.count()) == (0, 0, 0)


def test_what_is_loaded_is_approved_at_once_and_is_answered_as_it_is_now() -> None:
    sku = goods(50_00)
    loaded = flashsale.CAMPAIGNS.load(make.draft(sku, code="TEN"), at=NOW)
    assert loaded.approval == "APPROVED" == Session.objects.get().approval
    draft = make.draft(sku, code="TEN", row_id=loaded.pk, title="整点秒杀")
    flashsale.CAMPAIGNS.pause(loaded, at=NOW)
    again = flashsale.CAMPAIGNS.load(draft, at=NOW)
    # What an operator paused stays so, whatever a file says of the rest.
    assert (again.approval, again.title) == ("PAUSED", "整点秒杀")
    assert SkuWindow.objects.get().paused


def test_a_session_speaks_for_all_its_goods_by_two_statements(
    django_assert_num_queries: Any,
) -> None:
    row = make.session(*(goods(50_00) for _ in range(12)))
    spoken_for = flashsale.CAMPAIGNS.spoken_for(row)
    assert len(spoken_for) == 12
    with transaction.atomic(), django_assert_num_queries(5):
        flashsale.CAMPAIGNS.book(row)  # the goods; a savepoint and its end around one DELETE and one INSERT


def entry(sku_id: int, **more: Any) -> dict[str, Any]:
    good = {"sku_id": sku_id, "price_fen": 900, "quota": 10, "limit_per_member": 1}
    return {
        "code": "TEN",
        "title": "十点秒杀",
        "starts_at": "2026-11-28T10:00:00+08:00",
        "ends_at": "2026-11-28T12:00:00+08:00",
        "goods": [good],
        "combines": [],
        **more,
    }


def load(*entries: dict[str, Any]) -> Any:
    return campaign_file.load(json.dumps({"flash_sales": entries}), at=NOW)["flash_sales"]


def test_a_file_makes_sessions_that_are_live_and_an_update_keeps_the_ids() -> None:
    sku = goods(50_00)
    Group.objects.create(name="茶友会", code="TEA")
    first = load(entry(sku.pk, group="TEA", combines=["coupon"]))
    good = Good.objects.get()
    assert first == {"TEN": {"id": good.session_id, "goods": {str(sku.pk): good.pk}}}
    assert load(entry(sku.pk, title="整点秒杀")) == first
    good.session.refresh_from_db()
    assert (good.session.title, good.session.group_id, good.session.combines) == ("整点秒杀", None, [])
    order(buyer(), good)


def test_what_is_written_down_can_be_loaded_again() -> None:
    sku = goods(50_00)
    Group.objects.create(name="茶友会", code="TEA")
    load(entry(sku.pk, group="TEA", combines=["points", "coupon"]))
    written = campaign_file.dump()["flash_sales"]
    assert written == [
        entry(
            sku.pk,
            group="TEA",
            combines=["coupon", "points"],
            starts_at="2026-11-28T02:00:00Z",
            ends_at="2026-11-28T04:00:00Z",
        )
    ]
    load(*written)
    assert campaign_file.dump()["flash_sales"] == written


def test_a_session_for_a_group_that_nobody_gave_a_code_is_for_that_group_after_it_was_written_down() -> None:
    group = Group.objects.create(name="茶友会")
    row = make.session(goods(50_00), group_id=group.pk)
    written = campaign_file.dump()["flash_sales"]
    assert [one["group"] for one in written] == [group.code]
    load(*written)
    row.refresh_from_db()
    assert row.group_id == group.pk


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"group": "NOBODY"}, "flash_sales[0].group"),
        ({"goods": []}, "flash_sales[0].goods"),
        ({"combines": ["luck"]}, "flash_sales[0].combines[0]"),
        ({"starts_at": "2026-11-28T10:00:00"}, "flash_sales[0].starts_at"),
        ({"ends_at": "2026-11-28T10:00:00+08:00"}, "flash_sales[0].ends_at"),
        ({"minutes": 5}, "flash_sales[0].minutes"),
    ],
)
def test_a_file_with_a_fault_makes_nothing_and_says_where(wrong: dict[str, Any], place: str) -> None:
    with pytest.raises(campaign_file.FileRefused) as refusal:
        load(entry(goods(50_00).pk, **wrong))
    assert [fault.field for fault in refusal.value.faults] == [place]
    assert not Session.objects.exists()


def plan(**said: Any) -> Plan:
    """Every day at ten, from the 28th of November, for two hours; three days ahead."""
    row = Plan.objects.create(
        **{
            "code": "DAILY-10",
            "title": "每天十点秒杀",
            "starts": time(10),
            "from_day": date(2026, 11, 28),
            "ahead_days": 3,
            "enabled": True,
            **said,
        }
    )
    PlanGood.objects.create(plan=row, sku=goods(50_00), price_fen=9_00, quota=5)
    return row


def test_a_plan_makes_the_sessions_of_the_coming_days_each_once_with_a_quota_of_its_own() -> None:
    plan(preheat_minutes=60)
    assert flashsale.make_sessions(at=NOW - HOUR) == 4
    assert flashsale.make_sessions(at=NOW - HOUR) == 0
    rows = list(Session.objects.order_by("day"))
    assert make.days_of(rows) == ["2026-11-28", "2026-11-29", "2026-11-30", "2026-12-01"]
    assert [row.code for row in rows[:2]] == ["DAILY-10-20261128", "DAILY-10-20261129"]
    assert {row.approval for row in rows} == {"APPROVED"}
    assert (rows[0].preheat_at, rows[0].starts_at, rows[0].ends_at) == (NOW - HOUR, NOW, NOW + 2 * HOUR)
    one, two = (row.goods.get() for row in rows[:2])
    order(buyer(), one)
    assert [Quota.objects.get(key=good.key).taken for good in (one, two)] == [1, 0]
    assert flashsale.make_sessions(at=NOW + DAY - HOUR) == 1


def test_a_session_that_has_begun_is_not_made_and_days_of_the_week_are_kept() -> None:
    plan(weekdays=[5, 6], ahead_days=7)  # the 28th of November is a Saturday
    assert flashsale.make_sessions(at=NOW) == 2
    assert make.days_of(list(Session.objects.order_by("day"))) == ["2026-12-04", "2026-12-05"]


def test_a_plan_ends_with_its_last_day_and_a_plan_that_is_off_makes_nothing() -> None:
    plan(until_day=date(2026, 11, 29))
    plan(code="OFF", enabled=False)
    assert flashsale.make_sessions(at=NOW - HOUR) == 2


def test_a_session_that_was_stopped_is_not_made_again() -> None:
    plan(ahead_days=1)
    flashsale.make_sessions(at=NOW - HOUR)
    flashsale.CAMPAIGNS.stop(Session.objects.earliest("day"), at=NOW - HOUR)
    assert flashsale.make_sessions(at=NOW - HOUR) == 0


def test_a_day_on_which_the_sku_is_elsewhere_leaves_a_reason_and_the_others_are_made() -> None:
    row = plan()
    sku = row.goods.get().sku
    campaign_make.book("77", sku, starts_at=NOW + DAY, ends_at=NOW + DAY + HOUR, kind="group_buy", title="团")
    assert flashsale.make_sessions(at=NOW - HOUR) == 3
    row.refresh_from_db()
    assert row.problem.startswith("2026-11-29：") and "「团」" in row.problem
    SkuWindow.objects.filter(kind="group_buy").delete()
    assert flashsale.make_sessions(at=NOW - HOUR) == 1
    row.refresh_from_db()
    assert row.problem == ""
