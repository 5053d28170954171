"""The first order of the demo shop, from wx.login to receipt, through the doors that everybody has."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from config.local.doors import AdminDoor, JsonDoor
from config.local.places import Problem
from mall import money

NICKNAME = "林小满"
PHONE = "13800138000"
SEARCH = "茶杯"


@dataclass(frozen=True)
class Addresses:
    """Where the shop and the sandbox listen, and the operator's login."""

    shop: str
    sandbox: str
    operator: str
    password: str


class Story:
    """Tells the order step by step. Every wait is bounded; `check` is called in each and may raise."""

    def __init__(self, addresses: Addresses, *, check: Callable[[], None]) -> None:
        self._addresses = addresses
        self._check = check
        self._shop = JsonDoor(addresses.shop + "/api/v1")
        self._sandbox = JsonDoor(addresses.sandbox)
        self._openid = ""
        self._is_new = False
        self._paid_as: tuple[str, ...] = ()
        self._step = 0

    def tell(self, *, until: Literal["paid", "received"] = "received") -> str:
        """Carry the order out and return its number; Problem if any step does not happen."""
        self._log_in()
        self._consent_and_phone()
        address_id = self._address()
        sku = self._find_goods()
        self._fill_cart(sku)
        order_no = self._order(address_id)
        self._pay(order_no)
        if until == "paid":
            return order_no
        self._ship(order_no)
        self._wechat_was_told()
        self._receive(order_no)
        return order_no

    def complain(self, text: str) -> None:
        """Complain of the order at WeChat, after it was told, and wait until the shop has read it: it asks every minute."""
        _, out_trade_no = self._paid_as
        self._sandbox.post(
            "/__sandbox/complaints/open",
            {"out_trade_no": out_trade_no, "text": text, "problem_type": "REFUND"},
        )
        browser = AdminDoor(self._addresses.shop)
        browser.log_in(self._addresses.operator, self._addresses.password)
        there = re.compile(r"/admin/complaints/complaint/\d+/change/")

        def read() -> bool:
            listed = browser.page("/admin/complaints/complaint/?waiting=yes").links
            return any(there.match(link) for link in listed)

        self._await(read, within=180, what="the shop did not read the complaint")
        self._say(f"complains at WeChat: {text}")

    def _log_in(self) -> None:
        given = self._sandbox.post("/__sandbox/login", {"nickname": NICKNAME})
        self._openid = given["openid"]
        login = self._shop.post("/auth/login", {"code": given["code"]})
        self._shop.token = login["access"]
        self._is_new = login["member"]["is_new"]
        known = "a new member" if self._is_new else "known from an earlier order"
        self._say(f"{NICKNAME} logs in by wx.login: member {login['member']['id']}, {known}")

    def _consent_and_phone(self) -> None:
        self._shop.post("/me/consents", {"document": "privacy", "version": "1.0"})
        self._say("agrees to the privacy policy 1.0")
        # WeChat tells no shop what somebody is called: the mini program has an input of type nickname for it.
        self._shop.patch("/me", {"nickname": NICKNAME})
        given = self._sandbox.post("/__sandbox/phone", {"openid": self._openid, "phone": PHONE})
        self._shop.post("/me/phone", {"code": given["code"]})
        self._say("gives the nickname, and the phone number by getPhoneNumber")

    def _address(self) -> int:
        wanted = {
            "name": NICKNAME,
            "phone": PHONE,
            "province": "浙江省",
            "city": "杭州市",
            "district": "西湖区",
            "detail": "龙井路1号",
            "postal_code": "310013",
        }
        for address in _rows(self._shop.get("/me/addresses")):
            if wanted.items() <= address.items():
                self._say("has an address here from an earlier order")
                return int(address["id"])
        address = self._shop.post("/me/addresses", {**wanted, "is_default": True})
        self._say(f"writes down an address: {wanted['province']}{wanted['city']}{wanted['detail']}")
        return int(address["id"])

    def _find_goods(self) -> dict[str, Any]:
        found = self._shop.get("/products", q=SEARCH)["results"]
        self._say(
            f"searches for 「{SEARCH}」: {len(found)} found, first {found[0]['title'] if found else 'none'}"
        )
        for product in [*found, *self._shop.get("/products")["results"]]:
            detail = self._shop.get(f"/products/{product['id']}")
            for sku in detail["skus"]:
                if sku["available"] >= 2:
                    price = money.priced(sku["price_fen"])
                    self._say(f"opens {detail['title']}: {price}, {sku['available']} in stock")
                    return dict(sku)
        raise Problem("the demo shop has nothing in stock")

    def _fill_cart(self, sku: dict[str, Any]) -> None:
        # What an earlier, interrupted run left in the cart is not part of this order.
        for line in self._shop.get("/cart")["items"]:
            self._shop.delete(f"/cart/items/{line['id']}")
        self._shop.post("/cart/items", {"sku_id": sku["id"], "quantity": 2, "selected": True})
        cart = self._shop.get("/cart")
        self._say(f"puts 2 into the cart: {cart['items'][0]['title']}")

    def _order(self, address_id: int) -> str:
        self._has_coupons()
        quote = self._shop.post("/checkout/quote", {"from_cart": True, "address_id": address_id})
        self._say(f"sees the price: {_explained(quote)}")
        for hint in quote["hints"][:1]:
            self._say(f"reads how to save more: {hint['label']}: {hint['reason']}")
        # The coupon that was shown: one that arrives in this moment would change the price.
        coupon_id = quote["coupon_id"] or "none"
        choice = {"from_cart": True, "address_id": address_id, "coupon_id": coupon_id}
        order = self._shop.post(
            "/orders",
            {**choice, "expected_payable_fen": quote["payable_fen"], "remark": "请包装得结实一点，谢谢 🍵"},
            headers={"Idempotency-Key": secrets.token_hex(16)},
        )
        self._say(f"orders: {order['order_no']} is {order['status']}, to be paid until {order['expires_at']}")
        return str(order["order_no"])

    def _has_coupons(self) -> None:
        """Look into the wallet; what a new member is given comes a moment after the login, by the outbox."""

        def wallet() -> list[dict[str, Any]]:
            return _rows(self._shop.get("/me/coupons", status="AVAILABLE"))

        if self._is_new:
            self._await(lambda: bool(wallet()), within=60, what="the newcomer's coupons did not arrive")
        names = "、".join(coupon["template"]["name"] for coupon in wallet())
        self._say(f"has coupons: {names or 'none'}")

    def _pay(self, order_no: str) -> None:
        parameters = self._shop.post(f"/orders/{order_no}/pay")
        if not parameters.get("paid"):
            self._say("calls wx.requestPayment with the shop's signature")
            paid = self._sandbox.post("/__sandbox/pay", {**parameters, "openid": self._openid})
            self._paid_as = (paid["transaction_id"], paid["out_trade_no"])
        order = self._await_status(order_no, "PAID", within=60)
        self._say(f"has paid: WeChat's notice made the order {order['status']} at {order['paid_at']}")

    def _ship(self, order_no: str) -> None:
        browser = AdminDoor(self._addresses.shop)
        browser.log_in(self._addresses.operator, self._addresses.password)
        order_page = browser.follow(
            f"/admin/orders/order/?q={order_no}", r"/admin/orders/order/\d+/change/.*"
        )
        ship_page = browser.follow(order_page, r"/admin/orders/order/\d+/ship/?.*")
        tracking_no = "SF" + "".join(secrets.choice("0123456789") for _ in range(13))
        page = browser.submit(ship_page, {"tracking_no": tracking_no}, choices={"carrier": "顺丰"})
        if self._shop.get(f"/orders/{order_no}")["status"] != "SHIPPED":
            raise Problem(f"the admin did not ship {order_no}:\n{page.text}")
        self._say(f"(operator) ships it in the admin with 顺丰速运 {tracking_no}")

    def _wechat_was_told(self) -> None:
        def told() -> bool:
            # The API names a payment by WeChat's number or by the merchant's.
            return any(
                number in shipment.values()
                for shipment in self._sandbox.get("/__sandbox/shipments")
                for number in self._paid_as
            )

        self._await(told, within=120, what="WeChat was not told of the shipment")
        self._say("(WeChat) has the shop's 发货信息 of this order")

    def _receive(self, order_no: str) -> None:
        self._shop.post(f"/orders/{order_no}/receive")
        order = self._await_status(order_no, "RECEIVED", within=10)
        self._say(f"confirms receipt: the order is {order['status']} since {order['received_at']}")

    def _await_status(self, order_no: str, status: str, *, within: float) -> Any:
        def arrived() -> bool:
            return bool(self._shop.get(f"/orders/{order_no}")["status"] == status)

        self._await(arrived, within=within, what=f"order {order_no} did not become {status}")
        return self._shop.get(f"/orders/{order_no}")

    def _await(self, happened: Callable[[], bool], *, within: float, what: str) -> None:
        deadline = time.monotonic() + within
        while not happened():
            self._check()
            if time.monotonic() > deadline:
                raise Problem(f"{what} within {within:.0f} seconds")
            time.sleep(0.5)

    def _say(self, text: str) -> None:
        self._check()
        self._step += 1
        print(f"  {self._step:2}. {text}", flush=True)


def _rows(answer: Any) -> list[dict[str, Any]]:
    """Return the rows of a list that is paged or short enough to come whole."""
    return list(answer["results"] if isinstance(answer, dict) else answer)


def _explained(quote: dict[str, Any]) -> str:
    parts = [f"goods {money.priced(quote['goods_fen'])}"]
    parts += [f"{applied['label']} -{money.priced(applied['amount_fen'])}" for applied in quote["applied"]]
    parts += [
        f"shipping {money.priced(quote['shipping_fen'])}",
        f"to pay {money.priced(quote['payable_fen'])}",
    ]
    return ", ".join(parts)
