"""Erasure: what a member wrote and showed is gone for good when they take their consent back, or leave."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.content.models import Picture, Review
from apps.content.services import moving, pictures
from apps.content.states import ReviewStatus

_EMPTIED = ("text", "reply", "replied_at", "replied_by", "picture_count", "trace_id", "label", "anonymous")


@transaction.atomic
def erase_of_member(*, member_id: int, reason: str = "会员撤回同意", at: datetime) -> int:
    """Empty all reviews of a member and delete their pictures, files included; return how many were emptied.

    What is left is the rating of a line that was reviewed once, which no one sees any more (PIPL Art. 47).
    """
    erased = 0
    mine = Review.objects.filter(member_id=member_id).exclude(status=ReviewStatus.ERASED).order_by("id")
    for review in mine.select_for_update(no_key=True):
        pictures.delete(list(Picture.objects.filter(review=review)))
        review.text, review.picture_count = "", 0
        review.reply, review.replied_at, review.replied_by = "", None, None
        review.trace_id, review.label, review.anonymous = "", 0, True
        # Words and status in one statement, so that no constraint sees one without the other.
        moving.move(review, move="erase", reason=reason, at=at, with_columns=_EMPTIED)
        erased += 1
    return erased
