"""What operators decide about reviews: publish, reject, hide, show again, and reply."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from apps.content.models import MOST_CHARACTERS, Review
from apps.content.services import moving
from apps.content.states import ReviewStatus
from mall.errors import Invalid, ShopError


class ReasonMissing(Invalid):
    """What is kept from everybody is kept with a reason of 1 to 100 characters."""

    code = "reason_missing"
    message = "请填写原因"


class ReplyInvalid(Invalid):
    """A reply has 1 to 500 characters."""

    code = "reply_invalid"
    message = "回复应为 1 到 500 个字"


class ReplyRefused(ShopError):
    """Only what is or was published is replied to."""

    code = "reply_refused"
    message = "评价发布后才能回复"


def publish(*, review_id: int, operator: Any, at: datetime) -> None:
    """Publish what was held for a person. Raises MoveRefused."""
    _move(review_id, "publish", operator=operator, at=at)


def reject(*, review_id: int, reason: str, operator: Any, at: datetime) -> None:
    """Keep what was held from being published, for good. Raises ReasonMissing, MoveRefused."""
    _move(review_id, "reject", _required(reason), operator=operator, at=at)


def hide(*, review_id: int, reason: str, operator: Any, at: datetime) -> None:
    """Take a published review out of sight; nothing is deleted, and its points stay. Raises ReasonMissing, MoveRefused."""
    _move(review_id, "hide", _required(reason), operator=operator, at=at)


def show(*, review_id: int, operator: Any, at: datetime) -> None:
    """Show a hidden review again. Raises MoveRefused."""
    _move(review_id, "show", operator=operator, at=at)


def reply(*, review_id: int, text: str, operator: Any, at: datetime) -> Review:
    """Say something under a review, in place of what was said before. Raises ReplyInvalid, ReplyRefused."""
    said = text.strip()
    if not 1 <= len(said) <= MOST_CHARACTERS or "\x00" in said:
        raise ReplyInvalid
    with transaction.atomic():
        review = moving.lock(review_id=review_id)
        if review.status not in (ReviewStatus.PUBLISHED, ReviewStatus.HIDDEN):
            raise ReplyRefused
        review.reply, review.replied_at, review.replied_by = said, at, operator
        review.save(update_fields=["reply", "replied_at", "replied_by"])
    return review


def _required(reason: str) -> str:
    said = reason.strip()
    if not 1 <= len(said) <= 100:
        raise ReasonMissing
    return said


def _move(review_id: int, move: str, reason: str = "", *, operator: Any, at: datetime) -> None:
    with transaction.atomic():
        moving.move(moving.lock(review_id=review_id), move=move, reason=reason, operator=operator, at=at)
