"""What the shop decides about applications: who may, with whom, what comes of it, and what the clock does meanwhile."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.test import Client

from apps.aftersales import services as aftersales
from apps.aftersales.admin_applications import AfterSaleAdmin
from apps.aftersales.models import AfterSale
from apps.aftersales.services import deciding, paying_back, returning, sending, sweeping
from apps.base.models import AuditEntry
from apps.fulfillment.services import parcels
from apps.inventory.models import Stock, StockEntry
from apps.inventory.services import OutOfStock
from apps.orders.models import Order, OrderRefund
from apps.outbox.models import Announcement
from apps.payments import selectors as payment_facts
from apps.payments.models import Payment, Refund
from apps.payments.services import endings
from apps.wallet import selectors as wallet_facts
from apps.wechat.sandbox.control import Sandbox
from mall.lifecycle import MoveRefused
from tests.apps.aftersales import apply, make
from tests.apps.checkout import make as counter
from tests.apps.fulfillment import make as fulfillment
from tests.apps.inventory import make as inventory

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def service(name: str = "kefu", *codenames: str) -> User:
    """An operator who may approve within the limit, and these things beside."""
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["approve_aftersale", *codenames]))
    return User.objects.get(pk=user.pk)


def test_a_refund_stays_approved_until_the_money_is_back_and_says_how_it_stands() -> None:
    order, (cup,) = apply.bought((1999, 1))
    row = apply.approve(apply.applied(order, {cup: 1}))
    assert (row.status, make.fresh(order).status) == ("APPROVED", "REFUNDED")
    apply.wechat_says("ABNORMAL")
    assert paying_back.application_facts.money_of([apply.fresh(row)]) == {row.pk: "FAILED"}
    assert apply.fresh(row).status == "APPROVED"
    apply.wechat_says("SUCCESS")
    assert (apply.fresh(row).status, apply.moves(row)) == ("DONE", ["apply", "approve", "pay", "finish"])


def test_what_only_stored_value_paid_is_done_at_once(settings: Any) -> None:
    from tests.apps.wallet import make as wallets

    settings.WALLET_ENABLED = True
    buyer, cup = counter.buyer(), counter.goods(1999)
    wallets.funded(5000, member=buyer[0])
    order = make.paid(buyer, [(cup, 1)], use_balance=True)
    assert apply.approve(apply.applied(order, {cup: 1})).status == "DONE"


def test_each_move_is_announced() -> None:
    order, (cup,) = apply.bought((1999, 1))
    row = apply.approve(apply.applied(order, {cup: 1}))
    told = [
        (one.payload["move"], one.payload["status"])
        for one in Announcement.objects.filter(kind="AfterSaleMoved").order_by("id")
    ]
    assert told == [("apply", "APPLIED"), ("approve", "APPROVED")]
    assert row.member_id == order.member_id


def test_service_approves_up_to_its_limit_and_above_it_needs_the_right_to() -> None:
    apply.rules(service_up_to_fen=2000)
    small, (cup,) = apply.bought((1999, 1))
    large, (pot,) = apply.bought((2001, 1))
    who = service()
    assert apply.approve(apply.applied(small, {cup: 1}), operator=who).status == "APPROVED"
    row = apply.applied(large, {pot: 1})
    with pytest.raises(deciding.AboveLimit) as above:
        apply.approve(row, operator=who)
    assert above.value.details == {"most_fen": 2000}
    finance = service("caiwu", "approve_any_aftersale")
    assert apply.approve(row, operator=finance).approved_by == finance


def test_above_an_amount_a_second_person_has_to_agree() -> None:
    apply.rules(second_person_above_fen=1000)
    order, (cup,) = apply.bought((1999, 1))
    row = apply.applied(order, {cup: 1})
    one, other = service("a", "approve_any_aftersale"), service("b", "approve_any_aftersale")
    first = apply.approve(row, operator=one)
    assert (first.status, first.waits_for_second, OrderRefund.objects.count()) == ("APPLIED", True, 0)
    with pytest.raises(deciding.SecondPersonNeeded):
        apply.approve(row, operator=one)
    assert apply.approve(row, operator=other).status == "APPROVED"
    assert OrderRefund.objects.count() == 1


def test_one_operators_page_refunds_up_to_that_amount_and_what_the_shop_does_by_rule_any() -> None:
    apply.rules(second_person_above_fen=1998)
    order, (cup,) = apply.bought((1999, 1))
    with pytest.raises(aftersales.TwoPeopleNeeded):
        make.refund(order, {cup: 1})
    with pytest.raises(aftersales.TwoPeopleNeeded):
        aftersales.refund_unshipped(
            order_no=order.order_no, reason="缺货", operator=apply.head(), at=apply.LATER
        )
    assert aftersales.refund_unshipped(
        order_no=order.order_no, reason="未成团", operator=None, at=apply.LATER
    )


def test_what_was_escalated_is_decided_by_the_head_alone() -> None:
    order, (cup,) = apply.bought((1999, 1))
    row = apply.applied(order, {cup: 1})
    who = service("k", "approve_any_aftersale")
    deciding.escalate(after_sale_no=row.after_sale_no, note="买家情绪激动", operator=who, at=apply.LATER)
    with pytest.raises(deciding.BroughtToTheHead):
        apply.approve(row, operator=who)
    assert apply.approve(row).escalated_at is None


def test_a_refusal_has_a_reason_frees_the_line_and_gives_nothing_back() -> None:
    order, (cup,) = apply.bought((1999, 1))
    row = apply.applied(order, {cup: 1})
    with pytest.raises(deciding.ReasonMissing):
        deciding.refuse(after_sale_no=row.after_sale_no, reason=" ", operator=apply.head(), at=apply.LATER)
    deciding.refuse(after_sale_no=row.after_sale_no, reason="已出库", operator=apply.head(), at=apply.LATER)
    assert (apply.fresh(row).status, make.fresh(order).refunded_fen) == ("REFUSED", 0)
    assert apply.applied(order, {cup: 1}).status == "APPLIED"


def test_a_return_is_sent_back_taken_in_looked_at_and_paid_and_stock_is_where_it_came_in() -> None:
    order, (cup,) = apply.received((2000, 3))
    row = apply.approve(apply.applied(order, {cup: 3}, "RETURN"))
    assert (row.status, OrderRefund.objects.count(), Stock.objects.get(sku=cup).on_hand) == (
        "APPROVED",
        0,
        97,
    )
    apply.arrive(apply.send_back(row))
    done = apply.inspect(row, {cup: 2}, damaged={cup: 1}, note="一件已使用")
    # Two accepted, of which one is written off; the third stays the buyer's.
    assert (done.status, done.amount_fen, Stock.objects.get(sku=cup).on_hand) == ("APPROVED", 4000, 98)
    booked = Counter(
        StockEntry.objects.filter(business_key__startswith=row.after_sale_no).values_list(
            "kind", "on_hand_change"
        )
    )
    assert booked == {("RETURN", 2): 1, ("WRITE_OFF", -1): 1}
    apply.wechat_says()
    left = make.fresh(order)
    assert (apply.fresh(row).status, left.status, left.refunded_fen, left.lines.get().refunded) == (
        "DONE",
        "RECEIVED",
        4000,
        2,
    )
    assert apply.moves(row) == ["apply", "approve", "send_back", "arrive", "accept", "pay", "finish"]


def test_less_may_be_granted_for_what_came_and_never_more() -> None:
    order, (cup,) = apply.received((2000, 1))
    row = apply.arrive(apply.approve(apply.applied(order, {cup: 1}, "RETURN", amount_fen=1800)))
    with pytest.raises(paying_back.planning.AmountTooHigh):
        apply.inspect(row, {cup: 1}, amount_fen=1801)
    assert apply.inspect(row, {cup: 1}, amount_fen=1500).amount_fen == 1500
    assert Refund.objects.get().amount_fen == 1500


def test_goods_that_are_refused_after_a_look_go_on_no_shelf_and_nothing_back() -> None:
    order, (cup,) = apply.received((2000, 1))
    row = apply.arrive(apply.send_back(apply.approve(apply.applied(order, {cup: 1}, "RETURN"))))
    with pytest.raises(returning.NothingAcceptedWhy):
        apply.inspect(row, {cup: 0}, note=" ")
    with pytest.raises(paying_back.planning.AmountTooHigh):
        apply.inspect(row, {cup: 0}, note="人为损坏", amount_fen=1)
    with pytest.raises(returning.FindingInvalid):
        apply.inspect(row, {cup: 2})
    deciding.refuse(after_sale_no=row.after_sale_no, reason="人为损坏", operator=apply.head(), at=apply.LATER)
    assert (Stock.objects.get(sku=cup).on_hand, OrderRefund.objects.count()) == (99, 0)


def test_a_shoppers_postage_is_paid_into_no_wallet_that_is_switched_off(settings: Any) -> None:
    settings.WALLET_ENABLED = False
    order, (cup,) = apply.received((2000, 1))
    row = apply.arrive(apply.approve(apply.applied(order, {cup: 1}, "RETURN")))
    page = AfterSaleAdmin(AfterSale, admin.site)
    assert "carriage_back" not in page.usable(row)

    with pytest.raises(paying_back.CarriageNeedsWallet, match="线下支付"):
        paying_back.compensate_carriage(
            after_sale_no=row.after_sale_no, amount_fen=1200, operator=apply.head(), at=apply.LATER
        )
    row.refresh_from_db()
    assert (row.carriage_fen, wallet_facts.balance_of(order.member).available_fen) == (0, 0)

    settings.WALLET_ENABLED = True
    assert "carriage_back" in page.usable(row)


def test_postage_that_was_paid_by_hand_is_written_down_once_and_told(settings: Any) -> None:
    settings.WALLET_ENABLED = False
    order, (cup,) = apply.received((2000, 1))
    row = apply.approve(apply.applied(order, {cup: 1}, "RETURN"))
    page = AfterSaleAdmin(AfterSale, admin.site)

    def note(fen: int, proof: str = "转账 20261127001") -> None:
        paying_back.note_carriage_paid(
            after_sale_no=row.after_sale_no,
            amount_fen=fen,
            proof=proof,
            operator=apply.head(),
            at=apply.LATER,
        )

    with pytest.raises(paying_back.NothingSentBack):
        note(1200)
    apply.arrive(row)
    assert "carriage_paid" in page.usable(apply.fresh(row))
    with pytest.raises(paying_back.CarriageTooMuch):
        note(3001)
    with pytest.raises(paying_back.CarriageProofMissing, match="付款凭证"):
        note(1200, " ")
    who = Client()
    who.force_login(User.objects.create_superuser("店长"))
    address = f"/admin/aftersales/aftersale/{row.pk}/carriage-paid/"
    assert "最多 30.00 元" in who.get(address).content.decode()
    assert "请填写付款凭证" in who.post(address, {"amount_fen": "12"}).content.decode()
    note(1200)
    with pytest.raises(paying_back.CarriagePaid):
        note(1200)
    row = apply.fresh(row)
    assert (row.carriage_fen, row.carriage_paid_at) == (1200, apply.LATER)
    assert row.steps.get(move="carriage").note == "退货运费 12.00 元已由商家线下支付"
    told = AuditEntry.objects.get(action="登记线下补偿运费")
    assert (told.subject, "转账 20261127001" in told.note) == (row.after_sale_no, True)
    settings.WALLET_ENABLED = True
    with pytest.raises(paying_back.CarriageHasWallet, match="储值余额"):
        note(1200)


def test_a_shoppers_postage_is_paid_back_once_up_to_the_rules_amount(settings: Any) -> None:
    settings.WALLET_ENABLED = True
    order, (cup,) = apply.received((2000, 1))
    row = apply.approve(apply.applied(order, {cup: 1}, "RETURN"))

    def pay(fen: int) -> None:
        paying_back.compensate_carriage(
            after_sale_no=row.after_sale_no, amount_fen=fen, operator=apply.head(), at=apply.LATER
        )

    with pytest.raises(paying_back.NothingSentBack):
        pay(1200)
    apply.arrive(row)
    with pytest.raises(paying_back.CarriageTooMuch):
        pay(3001)
    pay(1200)
    with pytest.raises(paying_back.CarriagePaid):
        pay(1200)
    assert wallet_facts.balance_of(order.member).available_fen == 1200


def test_an_exchange_holds_new_units_and_sends_them_when_the_old_ones_came() -> None:
    order, (cup,) = apply.received((1999, 2))
    fulfillment.carriers()
    row = apply.approve(apply.applied(order, {cup: 2}, "EXCHANGE"))
    stock = Stock.objects.get(sku=cup)
    assert (stock.on_hand, stock.held) == (98, 2)
    with pytest.raises(sending.NothingToSend):
        _dispatch(row)
    apply.arrive(apply.send_back(row))
    # One of the two is accepted: one new unit leaves, the other is free again.
    apply.inspect(row, {cup: 1})
    stock.refresh_from_db()
    assert (stock.on_hand, stock.held) == (99, 1)
    done = _dispatch(row)
    stock.refresh_from_db()
    assert (done.status, stock.on_hand, stock.held) == ("DONE", 98, 0)
    assert (make.fresh(order).refunded_fen, row.lines.get().order_line.refunded) == (0, 0)


def _dispatch(row: Any) -> Any:
    return sending.dispatch(
        after_sale_no=row.after_sale_no,
        carrier_code="SF",
        tracking_no="SF99887766",
        operator=apply.head(),
        at=apply.LATER,
    )


def test_an_exchange_without_stock_is_not_approved_and_one_taken_back_frees_what_it_held() -> None:
    order, (cup,) = apply.received((1999, 1))
    last = counter.goods(1999, units=0)
    row = apply.applied(order, {cup: 1}, "EXCHANGE", new={cup: last})
    with pytest.raises(OutOfStock):
        apply.approve(row)
    assert apply.fresh(row).status == "APPLIED"
    inventory.stock(last, 1)
    apply.approve(row)
    apply.applying.cancel(member=order.member, after_sale_no=row.after_sale_no, at=apply.LATER)
    assert Stock.objects.get(sku=last).held == 0


def test_a_reship_costs_the_shopper_nothing_and_units_are_sent_anew_once() -> None:
    order, (cup,) = apply.received((1999, 1))
    fulfillment.carriers()
    cup.cost_fen = 700
    cup.save(update_fields=["cost_fen"])
    row = _dispatch(apply.approve(apply.applied(order, {cup: 1}, "RESHIP")))
    assert (row.status, row.amount_fen, row.lines.get().cost_fen) == ("DONE", 0, 700)
    assert (Stock.objects.get(sku=cup).on_hand, Refund.objects.count()) == (98, 0)
    with pytest.raises(apply.proposing.AfterSaleTooMany):
        apply.applied(order, {cup: 1}, "RESHIP")


def test_silence_of_the_shop_approves_after_48_hours_unless_the_rules_say_otherwise() -> None:
    order, (cup, pot) = apply.bought((1999, 1), (2999, 1))
    row = apply.applied(order, {cup: 1})
    assert sweeping.run_deadlines(at=apply.LATER + 48 * HOUR - timedelta(seconds=1)) == 0
    assert sweeping.run_deadlines(at=apply.LATER + 48 * HOUR) == 1
    assert (apply.fresh(row).status, OrderRefund.objects.count()) == ("APPROVED", 1)
    apply.rules(silence_approves=False)
    other = apply.applied(order, {pot: 1})
    sweeping.run_deadlines(at=apply.LATER + 48 * HOUR)
    kept = apply.fresh(other)
    assert (kept.status, kept.escalated_at is not None) == ("APPLIED", True)


@pytest.mark.parametrize("silence", [True, False], ids=["by silence", "by an operator"])
def test_a_refund_that_wechat_takes_no_more_is_approved_and_waits_to_be_paid_outside(
    silence: bool, wechat: Sandbox
) -> None:
    order, (cup,) = apply.bought((1999, 1))
    row = apply.applied(order, {cup: 1})
    Payment.objects.update(captured_at=apply.LATER - timedelta(days=366))
    if silence:
        sweeping.run_deadlines(at=apply.LATER + 48 * HOUR)
    else:
        apply.approve(row)

    row = apply.fresh(row)
    assert (row.status, make.fresh(order).status) == ("APPROVED", "REFUNDED")
    assert paying_back.application_facts.money_of([row]) == {row.pk: "FAILED"}
    (refund,) = payment_facts.needing_somebody()
    one, other = User.objects.create_superuser("安娜"), User.objects.create_superuser("贝特")
    number, at = refund.refund_no, apply.LATER + 49 * HOUR
    endings.ask(refund_no=number, way="PAID_OUTSIDE", proof="转账 1000071", operator=one, at=at)
    endings.grant(refund_no=number, operator=other, at=at)
    paying_back.follow_refund(refund_no=number, at=at)
    assert apply.fresh(row).status == "DONE"


def test_silence_approves_neither_what_two_must_see_nor_money_for_goods_that_left_meanwhile() -> None:
    apply.rules(second_person_above_fen=2500)
    order, (cup, pot) = apply.bought((1999, 1), (2999, 1))
    rows = [apply.applied(order, {cup: 1}), apply.applied(order, {pot: 1})]
    make.ship(order)
    sweeping.run_deadlines(at=apply.LATER + 48 * HOUR)
    for row in rows:
        kept = apply.fresh(row)
        assert (kept.status, kept.escalated_at is not None) == ("APPLIED", True)
    assert not OrderRefund.objects.exists()


def test_who_sends_nothing_for_seven_days_closes_the_application() -> None:
    order, (cup,) = apply.received((1999, 1))
    row = apply.approve(apply.applied(order, {cup: 1}, "EXCHANGE"))
    sweeping.run_deadlines(at=apply.LATER + timedelta(days=7))
    assert (apply.fresh(row).status, Stock.objects.get(sku=cup).held) == ("CANCELLED", 0)


def test_what_the_shop_leaves_lying_comes_to_the_head_once_and_again_every_day() -> None:
    order, (cup,) = apply.received((1999, 1))
    row = apply.send_back(apply.approve(apply.applied(order, {cup: 1}, "RETURN")))
    late = apply.LATER + timedelta(days=10)
    for day in range(3):
        assert sweeping.run_deadlines(at=late + timedelta(days=day)) == 1
    assert apply.moves(row).count("escalate") == 1
    apply.arrive(row, at=late)
    with pytest.raises(MoveRefused):
        apply.approve(row)


def test_a_sweep_learns_that_money_arrived_though_the_news_was_lost() -> None:
    order, (cup,) = apply.bought((1999, 1))
    row = apply.approve(apply.applied(order, {cup: 1}))
    (refund,) = Refund.objects.all()
    from apps.payments.services import refunds
    from apps.wechat.pay import facts
    from tests.apps.payments import make as payments

    refunds.apply_result(result=facts.refund(payments.refunded(refund, status="SUCCESS")), at=apply.LATER)
    sweeping.run_deadlines(at=apply.LATER + 72 * HOUR)
    assert apply.fresh(row).status == "DONE"


def test_the_number_of_a_new_parcel_is_put_right_and_nothing_else_moves() -> None:
    order, (cup,) = apply.received((1999, 2))
    row = apply.approve(apply.applied(order, {cup: 1}, "RESHIP"))
    right: Any = {"after_sale_no": row.after_sale_no, "carrier_code": "ZTO", "tracking_no": "zt99887755"}
    with pytest.raises(sending.NothingSent):
        sending.renumber(operator=apply.head(), at=apply.LATER, **right)
    sent = _dispatch(row)
    stock = Stock.objects.get(sku=row.lines.get().order_line.sku)

    for _ in range(2):
        put_right = sending.renumber(operator=apply.head(), at=apply.LATER, **right)

    assert (put_right.new_carrier.code, put_right.new_tracking_no) == ("ZTO", "ZT99887755")
    assert (put_right.status, put_right.dispatched_at) == (sent.status, sent.dispatched_at)
    assert Stock.objects.get(pk=stock.pk).on_hand == stock.on_hand
    notes = [step.note for step in row.steps.filter(move="dispatch").order_by("pk")]
    assert notes == ["顺丰速运 SF99887766", "单号更正为 中通快递 ZT99887755"]


def test_a_new_parcel_does_not_bear_the_number_of_another_receivers() -> None:
    other = fulfillment.paid_order()
    fulfillment.parcel(other, carrier_code="SF", tracking_no="SF99887766")
    elsewhere = {**other.address, "name": "王五", "detail": "北山街 9 号"}
    Order.objects.filter(pk=other.pk).update(address=elsewhere)
    order, (cup,) = apply.received((1999, 2))
    row = apply.approve(apply.applied(order, {cup: 1}, "RESHIP"))

    with pytest.raises(parcels.NumberOfAnother) as refusal:
        _dispatch(row)
    assert refusal.value.details == {"field": "tracking_no", "order_no": other.order_no}
    assert (apply.fresh(row).status, apply.moves(row)[-1]) == ("APPROVED", "approve")

    # The other way round: what brought new goods for old is a parcel like any other.
    sent = {"carrier_code": "ZTO", "tracking_no": "ZT99887766"}
    sending.dispatch(after_sale_no=row.after_sale_no, operator=apply.head(), at=apply.LATER, **sent)
    third = fulfillment.paid_order()
    Order.objects.filter(pk=third.pk).update(address=elsewhere)
    with pytest.raises(parcels.NumberOfAnother, match="tracking_number_used"):
        fulfillment.parcel(third, **sent)
