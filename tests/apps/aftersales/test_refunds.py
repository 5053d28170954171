"""Refunding units of an order: the money to where it came from, the stock, and where the order then stands."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from apps.aftersales import planning
from apps.aftersales import services as aftersales
from apps.aftersales.planning import Wish
from apps.catalog.models import Sku
from apps.fulfillment.models import ShippingUpload
from apps.fulfillment.services import parcels, uploads
from apps.inventory import selectors as stock_facts
from apps.orders import services as orders
from apps.orders.models import Order, OrderRefund, OrderRefundLine
from apps.outbox.models import Announcement
from apps.payments import selectors as payment_facts
from apps.payments.models import Refund
from apps.promotions.models import Tally
from tests.apps.aftersales import make
from tests.apps.checkout import make as counter
from tests.apps.coupons import make as coupons
from tests.apps.wallet import make as wallets

pytestmark = pytest.mark.django_db


def free(sku: Sku) -> int:
    return stock_facts.available([sku.pk])[sku.pk]


def at_wechat() -> list[int]:
    return list(Refund.objects.order_by("id").values_list("amount_fen", flat=True))


def told(kind: str) -> int:
    return Announcement.objects.filter(kind=kind).count()


def test_one_of_three_cups_goes_back_for_its_share_and_the_other_lines_are_untouched() -> None:
    cup, bowl = counter.goods(1000, units=10), counter.goods(2000, units=10)
    counter.promotion(label="满50减5", steps=[[5000, 500]])
    # 3 × 10.00 + 20.00 − 5.00: the cups cost 27.00, the bowl 18.00
    order = make.paid(counter.buyer(), [(cup, 3), (bowl, 1)])

    refund = make.refund(order, {cup: 1})

    assert (refund.amount_fen, refund.wechat_fen, refund.balance_fen) == (900, 900, 0)
    assert at_wechat() == [900]
    assert Refund.objects.get().business_key == f"refund:{refund.refund_no}"
    assert [(row.refunded, row.payable_fen) for row in order.lines.all()] == [(1, 2700), (0, 1800)]
    order = make.fresh(order)
    assert (order.status, order.refunded_fen, order.payable_fen) == ("PAID", 900, 4500)
    assert (free(cup), free(bowl)) == (8, 9)
    assert told("OrderRefunded") == 1


def test_unit_by_unit_a_line_gives_back_exactly_what_was_paid_the_odd_fen_first() -> None:
    cup = counter.goods(1000)
    counter.promotion(label="满30减1分", steps=[[3000, 1]])
    order = make.paid(counter.buyer(), [(cup, 3)])  # 29.99
    assert [make.refund(order, {cup: 1}).amount_fen for _ in range(3)] == [1000, 1000, 999]
    assert make.fresh(order).status == "REFUNDED"
    assert at_wechat() == [1000, 1000, 999]


def test_wechat_and_stored_value_get_back_what_each_paid_in_proportion(settings: Any) -> None:
    settings.WALLET_ENABLED = True
    buyer = counter.buyer()
    account = wallets.funded(1000, member=buyer[0])
    cup = counter.goods(1000)
    order = make.paid(buyer, [(cup, 3)], use_balance=True)  # 10.00 of stored value, 20.00 by WeChat
    refunds = [make.refund(order, {cup: 1}) for _ in range(3)]
    # A third of 20.00 and of 10.00 each: by what is refunded in all, so that roundings do not add up.
    assert [(r.wechat_fen, r.balance_fen) for r in refunds] == [(667, 333), (666, 334), (667, 333)]
    assert at_wechat() == [667, 666, 667]
    assert wallets.figures(account) == (1000, 0, 0, 0)


def test_an_order_that_stored_value_paid_alone_is_refunded_without_wechat(settings: Any) -> None:
    settings.WALLET_ENABLED = True
    buyer = counter.buyer()
    account = wallets.funded(5000, member=buyer[0])
    cup = counter.goods(1000)
    order = make.paid(buyer, [(cup, 2)], use_balance=True)
    refund = make.refund(order, {cup: 1})
    assert (refund.wechat_fen, refund.balance_fen) == (0, 1000)
    assert wallets.figures(account) == (4000, 0, 0, 0)
    assert at_wechat() == []


def test_units_of_an_order_that_cost_nothing_go_back_for_nothing() -> None:
    sample = counter.goods(0, units=5)
    order = make.paid(counter.buyer(), [(sample, 2)])
    assert make.refund(order, {sample: 1}).amount_fen == 0
    assert (make.fresh(order).status, free(sample), at_wechat()) == ("PAID", 4, [])
    make.refund(order, {sample: 1})
    assert (make.fresh(order).status, free(sample)) == ("REFUNDED", 5)


def test_postage_goes_back_by_itself_as_far_as_it_was_paid_and_only_once() -> None:
    counter.freight(800)
    cup = counter.goods(1000)
    order = make.paid(counter.buyer(), [(cup, 1)])
    make.ship(order)
    assert make.refund(order, shipping_fen=500).amount_fen == 500
    with pytest.raises(planning.ShippingTooMuch) as refused:
        make.refund(order, shipping_fen=301)
    assert refused.value.details == {"left_fen": 300}
    make.refund(order, shipping_fen=300)
    assert (at_wechat(), make.fresh(order).status) == ([500, 300], "SHIPPED")


def test_postage_that_was_kept_goes_back_after_the_last_unit_too() -> None:
    counter.freight(800)
    cup = counter.goods(1000)
    order = make.paid(counter.buyer(), [(cup, 2)])
    make.ship(order)
    make.refund(order, {cup: 2})
    assert (make.fresh(order).status, planning.may_refund(make.fresh(order))) == ("REFUNDED", True)

    with pytest.raises(planning.NothingToRefund):
        make.refund(order)
    with pytest.raises(planning.UnitsInvalid):
        make.refund(order, {cup: 1}, shipping_fen=100)
    make.refund(order, shipping_fen=300)
    with pytest.raises(planning.ShippingTooMuch):
        make.refund(order, shipping_fen=501)
    make.refund(order, shipping_fen=500)

    now = make.fresh(order)
    assert (now.status, now.refunded_fen, at_wechat()) == ("REFUNDED", 2800, [2000, 300, 500])
    assert [move.move for move in now.history.all()] == ["place", "pay", "ship", "refund"]
    assert planning.may_refund(now) is False
    with pytest.raises(planning.OrderNotRefundable):
        make.refund(order, shipping_fen=1)


def test_postage_paid_by_stored_value_and_wechat_goes_back_to_both_after_the_end(settings: Any) -> None:
    settings.WALLET_ENABLED = True
    counter.freight(800)
    buyer, cup = counter.buyer(), counter.goods(1000)
    wallets.funded(900, member=buyer[0])
    order = make.paid(buyer, [(cup, 1)], use_balance=True)  # 18.00: half each
    make.ship(order)
    make.refund(order, {cup: 1})

    last = make.refund(order, shipping_fen=800)

    assert (last.wechat_fen, last.balance_fen, sum(at_wechat())) == (400, 400, 900)


def test_whoever_gets_nothing_pays_no_postage_and_has_coupon_and_limited_use_back() -> None:
    counter.freight(800)
    buyer, cup = counter.buyer(), counter.goods(6000, units=4)
    counter.promotion(label="满50减5", steps=[[5000, 500]], limits={"total": 1})
    coupon = coupons.coupon(buyer[0], of=coupons.template(), at=make.NOW)
    order = make.paid(buyer, [(cup, 2)])  # 120.00 − 5.00 − 10.00 + 8.00
    assert order.payable_fen == 11_300

    make.refund(order, {cup: 1})
    coupon.refresh_from_db()
    assert (coupon.status, Tally.objects.get().uses) == ("USED", 1)
    last = make.refund(order, {cup: 1})

    coupon.refresh_from_db()
    assert (last.amount_fen, last.shipping_fen) == (6050, 800)
    assert (coupon.status, Tally.objects.get().uses) == ("AVAILABLE", 0)
    assert (make.fresh(order).status, free(cup), sum(at_wechat())) == ("REFUNDED", 4, 11_300)


def test_once_something_has_left_coupon_and_limited_use_are_spent() -> None:
    buyer, cup = counter.buyer(), counter.goods(6000, units=4)
    counter.promotion(label="满50减5", steps=[[5000, 500]], limits={"total": 1})
    coupon = coupons.coupon(buyer[0], of=coupons.template(), at=make.NOW)
    order = make.paid(buyer, [(cup, 1)])
    make.ship(order)
    make.refund(order, {cup: 1})
    coupon.refresh_from_db()
    assert (make.fresh(order).status, coupon.status, Tally.objects.get().uses) == ("REFUNDED", "USED", 1)


def test_units_that_have_not_left_are_refunded_first_and_do_not_leave_any_more() -> None:
    cup = counter.goods(1000, units=10)
    order = make.paid(counter.buyer(), [(cup, 5)])
    make.ship(order, {cup: 2})
    one = make.line(order, cup).pk

    refund = make.refund(order, {cup: 1})
    assert (refund.units_unsent, refund.units_sent) == (1, 0)
    assert parcels.units_left(make.fresh(order)) == {one: 2}
    with pytest.raises(parcels.QuantityNotShippable):
        make.ship(order, {cup: 3})

    refund = make.refund(order, {cup: 3})
    assert (refund.units_unsent, refund.units_sent, refund.lines.get().restocked) == (2, 1, 2)
    assert parcels.units_left(make.fresh(order)) == {}
    # Ten, five bought, three of them never left.
    assert free(cup) == 8


def test_an_order_of_which_the_rest_is_refunded_is_shipped_and_wechat_hears_that_it_is_all() -> None:
    cup, bowl = counter.goods(1000), counter.goods(2000)
    order = make.paid(counter.buyer(), [(cup, 1), (bowl, 1)])
    make.ship(order, {cup: 1})
    ShippingUpload.objects.filter(order=order).update(status="DONE")
    assert (told("OrderShipped"), told("ParcelShipped")) == (0, 1)

    make.refund(order, {bowl: 1})

    order = make.fresh(order)
    assert (order.status, order.shipped_at) == ("SHIPPED", make.LATER)
    assert (told("OrderShipped"), told("ParcelShipped")) == (1, 2)
    assert ShippingUpload.objects.get().status == "WAITING"
    assert order.history.latest("id").note == "其余商品已退款"
    make.receive(order)
    assert make.fresh(order).status == "RECEIVED"


def test_of_an_order_whose_money_all_went_back_wechat_is_told_no_parcels() -> None:
    cup = counter.goods(1000)
    order = make.paid(counter.buyer(), [(cup, 1)])
    make.ship(order)
    make.refund(order, {cup: 1})
    number = order.order_no
    status = uploads.upload(
        order_no=number, bill_kind="order", bill_no=number, transaction_id="42", at=make.LATER
    )
    assert status == "NOT_NEEDED"


@pytest.mark.parametrize(("back_on_the_shelf", "units"), [(True, 10), (False, 9)])
def test_what_had_left_returns_to_the_shelf_where_the_operator_says_so(
    back_on_the_shelf: bool, units: int
) -> None:
    cup = counter.goods(1000, units=10)
    order = make.paid(counter.buyer(), [(cup, 1)])
    make.ship(order)
    make.refund(order, {cup: 1}, restock=[cup] if back_on_the_shelf else [])
    assert free(cup) == units


def test_a_received_order_can_be_refunded_and_ends_with_its_last_unit() -> None:
    cup = counter.goods(1000)
    order = make.paid(counter.buyer(), [(cup, 2)])
    make.ship(order)
    make.receive(order)
    make.refund(order, {cup: 1})
    assert make.fresh(order).status == "RECEIVED"
    make.refund(order, {cup: 1})
    order = make.fresh(order)
    move = order.history.latest("id")
    assert (order.status, move.move, move.operator.username) == ("REFUNDED", "refund", "仓管员")
    with pytest.raises(planning.OrderNotRefundable):
        make.refund(order, {cup: 1})


def test_a_gift_that_has_not_left_stays_here_with_the_last_unit_that_was_bought() -> None:
    cup, bowl = counter.goods(5000, units=3), counter.goods(900, units=3)
    counter.promotion("GIFT", label="送小茶碗", parts=[(4000, bowl.pk, 1)])
    order = make.paid(counter.buyer(), [(cup, 2)])
    make.refund(order, {cup: 1})
    assert free(bowl) == 2
    refund = make.refund(order, {cup: 1})
    assert sorted(refund.lines.values_list("order_line__is_gift", "units", "amount_fen")) == [
        (False, 1, 5000),
        (True, 1, 0),
    ]
    assert (make.fresh(order).status, free(bowl), free(cup)) == ("REFUNDED", 3, 3)


def test_a_gift_that_left_may_be_kept_or_sent_back() -> None:
    cup, bowl = counter.goods(5000), counter.goods(900, units=3)
    counter.promotion("GIFT", label="送小茶碗", parts=[(4000, bowl.pk, 1)])
    orders = [make.paid(counter.buyer(), [(cup, 1)]) for _ in range(2)]
    for order in orders:
        make.ship(order)
    make.refund(orders[0], {cup: 1})
    make.refund(orders[1], {cup: 1}, gifts={bowl: 1})
    assert [make.line(order, bowl, is_gift=True).refunded for order in orders] == [0, 1]
    assert [make.fresh(order).status for order in orders] == ["REFUNDED", "REFUNDED"]


def test_a_bought_and_a_given_unit_of_one_sku_are_two_lines_on_one_shelf() -> None:
    cup = counter.goods(5000, units=5)
    counter.promotion("GIFT", label="买一送一", parts=[(4000, cup.pk, 1)])
    order = make.paid(counter.buyer(), [(cup, 1)])
    assert free(cup) == 3
    make.refund(order, {cup: 1})
    assert (free(cup), make.fresh(order).status) == (5, "REFUNDED")


def test_the_same_page_sent_twice_refunds_once() -> None:
    cup = counter.goods(1000)
    order = make.paid(counter.buyer(), [(cup, 3)])
    first, second = (make.refund(order, {cup: 1}, token="a-page") for _ in range(2))
    assert (first.pk, at_wechat(), make.line(order, cup).refunded) == (second.pk, [1000], 1)
    other = make.paid(counter.buyer(), [(cup, 1)])
    with pytest.raises(aftersales.RefundTokenReused):
        make.refund(other, {cup: 1}, token="a-page")


def test_what_was_shown_is_what_is_done_or_nothing() -> None:
    cup = counter.goods(1000)
    order = make.paid(counter.buyer(), [(cup, 3)])
    wish = Wish(units={make.line(order, cup).pk: 1})
    seen = planning.plan(planning.standing_of(order), wish).fingerprint()
    make.ship(order)  # the unit that was to stay here has left
    with pytest.raises(aftersales.RefundChanged):
        make.refund(order, {cup: 1}, seen=seen)
    assert (at_wechat(), OrderRefund.objects.count()) == ([], 0)


@pytest.mark.parametrize(
    ("units", "shipping_fen", "refusal"),
    [
        ({}, 0, planning.NothingToRefund),
        ({"cup": 0}, 0, planning.NothingToRefund),
        ({"cup": 4}, 0, planning.UnitsInvalid),
        ({"cup": -1}, 0, planning.UnitsInvalid),
        ({"another's": 1}, 0, planning.UnitsInvalid),
        ({"cup": 1}, 1, planning.ShippingTooMuch),
        ({"cup": 1}, -1, planning.ShippingTooMuch),
    ],
)
def test_what_an_order_does_not_have_is_not_refunded(
    units: dict[str, int], shipping_fen: int, refusal: type[Exception]
) -> None:
    cup = counter.goods(1000)
    order, other = (make.paid(counter.buyer(), [(cup, 3)]) for _ in range(2))
    ids = {"cup": make.line(order, cup).pk, "another's": make.line(other, cup).pk}
    with pytest.raises(refusal):
        aftersales.refund(
            order_no=order.order_no,
            wish=Wish(units={ids[name]: some for name, some in units.items()}, shipping_fen=shipping_fen),
            reason="x",
            token="t",
            operator=None,
            at=make.LATER,
        )
    assert (make.fresh(order).refunded_fen, at_wechat()) == (0, [])


def test_a_refund_has_a_reason() -> None:
    order = make.paid(counter.buyer(), [(counter.goods(), 1)])
    with pytest.raises(aftersales.ReasonMissing):
        aftersales.refund(
            order_no=order.order_no, wish=Wish(units={}), reason=" ", token="t", operator=None, at=make.LATER
        )


@pytest.mark.parametrize("status", ["UNPAID", "CLOSED"])
def test_an_order_without_money_is_not_refunded(status: str) -> None:
    cup = counter.goods()
    order = counter.order(*counter.buyer(), [(cup, 1)])
    if status == "CLOSED":
        counter.close(order)
    with pytest.raises(planning.OrderNotRefundable):
        make.refund(order, {cup: 1})


def test_wechat_takes_fifty_refunds_of_a_payment_and_the_51st_waits_for_somebody() -> None:
    cup = counter.goods(100, units=60)
    order = make.paid(counter.buyer(), [(cup, 60)])
    for _ in range(50):
        make.refund(order, {cup: 1})
    made = make.refund(order, {cup: 1})

    (row,) = payment_facts.needing_somebody()
    assert row.business_key.endswith(made.refund_no)
    assert (row.status, "50 次" in row.last_error, made.wechat_fen) == ("FAILED", True, row.amount_fen)
    assert payment_facts.unbalanced() == []


def test_the_database_keeps_refunds_within_the_order_and_for_ever() -> None:
    cup = counter.goods(1000)
    order = make.paid(counter.buyer(), [(cup, 2)])
    make.refund(order, {cup: 1})
    one = make.line(order, cup)
    too_much = {"line_id": one.pk, "units": 2, "units_sent": 0, "restocked": 2, "amount_fen": 100}
    for lines, shipping_fen in (([orders.Refunded(**too_much)], 0), ([], 1001)):
        with pytest.raises(orders.RefundBeyondOrder), transaction.atomic():
            orders.record_refund(
                order=make.fresh(order),
                refund_no=f"RO{shipping_fen}",
                token=f"t{shipping_fen}",
                lines=lines,
                shipping_fen=shipping_fen,
                balance_fen=0,
                effects=orders.Effects(),
                reason="x",
                operator=None,
                at=make.LATER,
            )
    for change in (
        lambda: Order.objects.filter(pk=order.pk).update(refunded_fen=2001),
        lambda: order.lines.update(refunded=3),
        lambda: OrderRefund.objects.update(goods_fen=1),
        lambda: OrderRefundLine.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    connection.check_constraints()


def test_the_check_of_refunds_names_what_does_not_add_up() -> None:
    cup = counter.goods(1000)
    order = make.paid(counter.buyer(), [(cup, 3)])
    make.refund(order, {cup: 1})
    said = StringIO()
    call_command("check_refunds", stdout=said)
    assert said.getvalue() == "every order equals its refunds\n"

    Order.objects.filter(pk=order.pk).update(refunded_fen=999)
    order.lines.update(refunded=2)
    with pytest.raises(CommandError, match="2 differ"):
        call_command("check_refunds", stdout=said)
    assert f"order {order.order_no}: says 999, its rows 1000" in said.getvalue()
    assert f"line {order.lines.get().pk}: says 2, its rows 1" in said.getvalue()
