"""What shoppers may ask for after the sale, for how much, and until when."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib import import_module
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction

from apps.aftersales import application_selectors as application_facts
from apps.aftersales import planning, proposing
from apps.aftersales.models import AfterSale
from apps.aftersales.services import applying, erasing, moving
from apps.aftersales.states import By
from apps.catalog.models import Product
from apps.coupons.models import Coupon
from apps.inventory.models import Stock
from apps.members.models import Level
from apps.orders.models import Order
from apps.payments.models import Refund
from mall.errors import NotFound
from mall.lifecycle import MoveRefused
from tests.apps.aftersales import apply, make
from tests.apps.checkout import make as counter
from tests.apps.coupons import make as coupons
from tests.apps.members import make as members
from tests.apps.members.test_personal import lies_in

pytestmark = pytest.mark.django_db
_SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_the_worked_figures_of_the_contract_come_out_and_no_fen_is_left() -> None:
    counter.freight(800)
    buyer = counter.buyer()
    cup, pot, spoon = counter.goods(1999), counter.goods(2999), counter.goods(500)
    coupons.coupon(buyer[0], of=coupons.template(off_fen=1000))
    order = make.paid(buyer, [(cup, 1), (pot, 1), (spoon, 3)])

    taken = {line.sku_id: line.list_fen - line.payable_fen for line in order.lines.all()}
    assert (taken[cup.pk], taken[pot.pk], taken[spoon.pk]) == (308, 461, 231)
    assert order.payable_fen == 6298
    amounts = []
    for sku in (spoon, spoon, spoon, cup, pot):
        row = apply.applied(order, {sku: 1})
        amounts.append(row.amount_fen)
        apply.approve(row)
        apply.wechat_says()
        assert apply.fresh(row).status == "DONE"
    # The last line of an order that never left carries its postage back.
    assert amounts == [423, 423, 423, 1691, 2538 + 800]
    assert sum(amounts) == 6298 == make.fresh(order).refunded_fen
    assert Coupon.objects.get().status == "AVAILABLE"


def test_less_may_be_asked_and_what_is_waived_of_a_unit_moves_no_other_units_price() -> None:
    order, (spoon,) = apply.bought((500, 3))
    row = apply.applied(order, {spoon: 1}, amount_fen=100)
    assert (row.amount_fen, row.proposed_fen) == (100, 500)
    apply.approve(row)
    apply.wechat_says()
    assert [apply.proposed(order, {spoon: units}).amount_fen for units in (1, 2)] == [500, 1000]
    assert make.fresh(order).refunded_fen == 100


def test_more_than_is_paid_is_refused_as_is_nothing_at_all() -> None:
    order, (cup,) = apply.bought((1999, 1))
    with pytest.raises(planning.AmountTooHigh) as too_high:
        apply.applied(order, {cup: 1}, amount_fen=2000)
    assert too_high.value.details == {"most_fen": 1999}
    with pytest.raises(proposing.AmountTooLow):
        apply.applied(order, {cup: 1}, amount_fen=0)
    assert not AfterSale.objects.exists()


def test_a_preview_stores_nothing_and_says_what_approval_then_gives() -> None:
    counter.freight(800)
    order, (cup, pot) = apply.bought((1999, 1), (2999, 2))
    seen = apply.proposed(order, {cup: 1, pot: 2})
    assert (seen.goods_fen, seen.freight_fen, seen.amount_fen) == (7997, 800, 8797)
    assert not AfterSale.objects.exists()
    row = apply.approve(apply.applied(order, {cup: 1, pot: 2}))
    assert row.amount_fen == 8797 == Refund.objects.get().amount_fen


def test_money_asked_for_a_part_of_what_has_left_leaves_the_goods_the_buyers() -> None:
    order, (cup,) = apply.received((5000, 1))
    apply.approve(apply.applied(order, {cup: 1}, amount_fen=1500))
    apply.wechat_says()
    left = make.fresh(order)
    assert (left.status, left.refunded_fen, left.lines.get().refunded) == ("RECEIVED", 1500, 0)
    # What is left of the unit can be asked for later.
    assert apply.proposed(order, {cup: 1}, "RETURN").amount_fen == 3500


def test_a_line_has_one_open_application_and_another_one_after_that_is_over() -> None:
    order, (cup,) = apply.bought((1999, 2))
    first = apply.applied(order, {cup: 1})
    with pytest.raises(proposing.AfterSaleExists) as exists:
        apply.applied(order, {cup: 1})
    assert exists.value.details["after_sale_no"] == first.after_sale_no
    applying.cancel(member=order.member, after_sale_no=first.after_sale_no, at=apply.LATER)
    assert apply.applied(order, {cup: 2}).status == "APPLIED"


def test_the_same_key_answers_the_same_application_and_refuses_another_one() -> None:
    order, (cup, pot) = apply.bought((1999, 1), (2999, 1))
    first = apply.applied(order, {cup: 1}, key="one")
    assert apply.applied(order, {cup: 1}, key="one").pk == first.pk
    with pytest.raises(applying.AfterSaleKeyReused):
        apply.applied(order, {pot: 1}, key="one")
    assert AfterSale.objects.count() == 1


def test_more_units_than_are_left_are_refused() -> None:
    order, (cup,) = apply.bought((1999, 2))
    apply.approve(apply.applied(order, {cup: 1}))
    apply.wechat_says()
    with pytest.raises(proposing.AfterSaleTooMany) as many:
        apply.applied(order, {cup: 2})
    assert many.value.details["left"] == 1


def test_goods_that_have_not_left_are_neither_sent_back_nor_sent_anew() -> None:
    order, (cup,) = apply.bought((1999, 2))
    make.ship(order, {cup: 1})
    for kind in ("RETURN", "EXCHANGE", "RESHIP"):
        with pytest.raises(proposing.NotSentYet):
            apply.applied(order, {cup: 1}, kind)


def test_applications_are_taken_for_fifteen_days_after_the_day_of_receipt_or_as_long_as_the_rules_say() -> (
    None
):
    order, (cup,) = apply.received((1999, 1), at=apply.NOW)
    # Received on 2 March: the fifteenth day after it is the 17th, which counts whole.
    end = datetime(2026, 3, 18, tzinfo=_SHANGHAI)
    with pytest.raises(proposing.AfterSaleClosed) as closed:
        apply.applied(order, {cup: 1}, "RETURN", at=end)
    assert closed.value.details == {"days": 15}
    apply.rules(apply_days=30)
    assert apply.applied(order, {cup: 1}, "RETURN", at=end).status == "APPLIED"


def test_without_a_reason_goods_go_back_for_seven_days() -> None:
    order, (cup,) = apply.received((1999, 1), at=apply.NOW)
    end = datetime(2026, 3, 10, tzinfo=_SHANGHAI)
    with pytest.raises(proposing.AfterSaleClosed) as closed:
        apply.applied(order, {cup: 1}, "RETURN", reason="NO_REASON", at=end)
    assert closed.value.details == {"days": 7}
    row = apply.applied(order, {cup: 1}, "RETURN", reason="NO_REASON", at=end - timedelta(seconds=1))
    assert row.reason_label == "七天无理由退货"


def _received_with(returns: str, *, confirmed: bool) -> tuple[Order, object]:
    cup = counter.goods(1999)
    cup.product.returns = returns
    cup.product.save(update_fields=["returns"])
    order = make.paid(counter.buyer(), [(cup, 1)], confirms_no_return=confirmed)
    make.ship(order)
    make.receive(order)
    return make.fresh(order), cup


def test_the_laws_exceptions_hold_by_what_the_order_kept_and_the_last_only_where_it_was_confirmed() -> None:
    fresh_food, cup = _received_with("FRESH", confirmed=False)
    with pytest.raises(proposing.NoReasonRefused) as refused:
        apply.applied(fresh_food, {cup: 1}, "RETURN", reason="NO_REASON")  # type: ignore[dict-item]
    assert "鲜活易腐" in refused.value.details["text"]
    confirmed, mask = _received_with("CONFIRMED", confirmed=True)
    with pytest.raises(proposing.NoReasonRefused):
        apply.applied(confirmed, {mask: 1}, "RETURN", reason="NO_REASON")  # type: ignore[dict-item]
    unconfirmed, mask = _received_with("CONFIRMED", confirmed=False)
    assert apply.applied(unconfirmed, {mask: 1}, "RETURN", reason="NO_REASON").status == "APPLIED"  # type: ignore[dict-item]
    # With a reason everything goes back.
    assert apply.applied(fresh_food, {cup: 1}, "RETURN").status == "APPLIED"  # type: ignore[dict-item]


def test_an_order_of_another_member_is_not_there() -> None:
    order, (cup,) = apply.bought((1999, 1))
    apply.reasons()
    with pytest.raises(NotFound):
        applying.apply(
            member=members.member(),
            order_no=order.order_no,
            ask=apply.ask(order, {cup: 1}),
            idempotency_key="k",
            at=apply.LATER,
        )


def test_an_order_that_is_not_paid_is_refused_and_one_that_is_over_is_too_late() -> None:
    cup = counter.goods(1999)
    unpaid = counter.order(*counter.buyer(), [(cup, 1)])
    with pytest.raises(planning.OrderNotRefundable):
        apply.applied(unpaid, {cup: 1})
    order, (pot,) = apply.bought((1999, 1))
    apply.approve(apply.applied(order, {pot: 1}))
    with pytest.raises(proposing.AfterSaleClosed):
        apply.applied(order, {pot: 1})


def test_trusted_members_are_refunded_at_once_so_often_a_day_and_others_wait() -> None:
    gold = Level.objects.create(name="金卡", rank=9)
    apply.rules(instant_level=gold, instant_per_day=1)
    buyer = counter.buyer(level=gold)
    cup = counter.goods(1999)
    orders = [make.paid(buyer, [(cup, 1)]) for _ in range(2)]
    first = apply.applied(orders[0], {cup: 1})
    assert (first.status, first.is_instant, make.fresh(orders[0]).status) == ("APPROVED", True, "REFUNDED")
    assert apply.moves(first) == ["apply", "approve", "pay"]
    assert apply.applied(orders[1], {cup: 1}).status == "APPLIED"
    plain, (pot,) = apply.bought((1999, 1))
    assert apply.applied(plain, {pot: 1}).status == "APPLIED"


def test_a_trusted_members_order_that_has_begun_to_leave_is_looked_at() -> None:
    gold = Level.objects.create(name="金卡", rank=9)
    apply.rules(instant_level=gold)
    cup = counter.goods(1999)
    order = make.paid(counter.buyer(level=gold), [(cup, 2)])
    make.ship(order, {cup: 1})
    assert apply.applied(order, {cup: 1}).status == "APPLIED"


def test_an_application_is_taken_back_until_something_came_of_it_and_twice_is_as_once() -> None:
    order, (cup,) = apply.received((1999, 1))
    row = apply.approve(apply.applied(order, {cup: 1}, "RETURN"))
    for _ in range(2):
        back = applying.cancel(member=order.member, after_sale_no=row.after_sale_no, at=apply.LATER)
        assert back.status == "CANCELLED"
    assert apply.moves(row) == ["apply", "approve", "cancel"]
    gone = apply.send_back(apply.approve(apply.applied(order, {cup: 1}, "RETURN")))
    with pytest.raises(MoveRefused):
        applying.cancel(member=order.member, after_sale_no=gone.after_sale_no, at=apply.LATER)


def test_a_parcels_number_is_told_once_corrected_until_it_comes_and_refused_where_none_is_awaited() -> None:
    order, (cup,) = apply.received((1999, 1))
    row = apply.applied(order, {cup: 1}, "RETURN")
    with pytest.raises(MoveRefused):
        apply.send_back(row)
    apply.approve(row)
    with pytest.raises(applying.ParcelInvalid):
        apply.send_back(row, "??")
    for number in ("SF1234567890", "SF1234567890", "SF0000000001"):
        sent = apply.send_back(row, number)
    assert (sent.status, sent.return_tracking_no) == ("RETURNING", "SF0000000001")
    assert apply.moves(row) == ["apply", "approve", "send_back", "parcel"]


def told_of_parcels(row: AfterSale) -> list[str]:
    """What the history says of the parcel back, oldest first."""
    whole = application_facts.of_member(member=row.member, after_sale_no=row.after_sale_no)
    return [one.text for one in application_facts.history(whole) if one.move in {"send_back", "parcel"}]


def test_the_number_of_the_parcel_back_is_told_while_it_is_kept_and_then_nowhere() -> None:
    order, (cup,) = apply.received((1999, 1))
    row = apply.approve(apply.applied(order, {cup: 1}, "RETURN"))
    apply.send_back(row, "SF7000000001")
    assert told_of_parcels(row) == ["顺丰速运 SF7000000001"]
    apply.send_back(row, "SF7000000002")
    assert told_of_parcels(row) == ["买家寄回", "顺丰速运 SF7000000002"]
    assert lies_in("SF7000000001") == set()

    erasing.empty(AfterSale.objects.filter(pk=row.pk))

    assert lies_in("SF7000000002") == set()
    assert told_of_parcels(row) == ["买家寄回", "修改寄回单号"]


def test_steps_of_former_days_forget_the_number_and_stay_as_they_are_otherwise() -> None:
    order, (cup,) = apply.received((1999, 1))
    row = apply.approve(apply.applied(order, {cup: 1}, "RETURN"))
    moving.note_step(row, move="send_back", by=By.MEMBER, note="顺丰速运 SF7000000001", at=apply.LATER)
    moving.note_step(row, move="carriage", by=By.OPERATOR, note="补偿运费 8.00 元", at=apply.LATER)
    migration = import_module("apps.aftersales.migrations.0009_steps_without_parcel_numbers").Migration
    with connection.cursor() as cursor:
        # What this test wrote is checked now; a table with checks to come is not altered.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(migration.operations[0].sql)
    assert list(row.steps.filter(move__in=["send_back", "carriage"]).values_list("note", flat=True)) == [
        "",
        "补偿运费 8.00 元",
    ]
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        row.steps.update(note="")


def test_an_exchange_is_against_the_same_price_on_the_shelf() -> None:
    order, (cup,) = apply.received((1999, 1))
    cheap, blue = counter.goods(1000), counter.goods(1999)
    with pytest.raises(proposing.NotExchangeable):
        apply.applied(order, {cup: 1}, "EXCHANGE", new={cup: cheap})
    for window in (
        {"sale_starts_at": apply.LATER + timedelta(days=1)},
        {"sale_starts_at": None, "sale_ends_at": apply.NOW},
    ):
        Product.objects.filter(pk=blue.product_id).update(**window)
        with pytest.raises(proposing.NotExchangeable):
            apply.applied(order, {cup: 1}, "EXCHANGE", new={cup: blue})
    Product.objects.filter(pk=blue.product_id).update(sale_ends_at=None)
    row = apply.approve(apply.applied(order, {cup: 1}, "EXCHANGE", new={cup: blue}))
    assert (row.amount_fen, Stock.objects.get(sku=blue).held) == (0, 1)


def test_a_message_sent_twice_is_one_and_none_is_taken_once_it_is_over() -> None:
    order, (cup,) = apply.bought((1999, 1))
    row = apply.applied(order, {cup: 1})

    def say(text: str) -> None:
        applying.say(
            member=order.member, after_sale_no=row.after_sale_no, text=text, picture_ids=(), at=apply.LATER
        )

    say("在吗")
    say("在吗")
    assert row.messages.count() == 1
    with pytest.raises(applying.MessageEmpty):
        say("")
    applying.cancel(member=order.member, after_sale_no=row.after_sale_no, at=apply.LATER)
    with pytest.raises(moving.AfterSaleEnded):
        say("还在吗")
