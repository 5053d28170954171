"""The shopper's doors of coupons, called as a mini program calls them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from apps.coupons import services as coupons
from apps.coupons.models import Coupon, Template
from apps.coupons.services import codes, store_uses
from apps.members.models import Group
from apps.members.services import groups
from apps.stores.models import Place
from tests.apps.checkout import make as counter
from tests.apps.coupons.make import coupon, template
from tests.apps.members import make
from tests.conftest import Shopper

pytestmark = pytest.mark.django_db
START = datetime(2999, 1, 1, tzinfo=UTC)


@pytest.fixture
def member(db: None) -> Any:
    return make.member()


@pytest.fixture
def shopper(member: Any, shopper_of: Any) -> Any:
    return shopper_of(member)


def now() -> datetime:
    return datetime.now(tz=UTC)


def one_code(of: Template) -> str:
    batch = codes.create_batch(template_id=of.pk, name="一枚", size=1, operator=None, at=now())
    codes.make_due()
    return batch.codes.get().code


def states(client: Any) -> dict[str, str]:
    answer = client.call("GET", "/coupons")
    assert answer.status_code == 200
    return {row["name"]: row["state"] for row in answer.json()["results"]}


def test_the_coupon_centre_says_how_each_coupon_stands_for_me(shopper, member, anyone):
    gold = make.level("金卡", rank=9)
    template("可领")
    coupons.claim(member=member, template_id=template("领过").pk, at=now())
    template("没了", quota=0)
    template("以后", claim_from=now() + timedelta(days=1))
    template("金卡专享", level_ids=[gold.pk])
    for hidden in ({"visible": False}, {"live": False}, {"claim_until": now() - timedelta(days=1)}):
        template("不展示", **hidden)
    assert states(shopper) == {
        "可领": "CLAIMABLE",
        "领过": "CLAIMED",
        "没了": "SOLD_OUT",
        "以后": "NOT_STARTED",
        "金卡专享": "LEVEL_REQUIRED",
    }
    assert states(anyone)["领过"] == "CLAIMABLE"


def test_the_coupon_centre_speaks_of_worth_and_validity(anyone):
    template("八五折", kind="PERCENT", threshold_fen=10_000, off_fen=None, off_bp=1500, cap_fen=2000)
    (row,) = anyone.call("GET", "/coupons").json()["results"]
    assert (row["worth"], row["validity"]) == ("满100享8.5折，最多减20元", "领取后7天内有效")
    assert row["off_fen"] is None


def test_claiming_gives_a_coupon_once(shopper, member):
    of = template()
    answer = shopper.call("POST", f"/coupons/{of.pk}/claim")
    assert answer.status_code == 201
    mine = Coupon.objects.get()
    body = answer.json()
    assert (body["id"], body["status"], body["template"]["worth"]) == (
        str(mine.public_id),
        "AVAILABLE",
        "满50减10",
    )
    again = shopper.call("POST", f"/coupons/{of.pk}/claim")
    assert (again.status_code, again.json()["code"]) == (409, "coupon_limit_reached")


@pytest.mark.parametrize("template_id", ["0", "999999", "9" * 30, "-1", "abc", "1.5", "１"])
def test_a_template_that_does_not_exist_is_not_found(shopper, template_id):
    template()
    assert shopper.call("POST", f"/coupons/{template_id}/claim").status_code == 404
    assert Coupon.objects.count() == 0


def test_a_claim_asked_for_again_with_its_key_answers_the_same_coupon(shopper):
    of = template(per_member=2)
    path = f"/coupons/{of.pk}/claim"
    answers = [shopper.call("POST", path, idempotency_key="one") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert shopper.call("POST", f"/coupons/{template().pk}/claim", idempotency_key="one").json()["code"] == (
        "idempotency_key_reused"
    )
    refused = shopper.call("POST", path, idempotency_key="k" * 81)
    assert (refused.status_code, refused.json()["code"]) == (400, "idempotency_key_required")
    assert Coupon.objects.count() == 1


def test_claiming_and_redeeming_want_a_login(anyone):
    assert anyone.call("POST", f"/coupons/{template().pk}/claim").status_code == 401
    assert anyone.call("POST", "/coupons/redeem", {"code": "X"}).status_code == 401
    assert anyone.call("GET", "/me/coupons").status_code == 401


def test_a_code_becomes_a_coupon_and_again_the_same_one(shopper):
    code = one_code(template())
    typed = f" {code[:8].lower()}-{code[8:]} "
    first = shopper.call("POST", "/coupons/redeem", {"code": typed})
    again = shopper.call("POST", "/coupons/redeem", {"code": code})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["id"] == again.json()["id"]
    assert first.json()["way"] == "CODE"


def test_ten_wrong_codes_an_hour_then_wait_and_a_right_one_waits_too(shopper, shopper_of):
    code = one_code(template())
    for number in range(10):
        answer = shopper.call("POST", "/coupons/redeem", {"code": f"WRONG{number}"})
        assert (answer.status_code, answer.json()["code"]) == (404, "code_invalid")
    answer = shopper.call("POST", "/coupons/redeem", {"code": code})
    assert (answer.status_code, answer.json()["code"]) == (429, "throttled")
    assert 3500 < int(answer.headers["Retry-After"]) <= 3600
    assert shopper_of(make.member()).call("POST", "/coupons/redeem", {"code": code}).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"code": 7},
        {"code": None},
        {"code": ""},
        {"code": "X" * 41},
        {"code": "A\u0000B"},
        {"code": ["A"]},
    ],
)
def test_what_is_no_code_at_all_is_refused_and_costs_no_try(shopper, body):
    for _ in range(11):
        assert shopper.call("POST", "/coupons/redeem", body).status_code == 400


@pytest.mark.parametrize("code", ["----", "🎁🎁", "' OR 1=1 --", "%", "ｘ" * 40, "ﷺ" * 40])
def test_strange_codes_are_wrong_codes(shopper, code):
    assert shopper.call("POST", "/coupons/redeem", {"code": code}).json()["code"] == "code_invalid"


def test_my_coupons_by_status_and_an_ended_one_counts_as_expired_before_the_sweep(shopper, member):
    mine = coupon(member, at=now())
    ended = coupon(member, at=now() - timedelta(days=8))
    coupon(at=now())
    held = coupon(member, at=now())
    coupons.hold(order_no="SO1", member_id=member.pk, public_ids=[held.public_id], at=now())

    def ids(status: str) -> list[str]:
        answer = shopper.call("GET", f"/me/coupons?status={status}").json()
        assert all(row["status"] == status for row in answer["results"])
        return [row["id"] for row in answer["results"]]

    assert ids("AVAILABLE") == [str(mine.public_id)]
    assert ids("EXPIRED") == [str(ended.public_id)]
    assert ids("HELD") == [str(held.public_id)]
    assert ids("USED") == []
    assert len(shopper.call("GET", "/me/coupons").json()["results"]) == 3


def test_a_status_that_does_not_exist_is_refused(shopper):
    answer = shopper.call("GET", "/me/coupons?status=GONE")
    assert (answer.status_code, answer.json()["code"]) == (400, "status_unknown")


def test_someone_elses_coupon_is_not_found(shopper, member):
    mine, theirs = coupon(member, at=now()), coupon(at=now())
    assert shopper.call("GET", f"/me/coupons/{mine.public_id}").json()["id"] == str(mine.public_id)
    for other in (theirs.public_id, "nonsense", "0", mine.pk):
        assert shopper.call("GET", f"/me/coupons/{other}").status_code == 404


@pytest.mark.parametrize("path", ["/coupons", "/me/coupons"])
def test_a_page_of_ten_or_of_a_hundred_takes_the_same_few_statements(
    shopper, member, path, django_assert_num_queries, django_assert_max_num_queries
):
    level = make.level("金卡", rank=9)
    for _ in range(10):
        coupon(member, of=template(level_ids=[level.pk]), at=now())
    with django_assert_max_num_queries(4) as counted:
        answer = shopper.call("GET", f"{path}?page_size=10").json()
    assert (len(answer["results"]), answer["next"]) == (10, None)
    for _ in range(90):
        coupon(member, of=template(level_ids=[level.pk]), at=now())
    with django_assert_num_queries(len(counted)):
        answer = shopper.call("GET", f"{path}?page_size=100").json()
    assert len({row["id"] for row in answer["results"]}) == 100


def test_pages_follow_each_other_without_gap_or_repetition(shopper, member):
    made = [str(coupon(member, of=template(), at=now()).public_id) for _ in range(5)]
    seen: list[str] = []
    path: str | None = "/me/coupons?page_size=2"
    while path:
        page = shopper.call("GET", path).json()
        seen += [row["id"] for row in page["results"]]
        path = page["next"] and page["next"].split("/api/v1")[1]
    assert seen == made[::-1]


def listed(client: Any, query: str = "") -> list[dict[str, Any]]:
    answer = client.call("GET", f"/me/coupons{query}")
    assert answer.status_code == 200
    return list(answer.json()["results"])


def test_a_pass_is_eight_digits_for_five_minutes_and_nobody_elses(shopper, member, anyone):
    mine, theirs = coupon(member, at=now()), coupon(at=now())
    answer = shopper.call("POST", f"/me/coupons/{mine.public_id}/pass")
    body = answer.json()
    assert (answer.status_code, len(body["code"]), body["code"].isdigit()) == (201, 8, True)
    assert body["qr_text"] == f"CP{body['code']}"
    lives = datetime.fromisoformat(body["expires_at"]) - now()
    assert timedelta(minutes=4) < lives <= timedelta(minutes=5)
    assert shopper.call("POST", f"/me/coupons/{theirs.public_id}/pass").status_code == 404
    assert anyone.call("POST", f"/me/coupons/{mine.public_id}/pass").status_code == 401


@pytest.mark.parametrize(
    ("figures", "code"),
    [
        ({"channel": "ONLINE"}, "coupon_not_for_shops"),
        ({"kind": "FREIGHT", "threshold_fen": 3000, "off_fen": 600}, "coupon_not_for_shops"),
        ({"valid_from": START, "valid_until": START + timedelta(days=1)}, "coupon_unavailable"),
    ],
)
def test_what_no_shop_takes_has_no_pass(shopper, member, figures, code):
    mine = coupon(member, of=template(**figures), at=now())
    answer = shopper.call("POST", f"/me/coupons/{mine.public_id}/pass")
    assert (answer.status_code, answer.json()["code"]) == (409, code)


def test_the_wallet_says_where_a_coupon_can_be_used_and_how_it_was(shopper, member):
    cashier, shop = User.objects.create_user("cashier"), Place.objects.create(name="西湖门店", kind="SHOP")
    mine = coupon(member, of=template(channel="STORE"), at=now())
    (row,) = listed(shopper)
    assert (row["template"]["channel"], row["store_use"]) == ("STORE", None)
    code = store_uses.make_pass(member=member, coupon_id=str(mine.public_id), at=now()).code
    use = store_uses.use(operator=cashier, code=code, place_id=shop.pk, goods_fen=6000, at=now())
    (row,) = listed(shopper, "?status=USED")
    assert row["order_no"] == ""
    used_at = row["store_use"].pop("used_at")
    assert datetime.fromisoformat(used_at) == use.at
    assert row["store_use"] == {
        "use_no": use.use_no,
        "place": "西湖门店",
        "off_fen": 1000,
        "due_fen": 5000,
    }
    assert shopper.call("GET", f"/me/coupons/{mine.public_id}").json()["store_use"]["use_no"] == use.use_no
    store_uses.undo(use_id=use.pk, operator=cashier, reason="退货", at=now())
    (row,) = listed(shopper)
    assert (row["status"], row["store_use"], row["order_no"]) == ("AVAILABLE", None, "")


def test_what_ends_soon_is_marked_and_can_stand_first(shopper, member):
    later = coupon(member, of=template(valid_days=30), at=now())
    week = coupon(member, at=now())
    soon = coupon(member, of=template(valid_days=2), at=now())
    ended = coupon(member, of=template(valid_days=1), at=now() - timedelta(days=2))
    ids = {str(row.public_id): name for row, name in ((later, "30"), (week, "7"), (soon, "2"), (ended, "0"))}
    rows = listed(shopper, "?status=AVAILABLE&ordering=ending")
    assert [(ids[row["id"]], row["ends_soon"]) for row in rows] == [("2", True), ("7", False), ("30", False)]
    assert [ids[row["id"]] for row in listed(shopper, "?ordering=latest")] == ["0", "2", "7", "30"]
    first = shopper.call("GET", "/me/coupons?ordering=ending&page_size=3").json()
    second = shopper.call("GET", first["next"].split("/api/v1")[1]).json()
    assert [ids[row["id"]] for row in first["results"] + second["results"]] == ["0", "2", "7", "30"]
    answer = shopper.call("GET", "/me/coupons?ordering=best")
    assert (answer.status_code, answer.json()["code"]) == (400, "ordering_unknown")


def test_a_coupon_for_a_group_is_seen_and_claimed_by_those_who_are_in_it(shopper, member, shopper_of, anyone):
    club = Group.objects.create(name="茶友会")
    groups.add(group_id=club.pk, member_numbers=[member.public_id], at=now())
    of = template("茶友会专享", group_ids=[club.pk])
    template("人人可领")
    assert states(shopper) == {"茶友会专享": "CLAIMABLE", "人人可领": "CLAIMABLE"}
    stranger = shopper_of(make.member())
    assert states(stranger) == states(anyone) == {"人人可领": "CLAIMABLE"}
    assert stranger.call("POST", f"/coupons/{of.pk}/claim").status_code == 404
    assert shopper.call("POST", f"/coupons/{of.pk}/claim").status_code == 201
    groups.remove(group_id=club.pk, member_numbers=[member.public_id])
    assert states(shopper) == {"人人可领": "CLAIMABLE"}


def test_a_basket_tells_which_coupons_can_be_used_best_first_and_what_the_others_want():
    owner, _ = counter.buyer()
    sku = counter.goods(6000)
    at = now()
    names = {
        "满50减10": {},
        "满50减20": {"off_fen": 2000},
        "满80减30": {"threshold_fen": 8000, "off_fen": 3000},
        "满100减40": {"threshold_fen": 10_000, "off_fen": 4000},
        "到店券": {"channel": "STORE"},
    }
    for name, figures in names.items():
        coupon(owner, of=template(name, **figures), at=at)
    coupon(owner, of=template("别的商品", product_ids=[counter.goods(100).product_id]), at=at)
    client = Shopper(make.access_token(owner))
    body = client.call("POST", "/checkout/quote", {"items": [{"sku_id": sku.pk, "quantity": 1}]}).json()
    told = body["coupons"]
    assert [(row["label"], row["saving_fen"]) for row in told["usable"]] == [
        ("满50减20", 2000),
        ("满50减10", 1000),
    ]
    short, others = told["unusable"][:2], told["unusable"][2:]
    assert [(row["label"], row["short_by_fen"]) for row in short] == [("满80减30", 2000), ("满100减40", 4000)]
    # Equals stand by their ids, which chance draws.
    assert {(row["label"], row["short_by_fen"]) for row in others} == {("到店券", None), ("别的商品", None)}
    reasons = {row["label"]: row["reason"] for row in told["unusable"]}
    assert all(reasons.values())
    assert (reasons["到店券"], reasons["别的商品"]) == ("仅限到店使用", "订单中没有可参加此优惠的商品")
