"""What must not be had at an activity's price: each wish is refused by its own code, and nothing at all is written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.campaigns.models import Quota
from apps.inventory.models import Stock
from apps.members.models import Address, Member
from tests.apps.bargain import make as make_bargain
from tests.apps.checkout import make as counter
from tests.apps.flashsale import make as make_flash
from tests.apps.groupbuy import make as make_groups
from tests.apps.presale import make as make_presale

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
Buyer = tuple[Member, Address]
# What is said of the activity, the goods, and how the shop refuses it.
Wish = tuple[dict[str, Any], list[tuple[int, int]], tuple[int, str]]
NOT_FOUND = (404, "activity_not_found")
ALONE = (400, "activity_stands_alone")
LIMIT = (409, "activity_limit_reached")


@pytest.fixture(autouse=True)
def _postage() -> None:
    counter.freight(0)


@pytest.fixture
def stranger() -> Any:
    """Goods that belong to no activity."""
    return counter.goods(30_00)


def running(**said: Any) -> dict[str, Any]:
    now = timezone.now()
    return {"starts_at": now - HOUR, "ends_at": now + HOUR, **said}


def over() -> dict[str, Any]:
    now = timezone.now()
    return {"starts_at": now - 2 * HOUR, "ends_at": now - HOUR}


def to_come() -> dict[str, Any]:
    now = timezone.now()
    return {"starts_at": now + HOUR, "ends_at": now + 2 * HOUR}


def everything() -> list[Any]:
    """How many rows each table has, and what is held of stock and quotas."""
    tables = sorted(connection.introspection.table_names())
    counted = ", ".join(f"(SELECT count(*) FROM {connection.ops.quote_name(table)})" for table in tables)  # noqa: S608 - our own tables
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counted}")
        rows = dict(zip(tables, cursor.fetchone(), strict=True))
    return [
        rows,
        list(Stock.objects.order_by("id").values_list("on_hand", "held")),
        list(Quota.objects.order_by("id").values_list("taken", "set_aside")),
    ]


def check_refused(shopper: Any, address: Address, wishes: list[Wish]) -> None:
    """Each wish is refused alike at the quote and at the order, and nothing is written."""
    before = everything()
    for number, (activity, wanted, refusal) in enumerate(wishes):
        said: dict[str, Any] = {
            "items": [{"sku_id": sku_id, "quantity": units} for sku_id, units in wanted],
            "address_id": address.pk,
            "activity": activity,
        }
        quote = shopper.call("POST", "/checkout/quote", said)
        said["expected_payable_fen"] = 1
        order = shopper.call("POST", "/orders", said, idempotency_key=f"bad-{number}")
        for answer in (quote, order):
            assert (answer.status_code, answer.json()["code"]) == refusal, (number, activity, answer.json())
    assert everything() == before


def token(shopper: Any, kind: str, thing: int | str) -> str:
    """The token of a card about the very thing: it is no number of it."""
    answer = shopper.call("POST", "/shares", {"kind": kind, "id": thing})
    assert answer.status_code in {200, 201}, answer.json()
    return str(answer.json()["token"])


def test_a_group_buy_is_had_by_who_may_have_it_and_nobody_else(
    shopper_of: Callable[[Member], Any], stranger: Any
) -> None:
    row = make_groups.campaign(counter.goods(50_00), limit_per_member=3, **running())
    sku_id = row.prices.get().sku_id
    buyer = make_groups.buyer()
    own = make_groups.opened(row, buyer, at=timezone.now())
    make_groups.order(row, buyer, at=timezone.now())
    another = make_groups.campaign(counter.goods(50_00), **running())
    foreign = make_groups.opened(another, at=timezone.now())
    one = [(sku_id, 1)]

    def of(campaign: Any, **more: Any) -> dict[str, Any]:
        return {"kind": "group_buy", "id": campaign.pk, **more}

    def campaign_of(**said: Any) -> tuple[dict[str, Any], list[tuple[int, int]]]:
        made = make_groups.campaign(counter.goods(50_00), **said)
        return of(made), [(made.prices.get().sku_id, 1)]

    draft, _ = make_groups.groupbuy.CAMPAIGNS.save(
        make_groups.draft(counter.goods(50_00), **running()), at=timezone.now()
    )
    shopper = shopper_of(buyer[0])
    check_refused(
        shopper,
        buyer[1],
        [
            (of(row, group_no=own.group_no), one, (409, "group_joined_already")),
            (of(row, group_no=foreign.group_no), one, NOT_FOUND),
            (of(row, group_no=own.group_no[:-1]), one, NOT_FOUND),
            (of(row, group_no=token(shopper, "group", own.group_no)), one, NOT_FOUND),
            (of(another), one, ALONE),
            (of(row), [(stranger.pk, 1)], ALONE),
            (of(row), [*one, (stranger.pk, 1)], ALONE),
            (of(row), [(sku_id, 2)], LIMIT),
            (of(draft), [(draft.prices.get().sku_id, 1)], NOT_FOUND),
            (*campaign_of(**over()), (409, "activity_ended")),
            (*campaign_of(**to_come()), (409, "activity_not_started")),
        ],
    )


def test_a_flash_sale_is_had_by_who_may_have_it_and_nobody_else(
    shopper_of: Callable[[Member], Any], stranger: Any
) -> None:
    buyer = make_groups.buyer()
    good = make_flash.good(limit=2, **running())
    make_flash.order(buyer, good, at=timezone.now())
    other = make_flash.good(**running())

    def of(one: Any, units: int = 1) -> tuple[dict[str, Any], list[tuple[int, int]]]:
        return {"kind": "flash_sale", "id": one.pk}, [(one.sku_id, units)]

    said, _ = of(good)
    shopper = shopper_of(buyer[0])
    check_refused(
        shopper,
        buyer[1],
        [
            (said, [(other.sku_id, 1)], ALONE),
            (said, [(stranger.pk, 1)], ALONE),
            (*of(good, 2), LIMIT),
            ({**said, "id": token(shopper, "flash_sale", good.pk)}, [(good.sku_id, 1)], (400, "invalid")),
            ({**said, "id": other.pk + 1_000}, [(good.sku_id, 1)], NOT_FOUND),
            (*of(make_flash.good(approved=False, **running())), NOT_FOUND),
            (*of(make_flash.good(**over())), (409, "activity_ended")),
            (*of(make_flash.good(**to_come())), (409, "activity_not_started")),
        ],
    )


def test_a_bargain_is_had_by_who_may_have_it_and_nobody_else(
    shopper_of: Callable[[Member], Any], stranger: Any
) -> None:
    now = timezone.now()
    buyer = make_groups.buyer()
    row = make_bargain.bargain(**running())
    run = make_bargain.run(row, member_id=buyer[0].pk, at=now)
    foreign = make_bargain.run(row, at=now)
    lowest = make_bargain.bargain(buy_at_any_price=False, **running())
    early = make_bargain.run(lowest, member_id=buyer[0].pk, at=now)
    gone = make_bargain.bargain(at=now - 3 * HOUR, **running(starts_at=now - 3 * HOUR), minutes_per_run=60)
    late = make_bargain.run(gone, member_id=buyer[0].pk, at=now - 2 * HOUR)

    def of(bargain_no: str) -> dict[str, Any]:
        return {"kind": "bargain", "id": bargain_no}

    one = [(row.sku_id, 1)]
    shopper = shopper_of(buyer[0])
    check_refused(
        shopper,
        buyer[1],
        [
            (of(foreign.bargain_no), one, NOT_FOUND),
            (of(run.bargain_no[:-1]), one, NOT_FOUND),
            (of(token(shopper, "bargain", run.bargain_no)), one, NOT_FOUND),
            (of(run.bargain_no), [(stranger.pk, 1)], ALONE),
            (of(run.bargain_no), [(row.sku_id, 2)], ALONE),
            (of(early.bargain_no), [(lowest.sku_id, 1)], (409, "bargain_not_at_floor")),
            (of(late.bargain_no), [(gone.sku_id, 1)], (409, "activity_ended")),
        ],
    )


def test_a_presale_is_had_by_who_may_have_it_and_nobody_else(
    shopper_of: Callable[[Member], Any], stranger: Any
) -> None:
    buyer = make_groups.buyer()
    row = make_presale.live(quota=3)
    (sku,) = make_presale.skus_of(row)
    make_presale.order(row, buyer, at=timezone.now())
    other = make_presale.live()

    def of(presale: Any, units: int = 1) -> tuple[dict[str, Any], list[tuple[int, int]]]:
        (its,) = make_presale.skus_of(presale)
        return {"kind": "presale", "id": presale.pk}, [(its.pk, units)]

    said, one = of(row)
    shopper = shopper_of(buyer[0])
    check_refused(
        shopper,
        buyer[1],
        [
            (said, [(make_presale.skus_of(other)[0].pk, 1)], ALONE),
            (said, [(stranger.pk, 1)], ALONE),
            (said, [(sku.pk, 3)], (409, "activity_sold_out")),
            ({**said, "id": token(shopper, "presale", row.pk)}, one, (400, "invalid")),
            ({**said, "id": other.pk + 1_000}, one, NOT_FOUND),
            (*of(make_presale.live(approved=False)), NOT_FOUND),
            (
                *of(make_presale.live(whole=True, at=timezone.now() - 2 * HOUR, **over())),
                (409, "activity_ended"),
            ),
            (*of(make_presale.live(whole=True, **to_come())), (409, "activity_not_started")),
        ],
    )
