"""What is measured over HTTP, in the order of a round: each figure with what it is held against, its goal and its floor."""

from __future__ import annotations

import json
import os
import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any, Final

from django.contrib.auth.models import User
from django.test import Client

from apps.base import paging
from apps.catalog import shelves
from apps.catalog.models import Product, Sku
from apps.coupons.services import templates
from apps.members.models import Address
from apps.storefront import lists
from tests.bench.load import drive, figures, goods, requests, rush
from tests.bench.load.drive import Load
from tests.bench.load.figures import Figure, Goal
from tests.bench.load.paying import Paying
from tests.bench.load.processor import Spent

# Members whose choices are quoted beforehand, so that orders name the price that they cost: as many as a fast machine
# needs, for each has twenty coupons, and ten orders may be unpaid.
CHOOSERS: Final = 1_200
_WARM_PAGES: Final = 100
# Of so many goods for each card that a process keeps none is met again while it is kept, whichever worker answers.
_GOODS_FOR_EACH_CARD: Final = 10
ORDER, EMPTY, ONE, BARE, BARE_ORDER = (
    "order, 2 lines, coupon",
    "empty DRF view",
    "one query",
    "bare view",
    "bare order",
)
FLASH, REFUSED = "order, one flash SKU", "sold out, refused"
# Measured again where the shop has grown.
GROWING: Final = ("list, made", "page, made", ORDER, "admin: list of orders")


@dataclass
class Measure:
    """One figure: what is asked, what it is held against, and what was measured. ``load`` may be another each round.

    The first ``warm`` requests are asked before the rounds, so that each worker has what it keeps.
    """

    name: str
    load: Load | Callable[[], Load]
    goal: Goal | None = None
    floor: Goal | None = None
    counted: bool = True
    warm: int = 0
    rounds: list[drive.Driven] = field(default_factory=list)
    spent: list[Spent] = field(default_factory=list)
    asked: int = 0

    def next_load(self) -> Load:
        """What is asked in the next round."""
        return self.load if isinstance(self.load, Load) else self.load()

    def figure(self, statements: int | None) -> Figure:
        """The line of the report: the medians of the rounds."""
        spent = Spent(*(statistics.median(each) for each in zip(*self.spent, strict=True)))
        rates = [each.rate for each in self.rounds]
        return Figure(
            self.name,
            statistics.median(rates),
            rounds=tuple(rates),
            latencies=figures.latencies([each.latencies for each in self.rounds]),
            statements=statements,
            web=spent.web,
            postgres=spent.postgres,
            goal=self.goal,
            floor=self.floor,
        )


def of_bare(port: int) -> list[Measure]:
    """The machine's limit."""
    return [
        Measure(BARE, Load(port, lambda n: requests.get("/plain")), counted=False),
        Measure(EMPTY, Load(port, lambda n: requests.get("/empty")), counted=False),
        Measure(ONE, Load(port, lambda n: requests.get("/one")), counted=False),
        Measure(BARE_ORDER, Load(port, lambda n: requests.get("/order")), counted=False),
    ]


def of_shop(port: int, paying: Paying, crowd: Sequence[rush.Buyer]) -> list[Measure]:
    """What shoppers, operators and WeChat ask."""
    return [
        *_of_everybody(port),
        *_of_members(port),
        *_of_orders(port),
        *_of_payments(paying),
        *_of_sale(port, crowd),
        _of_operators(port),
    ]


def growing(port: int) -> list[Measure]:
    """What is measured again where the shop has grown."""
    measured = [*_of_everybody(port), *_of_orders(port), _of_operators(port)]
    return [one for one in measured if one.name in GROWING]


def product_ids() -> list[int]:
    """The bench's products, the eldest first."""
    return list(Product.objects.filter(title__startswith="基准").order_by("id").values_list("pk", flat=True))


