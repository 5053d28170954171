"""Shoppers at random: each orders, pays, changes their mind, applies, confirms, over HTTP, and insists as phones do."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from apps.wechat.sandbox.control import PaymentFailed, Sandbox
from tests.chaos.telling import Told
from tests.ha.load import Buyer, Line

# So long somebody asks again for one answer; then they give up, and look later whether it came about.
_PATIENCE_SECONDS: Final = 20.0
# What says "not now", and what somebody may be told who meant well: the world moved on under them.
_AGAIN: Final = frozenset({0, 429, 500, 502, 503, 504})


class Shopper(threading.Thread):
    """One phone after the other, until it is told to stop."""

    def __init__(
        self,
        number: int,
        seed: int,
        port: int,
        buyers: Sequence[Buyer],
        skus: Sequence[int],
        wechat: Sandbox,
        told: Told,
        stop: threading.Event,
    ) -> None:
        super().__init__(name=f"shopper-{number}", daemon=True)
        self._random = random.Random(f"{seed}-{number}")
        self._line, self._buyers, self._skus = Line(port), buyers, skus
        self._wechat = Sandbox(wechat.base_url)
        self._told, self._stop_asked = told, stop
        self._keys = 0
        self._mine: dict[str, list[str]] = {}
        self._reasons: dict[str, list[str]] = {}

    def run(self) -> None:
        while not self._stop_asked.is_set():
            buyer = self._random.choice(self._buyers)
            act = self._random.choices(
                (self._order, self._cancel, self._apply, self._receive, self._look), (50, 8, 16, 12, 14)
            )[0]
            try:
                act(buyer)
            except Exception as error:
                with self._told.lock:
                    self._told.wrong.append(
                        f"{self.name} {act.__name__}: {type(error).__name__} {error}"[:300]
                    )

    def _order(self, buyer: Buyer) -> None:
        """Order one or two goods, and pay for most of them at once."""
        goods = self._random.sample(list(self._skus), self._random.choice((1, 1, 2)))
        choice = {
            "items": [{"sku_id": sku_id, "quantity": self._random.choice((1, 1, 2, 3))} for sku_id in goods],
            "address_id": buyer.address_id,
        }
        quoted = self._ask("quote", buyer, "POST", "/checkout/quote", choice)
        if quoted is None:
            return
        self._keys += 1
        wanted = {**choice, "expected_payable_fen": quoted["payable_fen"]}
        placed = self._ask("order", buyer, "POST", "/orders", wanted, key=f"chaos-{self.name}-{self._keys}")
        if placed is None:
            return
        number = str(placed["order_no"])
        self._told.note(self._told.orders, number, "ordered")
        self._mine.setdefault(buyer.token, []).append(number)
        if self._random.random() < 0.8:
            self._pay(buyer, number)

    def _pay(self, buyer: Buyer, number: str) -> None:
        said = self._ask("pay", buyer, "POST", f"/orders/{number}/pay", None)
        if said is None:
            return
        with suppress(PaymentFailed):
            self._wechat.pay(buyer.openid, said)
            self._told.note(self._told.paid, number, "paid")

    def _cancel(self, buyer: Buyer) -> None:
        if number := self._one_of(buyer):
            self._ask("cancel", buyer, "POST", f"/orders/{number}/cancel", None)

    def _apply(self, buyer: Buyer) -> None:
        """Want money back for a part of an order, or all of it, or send something back."""
        number = self._one_of(buyer)
        order = number and self._ask("see", buyer, "GET", f"/orders/{number}", None)
        if not order or not order.get("items"):
            return
        line = self._random.choice(order["items"])
        kind = self._random.choice(("REFUND", "REFUND", "RETURN"))
        body = {
            "kind": kind,
            "lines": [{"line_id": line["line_id"], "quantity": self._random.randint(1, line["quantity"])}],
            "reason": self._reason(buyer, kind),
            "text": "",
            "picture_ids": [],
        }
        self._keys += 1
        said = self._ask(
            "apply",
            buyer,
            "POST",
            f"/orders/{number}/after-sales",
            body,
            key=f"chaos-a-{self.name}-{self._keys}",
        )
        if said is None:
            return
        self._told.note(self._told.applications, str(said["after_sale_no"]), "applied")
        if said["status"] == "APPROVED" and kind == "RETURN":
            parcel = {"carrier": "SF", "tracking_no": f"SF{self._random.randrange(10**10):010d}"}
            self._ask(
                "send back", buyer, "POST", f"/after-sales/{said['after_sale_no']}/return-parcel", parcel
            )

    def _reason(self, buyer: Buyer, kind: str) -> str:
        """One of the reasons that the shop offers; the first that there ever was, while it offers none."""
        if kind not in self._reasons and (
            found := self._ask("reasons", buyer, "GET", f"/after-sale-reasons?kind={kind}", None)
        ):
            self._reasons[kind] = [str(one["code"]) for one in found]
        return self._random.choice(self._reasons.get(kind) or ["OTHER"])

    def _receive(self, buyer: Buyer) -> None:
        if number := self._one_of(buyer):
            said = self._ask("receive", buyer, "POST", f"/orders/{number}/receive", None)
            if said is not None:
                self._told.note(self._told.received, number, "received")

    def _look(self, buyer: Buyer) -> None:
        for path in ("/me", "/orders", "/cart", "/me/after-sales"):
            self._ask("look", buyer, "GET", path, None)

    def _one_of(self, buyer: Buyer) -> str:
        mine = self._mine.get(buyer.token)
        return self._random.choice(mine) if mine else ""

    def _ask(self, what: str, buyer: Buyer, method: str, path: str, body: Any, *, key: str = "") -> Any:
        """The body of a success; None for a refusal, and where patience brought no answer."""
        ends = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < ends:
            status, said = self._line.once(method, buyer.token, path, body, key)
            if 200 <= status < 300:
                return said
            code = said.get("code", "") if isinstance(said, dict) else str(said)
            if status not in _AGAIN and code != "in_progress":
                self._told.count(self._told.refusals, f"{what}: {status} {code}")
                if status in {400, 401, 403, 405, 422}:
                    with self._told.lock:
                        self._told.wrong.append(f"{what} {path}: {status} {said}"[:300])
                return None
            self._told.count(self._told.faults, f"{status or code}")
            if self._stop_asked.wait(0.2):
                break
        if what == "order":
            with self._told.lock:
                self._told.unanswered += 1
        return None
