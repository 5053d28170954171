"""Plans become sessions: those of the coming days are made ahead, each day's once, with quotas of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from django.db import transaction

from apps.base import days, judging, transactions
from apps.campaigns import services as campaigns
from apps.flashsale.models import Plan, Session
from apps.flashsale.services import saving
from apps.flashsale.services.saving import GoodDraft, SessionDraft
from mall.errors import Fault, Faulty, ShopError

WEEKDAYS: Final = {1: "周一", 2: "周二", 3: "周三", 4: "周四", 5: "周五", 6: "周六", 7: "周日"}


class _MadeAlready(ShopError):
    """Another sweep was faster."""

    code = "flash_session_made_already"


class PlanRefused(Faulty):
    """A plan that cannot be: each fault at its field, ``goods`` for its goods."""

    code = "flash_plan_refused"


def save_plan(plan: Plan) -> Plan:
    """Save a new or changed plan; sessions that are made already stay as they are. Raises PlanRefused."""
    judging.refuse(PlanRefused, plan, _plan_faults(plan))
    plan.save()
    return plan


def check_plan_goods(goods: Sequence[GoodDraft]) -> None:
    """Raise PlanRefused for goods that no session could have today."""
    if not goods:
        raise PlanRefused([Fault("goods", "请至少添加一个商品")])
    faults, _ = saving.check_goods(goods)
    if faults:
        raise PlanRefused(faults)


def _plan_faults(plan: Plan) -> Iterator[Fault]:
    """What is wrong with the days and the extras of a plan."""
    if not isinstance(plan.weekdays, list) or not set(plan.weekdays) <= set(WEEKDAYS):
        yield Fault("weekdays", "星期应为 1（周一）到 7（周日）")
    for extra in sorted(set(plan.combines) - campaigns.EXTRAS.keys()):
        yield Fault("combines", f"没有这种可同享的优惠：{extra}")


def make_sessions(*, at: datetime) -> int:
    """Make and approve the sessions of the coming days of all plans; return how many. Safe to run twice and side by side.

    A session that cannot be made (its SKU is in another campaign, say) leaves the reason at its plan and is tried
    again with the next sweep, while the others are made.
    """
    plans = Plan.objects.filter(enabled=True).prefetch_related("goods").order_by("id")
    return sum(_make(plan, at=at) for plan in plans)


def _make(plan: Plan, *, at: datetime) -> int:
    made, problem = 0, ""
    known = set(plan.sessions.values_list("day", flat=True))
    for day in _days(plan, at=at):
        if day in known:
            continue
        try:
            made += _made(plan, day, at=at)
        except ShopError as refusal:
            problem = problem or f"{day:%Y-%m-%d}：{refusal.text}"[:300]
    if problem != plan.problem:
        Plan.objects.filter(pk=plan.pk).update(problem=problem)
    return made


def _days(plan: Plan, *, at: datetime) -> Iterator[date]:
    """The plan's days that are due to be made: those whose session has not begun, as far ahead as it says."""
    today = days.shop_day(at)
    for ahead in range(plan.ahead_days + 1):
        day = today + timedelta(days=ahead)
        if day < plan.from_day or (plan.until_day is not None and day > plan.until_day):
            continue
        if plan.weekdays and day.isoweekday() not in plan.weekdays:
            continue
        if _begins(plan, day) > at:
            yield day


def _begins(plan: Plan, day: date) -> datetime:
    return days.moment(day, plan.starts)


def _made(plan: Plan, day: date, *, at: datetime) -> bool:
    starts_at = _begins(plan, day)
    preheat = plan.preheat_minutes
    draft = SessionDraft(
        code=f"{plan.code}-{day:%Y%m%d}",
        title=plan.title,
        preheat_at=None if preheat is None else starts_at - timedelta(minutes=preheat),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=plan.minutes),
        combines=tuple(plan.combines),
        group_id=plan.group_id,
        goods=saving.goods_of(plan.goods.all()),
        plan_id=plan.pk,
        day=day,
    )
    try:
        with transaction.atomic(), transactions.refine({"flash_session_once_per_plan_day": _MadeAlready}):
            saving.CAMPAIGNS.load(draft, at=at)
    except _MadeAlready:
        return False
    # Who came between the look and the write made it under the same code.
    except saving.SessionRefused:
        if Session.objects.filter(plan=plan, day=day).exists():
            return False
        raise
    return True
