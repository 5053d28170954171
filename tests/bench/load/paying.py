"""Paying under load: orders of the past that wait for it are paid, and WeChat tells so, each once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from apps.orders.models import Order
from apps.orders.states import Status
from apps.payments.models import Payment
from tests.bench.load import requests
from tests.bench.load.drive import Load, Refused
from tests.bench.load.wechat import Account


class Paying:
    """So many orders at a time: first each is started to be paid, then WeChat tells of each that it was."""

    def __init__(self, account: Account, port: int, *, each: int, at: datetime) -> None:
        self._account, self._port, self._each = account, port, each
        waiting = Order.objects.filter(
            status=Status.UNPAID, expires_at__gt=at, idempotency_key__startswith="past-"
        )
        self._orders: Iterator[tuple[str, str]] = iter(
            list(waiting.order_by("id").values_list("order_no", "member__openid"))
        )
        self._started: list[str] = []

    def start(self, number: int | None = None) -> Load:
        """Press "pay" for the next orders. Raises Refused where there are no more."""
        taken = [order for order, _ in zip(self._orders, range(number or self._each), strict=False)]
        if not taken:
            raise Refused("no order waits for its payment any more")
        self._started = [order_no for order_no, _ in taken]
        # The bench's tokens are its members' openids (goods.token_of).
        return Load(
            self._port,
            lambda n: requests.post(f"/api/v1/orders/{taken[n][0]}/pay", {}, taken[n][1]),
            most=len(taken),
        )

    def tell(self) -> Load:
        """Tell that the orders started last are paid; signed beforehand, WeChat's work is not the shop's."""
        started = Payment.objects.filter(bill_no__in=self._started, bill_kind="order")
        told = [
            self._account.paid(payment_no=payment_no, amount_fen=amount_fen, openid=openid)
            for payment_no, amount_fen, openid in started.values_list(
                "payment_no", "amount_fen", "order__member__openid"
            )
        ]
        return Load(self._port, lambda n: told[n], most=len(told))
