"""Points pay at the counter: as many as wanted or as possible, up to the cap, and never more than there are."""

from __future__ import annotations

import pytest

from apps.members.models import Member
from apps.points import deduction
from apps.points import services as points
from mall.pricing import engine
from mall.pricing.basket import Basket, Buyer, Line
from tests.apps.points import make
from tests.apps.points.make import NOW

pytestmark = pytest.mark.django_db


def priced(owner: Member, use_points: bool | int) -> tuple[int, int]:
    """What a cup of 50 yuan costs then, in fen, and the points that it takes."""
    offer = deduction.deduction_offer(member=owner, use_points=use_points, at=NOW)
    cup = Line(
        sku_id=1,
        product_id=1,
        category_ids=frozenset({1}),
        brand_id=None,
        title="茶杯",
        quantity=1,
        unit_price_fen=5_000,
        weight_g=0,
        freight_ref=None,
    )
    basket = Basket(lines=(cup,), buyer=Buyer(level_id=None), destination=None, freights=())
    quote = engine.quote(basket, [offer] if offer else [])
    return quote.payable_fen, deduction.points_of(quote, offer)


def test_a_hundred_points_pay_a_yuan() -> None:
    assert priced(make.member(1_000), 300) == (4_700, 300)


def test_all_points_pay_at_most_half_of_the_goods() -> None:
    assert priced(make.member(1_000), True) == (4_000, 1_000)
    assert priced(make.member(9_000), True) == (2_500, 2_500)


def test_the_rules_set_the_rate_and_the_cap() -> None:
    make.rules(deduction_points_per_yuan=10, deduction_cap_bp=1_000)
    assert priced(make.member(9_000), True) == (4_500, 50)


def test_no_points_are_used_unless_asked_for_or_where_the_rules_forbid_it() -> None:
    owner = make.member(1_000)
    assert priced(owner, False) == priced(owner, 0) == (5_000, 0)
    make.rules(deduction_cap_bp=0)
    assert priced(owner, True) == (5_000, 0)


def test_more_than_one_has_is_refused_with_the_balance() -> None:
    with pytest.raises(points.NotEnoughPoints) as refused:
        deduction.deduction_offer(member=make.member(100), use_points=101, at=NOW)
    assert refused.value.details == {"wanted": 101, "balance": 100}
