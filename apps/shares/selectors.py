"""Reading shares: whose token it is, and what came of each."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import (
    Case,
    CharField,
    Count,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Concat

from apps.shares import tokens
from apps.shares.models import Share, ShareOrder, Visit

# Who came: a visitor is a person, known by login, by the phone's own mark, or by nothing but the day; once, however many
# days and landings it was. Every list and report counts visitors by it: distinct values of it over rows of ``Visit``.
PERSON: Final = Case(
    When(member__isnull=False, then=Concat(Value("m"), Cast("member_id", CharField()))),
    When(visitor_id="", then=Concat(Value("r"), Cast("pk", CharField()))),
    default=Concat(Value("v"), F("visitor_id")),
    output_field=CharField(),
)
# The same for statements that are written by hand, where ``shares_visit`` is called v.
PERSON_SQL: Final = "COALESCE('m' || v.member_id, 'v' || NULLIF(v.visitor_id, ''), 'r' || v.id)"


def by_token(token: object) -> Share | None:
    """The share of a token; None for what the shop did not sign, without a statement."""
    if not isinstance(token, str) or not tokens.is_ours(token):
        return None
    return Share.objects.filter(token=token, member__erased_at=None).first()


def with_funnel() -> QuerySet[Share]:
    """Shares with ``landings``, ``visitors``, ``registrations``, ``ordered`` and ``paid``: as many as are still kept."""
    visits = Visit.objects.filter(share=OuterRef("pk"))
    orders = ShareOrder.objects.filter(share=OuterRef("pk"))
    return Share.objects.annotate(
        landings=_sum(visits, Sum("landings")),
        visitors=_sum(visits, Count(PERSON, distinct=True)),
        registrations=_sum(visits.filter(registered=True), Count("pk")),
        ordered=_sum(orders, Count("pk")),
        paid=_sum(orders, Count("pk", filter=Q(paid_at__isnull=False))),
    )


def old_visits(*, at: datetime) -> QuerySet[Visit]:
    """Visits whose time is over."""
    return Visit.objects.filter(last_at__lt=at - timedelta(days=settings.SHARE_VISIT_DAYS))


def _sum(rows: QuerySet[Any], what: Any) -> Coalesce:
    """An aggregate of the rows of one share, 0 where there are none."""
    grouped = rows.order_by().values("share").annotate(found=what).values("found")
    return Coalesce(Subquery(grouped, output_field=IntegerField()), Value(0))
