"""A coupon may take off a sum of its own: in quotes, in the wallet, at the till, and never more than its threshold."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from apps.coupons import selectors as coupon_facts
from apps.coupons import services as coupons
from apps.coupons import till, wording
from apps.coupons.models import Coupon
from tests.apps.coupons import make
from tests.apps.coupons.make import AT
from tests.apps.members import make as members

pytestmark = pytest.mark.django_db


def issued(own_off_fen: int | None, **fields: object) -> Coupon:
    template = make.template(**fields)
    owner = members.member()
    return coupons.issue(
        template_id=template.pk,
        member_id=owner.pk,
        way=Coupon.Way.PACKET,
        cause="packet:1",
        own_off_fen=own_off_fen,
        at=AT,
    )


def test_its_own_sum_is_what_it_takes_off_and_what_everybody_reads():
    coupon = issued(163)
    plain = make.coupon(coupon.member, of=coupon.template)
    by_ref = {offer.ref: offer for offer in coupon_facts.offers_for(member=coupon.member, at=AT)}
    assert by_ref == {offer.ref: offer for offer in coupon_facts.wallet_offers(member=coupon.member, at=AT)}
    assert by_ref[f"coupon:{coupon.public_id}"].off_fen == 163
    assert by_ref[f"coupon:{plain.public_id}"].off_fen == 1000
    assert (wording.worth(coupon.says), wording.worth(coupon.template)) == ("满50减1.63", "满50减10")
    assert (till.off_fen(coupon, goods_fen=5000), till.off_fen(plain, goods_fen=5000)) == (163, 1000)


def test_reading_what_it_says_changes_no_template():
    coupon = issued(163)
    assert coupon.says.off_fen == 163
    assert coupon.template.off_fen == 1000


@pytest.mark.parametrize("off_fen", [0, -1, 5001, 10**9])
def test_no_sum_or_more_than_the_threshold_is_refused_and_nothing_issued(off_fen):
    with pytest.raises(ValueError, match="of its own"):
        issued(off_fen)
    assert not Coupon.objects.exists()


def test_a_percentage_has_no_sum_of_its_own():
    with pytest.raises(ValueError, match="of its own"):
        issued(100, kind="PERCENT", off_fen=None, off_bp=1000)


def test_the_database_refuses_a_sum_below_one_fen():
    coupon = issued(163)
    with pytest.raises(IntegrityError, match="coupon_own_sum_positive"), transaction.atomic():
        Coupon.objects.filter(pk=coupon.pk).update(own_off_fen=0)