def _of_everybody(port: int) -> list[Measure]:
    ids = product_ids()
    warm, cold = ids[:_WARM_PAGES], ids[_WARM_PAGES:]

    def paths(path_of: Callable[[int], str]) -> Load:
        return Load(port, lambda n: requests.get(path_of(n)))

    kept, made = Goal(0.60, EMPTY), Goal(0.45, ONE)
    cold_lists = []
    if len(ids) >= _GOODS_FOR_EACH_CARD * lists.MOST_CARDS:
        pages = _pages(ids)
        cold_lists = [
            Measure("list, cold", paths(lambda n: f"{pages[n % len(pages)]}&nobody_asked={n}")),
        ]
    return [
        Measure("/healthz", paths(lambda n: "/healthz"), Goal(0.60, BARE)),
        Measure("home: the shop", paths(lambda n: "/api/v1/shop")),
        Measure("home: categories", paths(lambda n: "/api/v1/categories")),
        Measure("list, kept", paths(lambda n: "/api/v1/products"), kept, Goal(0.50, EMPTY)),
        # One of goods that other lists have shown, as most are; and of goods that nobody has seen of late.
        Measure("list, made", paths(lambda n: f"/api/v1/products?nobody_asked={n}"), made),
        *cold_lists,
        # 茶具 and a number, so that each is another search.
        Measure("search", paths(lambda n: f"/api/v1/products?q=%E8%8C%B6%E5%85%B7%20{1 + n % len(ids)}")),
        Measure(
            "page, kept",
            paths(lambda n: f"/api/v1/products/{warm[n % len(warm)]}"),
            kept,
            Goal(0.50, EMPTY),
            warm=3 * len(warm),
        ),
        Measure("page, made", paths(lambda n: f"/api/v1/products/{cold[n % len(cold)]}"), made),
    ]


def _pages(ids: Sequence[int]) -> list[str]:
    """The pages of the shelf from the newest of these products to the eldest, none of which shows what another does."""
    order, here = "newest", "/api/v1/products"
    places = ids[:: -paging.PAGE_SIZE]
    return [paging.next_url(here, {"ordering": order}, shelves.ORDERINGS[order], [each]) for each in places]


def _of_members(port: int) -> list[Measure]:
    members = Address.objects.filter(member__openid__startswith="bench-").count()
    coupon = templates.create(
        name="基准抢券",
        kind="NO_THRESHOLD",
        off_fen=100,
        valid_days=7,
        per_member=1,
        quota=10_000_000,
        visible=True,
    )

    def mine(path: str) -> Load:
        return Load(port, lambda n: requests.get(path, goods.token_of(1 + n % CHOOSERS)))

    def claim(number: int) -> bytes:
        # From the last member downwards: those who order stay as they are.
        return requests.post(f"/api/v1/coupons/{coupon.pk}/claim", {}, goods.token_of(members - number))

    def log_in(number: int) -> bytes:
        return requests.post("/api/v1/auth/login", {"code": f"bench-{1 + number % members}"})

    return [
        Measure("/me", mine("/api/v1/me"), Goal(0.45, ONE)),
        Measure("cart of 5", Load(port, _carts(port))),
        Measure("coupon claim rush", Load(port, claim), Goal(1.5, ORDER)),
        Measure("login, WeChat's time left out", Load(port, log_in), Goal(1.0, ORDER)),
    ]


def _of_orders(port: int) -> list[Measure]:
    choices = _choices(port)

    def order(number: int) -> bytes:
        choice = choices[number % len(choices)]
        key = f"bench-{os.getpid()}-{number}-{time.time_ns()}"
        return requests.post("/api/v1/orders", choice.order, choice.token, key=key)

    def quote(number: int) -> bytes:
        choice = choices[number % len(choices)]
        return requests.post("/api/v1/checkout/quote", choice.body, choice.token)

    # They were chosen through one worker; an order of goods that a worker has not met yet is a statement more.
    drive.drive(Load(port, quote, most=4 * len(choices)), seconds=0)
    return [
        Measure(ORDER, Load(port, order), Goal(0.35, BARE_ORDER), Goal(0.15, BARE_ORDER)),
        Measure("quote of it", Load(port, quote), Goal(2.0, ORDER), Goal(1.8, ORDER)),
    ]


