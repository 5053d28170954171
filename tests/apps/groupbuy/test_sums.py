"""A group's order of two SKUs, with stored value, points and postage: whatever comes back in whichever steps adds up."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Sum

from apps.catalog.models import Sku
from apps.checkout import activities
from apps.groupbuy.models import GroupBuy
from apps.orders.models import Order, OrderRefund
from apps.payments.models import Payment, Refund
from apps.points import services as points
from tests.apps.aftersales import make as refunds
from tests.apps.catalog import make as catalog
from tests.apps.checkout import make as counter
from tests.apps.groupbuy import make
from tests.apps.groupbuy.make import NOW
from tests.apps.inventory import make as inventory
from tests.apps.points import make as make_points
from tests.apps.wallet import make as wallets

pytestmark = pytest.mark.django_db


@pytest.fixture
def colours(settings: Any) -> tuple[Sku, Sku]:
    """White and black cups of one product, sent for ¥8.00."""
    settings.WALLET_ENABLED = True
    counter.freight(8_00)
    product = catalog.product(
        skus=[
            catalog.unsaved_sku(price_fen=fen, option_values={"色": color})
            for fen, color in ((49_99, "白"), (66_67, "黑"))
        ],
        options=[{"name": "色", "values": ["白", "黑"]}],
    )
    white, black = product.skus.order_by("price_fen")
    for sku in (white, black):
        inventory.stock(sku, 50)
    return white, black


def campaign(white: Sku, black: Sku) -> GroupBuy:
    return make.campaign(
        white,
        ladders={white.pk: {2: 39_99, 3: 33_33}, black.pk: {2: 55_55, 3: 47_47}},
        combines=["points", "balance"],
    )


def opener(row: GroupBuy, white: Sku, black: Sku) -> Order:
    """Three white and two black ones, ¥77.77 of it from stored value and so much from points, paid."""
    buyer = make.buyer()
    wallets.funded(70_00, 7_77, member=buyer[0])
    points.earn(member_id=buyer[0].pk, amount=997, cause="start", at=NOW)
    order = counter.order(
        *buyer,
        [(white, 3), (black, 2)],
        activity=activities.read({"kind": "group_buy", "id": row.pk}),
        use_points=True,
        use_balance=True,
        at=NOW,
    )
    make.pay(order)
    return make.fresh(order)


# Which units come back in which order, and when the group's difference comes between them.
UNITS = ("white", "white", "white", "black", "black")
STEPS = sorted(set(permutations((*UNITS, "settle"))))[::7]


@pytest.mark.parametrize("steps", STEPS[:8] + STEPS[-1:])
def test_units_and_the_difference_add_up_to_what_was_paid_in_any_order(
    steps: tuple[str, ...], colours: tuple[Sku, Sku]
) -> None:
    white, black = colours
    row = campaign(white, black)
    order = opener(row, white, black)
    group = make.group_of(order)
    make.joined(group, sku=white)
    assert order.payable_fen == 3 * 39_99 + 2 * 55_55 + 8_00 - 9_97
    assert (order.balance_fen, order.points_used) == (77_77, 997)

    difference_fen = 0
    for turn, step in enumerate(steps):
        if step == "settle":
            make.joined(make.fresh(group), sku=black)
            make.post()
            difference_fen = sum(
                made.goods_fen for made in back(order).filter(token=f"group:{order.order_no}")
            )
            left = steps[turn + 1 :]
            assert difference_fen == 6_66 * left.count("white") + 8_08 * left.count("black")
        else:
            refunds.refund(make.fresh(order), {white if step == "white" else black: 1}, at=NOW)
            make.post()

    now = make.fresh(order)
    assert (now.status, now.refunded_fen) == ("REFUNDED", now.payable_fen)
    by_wechat_fen = back(order).aggregate(fen=Sum("wechat_fen"))["fen"]
    by_balance_fen = back(order).aggregate(fen=Sum("balance_fen"))["fen"]
    assert (by_wechat_fen, by_balance_fen) == (now.payable_fen - 77_77, 77_77)
    assert Payment.objects.get(order=order).captured_fen == by_wechat_fen
    mine = Refund.objects.filter(payment__order=order)
    assert mine.aggregate(fen=Sum("amount_fen"))["fen"] == by_wechat_fen
    assert wallets.figures(wallets.Account.objects.get(member=order.member)) == (70_00, 7_77, 0, 0)
    assert make_points.standing(order.member) == (997, 0)
    for command in ("check_refunds", "check_payments", "check_wallets", "check_points", "check_quotas"):
        call_command(command)


def back(order: Order) -> Any:
    return OrderRefund.objects.filter(order=order)
