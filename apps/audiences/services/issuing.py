"""Coupons for everybody in a segment: who that is stands still from the moment of the order."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apps.audiences import selectors as audience_facts
from apps.audiences.services import segments
from apps.coupons.models import IssueJob
from apps.coupons.services import jobs as issues


def issue_coupons(
    *, segment_id: int, template_id: int, reason: str, token: str, operator: Any, at: datetime
) -> IssueJob:
    """Order one coupon for each member of a segment, as its conditions mean it now; coupons issue them in chunks.

    The same ``token`` again returns the same issue. Raises SegmentNotUsable, NotFound, and what the issue refuses.
    """
    version = segments.usable(segment_id=segment_id)
    return issues.start(
        template_id=template_id,
        audience=IssueJob.Audience.LIST,
        member_ids=audience_facts.members_of(version=version, at=at),
        reason=reason,
        token=token,
        operator=operator,
        at=at,
    )
