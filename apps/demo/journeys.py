"""Journeys of the demo shop: the six ready ones, of which two run: newcomers on their way since three weeks, and a watch
over valuable customers who stay away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Min

from apps.audiences.models import Segment
from apps.base import days
from apps.coupons.models import Template
from apps.coupons.states import TemplateStatus
from apps.journeys import plans, ready
from apps.journeys import services as journeys
from apps.journeys.models import Journey
from apps.members.models import Member
from apps.messaging.services import deciding
from apps.orders.models import Order

# So long the newcomers' journey runs; one of the shop's members came to it on each of these days.
_DAYS: Final = 21
_HOLDOUT: Final = 20
_SEGMENT: Final = "流失预警"


def fill(*, at: datetime) -> None:
    """Make the drafts, start two of them, and let time pass, where there is no journey yet."""
    if Journey.objects.exists():
        return
    with transaction.atomic():
        rows = {one.code: journeys.make_ready(name=one.code, at=at) for one in ready.READY}
        coupon = Template.objects.filter(status=TemplateStatus.LIVE, valid_days__isnull=False, visible=True)
        template = coupon.order_by("id").first()
        segment = Segment.objects.filter(name=_SEGMENT).first()
        if template is None or segment is None:
            return
        _walk_newcomers(rows["newcomer"], template, at=at)
        _watch(rows["churn"], template, segment, at=at)


def _walk_newcomers(row: Journey, template: Template, *, at: datetime) -> None:
    began = at - timedelta(days=_DAYS)
    row.holdout_percent, row.measure_days = _HOLDOUT, 7
    journeys.save(row, at=began)
    _choose(row, template, at=began)
    journeys.start(journey_id=row.pk, operator=None, at=began)
    people = sorted(_people(began, at=at))
    for now in _ticks(began, at=at):
        while people and people[0][0] <= now:
            _, member_id = people.pop(0)
            journeys.on_news(name="MemberRegistered", member_id=member_id, subject="", at=now)
        journeys.move_due(at=now)
        deciding.decide_due(at=now)


def _ticks(began: datetime, *, at: datetime) -> Iterator[datetime]:
    """Just after ten and after half past seven in the evening of each day: when the plan's steps are due."""
    for day in range(_DAYS + 1):
        midnight = days.day_window(days.shop_day(began) + timedelta(days=day))[0]
        for minutes in (10 * 60 + 1, 19 * 60 + 31):
            if began < (now := midnight + timedelta(minutes=minutes)) < at:
                yield now


def _people(began: datetime, *, at: datetime) -> Iterator[tuple[datetime, int]]:
    """When whom the journey begins for: whoever bought a week ago or earlier came the day before, others one a day."""
    bought = Order.objects.filter(paid_at__gt=began + timedelta(days=2), paid_at__lt=at - timedelta(days=7))
    first = dict(bought.order_by().values_list("member_id").annotate(first=Min("paid_at")))
    for member_id, paid_at in first.items():
        yield paid_at - timedelta(days=1), member_id
    others = Member.objects.filter(erased_at=None).exclude(pk__in=first).order_by("-id")
    for day, member_id in enumerate(others.values_list("pk", flat=True)[: _DAYS - len(first)]):
        yield began + timedelta(days=day), member_id


def _watch(row: Journey, template: Template, segment: Segment, *, at: datetime) -> None:
    _choose(row, template, at=at)
    row.refresh_from_db()
    trigger: Mapping[str, Any] = {"is": "segment", "segment": segment.pk, "existing": True}
    journeys.set_trigger(journey_id=row.pk, revision=row.revision, trigger=trigger, at=at)
    journeys.start(journey_id=row.pk, operator=None, at=at)
    journeys.enter_due(at=at)
    journeys.move_due(at=at)


def _choose(row: Journey, template: Template, *, at: datetime) -> None:
    """Choose the coupon that the ready plan leaves open."""
    for line in plans.lines(row.plan):
        if line.step["is"] == "coupon":
            row.refresh_from_db()
            step = {"is": "coupon", "template": template.pk}
            journeys.change_step(
                journey_id=row.pk, revision=row.revision, number=line.number, step=step, at=at
            )
    row.refresh_from_db()
