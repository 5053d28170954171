"""Journeys of the demo shop: the six ready ones, of which two run: newcomers on their way since three weeks, and a watch
over valuable customers who stay away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from apps.audiences.models import Segment
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
    for now, member_id in sorted(_people(began)):
        journeys.on_news(name="MemberRegistered", member_id=member_id, subject="", at=now)
        journeys.move_due(at=now)
        deciding.decide_due(at=now)


def _people(began: datetime) -> Iterator[tuple[datetime, int]]:
    """The shop's newest members, one a day; whoever bought something since came the day before."""
    members = Member.objects.filter(erased_at=None).order_by("-id").values_list("pk", flat=True)[:_DAYS]
    for day, member_id in enumerate(members):
        bought = Order.objects.filter(member_id=member_id, paid_at__gt=began + timedelta(days=1)).order_by(
            "paid_at"
        )
        first = bought.values_list("paid_at", flat=True).first()
        yield (began + timedelta(days=day) if first is None else first - timedelta(days=1)), member_id


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
