"""Claims, and coupons for a reason: who gets one, how many, and for how long."""

from __future__ import annotations

import pytest

from apps.coupons import services as coupons
from apps.coupons.models import Coupon, Tally, Template
from apps.coupons.services import issuing, templates
from apps.coupons.states import TemplateStatus
from apps.members.models import Member
from mall.errors import Invalid, NotFound
from mall.pricing.scope import ScopeInvalid
from tests.apps.coupons.make import AT, DAY, SECOND, coupon, template
from tests.apps.members import make

pytestmark = pytest.mark.django_db


def claim(of: Template, member: Member | None = None, *, at=AT) -> Coupon:
    return coupons.claim(member=member or make.member(), template_id=of.pk, at=at)


def test_a_claimed_coupon_is_good_from_now_on_for_the_days_it_says():
    mine = claim(template(valid_days=7))
    assert (mine.status, mine.way) == ("AVAILABLE", "CLAIM")
    assert (mine.valid_from, mine.valid_until) == (AT, AT + 7 * DAY)


def test_a_coupon_with_fixed_dates_keeps_them():
    mine = claim(template(valid_from=AT + DAY, valid_until=AT + 3 * DAY))
    assert (mine.valid_from, mine.valid_until) == (AT + DAY, AT + 3 * DAY)


def test_claiming_takes_two_statements(django_assert_num_queries):
    shown, member = template(per_member=2), make.member()
    claim(shown, member)
    with django_assert_num_queries(4):  # with the savepoint of the test
        claim(shown, member)


def test_a_claim_with_a_key_brings_one_coupon_however_often_it_is_asked_for():
    shown, member = template(per_member=2), make.member()
    first = coupons.claim(member=member, template_id=shown.pk, at=AT, key="a")
    Template.objects.update(status=TemplateStatus.STOPPED)
    assert coupons.claim(member=member, template_id=shown.pk, at=AT + DAY, key="a") == first
    Template.objects.update(status=TemplateStatus.LIVE)
    second = coupons.claim(member=member, template_id=shown.pk, at=AT, key="b")
    assert second != first
    with pytest.raises(coupons.ClaimLimitReached):
        coupons.claim(member=member, template_id=shown.pk, at=AT, key="c")
    shown.refresh_from_db()
    assert (shown.issued, Tally.objects.get().taken, Coupon.objects.count()) == (2, 2, 2)


def test_a_key_is_one_members_and_one_templates():
    shown, other, member = template(), template(), make.member()
    mine = coupons.claim(member=member, template_id=shown.pk, at=AT, key="a")
    assert coupons.claim(member=make.member(), template_id=shown.pk, at=AT, key="a") != mine
    with pytest.raises(issuing.IdempotencyKeyReused):
        coupons.claim(member=member, template_id=other.pk, at=AT, key="a")
    assert Coupon.objects.filter(member=member).count() == 1


def test_the_coupon_that_was_claimed_is_answered_as_it_was_written():
    shown = template(per_member=2)
    claimed = claim(shown)
    written = Coupon.objects.get()
    columns = [field.attname for field in Coupon._meta.concrete_fields]
    assert {name: getattr(claimed, name) for name in columns} == {
        name: getattr(written, name) for name in columns
    }
    assert (claimed.template, claimed._state.adding, claimed._state.db) == (shown, False, "default")


def test_whoever_was_given_it_before_and_is_counted_as_having_taken_none_has_the_same_one():
    shown, member = template(per_member=1), make.member()
    first = claim(shown, member)
    Tally.objects.all().delete()
    assert claim(shown, member) == first
    shown.refresh_from_db()
    assert (shown.issued, Coupon.objects.count()) == (1, 1)


def test_the_quota_is_the_last_coupon_there_is():
    scarce = template(quota=2)
    claim(scarce)
    claim(scarce)
    with pytest.raises(coupons.SoldOut):
        claim(scarce)
    scarce.refresh_from_db()
    assert (scarce.issued, Coupon.objects.count()) == (2, 2)


def test_a_refused_claim_does_not_count_for_the_member():
    scarce, member = template(quota=1), make.member()
    other = claim(scarce)
    with pytest.raises(coupons.SoldOut):
        claim(scarce, member)
    Template.objects.update(quota=2)
    assert claim(scarce, member).pk != other.pk


