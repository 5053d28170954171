"""The shop that is measured: goods, a shopper, and calls as the mini program makes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from apps.base import numbers
from apps.catalog import services as catalog
from apps.catalog.models import Category, Product, Sku
from apps.coupons import services as coupons
from apps.coupons.models import Coupon
from apps.coupons.services import templates
from apps.inventory import services as inventory
from apps.members.models import Address, Level, Member
from apps.members.services import addresses, sessions
from apps.orders.models import Order
from apps.orders.states import Status
from apps.promotions.models import Promotion
from apps.stores.models import Place


class Shop:
    """A demo shop with more goods, and one shopper who calls it in this process."""

    def __init__(self) -> None:
        call_command("seed_demo", verbosity=0)
        self._keys = count(1)
        self._client = Client()
        self._big: list[dict[str, int]] = []
        self.member = self._register()
        self.address = self._move_in()
        self.skus = list(
            Sku.objects.filter(product__on_sale=True, enabled=True, product__min_quantity=1).order_by("id")[
                :2
            ]
        )
        for sku in self.skus:
            self._stock(sku, 100_000)

    def more_products(self, number: int) -> None:
        """Add ``number`` products on sale with stock."""
        category = Category.objects.order_by("id").first()
        for n in range(number):
            sku = Sku(code=f"BENCH-{next(self._keys):06d}", price_fen=1000 + n)
            catalog.save_product(
                product=Product(
                    title=f"基准商品 {n} 茶杯", category=category, cover="products/x.png", on_sale=True
                ),
                skus=[sku],
            )
            self._stock(Sku.objects.get(code=sku.code), 10)

    def get(self, path: str) -> Any:
        """Call a page of the API and return what it says."""
        return self._spoken(self._client.get(f"/api/v1{path}", headers=self._headers()))

    def unasked(self, rows: int) -> Any:
        """A list that nobody has asked for yet: of so many products, made anew."""
        return self.get(f"/products?page_size={rows}&unasked={next(self._keys)}")

    def anyone(self, path: str) -> Any:
        """The same without login."""
        return self._spoken(self._client.get(f"/api/v1{path}", headers={"Host": "127.0.0.1"}))

    def group_buy(self) -> tuple[int, str]:
        """The demo shop's group-buy, and the number of its group that can be joined."""
        (offered,) = self.get("/group-buys")["results"]
        (group,) = self.get(f"/group-buys/{offered['id']}/groups")["results"]
        return offered["id"], group["group_no"]

    def order_in_group(self, group_buy_id: int) -> Callable[[], Any]:
        """Quote a unit that opens a group; what is returned orders it, with a key of its own."""
        offered = self.get(f"/group-buys/{group_buy_id}")
        choice = {
            "items": [{"sku_id": offered["skus"][0]["sku_id"], "quantity": 1}],
            "address_id": self.address.pk,
            "activity": {"kind": "group_buy", "id": group_buy_id},
        }
        payable_fen = self._post("/checkout/quote", choice)["payable_fen"]
        key = f"bench-{next(self._keys)}"
        return lambda: self._post(
            "/orders", {**choice, "expected_payable_fen": payable_fen}, **{"Idempotency-Key": key}
        )

    def product_ids(self) -> tuple[int, int]:
        """A product that the shopper orders, and one whose page nobody has asked for."""
        newest = Product.objects.filter(on_sale=True).order_by("-id").values_list("pk", flat=True)[0]
        return self.skus[0].product_id, newest

    def quote(self) -> Any:
        """Ask what an order of two lines costs."""
        return self._post("/checkout/quote", self._choice())

    def crowd(self) -> None:
        """Run 200 promotions, give the shopper 50 coupons, and stock 20 goods more for ``big_quote``."""
        self.more_products(20)
        newest = Sku.objects.filter(code__startswith="BENCH-").order_by("-id")[:20]
        self._big = [{"sku_id": sku.pk, "quantity": 1} for sku in newest]
        now = self._now()
        Promotion.objects.bulk_create(
            Promotion(
                kind=Promotion.Kind.STEPPED,
                label=f"基准满减 {n}",
                steps=[[10_000, 100 + n]],
                starts_at=now,
                ends_at=now + timedelta(days=1),
            )
            for n in range(200)
        )
        coupon = templates.create(
            name="基准券", kind="NO_THRESHOLD", off_fen=100, valid_days=7, per_member=50, live=True
        )
        for n in range(50):
            coupons.issue(
                template_id=coupon.pk,
                member_id=self.member.pk,
                way=Coupon.Way.OTHER,
                cause=f"bench:{n}",
                at=now,
            )

    def big_quote(self) -> Any:
        """Ask what 20 lines cost, with the best of 50 coupons against 200 promotions."""
        return self._post("/checkout/quote", {"items": self._big, "address_id": self.address.pk})

    def order(self, payable_fen: int) -> Any:
        """Place an order of two lines, with a key of its own; every tenth closes the others, which nobody pays."""
        number = next(self._keys)
        if number % 10 == 0:
            unpaid = Order.objects.filter(member=self.member, status=Status.UNPAID)
            unpaid.update(status=Status.CLOSED, closed_at=self._now())
        return self._post(
            "/orders",
            {**self._choice(), "expected_payable_fen": payable_fen},
            **{"Idempotency-Key": f"bench-{number}"},
        )

    def _choice(self) -> dict[str, Any]:
        return {
            "items": [{"sku_id": sku.pk, "quantity": sku.product.quantity_step} for sku in self.skus],
            "address_id": self.address.pk,
        }

    def _post(self, path: str, body: Any, **headers: str) -> Any:
        answer = self._client.post(
            f"/api/v1{path}",
            data=json.dumps(body),
            content_type="application/json",
            headers={**self._headers(), **headers},
        )
        return self._spoken(answer)

    def _spoken(self, answer: Any) -> Any:
        if answer.status_code >= 400:
            raise RuntimeError(f"{answer.status_code}: {answer.content.decode()[:300]}")
        return answer.json()

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}", "Host": "127.0.0.1"}

    def _register(self) -> Member:
        member = Member.objects.create(
            public_id=numbers.word(16),
            openid="bench",
            level=Level.objects.order_by("rank").first(),
            registered_at=self._now(),
        )
        self._token = sessions.open_session(member=member, at=self._now() + timedelta(hours=12)).access
        return member

    def _move_in(self) -> Address:
        home = {
            "name": "林",
            "phone": "13800000000",
            "province": "浙江省",
            "city": "杭州市",
            "detail": "1 号",
        }
        return addresses.add(member=self.member, fields=home)

    def _stock(self, sku: Sku, quantity: int) -> None:
        inventory.receive(
            sku_id=sku.pk,
            place_id=Place.objects.order_by("priority").values_list("pk", flat=True)[0],
            quantity=quantity,
            business_key=f"bench:{next(self._keys)}",
            reason="基准测试",
            operator=None,
            at=self._now(),
        )

    def _now(self) -> datetime:
        return timezone.now()
