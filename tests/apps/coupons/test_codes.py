"""Codes: made by the hundred thousand, redeemed once; promoters' words; wrong ones counted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from apps.coupons import services as coupons
from apps.coupons.models import Code, CodeTries, Coupon, PromoCode, Template
from apps.coupons.services import codes, templates
from mall.errors import Invalid
from tests.apps.coupons.make import AT, DAY, SECOND, template
from tests.apps.members import make

pytestmark = pytest.mark.django_db


def batch_of(of: Template, size: int = 1, **fields):
    return codes.create_batch(template_id=of.pk, name="首批", size=size, operator=None, at=AT, **fields)


def code_of(of: Template, **fields) -> str:
    batch = batch_of(of, **fields)
    codes.make_due()
    return batch.codes.get().code


def redeem(code: str, member=None, *, at=AT) -> Coupon:
    return coupons.redeem_code(member=member or make.member(), code=code, at=at)


def promo(of: Template, code: str = "XIAOWANG", **fields) -> PromoCode:
    fields = fields or {"promoter": make.member("小王")}
    return PromoCode.objects.create(template=of, code=code, **fields)


def test_a_batch_is_made_in_chunks_and_goes_on_where_it_stopped():
    batch = batch_of(template(), 12)
    assert [codes.make_chunk(limit=5) for _ in range(4)] == [5, 5, 2, 0]
    batch.refresh_from_db()
    assert (batch.made, batch.status) == (12, "DONE")
    made = list(Code.objects.values_list("code", flat=True))
    assert len(set(made)) == 12
    assert {len(code) for code in made} == {16}


def test_a_batch_takes_its_quota_at_once_and_its_codes_are_good_when_it_is_used_up():
    scarce = template(quota=3)
    code = batch_of(scarce, 3)
    codes.make_due()
    with pytest.raises(coupons.SoldOut):
        coupons.claim(member=make.member(), template_id=scarce.pk, at=AT)
    redeem(code.codes.first().code)
    scarce.refresh_from_db()
    assert (scarce.issued, Coupon.objects.count()) == (3, 1)
    with pytest.raises(coupons.SoldOut):
        batch_of(scarce, 1)


@pytest.mark.parametrize("size", [0, -1, 1_000_001])
def test_a_batch_of_no_size_is_refused(size):
    with pytest.raises(Invalid):
        batch_of(template(), size)


def test_the_export_holds_every_code_and_reads_well_in_excel():
    batch = batch_of(template(), 12)
    codes.make_due()
    used = batch.codes.order_by("id").first().code
    redeem(used)
    pieces = list(codes.exported(batch_id=batch.pk, chunk=5))
    assert len(pieces) == 4
    lines = "".join(pieces).split("\r\n")
    assert lines[0] == "\ufeff兑换码,兑换时间"
    assert lines[1] == f"{used},2026-03-02 12:00:00"
    assert len(lines) == 12 + 2


def test_a_code_is_somebodys_for_ever_once_it_was_redeemed():
    code, first = code_of(template()), make.member()
    mine = redeem(code, first)
    assert redeem(code, first) == mine
    with pytest.raises(coupons.CodeInvalid):
        redeem(code)
    assert (Coupon.objects.count(), mine.way) == (1, "CODE")


def test_codes_end_to_the_second_and_that_costs_no_try():
    code = code_of(template(), expires_at=AT + DAY)
    with pytest.raises(codes.CodeExpired):
        redeem(code, member := make.member(), at=AT + DAY)
    assert CodeTries.objects.get(member=member).wrong == 0
    assert redeem(code, member, at=AT + DAY - SECOND).member == member


def test_a_member_redeems_no_more_codes_than_coupons_one_may_have_and_keeps_the_code():
    one = template()
    first, second, member = code_of(one), code_of(one), make.member()
    redeem(first, member)
    with pytest.raises(coupons.ClaimLimitReached):
        redeem(second, member)
    assert redeem(second).template == one


def test_codes_of_a_stopped_template_are_not_redeemed():
    of = template()
    code, word = code_of(of), promo(of)
    templates.stop(template_id=of.pk)
    for written in (code, word.code):
        with pytest.raises(coupons.NotIssued):
            redeem(written)
    assert Code.objects.get().redeemed_by is None


def test_ten_wrong_codes_then_the_eleventh_waits_until_the_hour_is_over():
    member, code = make.member(), code_of(template())
    for number in range(10):
        with pytest.raises(coupons.CodeInvalid):
            redeem(f"WRONG{number}", member, at=AT + number * timedelta(minutes=1))
    with pytest.raises(coupons.TooManyTries) as refusal:
        redeem(code, member, at=AT + timedelta(minutes=50))
    assert refusal.value.details == {"retry_after": 600}
    assert redeem(code, member, at=AT + timedelta(hours=1)).member == member


def test_right_codes_cost_no_tries():
    member, of = make.member(), template(per_member=20)
    batch_of(of, 15)
    codes.make_due()
    for code in Code.objects.values_list("code", flat=True):
        redeem(code, member)
    assert CodeTries.objects.get(member=member).wrong == 0


def test_a_promoters_word_is_counted_for_them_and_shown_on_the_coupon():
    word = promo(template())
    given = [redeem(" xiao-wang "), redeem("XIAOWANG")]
    word.refresh_from_db()
    assert word.redemptions == 2
    assert {coupon.promo for coupon in given} == {word}
    assert {coupon.way for coupon in given} == {"PROMO"}


def test_a_promoters_word_keeps_the_limits_of_its_template():
    word = promo(template(quota=2))
    twice = make.member()
    redeem(word.code, twice)
    with pytest.raises(coupons.ClaimLimitReached):
        redeem(word.code, twice)
    redeem(word.code)
    with pytest.raises(coupons.SoldOut):
        redeem(word.code)
    word.refresh_from_db()
    assert word.redemptions == 2


def test_promoters_do_not_bring_in_themselves():
    word = promo(template())
    assert word.promoter
    with pytest.raises(codes.OwnPromoCode):
        redeem(word.code, word.promoter)


def test_a_word_that_was_switched_off_is_a_wrong_code():
    promo(template(), enabled=False, operator=User.objects.create(username="staff"))
    with pytest.raises(coupons.CodeInvalid):
        redeem("XIAOWANG")


def test_a_promo_code_belongs_to_exactly_one_person():
    for people in ({}, {"promoter": make.member(), "operator": User.objects.create(username="staff")}):
        with pytest.raises(IntegrityError, match="promo_code_of_one_person"), transaction.atomic():
            PromoCode.objects.create(template=template(), code="X123", **people)
