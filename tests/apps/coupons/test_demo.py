"""The demo shop's coupons."""

from __future__ import annotations

import pytest

from apps.coupons import demo, selectors
from apps.coupons import services as coupons
from apps.coupons.models import Template
from tests.apps.coupons.make import AT
from tests.apps.members import make

pytestmark = pytest.mark.django_db


def test_the_demo_shop_has_coupons_to_claim_and_a_newcomer_pack_and_fills_once():
    assert [demo.fill(at=AT), demo.fill(at=AT)] == [6, 0]
    assert Template.objects.filter(status="LIVE").count() == 6
    newcomer = make.member()
    assert coupons.welcome(member_id=newcomer.pk, at=AT) == 2
    for shown in selectors.centre(member=newcomer, at=AT):
        coupons.claim(member=newcomer, template_id=shown.pk, at=AT)
    assert len(selectors.offers_for(member=newcomer, at=AT)) == 5
