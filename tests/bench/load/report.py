"""The measure: databases made and filled, both servers started, rounds in turn, medians and shares printed."""

from __future__ import annotations

import json
import logging
import os
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg2
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.catalog.models import Product, Sku
from apps.members.models import Address
from apps.orders.models import Order
from apps.orders.states import Status
from config.local import ports
from config.local.places import ROOT
from config.local.shop import procfile
from tests.bench.load import drive, goods, memory, processor, rush
from tests.bench.load.drive import Load
from tests.bench.load.processor import Used
from tests.bench.report import busy

# Members whose choices are quoted beforehand, so that orders name the price that they cost.
_CHOOSERS = 400
_WARM_PAGES = 200
# A quick run fills a smaller shop; its lists and pages are as many as fit into a round.
_QUICK: Final = {"products": 2_000, "members": 500}


@dataclass
class Measure:
    """One figure: what is asked, what it is held against, and what was measured."""

    name: str
    load: Load
    against: str = ""
    goal: float | None = None
    statements: Callable[[], int] | None = None
    rates: list[float] = field(default_factory=list)
    used: list[Used] = field(default_factory=list)
    asked: int = 0

    @property
    def rate(self) -> float:
        """Answers a second: the median of the rounds."""
        return statistics.median(self.rates)

    @property
    def milliseconds(self) -> Used:
        """Processor time of web and of PostgreSQL for an answer: the medians of the rounds."""
        return Used(*(statistics.median(each) for each in zip(*self.used, strict=True)))


def main(bare_url: str) -> int:
    """Measure and print; rounds of six seconds, with QUICK=1 of one, medians of three. Errors fail it."""
    quick = os.environ.get("QUICK") == "1"
    seconds, rounds = (1.0, 3) if quick else (6.0, 3)
    print(f"under load; before it: {busy()}", flush=True)
    _fill(bare_url, quick=quick)
    with ExitStack() as stack:
        shop = stack.enter_context(_served("web", procfile()["web"], {}))
        bare_command = (
            f"exec {sys.executable} -m gunicorn -w 2 -k gthread --threads 4 --keep-alive 75 --log-level warning"
            " -b 127.0.0.1:$PORT tests.bench.load.bare.wsgi"
        )
        bare = stack.enter_context(_served("bare", bare_command, {"BARE_DATABASE_URL": bare_url}))
        measures = _measures(shop, bare)
        databases = tuple(urlsplit(url).path.lstrip("/") for url in (os.environ["DATABASE_URL"], bare_url))
        for turn in range(rounds):
            for measure in measures:
                _nobody_holds_unpaid()
                _, measure.asked = drive.drive(measure.load, seconds=seconds / 4, start=measure.asked)
                before = processor.used(*databases)
                rate, measure.asked = drive.drive(measure.load, seconds=seconds, start=measure.asked)
                measure.rates.append(rate)
                after = processor.used(*databases)
                measure.used.append(after.since(before, answers=rate * seconds))
            print(f"round {turn + 1} of {rounds} is done", flush=True)
        short = _print(measures)
    return 1 if short else 0


def _nobody_holds_unpaid() -> None:
    """Close what the measure before has ordered: a member may hold ten unpaid orders, and these measures make more."""
    Order.objects.filter(status=Status.UNPAID).update(status=Status.CLOSED, closed_at=timezone.now())


