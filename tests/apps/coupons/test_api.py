"""The shopper's doors of coupons, called as a mini program calls them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.coupons import services as coupons
from apps.coupons.models import Coupon, Template
from apps.coupons.services import codes
from tests.apps.coupons.make import coupon, template
from tests.apps.members import make

pytestmark = pytest.mark.django_db


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
