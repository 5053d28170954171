"""The coupons' bells: what is past its end, mass issues under way, codes to be made, passes that are over."""

from __future__ import annotations

from celery import shared_task

from apps.base import jobs
from apps.coupons import telling
from apps.coupons.services import codes, holds, store_uses
from apps.coupons.services import jobs as issues
from apps.messaging import services as messaging


@shared_task(name="coupons.expire_due")
def expire_due() -> None:
    """Expire coupons whose end has passed."""
    jobs.run("coupons.expire_due", lambda at: holds.expire_due(at=at))


@shared_task(name="coupons.issue_due")
def issue_due() -> None:
    """Go on with mass issues."""
    jobs.run("coupons.issue_due", lambda at: issues.advance_due(at=at))


@shared_task(name="coupons.make_codes")
def make_codes() -> None:
    """Go on making the codes of batches."""
    jobs.run("coupons.make_codes", lambda at: codes.make_due())


@shared_task(name="coupons.forget_passes")
def forget_passes() -> None:
    """Delete passes for shops that nobody can use any more."""
    jobs.run("coupons.forget_passes", lambda at: store_uses.forget_passes(at=at))


@shared_task(name="coupons.tell_expiring")
def tell_expiring() -> None:
    """Tell members of coupons that have three days left, and one."""
    jobs.run("coupons.tell_expiring", lambda at: messaging.announce(telling.expirings(at=at), at=at))