def _measures(shop: int, bare: int) -> list[Measure]:
    """What is measured, in the order of a round: each of ours stands beside what it is a share of."""
    choices = _choices(shop)
    ids = _product_ids()
    warm, cold = ids[:_WARM_PAGES], ids[_WARM_PAGES:]

    def get(path: str, token: str = "") -> bytes:
        bearer = f"Authorization: Bearer {token}\r\n" if token else ""
        return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{bearer}\r\n".encode()

    def order(number: int) -> bytes:
        choice = choices[number % len(choices)]
        key = f"Idempotency-Key: bench-{os.getpid()}-{number}-{time.time_ns()}\r\n"
        return _post("/api/v1/orders", choice.order, choice.token, key)

    def quote(number: int) -> bytes:
        choice = choices[number % len(choices)]
        return _post("/api/v1/checkout/quote", choice.body, choice.token)

    crowd = rush.buyers(shop, after=_CHOOSERS, at=timezone.now())

    def rushed(which: str, number: int) -> bytes:
        buyer = crowd[number % len(crowd)]
        return _post("/api/v1/orders", getattr(buyer, which), buyer.token, rush.key_of(number))

    statements = _Statements(choices[0], ids)
    return [
        Measure("bare view", Load(bare, lambda n: get("/plain"))),
        Measure("empty DRF view", Load(bare, lambda n: get("/empty"))),
        Measure("one query", Load(bare, lambda n: get("/one"))),
        Measure("bare order", Load(bare, lambda n: get("/order"))),
        Measure("/healthz", Load(shop, lambda n: get("/healthz")), "bare view"),
        Measure(
            "/me",
            Load(shop, lambda n: get("/api/v1/me", goods.token_of(1 + n % _CHOOSERS))),
            "one query",
            statements=lambda: statements.of("/me", token=goods.token_of(1)),
        ),
        Measure(
            "list, kept",
            Load(shop, lambda n: get("/api/v1/products")),
            "empty DRF view",
            0.50,
            lambda: statements.of("/products"),
        ),
        Measure(
            "list, made",
            Load(shop, lambda n: get(f"/api/v1/products?nobody_asked={n}")),
            "one query",
            statements=lambda: statements.of(f"/products?nobody_asked={time.time_ns()}"),
        ),
        Measure(
            "page, kept",
            Load(shop, lambda n: get(f"/api/v1/products/{warm[n % len(warm)]}")),
            "empty DRF view",
            0.50,
            lambda: statements.of(f"/products/{warm[0]}"),
        ),
        Measure(
            "page, made",
            Load(shop, lambda n: get(f"/api/v1/products/{cold[n % len(cold)]}")),
            "one query",
            statements=statements.of_cold_page,
        ),
        Measure("order, 2 lines, coupon", Load(shop, order), "bare order", 0.15, statements.of_order),
        Measure("quote of it", Load(shop, quote), "order, 2 lines, coupon", 1.8, statements.of_quote),
        Measure("order, a SKU of many", Load(shop, lambda n: rushed("cold", n))),
        Measure(
            "order, one flash SKU", Load(shop, lambda n: rushed("flash", n)), "order, a SKU of many", 0.6
        ),
        Measure(
            "sold out, refused",
            Load(shop, lambda n: rushed("sold_out", n), b"409"),
            "order, one flash SKU",
            10,
        ),
    ]


def _print(measures: list[Measure]) -> list[str]:
    """Print the figures with their shares; return what falls short of its goal."""
    by_name = {measure.name: measure for measure in measures}
    print(f"\n{'per second, 8 at once':<26}{'median':>8}  {'rounds':<24}{'SQL':>4}  ms web, db   share")
    short = []
    for measure in measures:
        rounds = " ".join(f"{rate:,.0f}" for rate in measure.rates)
        sql = "" if measure.statements is None else str(measure.statements())
        web, database = measure.milliseconds
        line = f"{measure.name:<26}{measure.rate:>8,.0f}  {rounds:<24}{sql:>4} {web:>6.2f} {database:>5.2f}"
        if measure.against:
            share = measure.rate / by_name[measure.against].rate
            line += f"  {share:.3f} of {measure.against}"
            if measure.goal is not None:
                line += f" (goal {measure.goal})"
                short += [measure.name] if share < measure.goal else []
        print(line)
    if short:
        print(f"\nshort of their goals: {', '.join(short)}")
    return short


@dataclass(frozen=True)
class _Choice:
    """Two goods of a member, and the order of them at the price that the shop quoted."""

    token: str
    body: dict[str, Any]
    order: dict[str, Any]


