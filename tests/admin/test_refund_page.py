"""An operator refunds units of an order: fills in, checks the figures, confirms; and finds every refund again."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.aftersales import planning
from apps.aftersales import selectors as refund_facts
from apps.aftersales import services as aftersales
from apps.coupons import services as coupons
from apps.coupons.models import Coupon
from apps.inventory.models import Stock
from apps.orders.models import OrderRefund
from apps.payments.models import Refund
from apps.payments.services import refunds
from tests.admin.refunding import at, confirmed, filled, hidden, text
from tests.apps.aftersales import make
from tests.apps.checkout import make as counter
from tests.apps.coupons import make as make_coupons
from tests.apps.points import make as make_points

pytestmark = pytest.mark.django_db


def test_what_is_filled_in_is_shown_with_its_figures_and_carried_out_when_confirmed(
    page: Client, manager: User
) -> None:
    counter.freight(800)
    cup, bowl = counter.goods(5000, units=9, title="茶杯"), counter.goods(3000, units=9, title="茶碗")
    order = make.paid(counter.buyer(), [(cup, 3), (bowl, 1)])
    make.ship(order, {cup: 1, bowl: 1})

    asked = text(page.get(at(order)))
    assert ("未发出的件优先退" in asked, "最多可退 8.00 元" in asked) == (True, True)
    seen = filled(
        page,
        order,
        **{f"units_{cup.pk}": "2", f"units_{bowl.pk}": "1", f"restock_{bowl.pk}": "on"},
        shipping_fen="3.50",
    )

    said = text(seen)
    for fact in (
        "¥133.50（商品 ¥130.00，运费 ¥3.50）",
        "¥133.50，原路退回",
        "未发出 2 件",
        "2 件退回库存",
        "已发出 1 件",
        "1 件退回库存",
        "待收货",
        "杯口有裂纹",
    ):
        assert fact in said, fact
    assert not OrderRefund.objects.exists()

    done = text(confirmed(page, order, seen))
    refund = OrderRefund.objects.get()
    assert f"售后退款 {refund.refund_no} 已办理：微信 ¥133.50 将原路退回" in done
    assert (refund.operator, refund.reason, refund.amount_fen) == (manager, "杯口有裂纹", 13_350)
    assert (make.fresh(order).status, Refund.objects.get().amount_fen) == ("SHIPPED", 13_350)
    assert [row.on_hand for row in Stock.objects.order_by("sku_id")] == [8, 9]
    for fact in (refund.refund_no, "退款中", "茶杯 × 2", "茶碗 × 1", "杯口有裂纹"):
        assert fact in done, fact


def test_points_and_gift_coupons_are_told_before_and_after(page: Client) -> None:
    buyer, cup = counter.buyer(), counter.goods(10_000)
    make_coupons.template("满200赠", occasion="ORDER_GIFT", gift_from_fen=20_000, per_member=9)
    make_points.points.earn(member_id=buyer[0].pk, amount=1000, cause="start", at=make.NOW)
    order = make.paid(buyer, [(cup, 3)], use_points=True)
    coupons.reward(order_no=order.order_no, at=make.NOW)
    make.ship(order)
    make.receive(order)
    make_points.points.claw_back(member_id=buyer[0].pk, amount=290, cause="gone", at=make.NOW)

    seen = filled(page, order, **{f"units_{cup.pk}": "2"})

    said = text(seen)
    assert "667 积分（抵扣时使用的）" in said
    assert "193 积分（此订单获得的）" in said
    assert "收回赠券\n满200赠" in said
    done = text(confirmed(page, order, seen))
    assert "退回 667，扣回 193" in done
    assert "收回 1 张" in done


def test_a_gift_that_was_spent_is_shown_to_the_operator_and_stays_on_the_refund(page: Client) -> None:
    buyer, cup = counter.buyer(), counter.goods(10_000)
    make_coupons.template("满100赠", occasion="ORDER_GIFT", gift_from_fen=10_000)
    order = make.paid(buyer, [(cup, 1)])
    coupons.reward(order_no=order.order_no, at=make.NOW)
    other = make.paid(buyer, [(cup, 1)])
    assert Coupon.objects.get().order_no == other.order_no
    seen = filled(page, order, **{f"units_{cup.pk}": "1"})
    assert "满100赠：买家已使用或正在使用" in text(seen)
    assert "1 张随订单赠送的券已被使用" in text(confirmed(page, order, seen))
    shown = text(page.get(f"/admin/orders/orderrefund/{OrderRefund.objects.get().pk}/change/"))
    assert "满100赠" in shown
    assert other.order_no in shown


def test_the_whole_of_what_never_left_takes_its_postage_and_offers_along(page: Client) -> None:
    counter.freight(800)
    cup = counter.goods(5000)
    order = make.paid(counter.buyer(), [(cup, 1)])
    seen = filled(page, order, **{f"units_{cup.pk}": "1"})
    said = text(seen)
    assert "¥58.00（商品 ¥50.00，运费 ¥8.00）" in said
    assert "全部商品均未发出，剩余运费一并退还" in said
    assert "优惠券和限量促销名额一并退还" in said
    confirmed(page, order, seen)
    assert make.fresh(order).status == "REFUNDED"


def test_postage_that_is_kept_with_the_last_unit_is_warned_of(page: Client) -> None:
    counter.freight(800)
    cup = counter.goods(5000)
    order = make.paid(counter.buyer(), [(cup, 1)])
    make.ship(order)
    assert "未退的运费 ¥8.00 之后仍可在订单页单独退还" in text(
        filled(page, order, **{f"units_{cup.pk}": "1"})
    )


def test_the_same_page_confirmed_twice_refunds_once(page: Client) -> None:
    cup = counter.goods(5000)
    order = make.paid(counter.buyer(), [(cup, 3)])
    seen = filled(page, order, **{f"units_{cup.pk}": "1"})
    for _ in range(2):
        confirmed(page, order, seen)
    assert (OrderRefund.objects.count(), make.fresh(order).refunded_fen) == (1, 5000)


def test_what_changed_since_it_was_shown_is_shown_again_first(page: Client) -> None:
    cup = counter.goods(5000)
    order = make.paid(counter.buyer(), [(cup, 3)])
    seen = filled(page, order, **{f"units_{cup.pk}": "1"})
    make.ship(order)
    assert aftersales.RefundChanged.message in text(confirmed(page, order, seen))
    assert not OrderRefund.objects.exists()


def test_nothing_is_confirmed_that_was_not_shown(page: Client) -> None:
    cup = counter.goods(5000)
    order = make.paid(counter.buyer(), [(cup, 3)])
    sent = {**hidden(page.get(at(order))), f"units_{make.line(order, cup).pk}": "1", "reason": "x"}
    assert "确认退款" in text(page.post(at(order), {**sent, "step": "confirm"}))
    assert not OrderRefund.objects.exists()


def test_one_can_go_back_and_what_was_typed_is_still_there(page: Client) -> None:
    cup = counter.goods(5000)
    order = make.paid(counter.buyer(), [(cup, 3)])
    seen = filled(page, order, **{f"units_{cup.pk}": "2"})
    again = page.post(at(order), {**hidden(seen), "step": "edit"})
    assert f'name="units_{make.line(order, cup).pk}" value="2"' in re.sub(r"\s+", " ", again.content.decode())
    assert "杯口有裂纹" in again.content.decode()
    assert not OrderRefund.objects.exists()


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ({"units": "4"}, "最多 3 件"),
        ({"units": "-1"}, "最小为 0。"),
        ({"units": "1.5"}, "输入整数"),
        ({"units": "一"}, "输入整数"),
        ({"units": "9" * 40}, "最多 3 件"),
        ({"units": ""}, "请至少选择一件商品"),
        ({"units": "1", "shipping_fen": "8.01"}, "金额不能超过 8.00 元"),
        ({"units": "1", "shipping_fen": "-1"}, "请填写金额"),
        ({"units": "1", "shipping_fen": "一元"}, "请填写金额"),
        ({"units": "1", "reason": ""}, "请填写退款原因"),
        ({"units": "1", "reason": "长" * 81}, "退款原因最多 80 字"),
        ({"units": "1", "token": "x"}, "页面已失效"),
        ({"units": "1", "token": ""}, "页面已失效"),
    ],
)
def test_what_makes_no_refund_is_refused_with_its_reason(
    page: Client, typed: dict[str, str], reason: str
) -> None:
    counter.freight(800)
    cup = counter.goods(5000)
    order = make.paid(counter.buyer(), [(cup, 3)])
    units = typed.pop("units")
    answer = filled(page, order, **{f"units_{cup.pk}": units, **typed})
    # Nothing chosen at all is for the service to refuse.
    assert answer.status_code == (200 if units else 409)
    assert reason in text(answer)
    assert "确认退款" not in text(answer)
    assert not OrderRefund.objects.exists()


@pytest.mark.parametrize(
    "sent", [{}, {"step": "confirm"}, {"step": "\x00"}, {"step": "confirm", "seen": "x" * 999}]
)
def test_nonsense_refunds_nothing(page: Client, sent: dict[str, str]) -> None:
    order = make.paid(counter.buyer(), [(counter.goods(5000), 1)])
    assert page.post(at(order), sent).status_code == 200
    assert not OrderRefund.objects.exists()


def test_an_order_that_cannot_be_refunded_leads_back(page: Client) -> None:
    order = counter.order(*counter.buyer(), [(counter.goods(5000), 1)])
    assert planning.OrderNotRefundable.message in text(page.get(at(order), follow=True))
    for number in ("0", "999999", "abc"):
        assert page.get(f"/admin/orders/order/{number}/refund-part/").status_code in {302, 404}


def test_refunds_are_listed_searched_and_filtered_by_whether_the_money_arrived(page: Client) -> None:
    cup = counter.goods(5000, title="茶杯")
    first, second = (make.paid(counter.buyer(), [(cup, 2)]) for _ in range(2))
    made = [make.refund(order, {cup: 1}) for order in (first, second)]
    Refund.objects.filter(business_key=f"refund:{made[0].refund_no}").update(
        status="FAILED", last_error="余额不足"
    )
    address = "/admin/orders/orderrefund/"
    everything = text(page.get(address))
    assert all(refund.refund_no in everything for refund in made)
    failed = page.get(address, {"money": "FAILED"})
    assert (made[0].refund_no in text(failed), made[1].refund_no in text(failed)) == (True, False)
    assert (
        f"/admin/payments/refund/{Refund.objects.get(status='FAILED').pk}/change/" in failed.content.decode()
    )
    found = text(page.get(address, {"q": second.order_no}))
    assert (made[0].refund_no in found, made[1].refund_no in found) == (False, True)


def test_a_refund_that_wechat_closed_is_followed_to_its_successor(page: Client) -> None:
    cup = counter.goods(5000)
    made = make.refund(make.paid(counter.buyer(), [(cup, 2)]), {cup: 1})
    dead = Refund.objects.get()

    def listed(money: str) -> str:
        return page.get("/admin/orders/orderrefund/", {"money": money}).content.decode()

    assert [made.refund_no in listed(money) for money in ("PENDING", "FAILED", "DONE")] == [
        True,
        False,
        False,
    ]
    Refund.objects.update(status="CLOSED")
    assert [made.refund_no in listed(money) for money in ("PENDING", "FAILED", "DONE")] == [
        False,
        True,
        False,
    ]
    anew = refunds.resubmit(refund_no=dead.refund_no, at=make.LATER)
    assert [made.refund_no in listed(money) for money in ("PENDING", "FAILED", "DONE")] == [
        True,
        False,
        False,
    ]
    assert f"/admin/payments/refund/{anew.pk}/change/" in listed("PENDING")


def test_who_may_only_look_at_orders_sees_their_refunds_and_makes_none(
    operator_with: Callable[..., Client],
) -> None:
    cup = counter.goods(5000)
    order = make.paid(counter.buyer(), [(cup, 2)])
    refund = make.refund(order, {cup: 1})
    looker = operator_with("orders.view_order")
    assert refund.refund_no in text(looker.get(at(order, "change")))
    assert looker.get(at(order)).status_code == 403
    assert looker.post(at(order), {"step": "confirm"}).status_code == 403
    assert looker.get("/admin/orders/orderrefund/").status_code == 403


def test_the_figures_of_eight_lines_take_as_many_statements_as_those_of_one() -> None:
    def statements(lines: int) -> int:
        order = make.paid(counter.buyer(), [(counter.goods(5000), 1) for _ in range(lines)])
        with CaptureQueriesContext(connection) as asked:
            standing = planning.standing_of(make.fresh(order))
            refund_facts.preview(standing, planning.everything_left(standing))
        return len(asked)

    assert statements(1) == statements(8) <= 12
