"""Points for tests, made as plainly as possible."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from apps.members.models import Member
from apps.points import selectors as point_facts
from apps.points import services as points
from apps.points.models import Account, InteractionRule, PointsGood, Rules
from tests.apps.members import make as members

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # Monday noon in Shanghai
DAY = timedelta(days=1)


def member(balance: int = 0, *, at: datetime = NOW, **columns: Any) -> Member:
    """A member with so many points, given at once."""
    owner = members.member(**columns)
    if balance:
        points.earn(member_id=owner.pk, amount=balance, cause="start", at=at)
    return owner


def hold(owner: Member, order_no: str, amount: int, *, at: datetime = NOW) -> None:
    with transaction.atomic():
        points.hold(order_no=order_no, member_id=owner.pk, points=amount, at=at)


def commit(order_no: str, *, at: datetime = NOW) -> None:
    with transaction.atomic():
        points.commit(order_no=order_no, at=at)


def release(order_no: str, *, at: datetime = NOW) -> None:
    with transaction.atomic():
        points.release(order_no=order_no, at=at)


def restore(order_no: str, amount: int | None = None, cause: str = "", *, at: datetime = NOW) -> None:
    with transaction.atomic():
        points.restore(order_no=order_no, points=amount, cause=cause, at=at)


def standing(owner: Member) -> tuple[int, int]:
    """Balance and debt, after having looked whether the books are right."""
    assert point_facts.unbalanced() == []
    return Account.objects.values_list("balance", "debt").get(member=owner)


def rules(**columns: Any) -> Rules:
    return Rules.objects.update_or_create(pk=1, defaults=columns)[0]


def interaction(kind: str = "REVIEW", points: int = 10, **columns: Any) -> InteractionRule:
    return InteractionRule.objects.create(kind=kind, points=points, **columns)


def coupon_good(points: int = 100, **columns: Any) -> PointsGood:
    always = {"starts_at": datetime(2020, 1, 1, tzinfo=UTC), "ends_at": datetime(2120, 1, 1, tzinfo=UTC)}
    whole = {"kind": "COUPON", "title": "5 元券", "coupon_template_id": 7, **always, **columns}
    return PointsGood.objects.create(points=points, **whole)
