"""Whatever was bought with whatever, and in whatever steps it comes back: in the end it is exactly everything."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from apps.coupons import selectors as coupon_facts
from apps.coupons.models import Coupon
from apps.fulfillment.services import parcels
from apps.inventory.models import Hold, Stock, StockEntry
from apps.members.models import Member
from apps.orders import selectors as order_facts
from apps.orders.models import Order
from apps.payments.models import Refund
from apps.points import selectors as point_facts
from apps.points import services as points
from apps.wallet import selectors as wallet_facts
from tests.apps.aftersales import make
from tests.apps.checkout import make as counter
from tests.apps.coupons import make as make_coupons
from tests.apps.points import make as make_points
from tests.apps.wallet import make as wallets

pytestmark = pytest.mark.django_db

LINES = st.lists(
    st.tuples(st.sampled_from([0, 1, 99, 1000, 3333, 10_000]), st.integers(1, 4)), min_size=1, max_size=3
)
STEPS = st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4), st.booleans()), max_size=8)


def given_back(order: Order) -> Counter[str]:
    """What the order's refunds say went back, in all."""
    sums = order.refunds.aggregate(
        **{
            name: Sum(name, default=0)
            for name in ("goods_fen", "shipping_fen", "wechat_fen", "balance_fen", "points_back")
        }
    )
    return Counter(sums)


def every_ledger_adds_up(order: Order) -> None:
    assert not coupon_facts.unbalanced().exists()
    assert point_facts.unbalanced() == []
    assert wallet_facts.unbalanced() == []
    assert order_facts.unbalanced_refunds() == []
    for stock in Stock.objects.all():
        sums = StockEntry.objects.filter(stock=stock).aggregate(
            on_hand=Sum("on_hand_change", default=0), held=Sum("held_change", default=0)
        )
        assert (stock.on_hand, stock.held) == (sums["on_hand"], sums["held"])
    back = given_back(order)
    assert back["goods_fen"] + back["shipping_fen"] == make.fresh(order).refunded_fen
    assert (Refund.objects.aggregate(sum=Sum("amount_fen", default=0))["sum"]) == back["wechat_fen"]
    for line in order.lines.all():
        worth = line.refund_lines.aggregate(sum=Sum("amount_fen", default=0))["sum"]
        assert (worth == line.payable_fen) if line.refunded == line.quantity else worth <= line.payable_fen


@hypothesis_settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(
    bought=LINES,
    points_spent=st.sampled_from([False, True, 37]),
    stored=st.sampled_from([0, 1, 777, 100_000]),
    sent=st.sampled_from(["nothing", "some", "all", "received"]),
    steps=STEPS,
)
def test_all_refunds_together_give_back_exactly_what_was_paid_to_each_source(
    settings: Any, bought: Any, points_spent: Any, stored: int, sent: str, steps: Any
) -> None:
    settings.WALLET_ENABLED = True
    with transaction.atomic():
        try:
            _story(bought, points_spent, stored, sent, steps)
        finally:
            transaction.set_rollback(True)


def _story(bought: Any, points_spent: Any, stored: int, sent: str, steps: Any) -> None:
    buyer = counter.buyer()
    member = buyer[0]
    counter.freight(800)
    counter.promotion(label="满20减3.33", steps=[[2000, 333]])
    bowl = counter.goods(500, units=20)
    counter.promotion("GIFT", label="送茶碗", parts=[(3000, bowl.pk, 2)])
    make_coupons.coupon(
        member, of=make_coupons.template("减1.11", threshold_fen=1000, off_fen=111), at=make.NOW
    )
    points.earn(member_id=member.pk, amount=5000, cause="start", at=make.NOW)
    account = wallets.funded(stored, stored // 3, member=member)
    skus = [counter.goods(price_fen, units=20) for price_fen, _ in bought]
    wanted = [(sku, quantity) for sku, (_, quantity) in zip(skus, bought, strict=True)]
    order = make.paid(buyer, wanted, use_points=points_spent, use_balance=stored > 0)
    _send(order, skus[0], sent)
    left_at_first = order.parcels.exists()

    for which, units, restock in steps:
        sku = skus[which % len(skus)]
        line = make.line(order, sku)
        units = min(units, line.quantity - line.refunded)
        others = list(
            order.lines.exclude(pk=line.pk).filter(is_gift=False).values_list("refunded", flat=True)
        )
        if units and make.fresh(order).status != "REFUNDED":
            make.refund(order, {sku: units}, restock=[sku] if restock else [])
            now = order.lines.exclude(pk=line.pk).filter(is_gift=False).values_list("refunded", flat=True)
            assert list(now) == others
        every_ledger_adds_up(order)
    rest = {row.sku: row.quantity - row.refunded for row in order.lines.filter(is_gift=False)}
    if make.fresh(order).status != "REFUNDED":
        kept_fen = order.shipping_fen - given_back(order)["shipping_fen"]
        make.refund(order, rest, shipping_fen=kept_fen, restock=skus)

    every_ledger_adds_up(order)
    order = make.fresh(order)
    back = given_back(order)
    kept_fen = order.shipping_fen - back["shipping_fen"]
    assert order.status == "REFUNDED"
    assert back["goods_fen"] == order.goods_fen - order.reduction_fen
    assert back["points_back"] == order.points_used
    assert make_points.standing(member) == (5000, 0)
    assert Member.objects.get(pk=member.pk).growth == 0
    assert parcels.units_left(order) == {}
    if not kept_fen:
        assert (back["wechat_fen"], back["balance_fen"]) == (order.due_fen, order.balance_fen)
        assert wallets.figures(account) == (stored, stored // 3, 0, 0)
    if not left_at_first:
        assert kept_fen == 0
        assert set(Coupon.objects.values_list("status", flat=True)) == {"AVAILABLE"}
        assert set(Stock.objects.values_list("on_hand", "held")) == {(20, 0)}
    unsent = sum(order.refunds.values_list("units_unsent", flat=True))
    assert sum(Hold.objects.values_list("restored", flat=True)) >= unsent


def _send(order: Order, first: Any, sent: str) -> None:
    if sent == "some":
        make.ship(order, {first: 1})
    elif sent != "nothing":
        make.ship(order)
    if sent == "received":
        make.receive(order)
