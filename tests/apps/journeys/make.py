"""Journeys for tests, made as plainly as possible."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final

from apps.carts.models import CartItem
from apps.catalog.models import Sku
from apps.journeys import services as journeys
from apps.journeys.models import Journey, Participation, StepRecord
from apps.members.models import Member
from tests.apps.audiences import make as crowd
from tests.apps.members import make as members

AT: Final = members.AT  # Monday noon in Shanghai
MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)

member = members.member
bought = crowd.bought
_numbers = count(1)


def wait(minutes: int) -> dict[str, Any]:
    return {"is": "wait", "minutes": minutes}


def message(title: str = "好久不见", **more: Any) -> dict[str, Any]:
    return {"is": "message", "title": title, "text": "{nickname}您好", "hours": 24, **more}


def give(points: int = 5) -> dict[str, Any]:
    return {"is": "points", "points": points}


def branch(when: str, *, yes: Any = (), no: Any = (), **more: Any) -> dict[str, Any]:
    return {"is": "branch", "when": when, "yes": list(yes), "no": list(no), **more}


def event(name: str = "OrderReceived") -> dict[str, Any]:
    return {"is": "event", "event": name}


def plan(
    trigger: dict[str, Any], *steps: dict[str, Any], again_days: int | None = None, exits: Any = ()
) -> Any:
    return {"trigger": trigger, "again_days": again_days, "exits": list(exits), "steps": list(steps)}


def draft(
    trigger: dict[str, Any], *steps: dict[str, Any], at: datetime = AT, holdout: int = 0, **more: Any
) -> Journey:
    number = next(_numbers)
    row = Journey(code=f"J{number}", title=f"旅程{number}", plan=plan(trigger, *steps, **more))
    row.holdout_percent = holdout
    return journeys.save(row, at=at)


def live(*args: Any, at: datetime = AT, **more: Any) -> Journey:
    """A journey that runs since ``at``."""
    row = draft(*args, at=at, **more)
    journeys.start(journey_id=row.pk, operator=None, at=at)
    row.refresh_from_db()
    return row


def come(
    owner: Member, *, subject: str = "SO1", name: str = "OrderReceived", at: datetime = AT
) -> Participation:
    """News lets a member in."""
    journeys.on_news(name=name, member_id=owner.pk, subject=subject, at=at)
    return Participation.objects.filter(member=owner).order_by("-pk")[0]


def put_in_cart(owner: Member, sku: Sku, *, at: datetime = AT) -> CartItem:
    return CartItem.objects.create(member=owner, sku=sku, quantity=1, added_at=at)


def done(of: Participation | Journey) -> list[tuple[int, str, str]]:
    """What steps did: number, outcome, reason."""
    rows = StepRecord.objects.order_by("pk")
    mine = (
        rows.filter(participation=of)
        if isinstance(of, Participation)
        else rows.filter(participation__journey=of)
    )
    return list(mine.values_list("step", "outcome", "reason"))


def inside(journey: Journey) -> set[str]:
    """The nicknames of whoever entered."""
    return set(Participation.objects.filter(journey=journey).values_list("member__nickname", flat=True))
