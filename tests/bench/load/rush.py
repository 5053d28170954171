"""A flash sale under load: one SKU that everybody orders, beside as many orders of SKUs that hardly anybody does."""

from __future__ import annotations

import json
import os
import random
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPConnection
from typing import Any, Final

from apps.catalog.models import Sku
from apps.flashsale import services as flashsale
from apps.flashsale.models import Good
from apps.members.models import Address
from tests.bench.load import goods
from tests.bench.load.drive import Refused

# So many members order, none of whom the other orders of the measure come from: ten of each may be unpaid.
_MOST: Final = 780
_PRICE_FEN: Final = 50_00
_PLENTY: Final = 1_000_000
# What is sold to the last unit, and by how many at once.
UNITS: Final = 500
CLIENTS: Final = 64


@dataclass(frozen=True)
class Buyer:
    """A member's orders: of a SKU of their own, of the flash sale, of what will be and of what is sold out there."""

    token: str
    cold: dict[str, Any]
    flash: dict[str, Any]
    scarce: dict[str, Any]
    sold_out: dict[str, Any]


def open_sale(*, at: datetime) -> tuple[Good, Good, Good]:
    """A session that runs for a day with three goods: of one there are plenty, of one 500 units, of the last one unit."""
    hot, scarce, gone = Sku.objects.filter(code__startswith="BENCH-").order_by("-id")[:3]
    session = flashsale.CAMPAIGNS.save(
        flashsale.SessionDraft(
            code="BENCH",
            title="基准秒杀",
            starts_at=at,
            ends_at=at + timedelta(days=1),
            goods=[
                flashsale.GoodDraft(
                    sku_id=hot.pk, price_fen=_PRICE_FEN, quota=_PLENTY, limit_per_member=_PLENTY
                ),
                flashsale.GoodDraft(
                    sku_id=scarce.pk, price_fen=_PRICE_FEN, quota=UNITS, limit_per_member=_PLENTY
                ),
                flashsale.GoodDraft(sku_id=gone.pk, price_fen=_PRICE_FEN, quota=1, limit_per_member=1),
            ],
        ),
        at=at,
    ).row
    flashsale.CAMPAIGNS.approve(session, at=at)
    of_session = {good.sku_id: good for good in session.goods.all()}
    return of_session[hot.pk], of_session[scarce.pk], of_session[gone.pk]


def addresses(last: int) -> dict[int, int]:
    """The addresses of the bench's members up to this number, by their numbers."""
    named = [goods.token_of(number) for number in range(1, last + 1)]
    found = Address.objects.filter(member__openid__in=named).values_list("member__openid", "pk")
    return {int(openid.removeprefix("bench-")): pk for openid, pk in found}


def buyers(port: int, *, after: int, at: datetime) -> list[Buyer]:
    """Buyers with orders that were quoted, from the members after this number; the last unit of one good is sold."""
    hot, few, gone = open_sale(at=at)
    known = addresses(after + _MOST)
    booked = [good.sku_id for good in (hot, few, gone)]
    others = Sku.objects.filter(code__startswith="BENCH-").exclude(pk__in=booked)
    skus = list(others.order_by("id").values_list("pk", flat=True))
    picked = random.Random(11)
    called = HTTPConnection("127.0.0.1", port, timeout=30)
    found: list[Buyer] = []
    for number in range(after + 1, len(known) + 1):
        token = goods.token_of(number)
        common = {"address_id": known[number], "coupon_id": "none"}
        cold = _quoted(called, token, {**common, "items": [{"sku_id": picked.choice(skus), "quantity": 1}]})
        flash = _quoted(called, token, {**common, **_of(hot)}) if not found else None
        price_fen = flash["expected_payable_fen"] if flash else found[0].flash["expected_payable_fen"]
        flash = {**common, **_of(hot), "expected_payable_fen": price_fen}
        sold_out = {**common, **_of(gone), "expected_payable_fen": price_fen}
        scarce = {**common, **_of(few), "expected_payable_fen": price_fen}
        found.append(Buyer(token, cold, flash, scarce, sold_out))
    status, said = _post(called, "/api/v1/orders", found[0].sold_out, found[0].token, key="bench-last-unit")
    if status != 201:
        raise Refused(f"the last unit could not be bought: {said}"[:500])
    called.close()
    return found


def key_of(number: int) -> str:
    """An Idempotency-Key that nobody used before."""
    return f"rush-{os.getpid()}-{number}-{time.time_ns()}"


def _of(good: Good) -> dict[str, Any]:
    activity = {"kind": flashsale.KIND, "id": good.pk}
    return {"items": [{"sku_id": good.sku_id, "quantity": 1}], "activity": activity}


def _quoted(called: HTTPConnection, token: str, body: dict[str, Any]) -> dict[str, Any]:
    status, said = _post(called, "/api/v1/checkout/quote", body, token)
    if status != 200:
        raise Refused(f"no quote: {said}"[:500])
    return {**body, "expected_payable_fen": said["payable_fen"]}


def _post(
    called: HTTPConnection, path: str, body: dict[str, Any], token: str, *, key: str = ""
) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    called.request("POST", path, json.dumps(body), headers | ({"Idempotency-Key": key} if key else {}))
    answer = called.getresponse()
    return answer.status, json.loads(answer.read())
