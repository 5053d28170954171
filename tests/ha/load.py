"""Shoppers who order and pay for as long as they shall, insist on an answer as phones do, and keep what they were told."""

from __future__ import annotations

import itertools
import json
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any

from django.utils import timezone

from apps.catalog.models import Sku
from apps.members.models import Address, Member
from apps.wechat.sandbox.control import PaymentFailed, Sandbox
from config.local.ports import LOOPBACK
from tests.bench.load import goods

PRODUCTS, MEMBERS = 200, 1_200
# A member may hold ten unpaid orders.
_ORDERS_EACH = 8
_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Buyer:
    """A member as a phone knows them."""

    token: str
    openid: str
    address_id: int


def fill(wechat: Sandbox, *, members: int = MEMBERS) -> tuple[list[Buyer], list[int]]:
    """Fill the shop; return buyers whom WeChat knows, and the SKUs that they buy."""
    size = goods.Size(products=PRODUCTS, members=members, orders=0, coupons=0)
    goods.fill(os.environ["DATABASE_URL"], size, at=timezone.now())
    known = list(Member.objects.filter(openid__startswith="bench-").order_by("id"))
    buyers = []
    addresses = dict(Address.objects.filter(member__in=known).values_list("member_id", "pk"))
    for member in known:
        token, member.openid = member.openid, wechat.login(f"买家{member.pk}").openid
        buyers.append(Buyer(token, member.openid, addresses[member.pk]))
    Member.objects.bulk_update(known, ["openid"])
    skus = list(Sku.objects.filter(code__startswith="BENCH-").order_by("id").values_list("pk", flat=True))
    return buyers, skus


@dataclass
class Told:
    """What the shoppers were told: the numbers of their orders, those that they paid, and every answer that was a fault."""

    orders: list[str] = field(default_factory=list)
    paid: list[str] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    moments: list[float] = field(default_factory=list)
    unanswered: int = 0

    def longest_gap(self) -> float:
        """The longest time in which no order was acknowledged, in seconds."""
        moments = sorted(self.moments)
        return max((after - before for before, after in itertools.pairwise(moments)), default=0.0)


class Crowd:
    """So many shoppers at once, each with a kept connection, each ordering and paying every other order."""

    def __init__(
        self, port: int, buyers: Sequence[Buyer], skus: Sequence[int], wechat: Sandbox, *, size: int = 4
    ) -> None:
        self.told = Told()
        self._port, self._wechat = port, wechat
        self._skus = skus
        self._stop = threading.Event()
        self._keys = itertools.count()
        parts = [buyers[number::size] for number in range(size)]
        self._threads = [
            threading.Thread(target=self._shop, args=(number, part)) for number, part in enumerate(parts)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> Told:
        """Let everybody finish what they began; return what they were told."""
        self._stop.set()
        for thread in self._threads:
            thread.join(_PATIENCE_SECONDS + 30)
        return self.told

    def until(self, orders: int, *, within: float = 120) -> None:
        """Wait until so many more orders were acknowledged."""
        goal, ends = len(self.told.orders) + orders, time.monotonic() + within
        while len(self.told.orders) < goal:
            assert time.monotonic() < ends, (
                f"{goal - len(self.told.orders)} orders short; {dict(self.told.faults)}"
            )
            time.sleep(0.02)

    def _shop(self, number: int, buyers: Sequence[Buyer]) -> None:
        phone = Phone(self._port, self.told)
        wechat = Sandbox(self._wechat.base_url)
        picked = random.Random(number)
        for buyer in buyers:
            for turn in range(_ORDERS_EACH):
                if self._stop.is_set():
                    return
                if (order_no := self._order(phone, buyer, picked.choice(self._skus))) and turn % 2:
                    self._pay(phone, wechat, buyer, order_no)
        raise AssertionError("the buyers ran out")

    def _order(self, phone: Phone, buyer: Buyer, sku_id: int) -> str | None:
        placed = phone.order(buyer, sku_id, key=f"ha-{next(self._keys)}")
        if placed is None:
            return None
        self.told.orders.append(placed["order_no"])
        self.told.moments.append(time.monotonic())
        return str(placed["order_no"])

    def _pay(self, phone: Phone, wechat: Sandbox, buyer: Buyer, order_no: str) -> None:
        said = phone.ask(buyer.token, f"/orders/{order_no}/pay", None)
        if said is not None:
            with suppress(PaymentFailed):
                wechat.pay(buyer.openid, said)
                self.told.paid.append(order_no)


class Line:
    """A kept connection to the shop, made anew when it broke."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection: HTTPConnection | None = None

    def once(self, method: str, token: str, path: str, body: Any, key: str = "") -> tuple[int, Any]:
        """Status and body of one call; 0 and the error's name where none came."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        headers |= {"Idempotency-Key": key} if key else {}
        try:
            if self._connection is None:
                self._connection = HTTPConnection(LOOPBACK, self._port, timeout=40)
            self._connection.request(
                method, f"/api/v1{path}", None if body is None else json.dumps(body), headers
            )
            answer = self._connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else None
        except (OSError, HTTPException, ValueError) as error:
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            return 0, type(error).__name__


class Phone:
    """A phone that asks again, with the same key, until it is answered or patience is over."""

    def __init__(self, port: int, told: Told) -> None:
        self._line, self._told = Line(port), told

    def order(self, buyer: Buyer, sku_id: int, *, key: str) -> Any:
        """Quote and order one unit; the order, or None where it was given up."""
        choice = {
            "items": [{"sku_id": sku_id, "quantity": 1}],
            "address_id": buyer.address_id,
            "coupon_id": "none",
        }
        quoted = self.ask(buyer.token, "/checkout/quote", choice)
        if quoted is None:
            return None
        return self.ask(
            buyer.token, "/orders", {**choice, "expected_payable_fen": quoted["payable_fen"]}, key=key
        )

    def see(self, token: str, path: str) -> Any:
        """The body of a page that must be answered at the first time."""
        status, said = self._line.once("GET", token, path, None)
        assert status == 200, (path, status, said)
        return said

    def ask(self, token: str, path: str, body: Any, *, key: str = "") -> Any:
        """The body of a success; None where a minute brought none."""
        ends = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < ends:
            status, said = self._line.once("POST", token, path, body, key)
            if 200 <= status < 300:
                return said
            fault = f"{status} {said.get('code', '')}".strip() if isinstance(said, dict) else str(said)
            self._told.faults[fault] += 1
            # 409 `in_progress` and the like are asked again; what is the caller's fault never gets better.
            assert status not in {400, 401, 403, 404, 422}, (path, status, said)
            time.sleep(0.1)
        self._told.unanswered += 1
        return None
