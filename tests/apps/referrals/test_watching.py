"""Friends who stay at a page: long enough by the shop's clock, once, only newcomers, for a small reward."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.campaigns.admission import Ended
from apps.referrals import services as referrals
from apps.referrals.drafts import Step
from apps.referrals.models import Invitation, Referral
from apps.referrals.services import watching
from apps.risk.models import Look
from mall.errors import NotFound
from tests.apps.checkout import make as counter
from tests.apps.coupons import make as coupon_makers
from tests.apps.members import make as members
from tests.apps.referrals import make
from tests.apps.referrals.make import DAY, MINUTE, NOW
from tests.conftest import Shopper

pytestmark = pytest.mark.django_db


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def invited(row: Referral, **columns: Any) -> tuple[Any, Any]:
    """An inviter and a friend who registered by their share."""
    inviter, friend = make.member(phone="13912345678"), make.newcomer(**columns)
    make.come(friend, make.share(inviter, row))
    return inviter, friend


def opened(row: Referral, friend: Any, *, at: datetime = NOW) -> watching.Opening:
    return watching.open_page(referral_id=row.pk, member_id=friend.pk, at=at)


def done(row: Referral, friend: Any, token: str, *, at: datetime) -> Invitation:
    return watching.done(referral_id=row.pk, member_id=friend.pk, token=token, at=at)


def test_a_friend_counts_after_15_seconds_of_the_shops_clock_not_before_and_once():
    row = make.watching(counter.goods())
    inviter, friend = invited(row)
    page = opened(row, friend)
    assert page.path == f"/pages/product/index?id={row.watch_id}"
    with pytest.raises(watching.TooShort) as early:
        done(row, friend, page.token, at=after(14.2))
    assert early.value.details == {"left_seconds": 1}
    assert make.standing(inviter, row) == (1, 0, 0)
    done(row, friend, page.token, at=after(15))
    assert (make.standing(inviter, row), make.balance(inviter)) == ((1, 1, 0), (50, 0))
    with pytest.raises(watching.WatchedAlready):
        done(row, friend, page.token, at=after(16))
    with pytest.raises(watching.WatchedAlready):
        opened(row, friend, at=after(16))
    assert make.balance(inviter) == (50, 0)


def test_a_page_that_was_left_and_a_token_of_another_friend_are_no_proof():
    row = make.watching(counter.goods())
    inviter, friend = invited(row)
    second = make.newcomer()
    make.come(second, make.share(inviter, row))
    page = opened(row, friend)
    for who, token, at in (
        (friend, page.token, after(15) + 30 * MINUTE),
        (second, page.token, after(20)),
        (friend, page.token[1:], after(20)),
        (friend, "", after(20)),
    ):
        with pytest.raises(watching.TokenInvalid):
            done(row, who, token, at=at)
    assert make.standing(inviter, row) == (2, 0, 0)


def test_who_was_a_member_before_who_came_by_nobody_and_who_comes_late_cannot():
    row = make.watching(counter.goods())
    inviter, friend = invited(row)
    old = make.member(registered_at=NOW - 60 * DAY)
    make.come(old, make.share(inviter, row))
    for who in (old, make.newcomer(), inviter):
        with pytest.raises(watching.NotInvited):
            opened(row, who)
    with pytest.raises(Ended):
        opened(row, friend, at=row.ends_at)
    with pytest.raises(NotFound):
        opened(make.campaign(), friend)


def test_a_friend_on_the_inviters_phone_waits_for_a_look_like_every_other():
    row = make.watching(counter.goods())
    inviter, friend = invited(row, phone="13912345678")
    done(row, friend, opened(row, friend).token, at=after(15))
    assert (make.standing(inviter, row), make.balance(inviter)) == ((1, 0, 1), (0, 0))
    assert Look.objects.get(kind="referral").verdict == "HELD"


def test_where_a_phone_is_asked_for_staying_counts_when_it_is_told():
    row = make.watching(counter.goods(), needs_phone=True)
    inviter, friend = invited(row)
    friend.phone = "13812345678"
    assert referrals.count_phone(member_id=friend.pk, at=NOW) == 0
    done(row, friend, opened(row, friend).token, at=after(15))
    assert make.standing(inviter, row) == (1, 0, 0)
    friend.save(update_fields=["phone"])
    assert referrals.count_phone(member_id=friend.pk, at=after(60)) == 1
    assert make.balance(inviter) == (50, 0)


def test_over_http_a_page_is_opened_and_staying_told_so_often_a_minute(settings):
    now = timezone.now()
    row = make.watching(counter.goods(), at=now, starts_at=now - DAY, ends_at=now + DAY)
    inviter, friend = make.member(), make.newcomer(registered_at=now)
    make.come(friend, make.share(inviter, row, at=now), at=now)
    shopper = Shopper(members.access_token(friend))
    shown = shopper.call("GET", f"/referrals/{row.pk}").json()["watch"]
    assert shown == {"kind": "product", "id": row.watch_id, "seconds": 15}
    page = shopper.call("POST", f"/referrals/{row.pk}/watch")
    assert (page.status_code, page.json()["seconds"]) == (201, 15)
    early = shopper.call("POST", f"/referrals/{row.pk}/watch/done", {"token": page.json()["token"]})
    assert (early.status_code, early.json()["code"]) == (409, "watch_too_short")
    assert 0 < early.json()["details"]["left_seconds"] <= 15
    for said in ({}, {"token": 7}, {"token": "x" * 201}, {"token": None}):
        assert shopper.call("POST", f"/referrals/{row.pk}/watch/done", said).status_code == 400
    assert Shopper("").call("POST", f"/referrals/{row.pk}/watch").status_code == 401
    rates = {**settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], "watch": "2/min"}
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}
    assert shopper.call("POST", f"/referrals/{row.pk}/watch").status_code == 429


def refused(**said: Any) -> dict[str, str]:
    plain = {"act": "WATCHED", "watch_kind": "product", "watch_id": 1, "watch_seconds": 15}
    draft = make.draft(**{**plain, "tiers": [Step(friends=1, prize=make.points(100))], **said})
    with pytest.raises(referrals.ReferralRefused) as refusal:
        referrals.CAMPAIGNS.save(draft, at=NOW)
    return {fault.field: fault.text for fault in refusal.value.faults}


def test_only_small_prizes_go_with_a_cheap_act_and_it_is_said_why():
    small, large = (
        coupon_makers.template(f"满50减{fen // 100}", code=f"OFF{fen}", threshold_fen=5000, off_fen=fen)
        for fen in (500, 501)
    )
    for prize in (make.points(101), make.coupon(large), make.goods(counter.goods())):
        assert "诱导分享" in refused(tiers=[Step(friends=1, prize=prize)])["tiers[0].prize"]
    assert "100 积分" in refused(friend_prize=make.points(101))["friend_prize"]
    row = make.watching(counter.goods(), tiers=[Step(friends=1, prize=make.coupon(small))])
    assert row.approval == "APPROVED"


@pytest.mark.parametrize(
    "said",
    [
        {"watch_kind": ""},
        {"watch_kind": "referral"},
        {"watch_kind": "promoter"},
        {"watch_id": None},
        {"watch_id": -1},
        {"watch_seconds": 4},
        {"watch_seconds": 601},
        {"act": "REGISTERED", "watch_kind": "", "watch_id": None},
    ],
)
def test_a_page_is_named_where_friends_have_to_stay_and_nowhere_else(said):
    assert set(refused(**said)) <= {"watch_kind", "watch_id", "watch_seconds"}