def _choices(port: int) -> list[_Choice]:
    """Quote a choice of two SKUs for each of some members; that warms the shop as well."""
    skus = list(Sku.objects.filter(code__startswith="BENCH-").order_by("id").values_list("pk", flat=True))
    addresses = dict(
        Address.objects.filter(member__openid__startswith="bench-").values_list("member__openid", "pk")
    )
    picked = random.Random(7)
    called = HTTPConnection("127.0.0.1", port, timeout=30)
    choices = []
    for number in range(1, _CHOOSERS + 1):
        token = goods.token_of(number)
        body = {
            "items": [{"sku_id": sku_id, "quantity": 1} for sku_id in picked.sample(skus, 2)],
            "address_id": addresses[f"bench-{number}"],
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


def _post(path: str, body: dict[str, Any], token: str, more: str = "") -> bytes:
    said = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n{more}"
        f"Content-Type: application/json\r\nContent-Length: {len(said)}\r\n\r\n"
    )
    return head.encode() + said


class _Statements:
    """Counts statements in this process, in the database that was measured; BEGIN and COMMIT do not count."""

    def __init__(self, choice: _Choice, product_ids: list[int]) -> None:
        self._choice = choice
        self._cold = iter(reversed(product_ids))

    def of(self, path: str, *, token: str = "", body: Any = None, **headers: str) -> int:
        """Those of a call, made once before so that what is kept is there."""
        client = Client(
            headers={"host": "127.0.0.1"} | ({"authorization": f"Bearer {token}"} if token else {})
        )

        def call(number: int) -> None:
            if body is None:
                answer = client.get(f"/api/v1{path}")
            else:
                keys = {name.replace("_", "-"): f"{value}-{number}" for name, value in headers.items()}
                answer = client.post(f"/api/v1{path}", json.dumps(body), "application/json", headers=keys)
            if answer.status_code >= 300:
                raise drive.Refused(answer.content.decode()[:300])

        call(1)
        with CaptureQueriesContext(connection) as seen:
            call(2)
        return sum(query["sql"] not in {"BEGIN", "COMMIT"} for query in seen)

    def of_cold_page(self) -> int:
        """Those of a page that nobody has asked for."""
        self.of("/products")
        with CaptureQueriesContext(connection) as seen:
            Client(headers={"host": "127.0.0.1"}).get(f"/api/v1/products/{next(self._cold)}")
        return len(seen)

    def of_quote(self) -> int:
        """Those of a quote."""
        return self.of("/checkout/quote", token=self._choice.token, body=self._choice.body)

    def of_order(self) -> int:
        """Those of an order."""
        key = f"bench-{time.time_ns()}"
        return self.of("/orders", token=self._choice.token, body=self._choice.order, idempotency_key=key)


def _product_ids() -> list[int]:
    return list(Product.objects.filter(title__startswith="基准").order_by("id").values_list("pk", flat=True))


def _fill(bare_url: str, *, quick: bool) -> None:
    """Make the shop's tables and goods, and the bare Django's."""
    logging.disable(logging.INFO)
    begun = time.monotonic()
    call_command("migrate", verbosity=0)
    goods.fill(at=timezone.now(), **(_QUICK if quick else {}))
    bare = psycopg2.connect(bare_url)
    with bare, bare.cursor() as cursor:
        cursor.execute((Path(__file__).parent / "bare" / "schema.sql").read_text())
    bare.close()
    print(f"the databases are filled ({time.monotonic() - begun:.0f} s)", flush=True)


@contextmanager
def _served(name: str, command: str, more: dict[str, str]) -> Iterator[int]:
    """A server that was started with this command and answers on the port that is yielded."""
    with socket.socket() as probe:
        probe.bind((ports.LOOPBACK, 0))
        port = probe.getsockname()[1]
    log = ROOT / ".local" / f"bench-{name}.log"
    with log.open("w") as written:
        process = subprocess.Popen(
            ["/bin/sh", "-c", command],
            env={**os.environ, "PORT": str(port), "BIND": ports.LOOPBACK, **more},
            cwd=ROOT,
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(port, process, log)
        yield port
        print(memory.told(name, process.pid), flush=True)
    finally:
        process.terminate()
        process.wait(30)


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        if process.poll() is not None:
            break
        try:
            HTTPConnection("127.0.0.1", port, timeout=1).connect()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise drive.Refused(f"{log} says why the server is not there: {log.read_text()[-500:]}")
