"""The address book: one's own, at most fifty, at most one the default, and strict about what is written in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from apps.members.models import Address, Member
from tests.apps.members import make
from tests.conftest import Shopper

pytestmark = pytest.mark.django_db

ShopperOf = Callable[[Member], Shopper]
HOME = {
    "name": "林小茶",
    "phone": "13800000000",
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "detail": "龙井路 1 号",
    "postal_code": "310000",
}


def book(shopper: Shopper) -> list[tuple[str, bool]]:
    """The names in a member's book, with whether each is the default."""
    rows = shopper.call("GET", "/me/addresses").json()["results"]
    return [(row["name"], row["is_default"]) for row in rows]


def test_an_address_is_written_read_changed_and_removed(shopper_of: ShopperOf) -> None:
    me = shopper_of(make.member())

    added = me.call("POST", "/me/addresses", HOME)
    address_id = added.json()["id"]
    path = f"/me/addresses/{address_id}"

    assert (added.status_code, added.json()) == (201, {"id": address_id, **HOME, "is_default": True})
    assert me.call("GET", path).json() == added.json()
    assert me.call("GET", "/me/addresses").json() == {"results": [added.json()], "next": None}
    assert me.call("PATCH", path, {"detail": "龙井路 2 号"}).json()["detail"] == "龙井路 2 号"
    replaced = me.call("PUT", path, {**HOME, "name": "林大茶"}).json()
    assert (replaced["name"], replaced["detail"]) == ("林大茶", "龙井路 1 号")
    assert me.call("DELETE", path).status_code == 204
    assert me.call("GET", path).status_code == 404
    assert me.call("DELETE", path).status_code == 404


def test_replacing_needs_the_whole_address(shopper_of: ShopperOf) -> None:
    member = make.member()
    address = make.address(member)

    answer = shopper_of(member).call("PUT", f"/me/addresses/{address.pk}", {"name": "林大茶"})

    assert answer.status_code == 400
    assert set(answer.json()["details"]) == {"phone", "province", "city", "detail"}
    assert Address.objects.get().name == "林小茶"


def test_the_first_address_is_the_default_and_another_takes_its_place_when_told(
    shopper_of: ShopperOf,
) -> None:
    me = shopper_of(make.member())
    for name in ("一", "二", "三"):
        me.call("POST", "/me/addresses", {**HOME, "name": name})
    assert book(me) == [("一", True), ("三", False), ("二", False)]

    second = Address.objects.get(name="二").pk
    me.call("PATCH", f"/me/addresses/{second}", {"is_default": True})
    assert book(me) == [("二", True), ("三", False), ("一", False)]

    me.call("POST", "/me/addresses", {**HOME, "name": "四", "is_default": True})
    assert book(me) == [("四", True), ("三", False), ("二", False), ("一", False)]


def test_when_the_default_is_removed_the_newest_of_the_rest_takes_its_place(shopper_of: ShopperOf) -> None:
    member = make.member()
    first = make.address(member, name="一")
    make.address(member, name="二")
    make.address(member, name="三")
    me = shopper_of(member)

    me.call("DELETE", f"/me/addresses/{first.pk}")

    assert book(me) == [("三", True), ("二", False)]


def test_a_member_may_have_no_default(shopper_of: ShopperOf) -> None:
    member = make.member()
    only = make.address(member)
    me = shopper_of(member)

    me.call("PATCH", f"/me/addresses/{only.pk}", {"is_default": False})

    assert book(me) == [("林小茶", False)]


def test_one_members_default_is_not_anothers(shopper_of: ShopperOf) -> None:
    mine, theirs = make.member(), make.member()
    make.address(theirs)

    shopper_of(mine).call("POST", "/me/addresses", {**HOME, "is_default": True})

    assert Address.objects.filter(is_default=True).count() == 2


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("body", [HOME, {"name": "贼"}, {"phone": "wrong"}], ids=["whole", "part", "bad"])
def test_somebody_elses_address_is_404_and_stays_as_it_is(
    shopper_of: ShopperOf, method: str, body: dict[str, Any]
) -> None:
    theirs = make.address(make.member())
    before = Address.objects.values().get()

    answer = shopper_of(make.member()).call(method, f"/me/addresses/{theirs.pk}", body)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert Address.objects.values().get() == before


