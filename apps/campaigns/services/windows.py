"""Windows on SKUs: whose turn it is to sell one, so that two campaigns never name a price for it at the same time."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone

from apps.base import transactions
from apps.campaigns.models import SkuWindow
from mall.errors import Fault, Faulty


class SkuTaken(Faulty):
    """Another campaign speaks for one of the SKUs at that time; the fault names it."""

    code = "sku_taken"


class Span(NamedTuple):
    """When a campaign is shown and when it can be ordered, ``[starts_at, ends_at)``."""

    preheat_at: datetime | None
    starts_at: datetime
    ends_at: datetime


def book(
    *,
    kind: str,
    label: str,
    title: str,
    span: Span,
    prices_fen: Mapping[str, Mapping[int, int]],
    paused: bool = False,
) -> None:
    """Speak for these SKUs, each with its lowest price in fen, by the id that an order names, instead of what was booked
    before under these ids: two statements.

    Raises SkuTaken where another campaign does so at that time. Belongs to the caller's transaction.
    """
    transactions.require()
    SkuWindow.objects.filter(kind=kind, activity_id__in=list(prices_fen)).delete()
    rows = [
        SkuWindow(
            kind=kind,
            activity_id=activity_id,
            sku_id=sku_id,
            label=label,
            title=title,
            price_fen=price_fen,
            paused=paused,
            **span._asdict(),
        )
        for activity_id, of_one in prices_fen.items()
        for sku_id, price_fen in sorted(of_one.items())
    ]
    try:
        with transactions.refine({"campaign_sku_one_at_a_time": SkuTaken([Fault("skus", "")])}):
            SkuWindow.objects.bulk_create(rows)
    except SkuTaken as taken:
        named = clashes(span, {row.sku_id for row in rows})
        faults = [Fault("skus", text) for text in named] or [Fault("skus", "商品刚刚被另一活动占用，请重试")]
        raise SkuTaken(faults, rows=named) from taken


def pause(*, kind: str, activity_ids: Collection[str], paused: bool) -> None:
    """Hide the badges of a campaign that is paused, or show them again; its SKUs stay spoken for."""
    SkuWindow.objects.filter(kind=kind, activity_id__in=list(activity_ids)).update(paused=paused)


def end(*, kind: str, activity_ids: Collection[str]) -> None:
    """Speak for the SKUs no longer, not even in the time that is gone: a copy that began then may be approved."""
    SkuWindow.objects.filter(kind=kind, activity_id__in=list(activity_ids)).delete()


def clashes(span: Span, sku_ids: Collection[int]) -> dict[str, tuple[str, int]]:
    """Who speaks for these SKUs then, a sentence each with the window that it names, the first five.
    One statement.
    """
    others = SkuWindow.objects.filter(
        sku_id__in=list(sku_ids), starts_at__lt=span.ends_at, ends_at__gt=span.starts_at
    ).select_related("sku__product")
    return {
        f"「{other.sku.product.title}」（{other.sku.code}）在 {_minute(other.starts_at)} 至 {_minute(other.ends_at)} "
        f"已参加{other.label}「{other.title}」，同一时间只能参加一个活动": (
            SkuWindow._meta.label_lower,
            other.pk,
        )
        for other in others[:5]
    }


def _minute(moment: datetime) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M")
