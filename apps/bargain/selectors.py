"""Read bargains and runs: what is on offer and how much of it, how far friends have come."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from apps.bargain.models import Bargain, Help, Run
from apps.bargain.states import KIND
from apps.campaigns import selectors as campaign_facts
from apps.campaigns.states import Approval
from apps.inventory import selectors as stock_facts
from mall.errors import NotFound


def on_offer(*, at: datetime, product_id: int | None = None) -> QuerySet[Bargain]:
    """The bargains that shoppers are told of, of one product or of all: those that run, and those that are announced."""
    approved = Bargain.objects.filter(approval=Approval.APPROVED, ends_at__gt=at)
    told = approved.exclude(preheat_at__gt=at)
    rows = told.select_related("sku__product")
    return rows if product_id is None else rows.filter(sku__product_id=product_id)


def told(*, bargain_id: int, at: datetime) -> Bargain:
    """A bargain that shoppers are or were told of. Raises NotFound for a draft and for one that is not announced yet."""
    row = (
        Bargain.objects.exclude(approval=Approval.DRAFT)
        .exclude(preheat_at__gt=at)
        .filter(pk=bargain_id)
        .select_related("sku__product")
        .first()
    )
    if row is None:
        raise NotFound
    return row


def left_of(rows: Iterable[Bargain]) -> dict[int, int]:
    """How many units can still be had of each, never more than lie on the shelf: two statements."""
    bargains = list(rows)
    quotas = campaign_facts.left(kind=KIND, keys=[str(row.pk) for row in bargains])
    free = stock_facts.available([row.sku_id for row in bargains])
    found = {}
    for row in bargains:
        quota = quotas.get(str(row.pk))
        found[row.pk] = free[row.sku_id] if quota is None else min(quota, free[row.sku_id])
    return found


def run(bargain_no: str) -> Run:
    """A run by its number, whoever asks: who has the number was sent it. Raises NotFound."""
    found = (
        Run.objects.select_related("bargain__sku__product", "member").filter(bargain_no=bargain_no).first()
    )
    if found is None:
        raise NotFound
    return found


def has_helped(found: Run, *, member_id: int) -> bool:
    """Whether the member has helped in this run."""
    return Help.objects.filter(run=found, member_id=member_id).exists()


def held_for_a_person() -> QuerySet[Help]:
    """The helps that wait for somebody to look at them."""
    return Help.objects.filter(held=True)
