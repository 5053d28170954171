"""Another process writes; whoever asks after its commit is told what it wrote: prices, stock, offers, levels."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.catalog.models import Sku
from tests.apps.checkout import make
from tests.apps.members import make as members
from tests.apps.promotions import make as promotions
from tests.conftest import Shopper

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ROUNDS = 1000
Write = Callable[[str, int], None]


@pytest.fixture
def cup() -> Sku:
    return make.goods(price_fen=100_00, units=50)


@pytest.fixture
def write(cup: Sku) -> Iterator[Write]:
    """A function that has the other process write a number somewhere, and returns when that is committed."""
    now = timezone.now()
    offer = promotions.promotion(
        "FIXED", off_fen=15_00, starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1)
    )
    process = subprocess.Popen(
        [
            sys.executable,
            str(Path(__file__).parent / "writer.py"),
            _dsn(),
            str(cup.product_id),
            str(offer.pk),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    told, answers = process.stdin, process.stdout

    def say(what: str, number: int) -> None:
        told.write(f"{what} {number}\n")
        told.flush()
        assert answers.readline() == "committed\n"

    yield say
    told.close()
    process.wait(10)
    answers.close()


def _dsn() -> str:
    said = connection.settings_dict
    return f"host={said['HOST']} port={said['PORT']} dbname={said['NAME']} user={said['USER']} password={said['PASSWORD']}"


def shown(cup: Sku) -> dict[str, Any]:
    """The product's page, and that the list says the same."""
    page: dict[str, Any] = Shopper().call("GET", f"/products/{cup.product_id}").json()
    (row,) = Shopper().call("GET", "/products").json()["results"]
    assert {name: page[name] for name in row} == row
    return page


def test_no_price_no_stock_and_no_offer_is_stale_by_even_one_commit(cup: Sku, write: Write):
    gold = members.level(rank=9, name="金叶", discount_bp=9_500)
    shopper = Shopper(members.access_token(members.member(level=gold)))
    choice = {"items": [{"sku_id": cup.pk, "quantity": 1}]}

    def told(what: str) -> int:
        if what == "price":
            price_fen: int = shown(cup)["price_fen"]
            return price_fen
        if what == "stock":
            units: int = shown(cup)["skus"][0]["available"]
            return units
        if what == "level":
            discount_bp: int = shopper.call("GET", "/me").json()["level"]["discount_bp"]
            return discount_bp
        applied = shopper.call("POST", "/checkout/quote", choice).json()["applied"]
        (off_fen,) = [row["amount_fen"] for row in applied if row["ref"].startswith("promotion:")]
        return int(off_fen)

    stale = []
    for turn in range(ROUNDS):
        what = ("price", "stock", "offer", "level")[turn % 4]
        number = {"price": 100_000, "stock": 10, "offer": 100, "level": 5_000}[what] + turn
        write(what, number)
        if (found := told(what)) != number:
            stale.append((turn, what, number, found))
    assert stale == []


@pytest.mark.parametrize("table", ["catalog_product", "members_level"])
def test_without_the_triggers_it_would_be(cup: Sku, write: Write, table: str):
    gold = members.level(rank=9, name="金叶", discount_bp=9_500)
    shopper = Shopper(members.access_token(members.member(level=gold)))

    def seen() -> tuple[int, int]:
        level = shopper.call("GET", "/me").json()["level"]["discount_bp"]
        return Shopper().call("GET", f"/products/{cup.product_id}").json()["price_fen"], level

    seen()
    with connection.cursor() as cursor:
        for each in (table, "catalog_sku"):
            cursor.execute(f"ALTER TABLE {each} DISABLE TRIGGER USER")
        try:
            write("price" if table == "catalog_product" else "level", 7_777)
            assert 7_777 not in seen()
        finally:
            for each in (table, "catalog_sku"):
                cursor.execute(f"ALTER TABLE {each} ENABLE TRIGGER USER")
