"""Orders that hold every kind of thing that can be held, and what two ways of doing the same with them leave."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction

from apps.coupons import services as coupons
from apps.inventory import services as inventory
from apps.orders.models import Order
from apps.points import services as points
from apps.points.models import Lot
from apps.promotions import services as promotions
from apps.wallet import services as wallet
from tests import tables
from tests.apps.checkout import make
from tests.apps.coupons import make as coupon_make
from tests.apps.wallet import make as wallets

MINUTE = timedelta(minutes=1)


def varied(settings: Any) -> list[Order]:
    """Thirty-six orders of six members: every kind of thing that can be held, shared SKUs, some given back before."""
    settings.MEMBER_UNPAID_ORDERS = settings.MEMBER_UNPAID_USES = 99
    settings.WALLET_ENABLED = True
    cup, pot, bowl = make.goods(6000, units=900), make.goods(2300, units=900), make.goods(900, units=90)
    make.promotion(label="满50减5", steps=[[5000, 500]], limits={"per_member": 90, "per_member_day": 90})
    make.promotion(label="满110减20", steps=[[11000, 2000]], limits={"total": 50, "per_day": 40})
    make.promotion(
        "STEP_PRICE", label="越买越省", product_ids=[pot.product_id], steps=[[2, 1000], [900, 500]]
    )
    make.promotion("GIFT", label="送小茶碗", parts=[(4000, bowl.pk, 1)])
    soon_over = coupon_make.template("明天就过期", off_fen=800, valid_days=1)
    lasting = coupon_make.template("减10", off_fen=1000)
    placed = []
    for number in range(6):
        member, address = make.buyer()
        mine = [
            coupon_make.coupon(member, of=of, at=make.NOW - timedelta(hours=22))
            for of in (soon_over, lasting)
        ]
        points.earn(member_id=member.pk, amount=400, cause="start", at=make.NOW)
        points.earn(member_id=member.pk, amount=90, cause="more", at=make.NOW + MINUTE)
        wallets.funded(9000, 1000, member=member)
        wishes: list[dict[str, Any]] = [
            {"use_points": False, "coupon_id": "none"},
            {"use_points": False, "coupon_id": str(mine[0].public_id)},
            {"use_points": 150, "coupon_id": "none", "use_balance": 700},
            {"use_points": False, "coupon_id": str(mine[1].public_id), "use_balance": 1300},
            {"use_points": 100, "coupon_id": "none"},
            {"use_points": False, "coupon_id": "none", "use_balance": 250},
        ]
        for turn, wish in enumerate(wishes):
            goods = [(cup, 1 + turn % 2), (pot, 1 + number % 3)] if turn % 3 else [(pot, 2)]
            at = make.NOW + (6 * number + turn) * MINUTE
            placed.append(make.order(member, address, goods if turn else [*goods, (cup, 2)], at=at, **wish))
    _partly_given_back(placed)
    return placed


def _partly_given_back(placed: list[Order]) -> None:
    """What an interrupted hand left: of some orders one thing or another is free already."""
    at = make.NOW + 50 * MINUTE
    with transaction.atomic():
        inventory.release(order_no=placed[0].order_no, at=at)
        coupons.release(order_no=placed[7].order_no, at=at)
        points.release(order_no=placed[14].order_no, at=at)
        wallet.release(order_no=placed[21].order_no, at=at)
        promotions.release(order_no=placed[28].order_no, at=at)
    # Points that come back while some are owed pay these first; what comes back to a lot past its end is gone.
    points.claw_back(member_id=placed[16].member_id, amount=600, cause="claw", at=at)
    Lot.objects.filter(account__member=placed[32].member, amount=400).update(
        expires_at=make.NOW + MINUTE * 90
    )


def outcome(do: Callable[[], None]) -> dict[str, Any]:
    """What stands in all tables after that, which is undone."""
    undone = transaction.atomic()
    undone._from_testcase = True  # as of Django's own tests: the shop shall not take it for its own
    with undone:
        do()
        found = tables.written()
        transaction.set_rollback(True)
    return found
