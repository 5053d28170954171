"""Buying a bargain at the counter: at the price reached, once, with a unit of the quota, and everything comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.aftersales import services as aftersales
from apps.bargain import services as bargains
from apps.bargain.models import Bargain, Run
from apps.bargain.states import RunStatus
from apps.campaigns import selectors as campaign_facts
from apps.campaigns.models import Quota, Take
from apps.catalog.models import Sku
from apps.checkout import placing
from apps.inventory import selectors as stock_facts
from apps.members.models import Address, Member
from apps.orders.models import Order
from tests.apps.bargain import make
from tests.apps.checkout import make as counter
from tests.apps.members import make as members

pytestmark = pytest.mark.django_db
Shoppers = Callable[[Member], Any]


@pytest.fixture
def row() -> Bargain:
    """It runs for an hour around this moment: the doors read the clock."""
    counter.freight(800)
    now = timezone.now()
    return make.bargain(starts_at=now - make.HOUR, ends_at=now + make.HOUR, quota=5)


@pytest.fixture
def buyer() -> tuple[Member, Address]:
    return counter.buyer()


def run_of(row: Bargain, buyer: tuple[Member, Address], *, helps: int = 0) -> Run:
    now = timezone.now()
    return make.helped(make.run(row, member_id=buyer[0].pk, at=now), times=helps, at=now)


def body(run: Run, address: Address, **more: Any) -> dict[str, Any]:
    return {
        "items": [{"sku_id": run.bargain.sku_id, "quantity": 1}],
        "address_id": address.pk,
        "activity": {"kind": "bargain", "id": run.bargain_no},
        **more,
    }


def quoted(shopper: Any, said: dict[str, Any]) -> Any:
    return shopper.call("POST", "/checkout/quote", said)


def ordered(shopper: Any, said: dict[str, Any], key: str = "k1") -> Any:
    wanted = {**said, "expected_payable_fen": quoted(shopper, said).json()["payable_fen"]}
    return shopper.call("POST", "/orders", wanted, idempotency_key=key)


def order_of(shopper: Any, said: dict[str, Any]) -> Order:
    return Order.objects.get(order_no=ordered(shopper, said).json()["order_no"])


def test_it_is_bought_at_the_price_that_friends_have_cut_it_to(
    row: Bargain, buyer: Any, shopper_of: Shoppers
):
    run = run_of(row, buyer, helps=4)
    answer = ordered(shopper_of(buyer[0]), body(run, buyer[1]))
    assert answer.status_code == 201
    assert answer.json()["payable_fen"] == run.price_fen + 800
    assert answer.json()["activity"] == {
        "kind": "bargain",
        "id": run.bargain_no,
        "title": "陶壶砍到99",
        "bargain_id": row.pk,
        "price_fen": run.price_fen,
    }
    run.refresh_from_db()
    assert (run.status, run.order_no) == (RunStatus.BOUGHT, answer.json()["order_no"])
    assert campaign_facts.left(kind="bargain", keys=[str(row.pk)]) == {str(row.pk): 4}
    assert stock_facts.available([row.sku_id]) == {row.sku_id: 99}


@pytest.mark.parametrize("cheaper", ["member", "promotion", "list"])
def test_it_is_bought_also_where_another_price_is_lower_than_its_own(
    cheaper: str, buyer: Any, shopper_of: Shoppers
):
    counter.freight(0)
    now = timezone.now()
    row = make.bargain(
        starts_at=now - make.HOUR, ends_at=now + make.HOUR, combines=["member_price", "promotions"]
    )
    run = run_of(row, buyer, helps=1)
    if cheaper == "member":
        Member.objects.filter(pk=buyer[0].pk).update(level=members.level("半价", discount_bp=5_000))
    elif cheaper == "promotion":
        counter.promotion("STEP_PRICE", steps=[[5, 5000]])
    else:
        Sku.objects.filter(pk=row.sku_id).update(price_fen=99_50)
    answer = ordered(shopper_of(buyer[0]), body(run, buyer[1]))
    assert (answer.status_code, answer.json()["payable_fen"]) == (201, 99_50)
    run.refresh_from_db()
    assert run.status == RunStatus.BOUGHT


def test_the_price_stands_still_once_it_is_ordered(row: Bargain, buyer: Any, shopper_of: Shoppers):
    run = run_of(row, buyer, helps=1)
    ordered(shopper_of(buyer[0]), body(run, buyer[1]))
    friend = shopper_of(make.member())
    answer = friend.call("POST", f"/bargain-runs/{run.bargain_no}/helps")
    assert (answer.status_code, answer.json()["code"]) == (409, "bargain_closed")


def test_a_second_order_from_one_run_is_told_of_the_first(row: Bargain, buyer: Any, shopper_of: Shoppers):
    run = run_of(row, buyer)
    shopper = shopper_of(buyer[0])
    first = ordered(shopper, body(run, buyer[1])).json()["order_no"]
    answer = quoted(shopper, body(run, buyer[1]))
    assert (answer.status_code, answer.json()["code"]) == (409, "bargain_closed")
    assert answer.json()["details"] == {"order_no": first}


def test_an_order_that_closes_lets_friends_go_on_and_frees_the_unit(
    row: Bargain, buyer: Any, shopper_of: Shoppers
):
    run = run_of(row, buyer, helps=2)
    order = order_of(shopper_of(buyer[0]), body(run, buyer[1]))
    counter.close(order, at=timezone.now())
    run.refresh_from_db()
    assert (run.status, run.order_no, run.helps) == (RunStatus.OPEN, "", 2)
    assert Quota.objects.get().taken == 0
    assert make.helped(run, at=timezone.now()).helps == 3


def test_an_order_that_closes_after_the_run_is_over_leaves_it_lapsed(
    row: Bargain, buyer: Any, shopper_of: Shoppers
):
    run = run_of(row, buyer)
    order = order_of(shopper_of(buyer[0]), body(run, buyer[1]))
    counter.close(order, at=run.ends_at)
    run.refresh_from_db()
    assert run.status == RunStatus.LAPSED


def test_a_refund_gives_the_unit_back_to_the_quota(row: Bargain, buyer: Any, shopper_of: Shoppers):
    run = run_of(row, buyer, helps=3)
    order = order_of(shopper_of(buyer[0]), body(run, buyer[1]))
    counter.pay(order, at=timezone.now())
    assert Quota.objects.get().taken == 1
    aftersales.refund_unshipped(order_no=order.order_no, reason="不想要了", operator=None, at=timezone.now())
    order.refresh_from_db()
    assert (order.status, order.refunded_fen) == ("REFUNDED", run.price_fen + 800)
    assert Quota.objects.get().taken == 0
    assert sorted(Take.objects.values_list("verb", flat=True)) == ["commit", "hold", "restore"]


def opens(shopper: Any, row: Bargain) -> tuple[int, Any]:
    answer = shopper.call("POST", f"/bargains/{row.pk}/runs")
    return answer.status_code, answer.json()


def test_who_has_bought_as_many_as_one_may_opens_no_other_run_until_it_comes_back(
    row: Bargain, buyer: Any, shopper_of: Shoppers
):
    shopper = shopper_of(buyer[0])
    run = run_of(row, buyer, helps=1)
    order = order_of(shopper, body(run, buyer[1]))
    for paid in (False, True):
        if paid:
            counter.pay(order, at=timezone.now())
        status, told = opens(shopper, row)
        assert (status, told["code"]) == (409, "activity_limit_reached")
        assert told["details"] == {"limit": 1, "used": 1}
    aftersales.refund_unshipped(order_no=order.order_no, reason="不想要了", operator=None, at=timezone.now())
    status, told = opens(shopper, row)
    assert (status, told["status"], told["bargain_no"] != run.bargain_no) == (201, "OPEN", True)


def test_a_limit_of_two_lets_a_member_bargain_twice_and_none_as_often_as_they_like(
    row: Bargain, buyer: Any, shopper_of: Shoppers
):
    shopper = shopper_of(buyer[0])
    Bargain.objects.update(limit_per_member=2)
    for turn in range(2):
        said = body(run_of(row, buyer), buyer[1])
        assert ordered(shopper, said, key=f"turn-{turn}").status_code == 201
    assert opens(shopper, row)[1]["details"] == {"limit": 2, "used": 2}
    Bargain.objects.update(limit_per_member=None)
    assert opens(shopper, row)[0] == 201
    # Whoever lowers the limit meanwhile: the order says so, and takes nothing.
    Bargain.objects.update(limit_per_member=2)
    refused = ordered(shopper, body(run_of(row, buyer), buyer[1]), key="third")
    assert (refused.status_code, refused.json()["code"]) == (409, "activity_limit_reached")
    assert Quota.objects.get().taken == 2


@pytest.mark.parametrize(
    "of, code",
    [
        ({"quantity": 2}, "activity_stands_alone"),
        ({"id": 7}, "invalid"),
        ({"id": "BG2611280000000000"}, "activity_not_found"),
        ({"id": "no such"}, "activity_not_found"),
        ({"other": True}, "activity_stands_alone"),
    ],
)
def test_another_quantity_another_sku_and_a_guessed_number_have_their_own_code(
    row: Bargain, buyer: Any, shopper_of: Shoppers, of: dict[str, Any], code: str
):
    run = run_of(row, buyer)
    said = body(run, buyer[1])
    if "quantity" in of:
        said["items"][0]["quantity"] = of["quantity"]
    if "id" in of:
        said["activity"]["id"] = of["id"]
    if "other" in of:
        said["items"][0]["sku_id"] = counter.goods().pk
    answer = quoted(shopper_of(buyer[0]), said)
    assert answer.json()["code"] == code
    assert answer.status_code == (400 if code != "activity_not_found" else 404)
    assert (Quota.objects.get().taken, Order.objects.count()) == (0, 0)


def test_anothers_run_is_not_found(row: Bargain, buyer: Any, shopper_of: Shoppers):
    run = run_of(row, counter.buyer())
    answer = quoted(shopper_of(buyer[0]), body(run, buyer[1]))
    assert (answer.status_code, answer.json()["code"]) == (404, "activity_not_found")


def test_where_only_the_floor_buys_a_higher_price_does_not(buyer: Any, shopper_of: Shoppers):
    counter.freight(0)
    now = timezone.now()
    strict = make.bargain(
        starts_at=now - make.HOUR, ends_at=now + make.HOUR, buy_at_any_price=False, helpers=2
    )
    run = run_of(strict, buyer, helps=1)
    shopper = shopper_of(buyer[0])
    answer = quoted(shopper, body(run, buyer[1]))
    assert (answer.status_code, answer.json()["code"]) == (409, "bargain_not_at_floor")
    make.helped(run, at=now)
    assert quoted(shopper, body(run, buyer[1])).json()["payable_fen"] == 99_00


def test_a_floor_of_nothing_costs_nothing_but_the_postage(buyer: Any, shopper_of: Shoppers):
    counter.freight(0)
    now = timezone.now()
    free = make.bargain(starts_at=now - make.HOUR, ends_at=now + make.HOUR, floor_fen=0, helpers=1)
    run = run_of(free, buyer, helps=1)
    answer = ordered(shopper_of(buyer[0]), body(run, buyer[1]))
    assert (answer.status_code, answer.json()["payable_fen"]) == (201, 0)


def test_a_cut_between_quote_and_order_is_told_as_a_new_price(row: Bargain, buyer: Any, shopper_of: Shoppers):
    run = run_of(row, buyer)
    shopper = shopper_of(buyer[0])
    said = body(run, buyer[1])
    seen = quoted(shopper, said).json()["payable_fen"]
    now = make.helped(run, at=timezone.now())
    answer = shopper.call("POST", "/orders", {**said, "expected_payable_fen": seen}, idempotency_key="k1")
    assert (answer.status_code, answer.json()["code"]) == (409, "price_changed")
    assert answer.json()["details"]["quote"]["payable_fen"] == now.price_fen + 800


def test_the_run_refuses_a_price_that_is_not_its_own_any_more(row: Bargain, buyer: Any):
    run = run_of(row, buyer, helps=1)
    with pytest.raises(bargains.PriceMoved):
        bargains.hold(
            order_no="SO1",
            bargain_no=run.bargain_no,
            member_id=buyer[0].pk,
            price_fen=199_00,
            at=timezone.now(),
        )
    assert bargains.PriceMoved in placing.scarce.taken_meanwhile()


def test_an_order_of_a_bargain_takes_few_statements(row: Bargain, buyer: Any, shopper_of: Shoppers):
    shopper = shopper_of(buyer[0])
    run = run_of(row, buyer, helps=1)
    order = order_of(shopper, body(run, buyer[1]))
    counter.close(order, at=timezone.now())
    said = {**body(run, buyer[1]), "expected_payable_fen": run.price_fen + 800}
    with CaptureQueriesContext(connection) as seen:
        assert shopper.call("POST", "/orders", said, idempotency_key="k2").status_code == 201
    assert len([query for query in seen if query["sql"] not in {"BEGIN", "COMMIT"}]) <= 30
