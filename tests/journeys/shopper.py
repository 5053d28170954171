"""A shopper with a phone: everything they do goes over HTTP, to the shop or to WeChat."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import count
from typing import Any

import requests

from apps.wechat.sandbox.control import Sandbox

_keys = count(1)

PHONE = "13912345678"
HOME = {
    "name": "林小满",
    "phone": PHONE,
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "detail": "龙井路 1 号",
    "postal_code": "310013",
}


@dataclass(frozen=True)
class Answer:
    """What came back: the status and the body as parsed JSON (None if there is none)."""

    status: int
    body: Any


class Shopper:
    """One person, one phone. ``shop`` is the shop's address, for example ``http://localhost:8000``."""

    def __init__(self, shop: str, wechat: Sandbox, nickname: str = "林小满") -> None:
        self.shop = shop
        self.wechat = wechat
        self.nickname = nickname
        self.openid = ""
        self.tokens: dict[str, Any] = {}

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Speak to the shop; every call is a connection of its own, as from a phone that comes and goes."""
        sent = {"Content-Type": "application/json", "Connection": "close"}
        if self.tokens:
            sent["Authorization"] = f"Bearer {self.tokens['access']}"
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = None if body is None else json.dumps(body).encode()
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(method, f"{self.shop}/api/v1{path}", data=data, headers=sent, timeout=20)
        return Answer(answer.status_code, answer.json() if answer.content else None)

    def does(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The same, for what must succeed: returns the body."""
        answer = self.call(method, path, body, **headers)
        assert 200 <= answer.status < 300, (method, path, answer)
        return answer.body

    def logs_in(self) -> Any:
        login = self.wechat.login(self.nickname)
        self.openid = login.openid
        self.tokens = self.does("POST", "/auth/login", {"code": login.code})
        return self.tokens["member"]

    def writes_address(self) -> int:
        return int(self.does("POST", "/me/addresses", HOME)["id"])

    def orders(self, sku_id: int, quantity: int = 1) -> Any:
        """Quote and place an order for goods bought at once, sent to a new address."""
        choice = {
            "items": [{"sku_id": sku_id, "quantity": quantity}],
            "address_id": self.writes_address(),
        }
        return self.places(choice)

    def places(self, choice: dict[str, Any], **said: Any) -> Any:
        """Order what the quote priced, at its price."""
        quote = self.does("POST", "/checkout/quote", choice)
        wanted = {**choice, "expected_payable_fen": quote["payable_fen"], **said}
        return self.does("POST", "/orders", wanted, idempotency_key=f"story-{next(_keys)}")

    def asks_to_pay(self, order_no: str) -> Any:
        return self.does("POST", f"/orders/{order_no}/pay")

    def pays(self, order_no: str) -> str:
        """Press "pay", type the password; returns WeChat's number of the payment."""
        return self.wechat.pay(self.openid, self.asks_to_pay(order_no))

    def sees(self, order_no: str) -> Any:
        """The order as it is shown now."""
        return self.does("GET", f"/orders/{order_no}")

    def waits_for(self, order_no: str, status: str) -> Any:
        """Look at the order until it has the status."""
        return self.wechat.wait(
            lambda: [order for order in [self.sees(order_no)] if order["status"] == status]
        )[0]

    def sees_in_stock(self, product_id: int) -> int:
        """How many units of the product's only SKU the shop offers."""
        return int(self.does("GET", f"/products/{product_id}")["skus"][0]["available"])
