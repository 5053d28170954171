"""What a campaign would have cost: paid orders priced again with a draft, before anybody sees it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from apps.coupons.models import Template
from apps.orders import reductions
from apps.orders.models import Order, OrderLine
from apps.points import services as points
from apps.promotions import reports
from apps.promotions import services as promotions
from apps.promotions.models import MemberDay, Promotion, SimulationRun, SimulationTally
from apps.promotions.services import SimulationRunning
from apps.simulator import runs
from mall.errors import Invalid
from tests.apps.checkout import make
from tests.apps.checkout.make import NOW
from tests.apps.coupons import make as coupons_make
from tests.apps.distribution import make as promotion
from tests.apps.promotions import make as promotions_make

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=1)


def paid(
    price_fen: int, *, cost_fen: int | None = None, quantity: int = 1, at: datetime = NOW, **columns: Any
) -> Order:
    """A paid order of one SKU of its own."""
    member, address = make.buyer()
    sku = make.goods(price_fen)
    order = make.order(member, address, [(sku, quantity)], at=NOW)
    OrderLine.objects.filter(order=order).update(cost_fen=cost_fen)
    Order.objects.filter(pk=order.pk).update(status="PAID", paid_at=at, **columns)
    order.refresh_from_db()
    return order


def draft(kind: str = "STEPPED", **columns: Any) -> Promotion:
    """A promotion that nobody has seen yet; 满100减15 if nothing else is said."""
    return make.promotion(kind, enabled=False, **columns)


def simulated(promotion: Promotion, *, days: int = 30, limit: int = 500) -> dict[str, Any]:
    run = promotions.request_simulation(promotion_id=promotion.pk, days=days, at=LATER)
    while runs.advance(run_id=run.pk, at=LATER, limit=limit) is not None:
        pass
    run.refresh_from_db()
    assert (run.status, run.handled) == ("DONE", run.total)
    figures: dict[str, Any] = run.figures
    return figures


def table(title: str, figures: dict[str, Any]) -> list[list[str]]:
    """The rows of one table of the report; none where it is left out."""
    return next((found.rows for found in reports.tables(figures) if found.title == title), [])


def test_a_draft_shows_what_it_takes_off_the_orders_of_the_last_days_and_nobody_is_charged_otherwise():
    paid(120_00, cost_fen=60_00)
    paid(80_00, cost_fen=50_00)
    figures = simulated(draft())
    assert (figures["orders"], figures["touched"]) == (2, 1)
    assert (figures["goods_fen"], figures["draft_fen"]) == (200_00, 15_00)
    assert (figures["paid_before_fen"], figures["paid_after_fen"]) == (200_00, 185_00)
    assert (figures["margin_before_fen"], figures["margin_after_fen"]) == (90_00, 75_00)
    assert sum(Order.objects.values_list("payable_fen", flat=True)) == 200_00


def test_orders_outside_the_window_unpaid_or_refunded_are_not_replayed():
    paid(120_00, at=LATER - timedelta(days=7))
    paid(120_00, at=LATER - timedelta(days=7, seconds=1))
    paid(120_00, at=LATER)
    refunded = paid(120_00)
    Order.objects.filter(pk=refunded.pk).update(status="REFUNDED")
    member, address = make.buyer()
    make.order(member, address, [(make.goods(120_00), 1)])
    assert simulated(draft(), days=7)["orders"] == 1


def test_orders_of_the_points_mall_are_not_replayed_and_those_that_spent_points_are():
    paid(120_00, points_used=100, applied=[{"ref": "points_good:7", "label": "积分兑换", "amount_fen": 1}])
    paid(120_00, points_used=100, applied=[{"ref": "points", "label": "积分抵扣", "amount_fen": 1}])
    reductions.fill(first=1, last=Order.objects.latest("id").pk)
    assert simulated(draft())["orders"] == 1


def test_a_run_that_is_cut_short_goes_on_behind_the_last_order_and_ends_with_the_same_figures():
    for price_fen in (120_00, 80_00, 150_00, 100_00, 99_99):
        paid(price_fen, cost_fen=70_00)
    promotion = draft()
    whole = simulated(promotion)
    pieces = simulated(promotion, limit=2)
    assert whole["orders"] == 5
    assert whole == pieces


def test_orders_below_cost_are_counted_and_those_with_the_greatest_loss_are_shown_first():
    small = paid(100_00, cost_fen=90_00)
    great = paid(200_00, cost_fen=195_00)
    paid(300_00, cost_fen=10_00)
    figures = simulated(draft(steps=[[100_00, 15_00]]))
    assert (figures["below_before"], figures["below_after"]) == (0, 2)
    assert [(order["order_no"], order["loss_fen"]) for order in figures["sample"]] == [
        (great.order_no, 10_00),
        (small.order_no, 5_00),
    ]
    label = figures["sample"][0]["parts"][0][0]
    assert table("低于成本的订单（亏得最多的在前）", figures)[0] == [
        great.order_no,
        "¥185.00",
        "¥195.00",
        "¥10.00",
        label,
    ]


def test_the_worst_case_is_the_order_on_which_offers_pile_up():
    make.promotion("PERCENT", off_bp=2000, label="八折")
    paid(100_00)
    worst = paid(125_00)
    figures = simulated(draft(label="满100减50", steps=[[100_00, 50_00]]))
    # ¥125.00 becomes ¥100.00 by 八折, which reaches 满100: ¥50.00, 60 % off. ¥100.00 becomes ¥80.00.
    assert figures["worst"] == {
        "order_no": worst.order_no,
        "list_fen": 125_00,
        "payable_fen": 50_00,
        "off_bp": 6000,
        "parts": [["八折", 25_00], ["满100减50", 50_00]],
    }
    assert (figures["off_before_fen"], figures["off_after_fen"]) == (45_00, 95_00)


def test_an_order_without_the_draft_is_no_worst_case_of_it():
    make.promotion("PERCENT", off_bp=5000, label="五折", combines=False)
    paid(500_00)
    assert simulated(draft(steps=[[100_00, 1_00]]))["worst"] is None


def test_a_promotion_that_runs_already_is_not_counted_twice():
    running = make.promotion()
    paid(120_00)
    figures = simulated(running)
    assert (figures["off_before_fen"], figures["off_after_fen"]) == (0, 15_00)


def test_a_draft_for_member_days_is_tried_on_the_orders_of_such_days_only():
    friday = MemberDay.objects.create(name="会员日", weekdays=[5])
    paid(120_00, at=NOW)  # a Monday
    paid(120_00, at=NOW - timedelta(days=3))
    assert simulated(draft(member_day=friday))["touched"] == 1


def test_free_postage_shows_the_freight_that_it_would_waive():
    make.freight(8_00)
    paid(120_00)
    figures = simulated(draft("FREE_POSTAGE", threshold_fen=100_00))
    assert (figures["draft_fen"], figures["off_after_fen"]) == (8_00, 0)
    assert (figures["paid_before_fen"], figures["paid_after_fen"]) == (128_00, 120_00)


def test_gifts_cost_what_they_cost_us():
    gift = make.goods(30_00)
    type(gift).objects.filter(pk=gift.pk).update(cost_fen=12_00)
    paid(120_00, cost_fen=60_00)
    figures = simulated(draft("GIFT", parts=[(100_00, gift.pk, 1)]))
    assert (figures["touched"], figures["gifts"], figures["gift_cost_fen"]) == (1, 1, 12_00)
    assert (figures["margin_before_fen"], figures["margin_after_fen"]) == (60_00, 48_00)


def paid_with_coupon(price_fen: int, template: Template, **columns: Any) -> Order:
    """An order that its member's coupon made cheaper, paid."""
    member, address = make.buyer()
    coupon = coupons_make.coupon(member, of=template, at=NOW)
    order = make.order(
        member, address, [(make.goods(price_fen), 1)], coupon_id=str(coupon.public_id), **columns
    )
    make.pay(order)
    order.refresh_from_db()
    assert any(part["ref"] == f"coupon:{coupon.public_id}" for part in order.applied)
    return order


