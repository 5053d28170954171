"""A coupon for each of so many members, as a mass issue gives it: how many a second."""

from __future__ import annotations

import time

from django.utils import timezone

from apps.base import numbers
from apps.coupons.models import Template
from apps.coupons.services import jobs, templates
from apps.members.models import Member

# Unless told otherwise (``--members``): enough to see the speed, soon enough done.
MEMBERS = 200_000
# The order of the shop: one million members within a minute.
LEAST_A_SECOND = 20_000
_PIECE = 5_000


def coupons_a_second(members: int = MEMBERS) -> float:
    """Make so many members, issue to all of them, and return the rows a second of the issue alone."""
    at = timezone.now()
    for made in range(0, members, _PIECE):
        words = (numbers.word(16) for _ in range(min(_PIECE, members - made)))
        Member.objects.bulk_create(
            Member(public_id=word, openid=f"bench-{word}", registered_at=at) for word in words
        )
    template = templates.create(
        name="满50减10", kind=Template.Kind.THRESHOLD, threshold_fen=5_000, off_fen=1_000, valid_days=7
    )
    job = jobs.start(template_id=template.pk, audience="ALL", reason="bench", operator=None, at=at)
    begun = time.perf_counter()
    while jobs.advance(job_id=job.pk, at=at):
        pass
    return job.total / (time.perf_counter() - begun)