def _of_payments(paying: Paying) -> list[Measure]:
    """In this order: WeChat tells of those that were started to be paid just before."""
    return [Measure("pay", paying.start), Measure("pay notify", paying.tell, Goal(1.5, ORDER))]


def _of_sale(port: int, crowd: Sequence[rush.Buyer]) -> list[Measure]:
    def rushed(which: str, clients: int = len(crowd)) -> Callable[[int], bytes]:
        def request(number: int) -> bytes:
            buyer = crowd[number % clients]
            return requests.post(
                "/api/v1/orders", getattr(buyer, which), buyer.token, key=rush.key_of(number)
            )

        return request

    cold = "order, a SKU of many"
    return [
        Measure(cold, Load(port, rushed("cold"))),
        Measure(FLASH, Load(port, rushed("flash")), Goal(0.6, cold), Goal(0.6, cold)),
        Measure(
            # Who is refused holds nothing, and presses again: as many do as clients want the last 500 units.
            REFUSED,
            Load(port, rushed("sold_out", rush.CLIENTS), (b"409",)),
            Goal(0.60, EMPTY),
            Goal(0.45, EMPTY),
        ),
    ]


def _of_operators(port: int) -> Measure:
    """The list of orders as whoever runs the shop sees it."""
    operator = User.objects.filter(username="bench").first() or User.objects.create_superuser("bench")
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(operator)
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    return Measure(
        "admin: list of orders",
        Load(port, lambda n: requests.get(f"/admin/orders/order/?p={1 + n % 5}", cookie=cookie)),
    )


def _carts(port: int) -> Callable[[int], bytes]:
    """Put five things into the cart of each of some members, and ask for these."""
    skus = list(
        Sku.objects.filter(code__startswith="BENCH-").order_by("id").values_list("pk", flat=True)[:200]
    )
    picked = random.Random(5)
    called = HTTPConnection("127.0.0.1", port, timeout=30)
    owners = [goods.token_of(number) for number in range(1, 51)]
    for token in owners:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        for sku_id in picked.sample(skus, 5):
            called.request("POST", "/api/v1/cart/items", json.dumps({"sku_id": sku_id}), headers)
            answer = called.getresponse()
            said = answer.read()
            if answer.status >= 300:
                raise drive.Refused(f"nothing for the cart: {said.decode()[:500]}")
    called.close()
    return lambda n: requests.get("/api/v1/cart", owners[n % len(owners)])


@dataclass(frozen=True)
class _Choice:
    """Two goods of a member, and the order of them at the price that the shop quoted."""

    token: str
    body: dict[str, Any]
    order: dict[str, Any]


def _choices(port: int) -> list[_Choice]:
    """Quote a choice of two SKUs for each of some members, one after the other."""
    skus = list(Sku.objects.filter(code__startswith="BENCH-").order_by("id").values_list("pk", flat=True))
    addresses = rush.addresses(CHOOSERS)
    picked = random.Random(7)
    called = HTTPConnection("127.0.0.1", port, timeout=30)
    choices = []
    for number in range(1, CHOOSERS + 1):
        token = goods.token_of(number)
        body = {
            "items": [{"sku_id": sku_id, "quantity": 1} for sku_id in picked.sample(skus, 2)],
            "address_id": addresses[number],
        }
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        called.request("POST", "/api/v1/checkout/quote", json.dumps(body), headers)
        answer = called.getresponse()
        said = json.loads(answer.read())
        if answer.status != 200 or not said["coupon_id"]:
            raise drive.Refused(f"no coupon is used: {said}"[-1500:])
        choices.append(_Choice(token, body, {**body, "expected_payable_fen": said["payable_fen"]}))
    called.close()
    return choices