def test_a_coupon_is_used_again_where_the_draft_leaves_its_threshold_in_reach():
    fifty = coupons_make.template("满50减10", threshold_fen=50_00, off_fen=10_00)
    paid_with_coupon(120_00, fifty)
    figures = simulated(draft())
    # 120 − 10; with 满100减15 before it 120 − 15 − 10.
    assert (figures["paid_before_fen"], figures["paid_after_fen"]) == (110_00, 95_00)
    assert (figures["coupons"], figures["coupons_lost"], figures["stacked"]) == (1, 0, 1)


def test_a_coupon_falls_away_where_the_draft_takes_the_goods_below_its_threshold_and_the_report_counts_it():
    hundred = coupons_make.template("满100减30", threshold_fen=100_00, off_fen=30_00)
    paid_with_coupon(110_00, hundred)
    paid_with_coupon(200_00, hundred)
    figures = simulated(draft())
    # 110 − 30 = 80; with 满100减15 first 95 are left, and 满100减30 is out of reach. 200 − 15 − 30 = 155.
    assert (figures["paid_before_fen"], figures["paid_after_fen"]) == (80_00 + 170_00, 95_00 + 155_00)
    assert (figures["coupons"], figures["coupons_lost"]) == (2, 1)
    assert table("被拦下的优惠", figures) == [["优惠券不再可用（达不到门槛或不同享）", "2 张中的 1 张"]]


