"""What sending a parcel costs, and WeChat's rate: a new figure holds from a day on, and never for days that were posted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

from apps.base import days, judging
from apps.books.models import CostRate
from mall.errors import Fault, Faulty

# Above these a figure is a typing error: a parcel for a thousand yuan, a rate of ten per cent.
_MOST_FEN: Final = 100_000
_MOST_BP: Final = 1_000


class RateRefused(Faulty):
    """Figures that no shop can mean, or for days whose parcels may be posted; ``faults`` say at which, and why."""

    code = "cost_rate_refused"


def opened(
    *, since: date, postage_fen: int, packing_fen: int, fee_bp: int, insurance_fen: int = 0
) -> CostRate:
    """A rate that is not saved yet."""
    return CostRate(
        since=since,
        postage_fen=postage_fen,
        packing_fen=packing_fen,
        insurance_fen=insurance_fen,
        fee_bp=fee_bp,
    )


def check(rate: CostRate, *, at: datetime) -> None:
    """Hold a rate against what a shop can mean; one that has begun stays as it is. Raises RateRefused."""
    judging.refuse(RateRefused, rate, _faults(rate, at=at))


def save(rate: CostRate, *, at: datetime) -> CostRate:
    """Save a rate that begins after today. Raises RateRefused."""
    check(rate, at=at)
    rate.save()
    return rate


def _faults(rate: CostRate, *, at: datetime) -> Iterator[Fault]:
    today = days.shop_day(at)
    begun = CostRate.objects.filter(pk=rate.pk, since__lte=today).exists() if rate.pk else False
    if begun:
        yield Fault("since", "已生效的费率不能修改，请新增一行")
    elif rate.since is not None and rate.since <= today:
        yield Fault("since", "生效日期须在明天或以后：之前的包裹可能已经入账")
    for name in ("postage_fen", "packing_fen", "insurance_fen"):
        fen = getattr(rate, name)
        if fen is not None and not 0 <= fen <= _MOST_FEN:
            yield Fault(name, "请填写 0 到 1000 元")
    if rate.fee_bp is not None and not 0 <= rate.fee_bp <= _MOST_BP:
        yield Fault("fee_bp", "请填写 0% 到 10%")
