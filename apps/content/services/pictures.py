"""Pictures on their way to a review, and those that one took."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from apps.content import selectors as review_facts
from apps.content.models import Picture, Review
from apps.members.models import Member, Upload
from apps.members.services import uploads


def upload(*, member: Member, content: bytes, purpose: str = Upload.Purpose.REVIEW, at: datetime) -> Upload:
    """Keep a picture, as many a day as the rules allow. Raises the errors of members.services.uploads.upload."""
    avatar = purpose == Upload.Purpose.AVATAR
    per_day = uploads.AVATARS_PER_DAY if avatar else review_facts.rules().pictures_per_day
    return uploads.upload(member=member, content=content, purpose=purpose, per_day=per_day, at=at)


def attach(public_ids: Sequence[str], *, review: Review, at: datetime) -> None:
    """Give pictures of the writer's own that nothing uses to a review, in this order. Raises NotFound for any other."""
    taken = uploads.take(member=review.member, public_ids=public_ids, purpose=Upload.Purpose.REVIEW, at=at)
    Picture.objects.bulk_create(
        Picture(
            public_id=one.public_id,
            member_id=review.member_id,
            review=review,
            position=position,
            file=one.file,
            width=one.width,
            height=one.height,
            uploaded_at=one.uploaded_at,
        )
        for position, one in enumerate(taken)
    )


def delete(pictures: Sequence[Picture]) -> None:
    """Delete files, then rows, inside the caller's transaction: broken off, it leaves a row to be deleted again."""
    uploads.delete(files=[picture.file for picture in pictures])
    Picture.objects.filter(pk__in=[picture.pk for picture in pictures]).delete()
