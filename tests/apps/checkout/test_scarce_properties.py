"""Whatever a member orders, cancels, pays and has refunded, in whatever order: in the end everything is back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from apps.aftersales import services as aftersales
from apps.coupons import selectors as coupon_facts
from apps.coupons.models import Coupon
from apps.inventory.models import Stock
from apps.orders.models import Order
from apps.points import selectors as point_facts
from apps.promotions.models import Tally, Usage
from apps.wallet import selectors as wallet_facts
from mall.errors import ShopError
from tests.apps.checkout import make
from tests.apps.coupons import make as coupons
from tests.apps.points import make as points
from tests.apps.wallet import make as wallets

WHICH = st.integers(min_value=0, max_value=9)


class Counter(RuleBasedStateMachine):
    """One member with two coupons, 500 points and 30 yuan, before six cups and three bowls to be given."""

    @initialize()
    def open(self) -> None:
        # Each example is undone as a whole, so that the next one finds nothing of it.
        self.example = transaction.atomic()
        self.example._from_testcase = True  # as of Django's own tests: the shop shall not take it for its own
        self.example.__enter__()
        self.at = make.NOW
        self.member, self.address = make.buyer()
        self.cup, self.bowl = make.goods(6000, units=6), make.goods(900, units=3)
        make.promotion(label="满50减5", steps=[[5000, 500]], limits={"per_member": 2})
        make.promotion("GIFT", label="送小茶碗", parts=[(4000, self.bowl.pk, 1)])
        for off_fen in (800, 1000):
            coupons.coupon(self.member, of=coupons.template(f"减{off_fen}", off_fen=off_fen), at=self.at)
        points.points.earn(member_id=self.member.pk, amount=500, cause="start", at=self.at)
        self.account = wallets.funded(2000, 1000, member=self.member)
        self.operator, _ = User.objects.get_or_create(username="掌柜")

    def teardown(self) -> None:
        try:
            for order in self.orders("UNPAID"):
                make.close(order, at=self.at)
            for order in self.orders("PAID"):
                self.undo(order)
            self.everything_is_back()
        finally:
            transaction.set_rollback(True)
            self.example.__exit__(None, None, None)

    def orders(self, status: str) -> list[Order]:
        return list(Order.objects.filter(status=status).order_by("id"))

    def undo(self, order: Order) -> None:
        aftersales.refund_unshipped(order_no=order.order_no, reason="x", operator=self.operator, at=self.at)

    @rule(
        quantity=st.integers(1, 3),
        use_points=st.sampled_from([False, True, 100]),
        use_balance=st.sampled_from([False, True, 700]),
        coupon_id=st.sampled_from([None, "none"]),
    )
    def order(self, quantity: int, **wish: Any) -> None:
        self.at += timedelta(minutes=1)
        try:
            make.order(self.member, self.address, [(self.cup, quantity)], at=self.at, **wish)
        except ShopError as refusal:
            assert refusal.code in {"out_of_stock", "points_not_enough", "balance_short"}

    @precondition(lambda self: self.orders("UNPAID"))
    @rule(which=WHICH, pays=st.booleans())
    def end_waiting(self, which: int, pays: bool) -> None:
        waiting = self.orders("UNPAID")
        order = waiting[which % len(waiting)]
        if pays and order.due_fen:
            make.pay(order, at=self.at)
        else:
            make.close(order, at=self.at)

    @precondition(lambda self: self.orders("PAID"))
    @rule(which=WHICH)
    def refund(self, which: int) -> None:
        paid = self.orders("PAID")
        self.undo(paid[which % len(paid)])

    @invariant()
    def every_ledger_adds_up(self) -> None:
        assert not coupon_facts.unbalanced().exists()
        assert point_facts.unbalanced() == []
        assert wallet_facts.unbalanced() == []
        used = Usage.objects.filter(promotion__limit_per_member=2).aggregate(sum=Sum("uses"))["sum"] or 0
        assert used == sum(Tally.objects.values_list("uses", flat=True)) <= 2

    def everything_is_back(self) -> None:
        assert set(Coupon.objects.values_list("status", flat=True)) == {"AVAILABLE"}
        assert points.standing(self.member) == (500, 0)
        assert wallets.figures(self.account) == (2000, 1000, 0, 0)
        shelf = Stock.objects.order_by("sku_id").values_list("on_hand", "held")
        assert list(shelf) == [(6, 0), (3, 0)]
        assert sum(Tally.objects.values_list("uses", flat=True)) == 0


@pytest.mark.django_db
def test_whatever_happens_at_the_counter_everything_can_be_given_back(settings: Any) -> None:
    settings.WALLET_ENABLED = True
    run_state_machine_as_test(
        Counter,
        # Shrinking a failure over a real database takes minutes; the first sequence found says enough.
        settings=hypothesis_settings(
            max_examples=12,
            stateful_step_count=12,
            deadline=None,
            phases=[Phase.reuse, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
