"""The demo shop's flash sales: a session that runs now, one tomorrow at ten, and a plan for every Friday."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings

from apps.base import days
from apps.catalog.models import Sku
from apps.flashsale import services as flashsale
from apps.flashsale.models import Plan, PlanGood, Session
from mall.money import percent_off

# Codes of SKUs with what is off the list price in basis points, and how many there are.
_NOW: Final = (("GT-BILUOCHUN-1", 4_000, 30), ("TT-CHAXI-1", 3_000, 20))
_TOMORROW: Final = (("KT-SHOUCHONG-1", 3_000, 20),)
_FRIDAY: Final = (("CD-XIGUAN-1", 4_000, 40),)


def fill(*, at: datetime) -> None:
    """Make them where there are no flash sales at all."""
    if Session.objects.exists() or Plan.objects.exists():
        return
    today = days.shop_day(at)
    ten = datetime.combine(today + timedelta(days=1), time(10), tzinfo=ZoneInfo(settings.TIME_ZONE))
    _session("DEMO-LIVE", "限时秒杀", _NOW, starts_at=at, ends_at=at + timedelta(hours=12), at=at)
    _session("DEMO-TEN", "明日十点秒杀", _TOMORROW, starts_at=ten, ends_at=ten + timedelta(hours=2), at=at)
    plan = Plan.objects.create(
        code="DEMO-FRIDAY",
        title="周五闪购日",
        weekdays=[5],
        starts=time(20),
        minutes=180,
        from_day=today,
        enabled=True,
    )
    for draft in _goods(_FRIDAY):
        PlanGood.objects.create(
            plan=plan,
            sku_id=draft.sku_id,
            price_fen=draft.price_fen,
            quota=draft.quota,
            limit_per_member=draft.limit_per_member,
        )
    flashsale.make_sessions(at=at)


def _session(
    code: str,
    title: str,
    goods: Sequence[tuple[str, int, int]],
    *,
    starts_at: datetime,
    ends_at: datetime,
    at: datetime,
) -> None:
    draft = flashsale.SessionDraft(
        code=code, title=title, starts_at=starts_at, ends_at=ends_at, goods=_goods(goods)
    )
    flashsale.CAMPAIGNS.load(draft, at=at)


def _goods(wanted: Sequence[tuple[str, int, int]]) -> list[flashsale.GoodDraft]:
    skus = {sku.code: sku for sku in Sku.objects.filter(code__in=[code for code, _, _ in wanted])}
    return [
        flashsale.GoodDraft(
            sku_id=skus[code].pk,
            price_fen=skus[code].price_fen - percent_off(skus[code].price_fen, off_bp=off_bp),
            quota=units,
            limit_per_member=2,
        )
        for code, off_bp, units in wanted
    ]
