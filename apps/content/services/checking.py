"""WeChat's check of reviews (内容安全): text and pictures; nothing is published that was not looked at."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from apps.base import transactions
from apps.content.models import Picture, Review
from apps.content.services import moving
from apps.content.states import Finding, ReviewStatus
from apps.pictures import stored
from apps.wechat import security
from apps.wechat.errors import WechatRefused

# WeChat pushes what it found in a picture within half an hour, or never.
PICTURES_WITHIN: Final = timedelta(minutes=30)
_OPEN: Final = (ReviewStatus.WAITING, ReviewStatus.HELD)
_FOUND: Final = {
    security.Suggest.PASS: Finding.PASS,
    security.Suggest.REVIEW: Finding.REVIEW,
    security.Suggest.RISKY: Finding.RISKY,
}
_HELD_FOR: Final = {
    security.NOT_ACTIVE: "会员近两小时未使用小程序，微信无法检测",
    None: "微信拒绝检测",
}


class UnknownTrace(LookupError):
    """A verdict about a picture that the shop does not know, or not yet: the push may be quicker than the answer."""


def check(*, review_id: int, at: datetime) -> None:
    """Ask WeChat about a review's text and have it look at the pictures; what was asked before is not asked again.

    Raises WechatUnavailable: try again later, until then the review waits. A refusal (61010: the member was not
    active for two hours) holds it for a person.
    """
    transactions.forbid("asking WeChat about a review")
    review = Review.objects.select_related("member").filter(pk=review_id, status__in=_OPEN).first()
    if review is None:
        return
    try:
        if review.finding == Finding.NONE:
            _check_text(review, at=at)
        _check_pictures(review, at=at)
    except WechatRefused as refused:
        errcode = refused.errcode if refused.errcode in _HELD_FOR else None
        _hold(review.pk, reason=_HELD_FOR[errcode], at=at)


def judge_picture(*, message: Mapping[str, Any], at: datetime) -> None:
    """Keep what WeChat found in a picture, as its push says, and decide about the review. Once; repeats change nothing.

    Raises UnknownTrace.
    """
    verdict = security.picture_verdict(message)
    with transaction.atomic():
        picture = Picture.objects.filter(trace_id=verdict.trace_id, review__isnull=False).first()
        if picture is None or picture.review_id is None:
            raise UnknownTrace(verdict.trace_id)
        review = moving.lock(review_id=picture.review_id)
        found = Picture.objects.filter(pk=picture.pk, finding=Finding.NONE)
        if found.update(finding=_FOUND[verdict.suggest], label=verdict.label):
            _decide(review, at=at)


def hold_overdue(*, at: datetime, limit: int = 500) -> int:
    """Give reviews to a person that WeChat has not said everything about in time; return how many."""
    for held in range(limit):
        with transaction.atomic():
            overdue = (
                Review.objects.select_for_update(skip_locked=True, no_key=True)
                .filter(status=ReviewStatus.WAITING, look_at__lte=at)
                .order_by("look_at", "id")
                .first()
            )
            if overdue is None:
                return held
            moving.move(overdue, move="hold", reason="微信未在时限内返回检测结果", at=at)
    return limit


def _check_text(review: Review, *, at: datetime) -> None:
    """A review without a word has nothing to be checked."""
    verdict = None
    if review.text:
        verdict = security.check_text(
            openid=review.member.openid, scene=security.Scene.COMMENT, content=review.text
        )
    with transaction.atomic():
        locked = moving.lock(review_id=review.pk)
        if locked.status not in _OPEN or locked.finding != Finding.NONE:
            return
        locked.finding = _FOUND[verdict.suggest] if verdict else Finding.PASS
        locked.label = verdict.label if verdict else 0
        locked.trace_id = verdict.trace_id[:64] if verdict else ""
        locked.save(update_fields=["finding", "label", "trace_id"])
        _decide(locked, at=at)


def _check_pictures(review: Review, *, at: datetime) -> None:
    for picture in Picture.objects.filter(review=review, finding=Finding.NONE, trace_id="").order_by(
        "position"
    ):
        if Review.objects.filter(pk=review.pk, status__in=_OPEN).count() == 0:
            return  # the text was enough, or the review is erased
        trace_id = security.check_picture(
            openid=review.member.openid,
            scene=security.Scene.COMMENT,
            url=stored.address(picture.file) or "",
        )
        Picture.objects.filter(pk=picture.pk).update(trace_id=trace_id)
        Review.objects.filter(pk=review.pk).update(look_at=at + PICTURES_WITHIN)


def _decide(review: Review, *, at: datetime) -> None:
    """Move a locked review where what was found so far leads: one risk rejects, one doubt holds, all passes publish."""
    pictures = Picture.objects.filter(review=review)
    found = {review.finding, *pictures.values_list("finding", flat=True)}
    if Finding.RISKY in found and review.status in _OPEN:
        moving.move(review, move="reject", reason="微信检测判定违规", at=at)
    elif review.status != ReviewStatus.WAITING:
        return
    elif Finding.REVIEW in found:
        moving.move(review, move="hold", reason="微信建议人工审核", at=at)
    elif found == {Finding.PASS}:
        moving.move(review, move="pass", at=at)


def _hold(review_id: int, *, reason: str, at: datetime) -> None:
    with transaction.atomic():
        review = moving.lock(review_id=review_id)
        if review.status == ReviewStatus.WAITING:
            moving.move(review, move="hold", reason=reason, at=at)