def test_a_member_takes_as_many_as_one_may():
    member, twice = make.member(), template(per_member=2)
    claim(twice, member)
    claim(twice, member)
    with pytest.raises(coupons.ClaimLimitReached) as refusal:
        claim(twice, member)
    assert refusal.value.details == {"limit": 2}
    assert claim(twice).member != member


@pytest.mark.parametrize(("at", "open_"), [(AT - SECOND, False), (AT, True), (AT + DAY, False)])
def test_claiming_begins_and_ends_to_the_second(at, open_):
    timed = template(claim_from=AT, claim_until=AT + DAY)
    if open_:
        assert claim(timed, at=at).issued_at == at
    else:
        with pytest.raises(coupons.ClaimClosed):
            claim(timed, at=at)


def test_a_coupon_for_a_level_is_for_that_level():
    gold, plain = make.level("金卡", rank=2), make.level("普通", rank=1)
    meant = template(level_ids=[gold.pk])
    with pytest.raises(coupons.LevelTooLow):
        claim(meant, make.member(level=plain))
    assert claim(meant, make.member(level=gold)).template == meant


@pytest.mark.parametrize("fields", [{"visible": False}, {"live": False}])
def test_what_the_coupon_centre_does_not_show_cannot_be_claimed_by_guessing_its_number(fields):
    hidden = template(**fields)
    with pytest.raises(NotFound):
        claim(hidden)


def test_a_stopped_template_gives_out_no_more_and_its_coupons_stay_good():
    mine = coupon(of=(stopped := template()))
    templates.stop(template_id=stopped.pk)
    with pytest.raises(NotFound):
        claim(stopped)
    with pytest.raises(coupons.NotIssued):
        coupon(of=stopped)
    coupons.hold(order_no="SO1", member_id=mine.member_id, public_ids=[mine.public_id], at=AT)
    with pytest.raises(templates.NotLive):
        templates.stop(template_id=template(live=False).pk)


def test_a_coupon_that_would_have_ended_is_not_issued():
    over = template(valid_from=AT - 2 * DAY, valid_until=AT)
    with pytest.raises(coupons.NotIssued):
        coupon(of=over)


def test_the_same_cause_gives_one_coupon():
    of, member = template(), make.member()
    given = [
        coupons.issue(template_id=of.pk, member_id=member.pk, way="COMPENSATION", cause="case:7", at=AT)
        for _ in range(2)
    ]
    assert given[0] == given[1]
    of.refresh_from_db()
    assert of.issued == 1


def test_a_coupon_can_be_taken_away_once_and_not_while_an_order_has_it():
    mine, taken = coupon(), coupon()
    for _ in range(2):
        coupons.revoke(coupon_id=mine.pk, operator=None, note="误发", at=AT)
    mine.refresh_from_db()
    assert (mine.status, mine.moves.count()) == ("REVOKED", 1)
    coupons.hold(order_no="SO1", member_id=taken.member_id, public_ids=[taken.public_id], at=AT)
    with pytest.raises(coupons.CouponConflict):
        coupons.revoke(coupon_id=taken.pk, operator=None, note="误发", at=AT)


@pytest.mark.parametrize(
    ("figures", "error"),
    [
        ({"kind": "THRESHOLD", "threshold_fen": 1000, "off_fen": 2000}, Invalid),
        ({"kind": "THRESHOLD", "threshold_fen": 0, "off_fen": 100}, Invalid),
        ({"kind": "NO_THRESHOLD", "threshold_fen": 500, "off_fen": 100}, Invalid),
        ({"kind": "PERCENT", "threshold_fen": 0, "off_fen": None}, Invalid),
        ({"kind": "PERCENT", "threshold_fen": 0, "off_fen": None, "off_bp": 10_001}, Invalid),
        ({"cap_fen": 100}, Invalid),
        ({"valid_days": 7, "valid_until": AT}, Invalid),
        ({"valid_from": AT, "valid_until": AT, "valid_days": None}, Invalid),
        ({"claim_from": AT, "claim_until": AT}, Invalid),
        ({"per_member": 0}, Invalid),
        ({"occasion": "ORDER_GIFT"}, Invalid),
    ],
)
def test_a_template_that_nobody_could_explain_is_refused(figures, error):
    with pytest.raises(error):
        template(**figures)
    assert not Template.objects.exists()


def test_a_template_whose_goods_are_gone_does_not_go_live():
    empty = template(live=False)
    Template.objects.update(scope="BRANDS")
    with pytest.raises(ScopeInvalid):
        templates.publish(template_id=empty.pk)
