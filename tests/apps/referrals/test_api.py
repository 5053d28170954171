"""Referrals over HTTP: what is offered, how my friends stand, the leaderboard; and as entries of a campaign file."""

from __future__ import annotations

import io
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.referrals import services as referrals
from apps.referrals.drafts import Step
from apps.referrals.models import Invitation, Referral
from tests.apps.checkout import make as counter
from tests.apps.coupons import make as coupon_makers
from tests.apps.members import make as members
from tests.apps.referrals import make
from tests.conftest import Shopper

pytestmark = pytest.mark.django_db


def of(member: Any = None) -> Shopper:
    return Shopper(members.access_token(member) if member else "")


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def live(now: datetime, **said: Any) -> Referral:
    window = {"starts_at": now - timedelta(days=1), "ends_at": now + timedelta(days=1)}
    return make.campaign(at=now, **{**window, **said})


def test_a_campaign_is_listed_and_read_with_its_prizes_and_mine_only_with_login(now):
    template = coupon_makers.template("满50减10", code="FRIEND10")
    row = live(
        now,
        tiers=[
            Step(friends=1, prize=make.coupon(template)),
            Step(friends=3, prize=make.points(500)),
        ],
        friend_prize=make.points(20),
    )
    (shown,) = of().call("GET", "/referrals").json()["results"]
    assert (shown["id"], shown["act"], shown["state"], shown["mine"]) == (row.pk, "REGISTERED", "LIVE", None)
    plain = {"code": None, "points": None, "sku_id": None, "quantity": None}
    coupon = {**plain, "kind": "coupon", "code": "FRIEND10", "title": "满50减10"}
    points = {**plain, "kind": "points", "points": 500, "title": "500 积分"}
    assert shown["tiers"] == [{"friends": 1, "prize": coupon}, {"friends": 3, "prize": points}]
    assert shown["friend_prize"]["points"] == 20
    inviter = make.member()
    mine = of(inviter).call("GET", f"/referrals/{row.pk}").json()
    assert mine["mine"] == {"friends": 0, "counted": 0, "held": 0, "won": []}
    assert "server_time" in mine


def test_a_friend_who_comes_by_the_token_and_registers_wins_the_first_tier(now):
    row, inviter = live(now), make.member()
    token = of(inviter).call("POST", "/shares", {"kind": "referral", "id": row.pk}).json()["token"]
    friend = make.newcomer(registered_at=now)
    assert of(friend).call("POST", "/visits", {"share_token": token}).status_code == 204
    referrals.count_invited(invitation_id=Invitation.objects.get(friend=friend).pk, at=now)
    mine = of(inviter).call("GET", f"/referrals/{row.pk}").json()["mine"]
    assert (mine["friends"], mine["counted"], mine["held"]) == (1, 1, 0)
    assert [(won["tier"], won["status"], won["order"]) for won in mine["won"]] == [(1, "GIVEN", None)]


def test_a_draft_an_unknown_and_an_odd_id_are_not_found(now):
    draft = referrals.CAMPAIGNS.save(make.draft(), at=now).row
    for number in (draft.pk, 0, 10**30):
        answer = of().call("GET", f"/referrals/{number}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    answer = of(make.member()).call("POST", "/shares", {"kind": "referral", "id": draft.pk})
    assert (answer.status_code, answer.json()["code"]) == (404, "share_not_found")


def test_the_leaderboard_is_masked_and_refuses_an_unknown_period(now):
    row, inviter = live(now), make.member("林小满")
    make.registered(inviter, row, at=now)
    board = of(inviter).call("GET", "/leaderboards/referrals?period=month").json()
    place = {"place": 1, "nickname": "林**", "friends": 1}
    assert (board["results"], board["mine"]) == ([place], place)
    assert of().call("GET", "/leaderboards/referrals").json()["mine"] is None
    refused = of().call("GET", "/leaderboards/referrals?period=year")
    assert (refused.status_code, refused.json()["code"]) == (400, "period_unknown")


ENTRY = {
    "code": "BRING",
    "title": "请好友喝春茶",
    "act": "FIRST_ORDER",
    "needs_phone": True,
    "tiers": [
        {"friends": 1, "prize": {"kind": "coupon", "code": "FRIEND10"}},
        {"friends": 3, "prize": {"kind": "points", "points": 500}},
    ],
    "friend_prize": {"kind": "points", "points": 20},
    "starts_at": "2026-11-20T00:00:00+08:00",
    "ends_at": "2026-12-20T00:00:00+08:00",
}


def load(tmp_path: Any, *entries: Any) -> dict[str, Any]:
    path, out = tmp_path / "campaigns.json", io.StringIO()
    path.write_text(json.dumps({"referrals": entries}))
    call_command("load_campaigns", str(path), stdout=out, stderr=io.StringIO())
    return json.loads(out.getvalue())


def test_a_file_makes_and_changes_a_campaign_by_its_code_and_is_written_again(tmp_path):
    coupon_makers.template("满50减10", code="FRIEND10")
    cup = {"kind": "goods", "sku_id": counter.goods().pk, "units": 1, "days": 30}
    first = load(tmp_path, ENTRY)["referrals"]["BRING"]
    changed = {**ENTRY, "tiers": [*ENTRY["tiers"][:1], {"friends": 9, "prize": cup}]}
    assert load(tmp_path, changed)["referrals"]["BRING"] == first
    row = Referral.objects.get(pk=first)
    assert (row.approval, list(row.tiers.values_list("friends", flat=True))) == ("APPROVED", [1, 9])
    out = io.StringIO()
    call_command("dump_campaigns", stdout=out)
    (written,) = json.loads(out.getvalue())["referrals"]
    assert (written["tiers"], written["friend_prize"]) == (changed["tiers"], ENTRY["friend_prize"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"tiers": []},
        {"tiers": [{"friends": 0, "prize": {"kind": "points", "points": 1}}]},
        {"tiers": [{"friends": 10**9, "prize": {"kind": "points", "points": 1}}]},
        {"tiers": [{"friends": 1, "prize": {"kind": "points", "points": 0.5}}]},
        {"tiers": [{"friends": 1, "prize": {"kind": "points", "points": -1}}]},
        {"tiers": [{"friends": 1, "prize": {"kind": "coupon", "code": "NONE"}}]},
        {"tiers": [{"friends": 1, "prize": {"kind": "cash", "points": 1}}]},
        {"tiers": [{"friends": 1, "prize": {"kind": "goods", "sku_id": 10**9, "units": 1, "days": 1}}]},
        {"tiers": [{"friends": 1, "prize": {"kind": "points", "points": 1}}] * 2},
        {"act": "SHARED"},
        {"friend_prize": {"kind": "points", "points": 10**9}},
        {"ends_at": "2026-11-01T00:00:00+08:00"},
        {"third_level": True},
    ],
)
def test_what_no_shop_can_mean_is_refused_and_nothing_is_stored(tmp_path, wrong):
    coupon_makers.template("满50减10", code="FRIEND10")
    with pytest.raises((CommandError, SystemExit)):
        load(tmp_path, {**ENTRY, **wrong})
    assert Referral.objects.count() == 0
