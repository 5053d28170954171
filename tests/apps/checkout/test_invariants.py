"""What an order holds and what was paid for it fit its status, and whoever changes one of them by hand is found out."""

from __future__ import annotations

from typing import Any

import pytest

from apps.checkout import invariants
from apps.coupons.models import Coupon
from apps.inventory.models import Hold
from apps.orders.models import Order
from apps.payments.models import Payment
from apps.points import services as points
from apps.points.models import Spending as PointsSpending
from apps.wallet.models import Spending as BalanceSpending
from tests.apps.checkout import make
from tests.apps.coupons import make as coupons
from tests.apps.wallet import make as wallets

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(settings: Any) -> Order:
    """Two pots for ¥100, less a coupon of ¥10 and 100 points; ¥20 of it from stored value."""
    settings.WALLET_ENABLED = True
    member, address = make.buyer()
    points.earn(member_id=member.pk, amount=1000, cause="start", at=make.NOW)
    wallets.funded(2000, member=member)
    template = coupons.template("满50减10", threshold_fen=5000, off_fen=1000)
    coupon = coupons.coupon(member, of=template, at=make.NOW)
    return make.order(
        member,
        address,
        [(make.goods(), 2)],
        coupon_id=str(coupon.public_id),
        use_points=100,
        use_balance=2000,
    )


def found() -> list[str]:
    return [*invariants.misplaced_holds(), *invariants.unpaid_yet_paid()]


def test_an_order_fits_what_it_holds_unpaid_paid_and_closed(order: Order) -> None:
    assert found() == []
    make.pay(order)
    assert found() == []


def test_a_closed_order_holds_nothing(order: Order) -> None:
    make.close(order)
    assert found() == []


@pytest.mark.parametrize(
    ("rows", "used", "what"),
    [
        (Hold, "COMMITTED", "stock"),
        (Coupon, "USED", "coupon"),
        (PointsSpending, "COMMITTED", "points"),
        (BalanceSpending, "COMMITTED", "balance"),
    ],
)
def test_what_an_unpaid_order_has_used_up_is_told_by_its_number(
    order: Order, rows: type[Hold], used: str, what: str
) -> None:
    assert rows.objects.filter(order_no=order.order_no).update(status=used) == 1
    assert found() == [f"{what} of {order.order_no} is {used}"]


@pytest.mark.parametrize("rows", [Hold, Coupon, PointsSpending, BalanceSpending])
def test_what_a_paid_order_still_only_holds_is_told(order: Order, rows: type[Hold]) -> None:
    make.pay(order)
    assert rows.objects.filter(order_no=order.order_no).update(status="HELD") == 1
    assert len(found()) == 1


def test_a_paid_order_whose_money_did_not_all_come_is_told_to_the_fen(order: Order) -> None:
    make.pay(order)
    order.refresh_from_db()
    due_fen = order.payable_fen - order.balance_fen
    Payment.objects.update(captured_fen=due_fen - 1)
    assert found() == [f"{order.order_no} needed {due_fen} fen, {due_fen - 1} came"]