def test_a_percent_coupon_takes_its_percent_of_what_the_draft_leaves():
    tenth = coupons_make.template("九折券", kind="PERCENT", threshold_fen=0, off_fen=None, off_bp=1000)
    paid_with_coupon(200_00, tenth)
    figures = simulated(draft(steps=[[100_00, 50_00]]))
    assert (figures["paid_before_fen"], figures["paid_after_fen"]) == (180_00, 135_00)


def test_a_coupon_that_does_not_combine_gives_way_to_the_draft():
    alone = coupons_make.template("不同享", threshold_fen=50_00, off_fen=10_00, combines=False)
    paid_with_coupon(120_00, alone)
    figures = simulated(draft())
    assert (figures["paid_before_fen"], figures["paid_after_fen"]) == (110_00, 105_00)
    assert figures["coupons_lost"] == 1


def test_a_freight_coupon_waives_the_freight_again():
    make.freight(8_00)
    freight = coupons_make.template("运费券", kind="FREIGHT", threshold_fen=100_00, off_fen=None)
    paid_with_coupon(110_00, freight)
    figures = simulated(draft())
    assert (figures["paid_before_fen"], figures["paid_after_fen"]) == (110_00, 95_00 + 8_00)


def test_points_pay_again_and_no_more_than_their_share_of_the_cheaper_goods():
    member, address = make.buyer()
    points.earn(member_id=member.pk, amount=10_000, cause="start", at=NOW)
    order = make.order(member, address, [(make.goods(120_00), 1)], use_points=True)
    make.pay(order)
    order.refresh_from_db()
    assert order.points_used == 6000
    figures = simulated(draft(steps=[[100_00, 20_00]]))
    # Half of ¥120.00 was paid with points; of the ¥100.00 that are left it would be half as well.
    assert (figures["points_before_fen"], figures["points_after_fen"]) == (60_00, 50_00)
    assert (figures["paid_before_fen"], figures["paid_after_fen"]) == (60_00, 50_00)


def test_a_reduction_that_nobody_can_offer_again_is_replayed_as_the_amount_it_was():
    order = paid(120_00)
    coupon = {"ref": "coupon:5", "label": "新人券", "amount_fen": 10_00}
    OrderLine.objects.filter(order=order).update(reductions=[coupon], payable_fen=110_00)
    Order.objects.filter(pk=order.pk).update(applied=[coupon], reduction_fen=10_00, payable_fen=110_00)
    reductions.fill(first=order.pk, last=order.pk)
    figures = simulated(draft())
    assert (figures["paid_before_fen"], figures["paid_after_fen"]) == (110_00, 95_00)


def hours(number: int) -> datetime:
    return NOW + timedelta(hours=number)


@pytest.mark.parametrize("limit", [1, 2, 500])
def test_the_orders_that_were_paid_first_take_the_drafts_limit_in_all(limit: int):
    # The later order of the two in the table was paid before the other.
    paid(110_00, at=hours(3))
    paid(120_00, at=hours(1))
    paid(130_00, at=hours(2))
    paid(80_00, at=hours(0))
    figures = simulated(draft(limits={"total": 2}), limit=limit)
    assert (figures["touched"], figures["draft_fen"]) == (2, 30_00)
    assert figures["paid_after_fen"] == 110_00 + 105_00 + 115_00 + 80_00
    assert figures["stopped"] == {"limit_total": 1}
    assert table("被拦下的优惠", figures) == [["已达「总次数」上限", "1 单没有享受"]]


