"""The demo shop's coupons."""

from __future__ import annotations

import pytest

from apps.coupons import selectors as coupon_facts
from apps.coupons import services as coupons
from apps.coupons.models import Template
from apps.demo import coupons as demo
from apps.members.models import Group
from tests.apps.coupons.make import AT
from tests.apps.members import make

pytestmark = pytest.mark.django_db


def test_the_demo_shop_has_coupons_to_claim_and_a_newcomer_pack_and_fills_once():
    assert [demo.fill(at=AT), demo.fill(at=AT)] == [8, 0]
    assert Template.objects.filter(status="LIVE").count() == 8
    newcomer = make.member()
    assert coupons.welcome(member_id=newcomer.pk, at=AT) == 2
    assert Group.objects.get().name == "茶友会"
    for shown in coupon_facts.centre(member=newcomer, at=AT):
        coupons.claim(member=newcomer, template_id=shown.pk, at=AT)
    assert len(coupon_facts.offers_for(member=newcomer, at=AT)) == 5
    assert len(coupon_facts.offers_for(member=newcomer, at=AT, channel="STORE")) == 5
