"""What a campaign would have cost: paid orders priced again with a draft, before anybody sees it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from apps.checkout.simulator import runs
from apps.orders.models import Order, OrderLine
from apps.promotions import reports
from apps.promotions import services as promotions
from apps.promotions.models import MemberDay, Promotion, SimulationRun
from apps.promotions.services import SimulationRunning
from mall.errors import Invalid
from tests.apps.checkout import make
from tests.apps.checkout.make import NOW
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
    assert reports.losses(figures)[0] == (
        f"{great.order_no}：实付 ¥185.00，成本 ¥195.00，亏 ¥10.00（{figures['sample'][0]['labels'][0]}）"
    )


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
        "labels": ["八折", "满100减50"],
    }
    assert (figures["off_before_fen"], figures["off_after_fen"]) == (45_00, 95_00)


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


def test_what_a_coupon_paid_is_paid_by_it_again():
    order = paid(120_00)
    coupon = {"ref": "coupon:5", "label": "新人券", "amount_fen": 10_00}
    OrderLine.objects.filter(order=order).update(reductions=[coupon], payable_fen=110_00)
    Order.objects.filter(pk=order.pk).update(applied=[coupon], reduction_fen=10_00, payable_fen=110_00)
    figures = simulated(draft())
    assert (figures["paid_before_fen"], figures["paid_after_fen"]) == (110_00, 95_00)


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
    for said in ["1 / 1 单", "1 单，其中 1 单享受此活动", "¥120.00 → ¥105.00", "¥10.00 → ¥-5.00", "亏 ¥5.00"]:
        assert said in shown, said
    assert SimulationRun.objects.get().operator is not None
    assert admin_client.get("/admin/promotions/simulationrun/").status_code == 200
