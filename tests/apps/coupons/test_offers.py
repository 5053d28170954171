"""A member's coupons as offers to pricing, and in words."""

from __future__ import annotations

from typing import Any

import pytest

from apps.base import versions
from apps.coupons import selectors as coupon_facts
from apps.coupons import services as coupons
from apps.coupons import wording
from apps.coupons.models import Template
from mall.pricing import scope
from mall.pricing.offers import EVERY_LANE, Coupon, FreightCoupon, Lane
from tests.apps.coupons.make import AT, DAY, SECOND, coupon, template
from tests.apps.members import make

pytestmark = pytest.mark.django_db

FREIGHT = {"kind": "FREIGHT", "threshold_fen": 3000, "off_fen": 600}


def test_a_coupon_becomes_the_offer_that_its_template_says():
    mine = coupon()
    assert coupon_facts.offers_for(member=mine.member, at=AT) == [
        Coupon(
            ref=f"coupon:{mine.public_id}",
            label="满50减10",
            combines_with=EVERY_LANE,
            threshold_fen=5000,
            off_fen=1000,
            valid_until="2026-03-09T04:00:00+00:00",
        )
    ]


def test_every_kind_has_its_figures():
    owner = make.member()
    for fields in (
        {"kind": "NO_THRESHOLD", "threshold_fen": 0, "off_fen": 500},
        {"kind": "PERCENT", "threshold_fen": 0, "off_fen": None, "off_bp": 1500, "cap_fen": 2000},
        FREIGHT,
    ):
        coupon(owner, of=template(**fields))
    plain, percent, freight = coupon_facts.offers_for(member=owner, at=AT)
    assert isinstance(plain, Coupon) and (plain.threshold_fen, plain.off_fen) == (0, 500)
    assert isinstance(percent, Coupon) and (percent.off_bp, percent.cap_fen) == (1500, 2000)
    assert isinstance(freight, FreightCoupon) and (freight.threshold_fen, freight.off_fen) == (3000, 600)


def test_a_coupon_that_does_not_combine_leaves_points_and_postage():
    (offer,) = coupon_facts.offers_for(member=coupon(of=template(combines=False)).member, at=AT)
    assert offer.combines_with == {Lane.POINTS, Lane.SHIPPING}


def test_offers_are_mine_usable_now_and_here():
    owner = make.member()
    mine = coupon(owner)
    coupon()
    coupon(owner, of=template(channel="STORE"))
    coupon(owner, of=template(valid_from=AT + DAY, valid_until=AT + 2 * DAY))
    held = coupon(owner)
    coupons.hold(order_no="SO1", member_id=owner.pk, public_ids=[held.public_id], at=AT)
    assert [offer.ref for offer in coupon_facts.offers_for(member=owner, at=AT)] == [
        f"coupon:{mine.public_id}"
    ]
    assert coupon_facts.offers_for(member=owner, at=AT + 7 * DAY) == []
    assert coupon_facts.offers_for(member=None, at=AT) == []
    assert len(coupon_facts.offers_for(member=owner, at=AT + 7 * DAY - SECOND)) == 1
    assert len(coupon_facts.offers_for(member=owner, at=AT, channel=Template.Channel.STORE)) == 2


def test_a_quote_is_told_of_all_unused_coupons_those_of_no_use_now_with_the_reason(
    django_assert_num_queries: Any,
) -> None:
    owner = make.member()
    shop = coupon(owner, of=template(channel="STORE"))
    later = coupon(owner, of=template(valid_from=AT + DAY, valid_until=AT + 9 * DAY))
    mine = coupon(owner)
    far = coupon(owner, of=template(valid_from=AT.replace(year=2030), valid_until=AT.replace(year=2031)))
    coupon()
    coupon_facts.wallet_offers(member=owner, at=AT)  # what templates are worth is kept from now on
    with versions.once(), django_assert_num_queries(1):
        offers = coupon_facts.wallet_offers(member=owner, at=AT)
    assert [(offer.ref, offer.refused) for offer in offers] == [
        (f"coupon:{mine.public_id}", ""),
        (f"coupon:{shop.public_id}", "仅限到店使用"),
        (f"coupon:{later.public_id}", "3月3日 12:00 起可用"),
        (f"coupon:{far.public_id}", "2030年3月2日 12:00 起可用"),
    ]


def test_the_wallet_shows_those_that_begin_later_too():
    owner = make.member()
    later = coupon(owner, of=template(valid_from=AT + DAY, valid_until=AT + 2 * DAY))
    week = coupon(owner)
    assert list(coupon_facts.wallet_of(member=owner, at=AT)) == [later, week]


def test_reading_offers_takes_one_statement_for_any_number(django_assert_num_queries):
    owner = make.member()
    for _ in range(50):
        coupon(owner, of=template())
    coupon_facts.offers_for(member=owner, at=AT)  # what templates are worth is kept from now on
    with versions.once(), django_assert_num_queries(1):
        assert len(coupon_facts.offers_for(member=owner, at=AT)) == 50


def test_a_template_that_has_lost_its_goods_offers_nothing_rather_than_everything():
    mine = coupon()
    Template.objects.update(scope="BRANDS")
    assert coupon_facts.offers_for(member=mine.member, at=AT) == []


def test_a_scope_names_its_goods():
    from tests.apps.catalog.make import product

    tea = product()
    (offer,) = coupon_facts.offers_for(member=coupon(of=template(product_ids=[tea.pk])).member, at=AT)
    assert isinstance(offer, Coupon) and offer.scope == scope.Products(frozenset({tea.pk}))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "满50减10"),
        ({"kind": "NO_THRESHOLD", "threshold_fen": 0, "off_fen": 550}, "无门槛减5.50元"),
        ({"kind": "PERCENT", "threshold_fen": 0, "off_fen": None, "off_bp": 2000}, "8折"),
        ({"kind": "PERCENT", "threshold_fen": 0, "off_fen": None, "off_bp": 10_000}, "全免"),
        (FREIGHT, "满30减运费6元"),
        ({**FREIGHT, "threshold_fen": 0, "off_fen": None}, "运费全免"),
    ],
)
def test_what_a_coupon_is_worth_in_words(fields, said):
    assert wording.worth(template(**fields)) == said


def test_fixed_dates_are_said_in_shop_time():
    dated = template(valid_from=AT, valid_until=AT + DAY)
    assert wording.validity(dated) == "2026-03-02 12:00至2026-03-03 12:00"
