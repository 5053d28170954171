"""What a warm quote, order and paid notification send to PostgreSQL, message by message, while nobody counts statements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from apps.checkout import hearing
from apps.members.models import Address, Member
from apps.orders.models import Order
from apps.wechat.pay import notify
from tests.apps.base.overheard import messages
from tests.apps.checkout import make
from tests.apps.coupons import make as coupons
from tests.apps.members import make as members
from tests.apps.payments import make as money

pytestmark = pytest.mark.django_db(transaction=True)
OPENING = ["BEGIN", "EXECUTE"]


@pytest.fixture
def counter(shopper_of: Callable[[Member], Any]) -> Callable[[], Any]:
    """Somebody new who orders a cup and a tray with a coupon; the first has been served, so that all is kept and planned."""
    make.freight(800)
    make.promotion()
    cup, tray = make.goods(10_000), make.goods(3_000)
    template = coupons.template()

    def order() -> Any:
        member = members.member()
        address: Address = members.address(member)
        coupon = coupons.coupon(member, of=template, at=timezone.now())
        items = [{"sku_id": cup.pk, "quantity": 1}, {"sku_id": tray.pk, "quantity": 2}]
        choice = {"items": items, "address_id": address.pk, "coupon_id": str(coupon.public_id)}
        shopper = shopper_of(member)
        with messages() as quoting:
            payable_fen = shopper.call("POST", "/checkout/quote", choice).json()["payable_fen"]
        wanted = {**choice, "expected_payable_fen": payable_fen}
        with messages() as placing:
            answer = shopper.call("POST", "/orders", wanted, idempotency_key=make.key())
        assert answer.status_code == 201, answer.content
        return answer.json()["order_no"], quoting, placing

    order()
    return order


def test_a_quote_is_one_message_and_an_order_three(counter: Callable[[], Any]) -> None:
    _, quoting, placing = counter()
    assert quoting == [["EXECUTE"]]
    assert placing == [["EXECUTE"], [*OPENING, "EXECUTE"], ["COMMIT"]]


def test_a_notification_is_three_messages(counter: Callable[[], Any]) -> None:
    for _ in range(2):
        order_no, _, _ = counter()
        order = Order.objects.get(order_no=order_no)
        at = timezone.now()
        attempt = money.attempt(order, at=at, amount_fen=order.due_fen)
        told = notify.Notification(
            id=f"N{attempt.payment_no}",
            event_type="TRANSACTION.SUCCESS",
            original_type="transaction",
            resource=money.resource(attempt, success_time=at.isoformat()),
        )
        with messages() as hearing_it:
            hearing.hear(notification=told, at=at)
        order.refresh_from_db()
        assert order.status == "PAID"
    assert hearing_it == [OPENING, ["EXECUTE"], ["COMMIT"]]
