"""The four kinds of activities answer alike: what lists are asked for, whose clock they tell, when what is early begins."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import pytest
from django.utils import timezone

from apps.members.models import Member
from tests.apps.bargain import make as bargain
from tests.apps.checkout import make as counter
from tests.apps.flashsale import make as flash
from tests.apps.groupbuy import make as group_buys
from tests.apps.presale import make as presale

pytestmark = pytest.mark.django_db
Shoppers = Callable[[Member], Any]


class Kind(NamedTuple):
    """One kind: its list, and a campaign of a product for a window; the id that an order names."""

    path: str
    made: Callable[..., tuple[Any, Any]]


def _flash(**window: Any) -> tuple[Any, Any]:
    sku = flash.goods(50_00)
    row = flash.session(sku, at=timezone.now(), **window)
    return sku, row.goods.get().pk


def _group(**window: Any) -> tuple[Any, Any]:
    sku = group_buys.goods(50_00)
    return sku, group_buys.campaign(sku, **window).pk


def _bargain(**window: Any) -> tuple[Any, Any]:
    sku = bargain.pot()
    return sku, bargain.bargain(sku, at=timezone.now(), **window).pk


def _presale(**window: Any) -> tuple[Any, Any]:
    sku = presale.tea()
    row = presale.presale(
        sku, at=timezone.now(), whole=True, ships_by=window["ends_at"] + timedelta(days=1), **window
    )
    return sku, row.pk


KINDS: Final = {
    "group_buy": Kind("/group-buys", _group),
    "flash_sale": Kind("/flash-sales", _flash),
    "bargain": Kind("/bargains", _bargain),
    "presale": Kind("/presales", _presale),
}


def soon() -> dict[str, datetime]:
    """A window that begins within the day, and is announced."""
    now = timezone.now()
    return {"starts_at": now + timedelta(minutes=1), "ends_at": now + timedelta(hours=2)}


def is_of_the_shop(moment: str) -> bool:
    """Whether a moment is told with the shop's offset."""
    return datetime.fromisoformat(moment).utcoffset() == timedelta(hours=8)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("asked", ["x", "1.0", "-1", "0", "１", "1e3", "9" * 19, "1 2", "null"])
def test_a_product_that_is_no_id_is_refused(kind: str, asked: str, shopper_of: Shoppers) -> None:
    shopper = shopper_of(counter.buyer()[0])
    answer = shopper.call("GET", f"{KINDS[kind].path}?product={asked}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert answer.json()["details"] == {"product": ["商品编号应为整数"]}


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_is_of_one_product_or_of_all_and_tells_the_shops_clock(
    kind: str, shopper_of: Shoppers
) -> None:
    path, made = KINDS[kind]
    one, _ = made(**soon())
    made(**soon())
    shopper = shopper_of(counter.buyer()[0])
    for asked, found in (
        ("", 2),
        ("?product=", 2),
        (f"?product={one.product_id}", 1),
        ("?product=999999999", 0),
    ):
        answer = shopper.call("GET", f"{path}{asked}")
        assert (answer.status_code, len(answer.json()["results"])) == (200, found), asked
        assert set(answer.json()) == {"results", "next", "server_time"}
        assert is_of_the_shop(answer.json()["server_time"])


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("", 200), ("1999-12-31", 200), ("9999-12-31", 200), ("0001-01-01", 200),
        ("2026-02-30", 400), ("2026-2-3", 400), ("today", 400), ("２０２６-01-01", 400), ("2026-11-28T00:00", 400),
    ],
)  # fmt: skip
def test_a_day_is_one_or_is_refused(asked: str, status: int, shopper_of: Shoppers) -> None:
    answer = shopper_of(counter.buyer()[0]).call("GET", f"/flash-sales?day={asked}")
    assert answer.status_code == status
    if status == 400:
        assert answer.json()["code"] == "invalid"
        assert answer.json()["details"] == {"day": ["日期格式应为 2026-11-28"]}
    elif asked:
        assert answer.json()["results"] == []


@pytest.mark.parametrize("kind", ["group_buy", "bargain", "presale"])
def test_one_of_them_tells_the_clock_and_a_stranger_is_not_found(kind: str, shopper_of: Shoppers) -> None:
    path, made = KINDS[kind]
    _, row_id = made(**soon())
    shopper = shopper_of(counter.buyer()[0])
    answer = shopper.call("GET", f"{path}/{row_id}")
    assert (answer.json()["id"], is_of_the_shop(answer.json()["server_time"])) == (row_id, True)
    for stranger in (row_id + 1_000, 2**63, 10**30):
        refused = shopper.call("GET", f"{path}/{stranger}")
        assert (refused.status_code, refused.json()["code"]) == (404, "activity_not_found"), stranger


@pytest.mark.parametrize("kind", ["group_buy", "flash_sale", "presale"])
def test_what_has_not_begun_says_when_it_does_in_the_shops_time(kind: str, shopper_of: Shoppers) -> None:
    window = soon()
    sku, activity_id = KINDS[kind].made(**window)
    member, address = counter.buyer()
    counter.freight(0)
    said = {
        "items": [{"sku_id": sku.pk, "quantity": 1}],
        "address_id": address.pk,
        "activity": {"kind": kind, "id": activity_id},
    }
    answer = shopper_of(member).call("POST", "/checkout/quote", said)
    assert (answer.status_code, answer.json()["code"]) == (409, "activity_not_started")
    starts_at = answer.json()["details"]["starts_at"]
    assert is_of_the_shop(starts_at)
    assert datetime.fromisoformat(starts_at) == window["starts_at"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({}, 400, "invalid"),
        ({"id": None}, 400, "invalid"),
        ({"id": True}, 400, "invalid"),
        ({"id": [1]}, 400, "invalid"),
        ({"id": 1.5}, 400, "invalid"),
    ],
)
def test_an_activity_without_a_sensible_id_is_refused_alike(
    kind: str, said: dict[str, Any], status: int, code: str, shopper_of: Shoppers
) -> None:
    member, address = counter.buyer()
    body = {
        "items": [{"sku_id": counter.goods(50_00).pk, "quantity": 1}],
        "address_id": address.pk,
        "activity": {"kind": kind, **said},
    }
    answer = shopper_of(member).call("POST", "/checkout/quote", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
