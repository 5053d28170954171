"""What the clock does to points: lots past their end leave the balance, and members are told some days before."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from apps.outbox import services as outbox
from apps.points import selectors as point_facts
from apps.points.models import Account, Lot
from apps.points.services import booking
from mall.events import PointsExpiring


def expire_due(*, at: datetime, limit: int = 500) -> int:
    """Expire what is past its end, one transaction an account; return how many accounts that were."""
    due = (
        Lot.objects.filter(left__gt=0, expires_at__lte=at)
        .order_by()
        .values_list("account__member_id", flat=True)
        .distinct()[:limit]
    )
    member_ids = sorted(due)
    for member_id in member_ids:
        with transaction.atomic():
            booking.lock(member_id=member_id, at=at)
    return len(member_ids)


def remind_due(*, at: datetime, limit: int = 500) -> int:
    """Publish PointsExpiring once for each account and end within the rules' days; return how many.

    Safe side by side: the lots are marked under the account's lock, and whoever comes second finds none.
    """
    until = at + timedelta(days=point_facts.rules().remind_days)
    due = Lot.objects.filter(left__gt=0, reminded_at__isnull=True, expires_at__gt=at, expires_at__lte=until)
    account_ids = sorted(due.order_by().values_list("account_id", flat=True).distinct()[:limit])
    reminded = 0
    for account_id in account_ids:
        with transaction.atomic():
            account = Account.objects.select_for_update(no_key=True).get(pk=account_id)
            lots = due.filter(account=account)
            for expires_at in sorted({lot.expires_at for lot in lots if lot.expires_at}):
                lots.filter(expires_at=expires_at).update(reminded_at=at)
                news = PointsExpiring(member_id=account.member_id, expires_at=expires_at.isoformat())
                outbox.publish(news, at=at)
                reminded += 1
    return reminded
