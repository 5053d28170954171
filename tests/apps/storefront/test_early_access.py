"""Levels with early access: their members see, price and buy new goods that many minutes before everybody else."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from apps.catalog import selectors as catalog_facts
from apps.catalog import shelves
from apps.catalog.models import Sku
from apps.checkout import chosen, placing, quoting
from apps.checkout.quoting import Choice
from apps.members import selectors as member_facts
from apps.members.models import Member
from apps.storefront import cart, prepared_pages
from mall.errors import NotFound
from tests.apps.checkout import make
from tests.apps.members import make as members
from tests.conftest import Shopper

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LEAD = timedelta(minutes=30)


def gold() -> Member:
    """A member who is let in 30 minutes early, with an address."""
    level = members.level("金卡", rank=3, early_access_minutes=30)
    member, _ = make.buyer(level=level)
    return member


def new_goods(starts_at: datetime = START) -> Sku:
    """A cup at 50 yuan whose sale starts, and ends an hour after."""
    return make.goods(5000, sale_starts_at=starts_at, sale_ends_at=starts_at + timedelta(hours=1))


def choice_of(sku: Sku, member: Member) -> Choice:
    return Choice(items=((sku.pk, 1),), address_id=member.addresses.get().pk)


def test_the_lead_is_the_levels_and_nobody_elses():
    plain = members.member(level=members.level("普通", rank=1))
    assert [member_facts.lead_of(who) for who in (gold(), plain, members.member(), None)] == [
        30 * MINUTE,
        0 * MINUTE,
        0 * MINUTE,
        0 * MINUTE,
    ]


@pytest.mark.parametrize(
    ("at", "early", "open_"),
    [
        (START - LEAD - timedelta(seconds=1), LEAD, False),
        (START - LEAD, LEAD, True),
        (START - LEAD, timedelta(0), False),
        (START, timedelta(0), True),
        # It ends for all at once.
        (START + timedelta(hours=1), LEAD, False),
    ],
)
def test_a_sale_begins_earlier_for_whoever_is_let_in_early_and_ends_for_all_at_once(at, early, open_):
    sku = new_goods()
    assert (sku.pk in catalog_facts.sellable_skus([sku.pk], at=at, early=early)) is open_
    assert shelves.shelf(at=at, early=early).products().filter(pk=sku.product_id).exists() is open_
    if open_:
        page = json.loads(prepared_pages.product_json(product_id=sku.product_id, at=at, lead=early))
        assert page["id"] == sku.product_id
    else:
        with pytest.raises(NotFound):
            prepared_pages.product_json(product_id=sku.product_id, at=at, lead=early)


def test_a_member_of_the_level_orders_before_the_start_and_others_cannot():
    make.freight()
    sku, member = new_goods(), gold()
    early = START - LEAD
    cart.put(member=member, sku_id=sku.pk, quantity=1, selected=True, at=early)
    seen = cart.view(member=member, at=early)
    assert [(line.valid, line.unit_price_fen) for line in seen.lines] == [(True, 5000)]
    order = placing.place(
        member=member,
        choice=choice_of(sku, member),
        expected_payable_fen=5800,
        idempotency_key="k1",
        remark="",
        at=early,
    )
    assert (order.status, order.payable_fen) == ("UNPAID", 5800)
    other, _ = make.buyer()
    with pytest.raises(chosen.NotOnSale):
        quoting.compose(member=other, choice=choice_of(sku, other), at=early)
    with pytest.raises(chosen.NotOnSale):
        cart.put(member=other, sku_id=sku.pk, quantity=1, selected=True, at=early)


def test_the_shelf_and_the_page_open_early_for_the_member_only(
    shopper_of: Callable[[Member], Shopper],
) -> None:
    sku = new_goods(datetime.now(tz=UTC) + 20 * MINUTE)
    inside, outside = shopper_of(gold()), shopper_of(members.member())
    path = f"/products/{sku.product_id}"
    answers = [(who.call("GET", path).status_code, shelf_of(who)) for who in (inside, outside)]
    assert answers == [(200, [sku.product_id]), (404, [])]


def test_an_offer_is_worn_early_for_the_member_only(shopper_of: Callable[[Member], Shopper]) -> None:
    now = datetime.now(tz=UTC)
    make.promotion(label="早鸟", starts_at=now + 20 * MINUTE, ends_at=now + 60 * MINUTE)
    make.promotion(label="太早", steps=[[200_00, 50_00]], starts_at=now + 40 * MINUTE)
    sku = make.goods(5000)
    worn = []
    for member in (gold(), members.member()):
        shopper = shopper_of(member)
        page = shopper.call("GET", f"/products/{sku.product_id}").json()
        (row,) = shopper.call("GET", "/products").json()["results"]
        assert row["activities"] == page["activities"]
        worn.append([badge for badge in page["badges"] if badge != "新品"])
    assert worn == [["满100减15"], []]


def shelf_of(who: Shopper) -> list[int]:
    return [row["id"] for row in who.call("GET", "/products").json()["results"]]