@pytest.mark.parametrize("limit", [1, 2, 500])
def test_the_drafts_limit_of_a_day_begins_anew_at_midnight_in_shanghai(limit: int):
    for at in (hours(-20), hours(-15), hours(0), hours(1)):  # Sunday 16:00 and 21:00, Monday 12:00 and 13:00
        paid(120_00, at=at)
    figures = simulated(draft(limits={"per_day": 1}), limit=limit)
    assert figures["stopped"] == {"limit_per_day": 2}
    assert figures["days"] == {
        "2026-03-01": {"orders": 1, "draft_fen": 15_00},
        "2026-03-02": {"orders": 1, "draft_fen": 15_00},
    }


@pytest.mark.parametrize("limit", [1, 2, 500])
@pytest.mark.parametrize(("limits", "touched"), [({"per_member": 1}, 2), ({"per_member_day": 1}, 3)])
def test_the_drafts_limits_of_a_member_count_that_members_orders(
    limit: int, limits: dict[str, int], touched: int
):
    regular = paid(120_00, at=hours(-20)).member
    for at in (hours(0), hours(1)):
        again = paid(120_00, at=at)
        Order.objects.filter(pk=again.pk).update(member=regular)
    paid(120_00, at=hours(2))
    figures = simulated(draft(limits=limits), limit=limit)
    assert (figures["touched"], figures["members"]) == (touched, 2)
    assert figures["stopped"] == {f"limit_{next(iter(limits))}": 4 - touched}
    assert table("活动效果", figures)[1] == ["享受此活动", f"{touched} 单，2 位会员"]


def test_an_order_that_the_draft_does_nothing_for_takes_no_use_of_it():
    paid(80_00, at=hours(0))
    paid(120_00, at=hours(1))
    figures = simulated(draft(limits={"total": 1}))
    assert (figures["touched"], figures["stopped"]) == (1, {})


@pytest.mark.parametrize("limit", [1, 500])
def test_gifts_are_given_until_what_lies_on_the_shelf_is_gone(limit: int):
    gift = make.goods(30_00, units=3)
    type(gift).objects.filter(pk=gift.pk).update(cost_fen=12_00)
    for hour in range(3):
        paid(120_00, cost_fen=60_00, at=hours(hour))
    figures = simulated(draft("GIFT", parts=[(100_00, gift.pk, 2)]), limit=limit)
    # Two for the first, one of two for the second, nothing for the third.
    assert (figures["gifts"], figures["gifts_missing"], figures["gift_cost_fen"]) == (3, 1, 36_00)
    assert figures["touched"] == 2
    assert figures["stopped"] == {"gifts": 1}
    assert table("被拦下的优惠", figures) == [
        ["赠品已送完", "1 单没有赠品"],
        ["赠品不够送一份", "少送 1 件"],
    ]


@pytest.mark.parametrize("limit", [1, 500])
def test_a_step_up_price_rises_as_the_replayed_orders_sell_its_units(limit: int):
    for hour in range(3):
        paid(100_00, at=hours(hour))
    figures = simulated(draft("STEP_PRICE", steps=[[1, 5000], [2, 3000]]), limit=limit)
    assert (figures["draft_fen"], figures["touched"]) == (50_00 + 30_00, 2)


def test_free_postage_of_a_level_stays_free_and_is_nobody_elses():
    make.freight(8_00)
    gold = promotions_make.level()
    type(gold).objects.filter(pk=gold.pk).update(free_postage=True)
    golden, ordinary = paid(120_00), paid(120_00)
    type(golden.member).objects.filter(pk=golden.member_id).update(level=gold)
    figures = simulated(draft())
    assert ordinary.shipping_fen == 8_00
    assert figures["paid_after_fen"] == 105_00 + 113_00


def test_what_a_run_has_counted_is_thrown_away_once_it_is_over():
    paid(120_00)
    paid(130_00)
    run = promotions.request_simulation(promotion_id=draft(limits={"per_day": 5}).pk, days=7, at=LATER)
    runs.advance(run_id=run.pk, at=LATER, limit=1)
    assert promotions.drop_tallies() == 0
    assert SimulationTally.objects.filter(run=run).count() == 2
    runs.advance_due(at=LATER)
    assert promotions.drop_tallies() == 3
    assert not SimulationTally.objects.exists()


