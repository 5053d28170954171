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

    assert (added.status_code, added.json()) == (
        201,
        {"id": address_id, **HOME, "lat": None, "lng": None, "is_default": True},
    )
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
    me.call("PATCH", f"/me/addresses/{second}", {"lat": None, "lng": None, "is_default": True})
    assert book(me) == [("二", True), ("三", False), ("一", False)]

    me.call("POST", "/me/addresses", {**HOME, "name": "四", "lat": None, "lng": None, "is_default": True})
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

    shopper_of(mine).call("POST", "/me/addresses", {**HOME, "lat": None, "lng": None, "is_default": True})

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
    ["13800000000", "19912345678", "010-12345678", "0571-8888888", "4008208820", "+85212345678"],
)
def test_numbers_that_couriers_can_call_are_taken(shopper_of: ShopperOf, phone: str) -> None:
    answer = shopper_of(make.member()).call("POST", "/me/addresses", {**HOME, "phone": phone})

    assert (answer.status_code, answer.json().get("phone")) == (201, phone)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("\u202d138 0000 0000\u202c", "13800000000"),
        ("+86-13800000000", "13800000000"),
        ("１３８００００００００", "13800000000"),
        ("01012345678", "010-12345678"),
        ("13800000000转8012", "13800000000-8012"),
    ],
)
def test_a_number_is_kept_in_one_form_however_it_was_pasted(
    shopper_of: ShopperOf, typed: str, kept: str
) -> None:
    me = shopper_of(make.member())
    added = me.call("POST", "/me/addresses", {**HOME, "phone": typed}).json()
    assert added["phone"] == kept
    assert me.call("PATCH", f"/me/addresses/{added['id']}", {"phone": typed}).json()["phone"] == kept


def test_eight_digits_are_a_number_of_hong_kong_with_an_address_there(shopper_of: ShopperOf) -> None:
    me = shopper_of(make.member())
    there = {"province": "香港特别行政区", "city": "九龙", "district": "观塘区", "phone": "9876 5432"}

    assert me.call("POST", "/me/addresses", {**HOME, "phone": "98765432"}).status_code == 400
    added = me.call("POST", "/me/addresses", {**HOME, **there}).json()

    assert added["phone"] == "+85298765432"
    # Changed alone, it is read with the province that the address has.
    path = f"/me/addresses/{added['id']}"
    assert me.call("PATCH", path, {"phone": "98765433"}).json()["phone"] == "+85298765433"


def test_a_name_keeps_its_emoji_and_loses_what_nobody_sees(shopper_of: ShopperOf) -> None:
    typed = {
        "name": "林\u200b小茶👩\u200d🚀",
        "detail": "\u202e龙井路 1 号\u3164",
        "province": " 浙江省\u200b",
    }
    added = shopper_of(make.member()).call("POST", "/me/addresses", {**HOME, **typed}).json()
    assert (added["name"], added["detail"], added["province"]) == (
        "林小茶👩\u200d🚀",
        "龙井路 1 号",
        "浙江省",
    )


@pytest.mark.parametrize("field", ["name", "province", "city", "detail"])
@pytest.mark.parametrize(
    "unseen", ["\u200b", "\u3164\u3164", "\u202d\u202c", "\u2800", "\u00a0\u3000", "\ufe0f"]
)
def test_what_only_looks_like_a_text_is_blank(shopper_of: ShopperOf, field: str, unseen: str) -> None:
    answer = shopper_of(make.member()).call("POST", "/me/addresses", {**HOME, field: unseen})
    assert (answer.status_code, answer.json()["details"]) == (400, {field: ["不能为空"]})


def test_a_province_that_there_is_not_is_refused_with_the_nearest(shopper_of: ShopperOf) -> None:
    answer = shopper_of(make.member()).call("POST", "/me/addresses", {**HOME, "province": "淅江省"})
    said = "没有「淅江省」这个省份，是否应为「浙江省」"
    assert (answer.status_code, answer.json()["details"]) == (400, {"province": [said]})


def test_an_address_is_written_for_an_order_and_needs_no_consent_as_a_phone_number_does(
    shopper_of: ShopperOf,
) -> None:
    make.privacy("1.0")
    shopper = shopper_of(make.member())
    assert shopper.call("POST", "/me/phone", {"code": "x"}).json()["code"] == "consent_required"
    assert shopper.call("POST", "/me/addresses", HOME).status_code == 201


def test_a_city_of_another_province_is_refused_with_the_right_one(shopper_of: ShopperOf) -> None:
    owner = make.member()
    shopper = shopper_of(owner)
    said = "「南京市」不在浙江省，省份是否应为「江苏省」"
    wrong = {**HOME, "city": "南京市", "district": "玄武区"}
    answer = shopper.call("POST", "/me/addresses", wrong)
    assert (answer.status_code, answer.json()["code"], answer.json()["details"]) == (
        400,
        "invalid",
        {"city": [said]},
    )
    kept = shopper.call("POST", "/me/addresses", HOME).json()["id"]
    assert shopper.call("PATCH", f"/me/addresses/{kept}", {"city": "南京市"}).json()["details"] == {
        "city": [said]
    }
    answer = shopper.call("PATCH", f"/me/addresses/{kept}", {"province": "江苏省"})
    assert answer.json()["details"] == {"city": ["「杭州市」不在江苏省，省份是否应为「浙江省」"]}
    assert Address.objects.get().city == "杭州市"


def test_an_address_of_before_keeps_its_city_until_it_is_written_again(shopper_of: ShopperOf) -> None:
    owner = make.member()
    old = make.address(owner, province="浙江省", city="南京市")
    shopper = shopper_of(owner)
    assert shopper.call("GET", f"/me/addresses/{old.pk}").json()["city"] == "南京市"
    assert shopper.call("PATCH", f"/me/addresses/{old.pk}", {"detail": "2 号"}).status_code == 200
    assert shopper.call("PATCH", f"/me/addresses/{old.pk}", {"city": "宁波市"}).status_code == 200


@pytest.mark.parametrize(
    "phone",
    [
        "", "12800000000", "1380000000", "138000000000", "98765432", "٠١٢٣٤٥٦٧٨٩",
        "110", "+", "\u202d\u202c", "13800000000\n1", "13800000000\x00", "1e10", "x" * 10_000,
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
        {"detail": "\ud800"}, {"detail": "a\x00b"}, {"postal_code": "31000"}, {"postal_code": "３１０００"},
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
