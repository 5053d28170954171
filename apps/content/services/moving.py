"""The one writer of a review's status: asks the lifecycle, changes the locked row, appends to the history."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from apps.base import transactions
from apps.content.models import Review, ReviewMove
from apps.content.states import LIFECYCLE, ReviewStatus
from apps.outbox import services as outbox
from mall.errors import NotFound
from mall.events import ReviewPublished


def lock(*, review_id: int) -> Review:
    """The review, locked until the end of the transaction. Raises NotFound."""
    transactions.require()
    review = Review.objects.select_for_update(no_key=True).filter(pk=review_id).first()
    if review is None:
        raise NotFound
    return review


def move(
    review: Review,
    *,
    move: str,
    reason: str = "",
    operator: Any = None,
    with_columns: Collection[str] = (),
    at: datetime,
) -> None:
    """Make a named move of a locked review. Raises MoveRefused where it does not stand where the move begins.

    ``with_columns`` are written in the same statement, as the caller has set them.

    ``operator`` is None where the shop itself decides. The first publication is announced; later ones are not,
    so that what is hidden and shown again is no news.
    """
    transactions.require()
    came_from = review.status
    review.status = ReviewStatus(LIFECYCLE.target(move=move, current=came_from))
    review.reason = reason
    written = ["status", "reason", *with_columns]
    if review.status == ReviewStatus.PUBLISHED and review.published_at is None:
        review.published_at = at
        written.append("published_at")
        news = ReviewPublished(
            member_id=review.member_id, review_id=review.pk, subject=f"line:{review.line_id}"
        )
        outbox.publish(news, at=at)
    review.save(update_fields=written)
    ReviewMove.objects.create(
        review=review,
        move=move,
        from_status=came_from,
        to_status=review.status,
        operator=operator,
        reason=reason,
        at=at,
    )