@pytest.mark.parametrize(
    "name", ["0", "-1", "9223372036854775807", "9223372036854775808", "1" * 5000, "abc", "1.0", "１", "%00"]
)
def test_an_id_that_nobody_has_is_404(shopper_of: ShopperOf, name: str) -> None:
    me = shopper_of(make.member())

    assert me.call("GET", f"/me/addresses/{name}").status_code == 404
    assert me.call("DELETE", f"/me/addresses/{name}").status_code == 404


@pytest.mark.parametrize(
    "phone",
    ["13800000000", "19912345678", "010-12345678", "01012345678", "0571-8888888", "+85212345678"],
)
def test_numbers_that_couriers_can_call_are_taken(shopper_of: ShopperOf, phone: str) -> None:
    answer = shopper_of(make.member()).call("POST", "/me/addresses", {**HOME, "phone": phone})

    assert (answer.status_code, answer.json().get("phone")) == (201, phone)


@pytest.mark.parametrize(
    "phone",
    [
        "", "12800000000", "1380000000", "138000000000", "１３８００００００００", "138 0000 0000", "٠١٢٣٤٥٦٧٨٩",
        "110", "+", "+86-13800000000", "13800000000\n1", "13800000000\x00", "1e10", "x" * 10_000,
        13800000000, 1.38e10, None, True, ["13800000000"], {"n": "13800000000"},
    ],
)  # fmt: skip
def test_numbers_that_nobody_can_call_are_refused(shopper_of: ShopperOf, phone: Any) -> None:
    answer = shopper_of(make.member()).call("POST", "/me/addresses", {**HOME, "phone": phone})

    assert (answer.status_code, set(answer.json()["details"])) == (400, {"phone"})
    assert Address.objects.count() == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "茶" * 26}, {"name": ""}, {"name": "  "}, {"name": 7}, {"name": None}, {"name": "林\n茶"},
        {"province": "省" * 21}, {"province": ""}, {"city": None}, {"city": ["杭州市"]},
        {"district": "区" * 21}, {"district": None}, {"detail": ""}, {"detail": "号" * 121},
        {"detail": "\ud800"}, {"detail": "a\x00b"}, {"postal_code": "31000"}, {"postal_code": "３１００００"},
        {"postal_code": 310000}, {"is_default": "true"}, {"is_default": 1}, {"is_default": None},
    ],
)  # fmt: skip
def test_what_fits_no_label_is_refused(shopper_of: ShopperOf, wrong: dict[str, Any]) -> None:
    answer = shopper_of(make.member()).call("POST", "/me/addresses", {**HOME, **wrong})

    assert (answer.status_code, set(answer.json()["details"])) == (400, set(wrong))
    assert Address.objects.count() == 0


def test_district_and_postal_code_may_be_missing(shopper_of: ShopperOf) -> None:
    # 东莞市 and 中山市 have no districts; WeChat's address card leaves them empty.
    spare = {name: HOME[name] for name in ("name", "phone", "province", "city", "detail")}

    answer = shopper_of(make.member()).call("POST", "/me/addresses", spare)

    assert answer.status_code == 201
    assert (answer.json()["district"], answer.json()["postal_code"]) == ("", "")


def test_nobody_writes_into_another_members_book(shopper_of: ShopperOf) -> None:
    mine, theirs = make.member(), make.member()

    shopper_of(mine).call("POST", "/me/addresses", {**HOME, "member": theirs.pk, "member_id": theirs.pk})

    assert Address.objects.get().member == mine


def test_the_fifty_first_address_is_refused(shopper_of: ShopperOf) -> None:
    member = make.member()
    for _ in range(50):
        make.address(member)

    answer = shopper_of(member).call("POST", "/me/addresses", HOME)

    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_addresses")
    assert answer.json()["details"] == {"most": 50}
    assert Address.objects.count() == 50


@pytest.mark.parametrize("rows", [1, 50])
def test_the_book_costs_two_statements_however_long_it_is(
    shopper_of: ShopperOf, django_assert_num_queries: Any, rows: int
) -> None:
    member = make.member()
    for _ in range(rows):
        make.address(member)
    me = shopper_of(member)

    with django_assert_num_queries(2):
        assert len(me.call("GET", "/me/addresses").json()["results"]) == rows