def test_the_page_of_a_run_of_before_limits_were_counted_still_shows_its_report():
    shown = reports.tables(
        {
            **dict.fromkeys(("orders", "touched", "goods_fen", "draft_fen", "gifts", "gift_cost_fen"), 0),
            **{f"{name}_{side}_fen": 0 for name in ("off", "paid", "margin") for side in ("before", "after")},
            "below_before": 0,
            "below_after": 1,
            "unknown_costs": 0,
            "worst": {
                "order_no": "A",
                "list_fen": 100,
                "payable_fen": 50,
                "off_bp": 5000,
                "labels": ["半价"],
            },
            "sample": [
                {"order_no": "A", "payable_fen": 50, "cost_fen": 60, "loss_fen": 10, "labels": ["半价"]}
            ],
        }
    )
    assert [found.title for found in shown] == [
        "活动效果",
        "前后对比",
        "叠加最多的订单",
        "低于成本的订单（亏得最多的在前）",
    ]


def test_goods_without_a_known_cost_are_counted_and_left_out_of_the_margin():
    paid(120_00)
    figures = simulated(draft())
    assert (figures["unknown_costs"], figures["margin_after_fen"], figures["below_after"]) == (1, 0, 0)


def test_a_second_run_waits_for_the_first_and_strange_days_are_refused():
    promotion = draft()
    for days in (0, 91, -1):
        with pytest.raises(Invalid):
            promotions.request_simulation(promotion_id=promotion.pk, days=days, at=LATER)
    promotions.request_simulation(promotion_id=promotion.pk, days=7, at=LATER)
    with pytest.raises(SimulationRunning):
        promotions.request_simulation(promotion_id=promotion.pk, days=7, at=LATER)


def test_a_draft_that_lost_its_goods_fails_with_the_reason_and_the_sweep_goes_on():
    paid(120_00)
    lost = draft(product_ids=[promotions_make.product().pk])
    broken = promotions.request_simulation(promotion_id=lost.pk, days=7, at=LATER)
    lost.products.clear()
    sound = promotions.request_simulation(promotion_id=draft().pk, days=7, at=LATER)
    assert runs.advance_due(at=LATER) == 1
    broken.refresh_from_db()
    sound.refresh_from_db()
    assert (broken.status, broken.error) == ("FAILED", "该活动设置有误，无法模拟")
    assert sound.status == "DONE"


def test_a_chunk_takes_the_same_number_of_statements_for_one_order_and_ten(
    django_assert_max_num_queries: Any,
):
    def statements() -> int:
        run = promotions.request_simulation(promotion_id=draft().pk, days=7, at=LATER)
        with django_assert_max_num_queries(20) as counted:
            runs.advance(run_id=run.pk, at=LATER)
        return len(counted)

    paid(120_00)
    one = statements()
    for _ in range(9):
        paid(120_00)
    assert statements() == one


def test_an_operator_tries_a_promotion_from_its_page_and_reads_the_report(admin_client: Client):
    paid(120_00, cost_fen=110_00, at=datetime.now(tz=NOW.tzinfo) - timedelta(hours=1))
    promotion = draft(label="满100减15")
    page = f"/admin/promotions/promotion/{promotion.pk}/simulate/"
    assert "最近多少天的订单" in admin_client.get(page).content.decode()
    assert (
        "simulate" in admin_client.get(f"/admin/promotions/promotion/{promotion.pk}/change/").content.decode()
    )
    assert admin_client.post(page, {"days": "0"}).status_code == 200
    answer = admin_client.post(page, {"days": "7"})
    assert answer.status_code == 302
    runs.advance_due(at=datetime.now(tz=NOW.tzinfo))
    shown = admin_client.get(answer["Location"]).content.decode()
    for said in ["1 / 1 单", "1 单，1 位会员", "¥105.00", "-¥5.00", "每天", "低于成本的订单"]:
        assert said in shown, said
    assert SimulationRun.objects.get().operator is not None
    assert admin_client.get("/admin/promotions/simulationrun/").status_code == 200


def test_what_promoters_get_is_no_margin_and_they_get_less_of_less():
    # 120.00 at cost 60.00 with 10 % leave 48.00; after 15.00 off, 105.00 with 10 % leave 34.50.
    order = paid(120_00, cost_fen=60_00)
    promotion.earned(promotion.promoter(), order, buyer=order.member)
    figures = simulated(draft())
    assert (figures["margin_before_fen"], figures["margin_after_fen"]) == (48_00, 34_50)
