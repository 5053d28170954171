"""Commissions: frozen by the line at payment, taken back by refunds to the fen, available when the window is over."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import transaction

from apps.distribution.models import Commission, Entry
from apps.distribution.services import (
    bindings,
    commissions,
    earning,
    holds,
    ledger,
    promoters,
    settlement,
    takebacks,
)
from apps.distribution.states import CommissionStatus, EntryKind
from apps.points import services as points
from tests.apps.checkout import make as counter
from tests.apps.coupons import make as coupons
from tests.apps.distribution import make
from tests.apps.distribution.make import DAY, EARLIER, LATER, NOW
from tests.apps.wallet import make as wallet

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _rules():
    make.set_rules()
    counter.freight(800)


def statuses(of):
    rows = Commission.objects.filter(promoter=of).order_by("id")
    return list(rows.values_list("amount_fen", "status"))


def test_ten_per_cent_of_lines_paid_1691_2538_1269_is_169_253_126_and_units_back_take_42_then_126_in_all():
    promoter, buyer = make.promoter(), counter.buyer()
    make.bind(buyer[0], promoter)
    one, two, three = counter.goods(1691), counter.goods(1269), counter.goods(423)
    order = make.paid(buyer, [(one, 1), (two, 2), (three, 3)])
    assert make.amounts(promoter) == [169, 253, 126]
    make.refund(order, {three: 1})
    assert make.amounts(promoter) == [169, 253, 126, -42]
    make.refund(order, {three: 2})
    assert make.amounts(promoter) == [169, 253, 126, -42, -84]
    assert sum(make.amounts(promoter)[2:]) == 0
    assert make.money(promoter) == {"pending": 169 + 253}


def test_all_three_units_back_at_once_take_126():
    promoter, buyer = make.promoter(), counter.buyer()
    make.bind(buyer[0], promoter)
    three, other = counter.goods(423), counter.goods(1000)
    order = make.paid(buyer, [(three, 3), (other, 1)])
    make.refund(order, {three: 3})
    assert make.amounts(promoter) == [126, 100, -126]
    assert [row.status for row in Commission.objects.order_by("id")] == ["CANCELLED", "PENDING", "CANCELLED"]


def test_a_brought_b_b_brought_c_and_c_pays_3692_5539_2769_after_a_coupon_of_10_yuan_and_gives_923_back():
    # Lists 4000, 6000, 3 × 1000; 1000 off is split 308, 461, 231.
    first, second, buyer = make.chain()
    one, two, three = counter.goods(4000), counter.goods(6000), counter.goods(1000)
    coupon = coupons.coupon(buyer[0], at=NOW)
    order = make.paid(buyer, [(one, 1), (two, 1), (three, 3)], coupon_id=str(coupon.public_id))
    assert [line.payable_fen for line in order.lines.order_by("id")] == [3692, 5539, 2769]
    # 10 %: 369.2, 553.9, 276.9; 5 %: 184.6, 276.95, 138.45.
    assert make.amounts(second) == [369, 553, 276]
    assert make.amounts(first) == [184, 276, 138]
    make.receive(order)
    assert make.money(second) == {"frozen": 369 + 553 + 276}
    make.refund(order, {three: 1}, at=LATER)
    # A third of 276 and of 138.
    assert make.amounts(second) == [369, 553, 276, -92]
    assert make.amounts(first) == [184, 276, 138, -46]
    assert settlement.settle_due(at=LATER + 5 * DAY) == 6
    assert make.money(second) == {"available": 369 + 553 + 276 - 92}
    assert make.money(first) == {"available": 184 + 276 + 138 - 46}
    call_command("check_commissions")


def test_what_is_bought_and_given_back_ten_times_leaves_nothing():
    promoter, buyer = make.promoter(), counter.buyer()
    make.bind(buyer[0], promoter)
    cup = counter.goods(1033)
    for _ in range(10):
        make.refund(make.paid(buyer, [(cup, 3)]), {cup: 3})
    assert make.amounts(promoter) == [309, -309] * 10
    assert make.money(promoter) == {}
    assert set(Commission.objects.values_list("status", flat=True)) == {"CANCELLED"}
    call_command("check_commissions")


def test_the_same_news_again_changes_nothing():
    promoter, buyer = make.promoter(), counter.buyer()
    make.bind(buyer[0], promoter)
    cup = counter.goods(1000)
    order = make.paid(buyer, [(cup, 2)])
    make.receive(order)
    make.refund(order, {cup: 1})
    entries = Entry.objects.count()
    for _ in range(3):
        commissions.accrue(order_no=order.order_no, at=LATER)
        commissions.freeze(order_no=order.order_no, at=LATER)
        takebacks.take_back(order_no=order.order_no, at=LATER)
    assert make.amounts(promoter) == [200, -100]
    assert Entry.objects.count() == entries == 3


def test_a_share_of_a_refund_that_rounds_to_no_fen_is_counted_once_however_often_it_is_told():
    make.set_rules(first_bp=100)
    promoter, buyer = make.promoter(), counter.buyer()
    make.bind(buyer[0], promoter)
    cup = counter.goods(25)
    order = make.paid(buyer, [(cup, 4)])
    make.refund(order, {cup: 1})
    for _ in range(5):
        assert takebacks.take_back(order_no=order.order_no, at=LATER) == 0
    row = Commission.objects.get()
    assert (row.base_fen, row.amount_fen, row.refunded_fen, row.taken_back_fen) == (100, 1, 25, 0)
    make.refund(order, {cup: 3})
    assert make.amounts(promoter) == [1, -1]
    row.refresh_from_db()
    assert (row.refunded_fen, row.taken_back_fen, row.status) == (100, 1, "CANCELLED")
    call_command("check_commissions")


def test_a_receipt_that_is_told_before_the_payment_freezes_when_that_is_told():
    promoter, buyer = make.promoter(), counter.buyer()
    make.bind(buyer[0], promoter)
    order = make.sale.paid(buyer, [(counter.goods(1000), 1)])
    make.receive(order)
    assert make.amounts(promoter) == []
    assert [earning.earn(order_no=order.order_no, at=LATER + DAY) for _ in range(2)] == [1, 0]
    row = Commission.objects.get()
    assert (row.status, row.due_at) == ("FROZEN", LATER + 5 * DAY)
    assert make.money(promoter) == {"frozen": 100}


def test_a_refund_that_is_told_before_the_payment_is_taken_when_that_is_told():
    promoter, buyer = make.promoter(), counter.buyer()
    make.bind(buyer[0], promoter)
    cup = counter.goods(1000)
    order = make.sale.paid(buyer, [(cup, 4)])
    make.refund(order, {cup: 1})
    commissions.accrue(order_no=order.order_no, at=LATER)
    assert make.amounts(promoter) == [400, -100]
    assert make.money(promoter) == {"pending": 300}


def test_what_was_bound_after_the_order_was_placed_does_not_count_for_it():
    promoter, buyer = make.promoter(), counter.buyer()
    cup = counter.goods(1000)
    order = counter.order(*buyer, [(cup, 1)])
    make.bind(buyer[0], promoter, at=NOW + make.MINUTE)
    counter.pay(order, at=LATER)
    assert commissions.accrue(order_no=order.order_no, at=LATER) == 0


def test_who_had_the_buyer_when_the_order_was_placed_earns_though_another_has_them_when_it_is_paid():
    make.set_rules(binding_mode="last")
    before, after, buyer = make.promoter(), make.promoter(), counter.buyer()
    make.bind(buyer[0], before)
    order = counter.order(*buyer, [(counter.goods(1000), 1)])
    make.bind(buyer[0], after, at=NOW + make.MINUTE)
    counter.pay(order, at=LATER)
    commissions.accrue(order_no=order.order_no, at=LATER)
    assert (make.amounts(before), make.amounts(after)) == ([100], [])


def test_a_binding_that_is_over_when_the_order_is_placed_earns_nothing():
    make.set_rules(valid_days=7)
    promoter, buyer = make.promoter(at=NOW - 8 * DAY), counter.buyer()
    make.bind(buyer[0], promoter, at=NOW - 7 * DAY)
    make.paid(buyer, [(counter.goods(1000), 1)])
    assert make.amounts(promoter) == []


def test_who_was_unbound_before_the_order_earns_nothing():
    promoter, buyer = make.promoter(), counter.buyer()
    make.bind(buyer[0], promoter)
    operator = make.fulfillment.operator()
    bindings.unbind(
        member_id=buyer[0].pk,
        promoter_id=promoter.pk,
        note="客户投诉",
        operator=operator,
        at=EARLIER + make.MINUTE,
    )
    make.paid(buyer, [(counter.goods(1000), 1)])
    assert make.amounts(promoter) == []


def test_a_suspended_promoter_earns_nothing_and_the_one_above_keeps_the_second_level():
    first, second, buyer = make.chain()
    promoters.move(promoter_id=second.pk, move="suspend", at=NOW)
    make.paid(buyer, [(counter.goods(1000), 1)])
    assert (make.amounts(second), make.amounts(first)) == ([], [50])


def test_nobody_is_paid_for_who_is_three_steps_away():
    first, second, buyer = make.chain()
    far = make.promoter()
    make.bind(first.member, far)
    make.paid(buyer, [(counter.goods(1000), 1)])
    assert (make.amounts(second), make.amounts(first), make.amounts(far)) == ([100], [50], [])


def test_goods_of_10_yuan_and_8_of_postage_paid_with_5_yuan_of_stored_value_earn_1_yuan(settings):
    settings.WALLET_ENABLED = True
    promoter, buyer = make.promoter(), counter.buyer()
    make.bind(buyer[0], promoter)
    wallet.funded(400, 100, member=buyer[0])
    order = make.paid(buyer, [(counter.goods(1000), 1)], use_balance=True)
    assert (order.payable_fen, order.balance_fen) == (1800, 500)
    assert make.amounts(promoter) == [100]


def test_300_points_that_pay_3_of_10_yuan_leave_7_yuan_that_earn_70_fen():
    promoter, buyer = make.promoter(), counter.buyer()
    make.bind(buyer[0], promoter)
    points.earn(member_id=buyer[0].pk, amount=300, cause="start", at=NOW)
    make.paid(buyer, [(counter.goods(1000), 1)], use_points=True)
    assert make.amounts(promoter) == [70]


def test_what_was_withdrawn_and_is_taken_back_is_a_debt_that_the_next_income_pays():
    make.set_rules(freeze_days=0)
    promoter, buyer = make.promoter(), counter.buyer()
    make.bind(buyer[0], promoter)
    cup = counter.goods(1000)
    order = make.paid(buyer, [(cup, 2)])
    make.receive(order)
    assert make.money(promoter) == {"available": 200}
    ledger.hold(promoter_id=promoter.pk, amount_fen=150, business_key="WD1", at=LATER)
    ledger.commit(promoter_id=promoter.pk, business_key="WD1", at=LATER)
    make.refund(order, {cup: 1})
    assert make.money(promoter) == {"withdrawn": 150, "debt": 50}
    again = make.paid(buyer, [(cup, 1)])
    make.receive(again)
    assert make.money(promoter) == {"withdrawn": 150, "available": 50}
    assert make.amounts(promoter) == [200, -100, 100]
    call_command("check_commissions")


def test_a_debt_is_paid_by_the_earliest_of_what_becomes_available_in_one_sweep():
    promoter, buyer = make.promoter(), counter.buyer()
    make.bind(buyer[0], promoter)
    cup = counter.goods(1000)
    make.give(promoter, 100)
    orders = [make.paid(buyer, [(cup, 1)]) for _ in range(3)]
    for order in orders:
        make.receive(order)
    with transaction.atomic():
        account = ledger.locked(promoter_id=promoter.pk)
        change = ledger.loss(account, amount_fen=250)
        ledger.book(account, change, kind=EntryKind.TAKE_BACK, business_key="earlier", at=LATER)
    assert settlement.settle_due(at=LATER + 5 * DAY, batch=10) == 3
    settled = Entry.objects.filter(kind=EntryKind.SETTLE).order_by("id")
    assert list(settled.values_list("available_change_fen", "debt_change_fen")) == [
        (0, -100),
        (50, -50),
        (100, 0),
    ]
    assert make.money(promoter) == {"available": 150}


def test_what_is_held_is_not_settled_until_it_is_released():
    promoter, buyer = make.promoter(), counter.buyer()
    make.bind(buyer[0], promoter)
    order = make.paid(buyer, [(counter.goods(1000), 1), (counter.goods(2000), 1)])
    make.receive(order)
    held = Commission.objects.order_by("id").first()
    assert holds.hold(commission_ids=[held.pk], reasons=["收货手机号与推客相同"]) == 1
    settlement.settle_due(at=LATER + 5 * DAY)
    assert make.money(promoter) == {"frozen": 100, "available": 200}
    assert holds.release(commission_ids=[held.pk], at=LATER + 6 * DAY) == 1
    settlement.settle_due(at=LATER + 6 * DAY)
    assert make.money(promoter) == {"available": 300}


def test_what_is_held_and_rejected_is_cancelled_with_its_reason():
    promoter, buyer = make.promoter(), counter.buyer()
    make.bind(buyer[0], promoter)
    make.paid(buyer, [(counter.goods(1000), 1)])
    held = Commission.objects.get()
    holds.hold(commission_ids=[held.pk], reasons=["自购"])
    assert holds.reject(commission_ids=[held.pk], reason="用小号自购", at=LATER) == 1
    assert statuses(promoter) == [(100, "CANCELLED"), (-100, "CANCELLED")]
    assert Commission.objects.order_by("-id").first().reason == "用小号自购"
    assert make.money(promoter) == {}
    call_command("check_commissions")


def test_an_order_whose_last_units_go_back_before_receipt_earns_nothing_at_all():
    promoter, buyer = make.promoter(), counter.buyer()
    make.bind(buyer[0], promoter)
    one, two = counter.goods(999), counter.goods(1)
    order = make.paid(buyer, [(one, 1), (two, 1)])
    make.refund(order, {one: 1, two: 1})
    assert statuses(promoter) == [(99, CommissionStatus.CANCELLED), (-99, CommissionStatus.CANCELLED)]
