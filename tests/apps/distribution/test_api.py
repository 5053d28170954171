"""Distribution over HTTP: applying, being brought, the promoter's pages, the leaderboard, and bad input."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest
from django.utils import timezone

from apps.distribution.models import BondChange, Promoter, PromoterLevel
from apps.distribution.services import commissions, promoters, rules
from apps.members.models import Consent, Document
from tests.apps.checkout import make as counter
from tests.apps.distribution import make
from tests.apps.members import make as members
from tests.conftest import Shopper

pytestmark = pytest.mark.django_db


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def shop(now):
    """A promoter with an inviter, a customer, and an order of two lines that was paid."""
    make.set_rules()
    counter.freight(0)
    earlier = now - timedelta(minutes=5)
    first, second = make.promoter(at=earlier), make.promoter(make.member("林小满"), at=earlier)
    buyer = counter.buyer(nickname="周周")
    make.bind(second.member, first, at=earlier)
    make.bind(buyer[0], second, at=earlier)
    cup, pot = counter.goods(1000), counter.goods(5000)
    order = counter.order(*buyer, [(cup, 2), (pot, 1)], at=now)
    counter.pay(order, at=now)
    commissions.accrue(order_no=order.order_no, at=now)
    return first, second, buyer[0], order, cup


def of(member) -> Shopper:
    return Shopper(members.access_token(member))


def test_who_never_asked_is_none_and_asks_and_waits_and_asks_again_and_still_waits():
    shopper = of(make.member())
    assert shopper.call("GET", "/me/promoter").json()["status"] == "NONE"
    for _ in range(2):
        answer = shopper.call("POST", "/me/promoter", {})
        assert (answer.status_code, answer.json()["status"]) == (200, "PENDING")
    assert Promoter.objects.count() == 1


def test_where_nobody_looks_who_asks_promotes_at_once():
    make.set_rules(needs_review=False)
    answer = of(make.member()).call("POST", "/me/promoter", {}).json()
    assert (answer["status"], answer["rates_bp"]) == ("ACTIVE", {"first": 1000, "second": 500})
    assert answer["promo_code"] == Promoter.objects.get().code


def test_where_an_agreement_is_published_its_version_is_agreed_to():
    make.set_rules(needs_review=False)
    Document.objects.create(kind="promoter", version="2.0", body="……", published_at=make.NOW)
    member = make.member()
    shopper = of(member)
    refused = shopper.call("POST", "/me/promoter", {})
    assert (refused.status_code, refused.json()["code"]) == (403, "consent_required")
    refused = shopper.call("POST", "/me/promoter", {"agreement_version": "1.0"})
    assert (refused.status_code, refused.json()["code"]) == (400, "document_version_invalid")
    assert Promoter.objects.count() == 0
    assert shopper.call("POST", "/me/promoter", {"agreement_version": "2.0"}).json()["status"] == "ACTIVE"
    assert Consent.objects.filter(member=member, document__kind="promoter").count() == 1


def test_a_shop_that_takes_nobody_says_so():
    make.set_rules(joining=False)
    refused = of(make.member()).call("POST", "/me/promoter", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "promoter_joining_closed")


def test_who_leaves_has_left_and_may_ask_again():
    promoter = make.promoter()
    shopper = of(promoter.member)
    assert shopper.call("DELETE", "/me/promoter").status_code == 204
    assert shopper.call("GET", "/me/promoter").json()["status"] == "LEFT"
    assert shopper.call("POST", "/me/promoter", {}).json()["status"] == "PENDING"


def test_a_visit_by_a_promoters_share_binds_and_who_came_by_nobody_is_null():
    make.set_rules(valid_days=30)
    promoter, visitor = make.promoter(make.member("林小满")), make.member()
    shopper = of(visitor)
    answer = shopper.call("GET", "/me/inviter")
    assert (answer.status_code, answer.content) == (200, b"null")
    token = of(promoter.member).call("POST", "/shares", {"kind": "promoter", "id": "me"}).json()["token"]
    assert shopper.call("POST", "/visits", {"share_token": token}).status_code == 204
    inviter = shopper.call("GET", "/me/inviter").json()
    assert inviter["nickname"] == "林**"
    assert inviter["until"] > inviter["since"]


@pytest.mark.parametrize("token", [None, 7, "", "nonsense", "A" * 28, "0" * 28, {"a": 1}])
def test_a_token_that_is_not_the_shops_binds_nobody(token):
    visitor = make.member()
    assert of(visitor).call("POST", "/visits", {"share_token": token}).status_code == 204
    assert BondChange.objects.count() == 0


def test_a_tampered_token_binds_nobody():
    promoter, visitor = make.promoter(), make.member()
    token = make.share(promoter).token
    tampered = token[:-1] + ("A" if token[-1] != "A" else "B")
    assert of(visitor).call("POST", "/visits", {"share_token": tampered}).status_code == 204
    assert BondChange.objects.count() == 0


def test_only_active_promoters_share_themselves_and_only_as_me():
    stranger = of(make.member()).call("POST", "/shares", {"kind": "promoter", "id": "me"})
    assert (stranger.status_code, stranger.json()["code"]) == (404, "share_not_found")
    other = of(make.promoter().member).call("POST", "/shares", {"kind": "promoter", "id": "you"})
    assert other.status_code == 404


def test_a_code_binds_and_a_second_one_is_refused_with_the_reason():
    make.set_rules()
    first, second, shopper = make.promoter(make.member("林小满")), make.promoter(), of(make.member())
    assert (
        shopper.call("POST", "/me/inviter", {"promo_code": first.code.lower()}).json()["nickname"] == "林**"
    )
    refused = shopper.call("POST", "/me/inviter", {"promo_code": second.code})
    assert (refused.status_code, refused.json()["code"]) == (409, "binding_refused")
    assert refused.json()["details"] == {"reason": "first_touch"}
    unknown = shopper.call("POST", "/me/inviter", {"promo_code": "NOBODY22"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "promo_code_not_found")


@pytest.mark.parametrize("body", [{}, {"promo_code": 7}, {"promo_code": None}, {"promo_code": ""}, [], "x"])
def test_a_code_that_is_no_text_is_400(body):
    assert of(make.member()).call("POST", "/me/inviter", body).status_code == 400


def test_the_team_has_two_levels_masked_and_a_third_is_refused(shop):
    first, second, _, _, _ = shop
    level_one = of(first.member).call("GET", "/me/promoter/team").json()["results"]
    assert [(row["nickname"], row["is_promoter"], row["orders"]) for row in level_one] == [("林**", True, 0)]
    level_two = of(first.member).call("GET", "/me/promoter/team?level=2").json()["results"]
    assert [(row["nickname"], row["is_promoter"], row["orders"]) for row in level_two] == [("周**", False, 1)]
    for level in ("3", "0", "-1", "0.5", "1e9", "NaN", "二"):
        refused = of(second.member).call("GET", f"/me/promoter/team?level={quote(level)}")
        assert (refused.status_code, refused.json()["code"]) == (400, "team_level_invalid")


def test_the_promoters_money_orders_and_commissions(shop):
    first, second, _, order, cup = shop
    assert of(second.member).call("GET", "/me/promoter").json()["pending_fen"] == 200 + 500
    assert of(first.member).call("GET", "/me/promoter").json()["pending_fen"] == 100 + 250
    (brought,) = of(second.member).call("GET", "/me/promoter/orders").json()["results"]
    assert brought["order_no"] == f"{order.order_no[:8]}****{order.order_no[-4:]}"
    assert (brought["buyer"], brought["level"], brought["base_fen"], brought["amount_fen"]) == (
        "周**",
        1,
        7000,
        700,
    )
    make.refund(order, {cup: 1}, at=timezone.now())
    rows = of(second.member).call("GET", "/me/promoter/commissions").json()["results"]
    assert [(row["base_fen"], row["rate_bp"], row["amount_fen"], row["status"]) for row in rows] == [
        (-1000, 1000, -100, "PENDING"),
        (5000, 1000, 500, "PENDING"),
        (2000, 1000, 200, "PENDING"),
    ]
    assert {row["rate_source"] for row in rows} == {"推客规则"}
    (brought,) = of(second.member).call("GET", "/me/promoter/orders").json()["results"]
    assert (brought["base_fen"], brought["amount_fen"]) == (6000, 600)


def test_commissions_of_one_status_and_of_none_that_there_is(shop):
    shopper = of(shop[1].member)
    assert len(shopper.call("GET", "/me/promoter/commissions?status=PENDING").json()["results"]) == 2
    assert shopper.call("GET", "/me/promoter/commissions?status=FROZEN").json()["results"] == []
    refused = shopper.call("GET", "/me/promoter/commissions?status=x")
    assert (refused.status_code, refused.json()["code"]) == (400, "commission_status_unknown")


def test_who_is_no_promoter_has_no_pages():
    shopper = of(make.member())
    for page in ("team", "orders", "commissions", "goods", "materials"):
        refused = shopper.call("GET", f"/me/promoter/{page}")
        assert (refused.status_code, refused.json()["code"]) == (403, "promoter_not_active")


def test_who_left_and_asks_again_still_sees_what_was_earned(shop):
    promoter = shop[1]
    promoters.leave(member_id=promoter.member_id, at=timezone.now())
    promoters.apply(member=promoter.member, agreement_version=None, at=timezone.now())
    answered = of(promoter.member).call("GET", "/me/promoter/commissions")
    assert (answered.status_code, len(answered.json()["results"])) == (200, 2)


def test_goods_to_promote_say_what_one_unit_brings_and_by_which_rule(shop):
    _, second, _, _, cup = shop
    level = rules.save_level(PromoterLevel(name="金牌推客", rank=1))
    promoters.set_level(promoter_id=second.pk, level_id=level.pk, operator=None, at=timezone.now())
    make.rate(product=cup.product, first_bp=2000)
    make.rate(category=cup.product.category, first_bp=1500, level=level)
    goods = of(second.member).call("GET", "/me/promoter/goods").json()["results"]
    found = {row["price_fen"]: (row["rate_bp"], row["rate_source"], row["commission_fen"]) for row in goods}
    assert found[1000] == (2000, "商品比例", 200)


def test_the_week_and_the_month_count_what_is_paid_less_refunds_and_say_where_i_stand(shop):
    order, cup = shop[3:]
    other, buyer = make.promoter(make.member("王一")), counter.buyer()
    at = timezone.now()
    make.bind(buyer[0], other, at=at - timedelta(minutes=1))
    theirs = counter.order(*buyer, [(cup, 5)], at=at)
    counter.pay(theirs, at=at)
    commissions.accrue(order_no=theirs.order_no, at=at)
    make.refund(order, {cup: 1}, at=at)
    for period in ("week", "month", ""):
        board = of(other.member).call("GET", f"/leaderboards/promoters?period={period}").json()
        assert board["results"] == [
            {"place": 1, "nickname": "林**", "orders": 1, "amount_fen": 6000},
            {"place": 2, "nickname": "王**", "orders": 1, "amount_fen": 5000},
        ]
        assert board["mine"]["place"] == 2
    nobody = of(make.member()).call("GET", "/leaderboards/promoters").json()
    assert nobody["mine"] is None
    refused = of(other.member).call("GET", "/leaderboards/promoters?period=year")
    assert (refused.status_code, refused.json()["code"]) == (400, "period_unknown")
