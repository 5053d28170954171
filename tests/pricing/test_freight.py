"""Freight: what sending costs, by template, region, pieces and weight."""

from __future__ import annotations

import pytest

from mall import money
from mall.pricing import engine
from mall.pricing.basket import FreightInvalid
from tests.pricing.shop import (
    CUP,
    FUZHOU,
    HANGZHOU,
    NANJING,
    POT,
    TEA,
    URUMQI,
    basket,
    by_piece,
    by_weight,
    line,
    payable,
    zone,
)

EVERYWHERE = by_piece("件", default=zone(1, "8.00", 1, "2.00"))
IN_PAIRS = by_piece("双", default=zone(2, "10.00", 2, "3.00"))
PER_KILO = by_weight("重", default=zone(1000, "6.00", 500, "1.50"))


def shipping(*lines, to=HANGZHOU, freights=(EVERYWHERE, IN_PAIRS, PER_KILO)):
    return money.yuan(engine.quote(basket(*lines, to=to, freights=freights), []).shipping_fen)


@pytest.mark.parametrize(
    ("pieces", "fee"), [(1, "10.00"), (2, "10.00"), (3, "13.00"), (4, "13.00"), (5, "16.00")]
)
def test_by_piece_each_begun_pair_beyond_the_first_costs_more(pieces, fee):
    assert shipping(line(CUP, "30.00", pieces, freight="双")) == fee


@pytest.mark.parametrize(
    ("grams", "pieces", "fee"),
    [(0, 1, "6.00"), (500, 2, "6.00"), (501, 2, "7.50"), (750, 2, "7.50"), (751, 2, "9.00")],
)
def test_by_weight_each_begun_half_kilo_beyond_the_first_kilo_costs_more(grams, pieces, fee):
    assert shipping(line(TEA, "50.00", pieces, weight_g=grams, freight="重")) == fee


def test_lines_with_the_same_template_are_counted_together():
    assert shipping(line(CUP, "30.00", 1, freight="双"), line(POT, "90.00", 1, freight="双")) == "10.00"


def test_the_fees_of_different_templates_are_added():
    cups = line(CUP, "30.00", 2, freight="件")  # 8 + 2
    tea = line(TEA, "50.00", 1, weight_g=1200, freight="重")  # 6 + 1.50
    assert shipping(cups, tea) == "17.50"


def test_a_line_without_a_template_ships_free_and_adds_nothing_to_others():
    assert shipping(line(CUP, "30.00", 9)) == "0.00"
    assert shipping(line(CUP, "30.00", 9), line(POT, "90.00", freight="件")) == "8.00"


def test_without_a_destination_shipping_is_not_known_and_not_charged():
    quote = engine.quote(basket(line(CUP, "30.00", freight="件"), to=None, freights=(EVERYWHERE,)), [])
    assert (quote.shipping_fen, quote.shipping_known, quote.payable_fen) == (0, False, 3000)
    assert quote.undeliverable == ()


BY_REGION = by_piece(
    "区",
    zone(1, "5.00", 1, "0.00", "浙江省", "江苏省", "福建省"),
    zone(1, "4.00", 1, "0.00", "杭州市"),
    zone(1, "3.00", 1, "0.00", "西湖区", "南京市/鼓楼区"),
    default=zone(1, "20.00", 1, "0.00"),
)


@pytest.mark.parametrize(
    ("to", "fee"),
    [
        (HANGZHOU, "3.00"),  # the district goes before the city and the province
        (NANJING, "3.00"),
        (FUZHOU, "5.00"),  # another 鼓楼区: the tariff means the one of Nanjing
        (URUMQI, "20.00"),  # no tariff names it: the default
    ],
)
def test_the_most_specific_region_wins(to, fee):
    assert shipping(line(CUP, "30.00", freight="区"), to=to, freights=(BY_REGION,)) == fee


def test_what_no_tariff_reaches_is_named_and_not_charged():
    nearby = by_piece("近", zone(1, "5.00", 1, "0.00", "浙江省"))
    goods = (line(CUP, "30.00", freight="近"), line(POT, "90.00", freight="件"), line(TEA, "50.00"))
    quote = engine.quote(basket(*goods, to=URUMQI, freights=(nearby, EVERYWHERE)), [])
    assert quote.undeliverable == (CUP,)
    assert quote.shipping_fen == 800
    assert payable(quote) == {CUP: "30.00", POT: "90.00", TEA: "50.00"}


@pytest.mark.parametrize(
    ("reason", "build"),
    [
        ("必须大于 0", lambda: zone(0, "1.00", 1, "1.00")),
        ("必须大于 0", lambda: zone(1, "1.00", 0, "1.00")),
        ("至少包含一个地区", lambda: by_piece("件", zone(1, "1.00", 1, "1.00"))),
        ("没有任何可配送地区", lambda: by_piece("件")),
        (
            "地区重复：浙江省",
            lambda: by_piece("件", *(zone(1, fee, 1, "0.00", "浙江省") for fee in ("1.00", "2.00"))),
        ),
    ],
)
def test_a_template_that_cannot_be_charged_by_is_refused(reason, build):
    with pytest.raises(FreightInvalid, match=reason):
        build()
