"""Pictures that members send, for whatever purpose: asked for first, drawn anew within a budget, kept while used."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction

from apps.base import days, numbers, transactions
from apps.members.models import Member, Upload
from apps.members.services import consents
from apps.pictures import drawing, stored, users
from apps.pictures.child import Drawing
from mall.errors import NotFound, ShopError

log = structlog.get_logger(__name__)

Purpose = Upload.Purpose
# As long as somebody may take to write the review that goes with it.
KEEP_UNUSED: Final = timedelta(days=1)
AVATARS_PER_DAY: Final = 10
# Longer than drawing may take: whoever began so long ago was cut off.
_CUT_OFF_AFTER: Final = timedelta(seconds=60)
_FOLDERS: Final = {Purpose.REVIEW: "reviews", Purpose.AVATAR: "avatars", Purpose.AFTER_SALE: "after-sales"}


class TooManyPictures(ShopError):
    """The member has sent as many today as the rules allow; ``details`` says how many that are."""

    code = "too_many_pictures"
    message = "今日上传图片数量已达上限"


class PictureInProgress(ShopError):
    """The member's last picture is being drawn; ``details.retry_after`` says in how many seconds to come again."""

    code = "picture_in_progress"
    message = "上一张图片正在处理，请稍后重试"


def upload(*, member: Member, content: bytes, purpose: str, per_day: int, at: datetime) -> Upload:
    """Keep a picture drawn anew, without EXIF, position or what else was in the file.

    What cost work and could not be drawn counts like a picture; what is none at the first look does not.

    Consent (photo albums need it), the day's number and the member's other pictures are asked before a byte of it
    is read. Raises ConsentRequired, TooManyPictures, PictureInProgress, and the errors of pictures.drawing.
    """
    transactions.forbid("reading a picture")
    if len(content) > drawing.MOST_BYTES:
        raise drawing.PictureTooLarge
    consents.require_privacy(member=member)
    with drawing.turn():
        begun = _begin(member, purpose, per_day, at=at)
        try:
            drawn = drawing.drawn(content, recipe=drawing.MEMBERS)
        except BaseException as fault:
            _give_up(begun, cheap=_was_cheap(fault), at=at)
            raise
    return _end(begun, drawn, member, at=at)


def take(*, member: Member, public_ids: Sequence[str], purpose: str, at: datetime) -> list[Upload]:
    """Give pictures of the member's own, sent for this purpose and used by nothing yet, to the caller, in this order.

    Raises NotFound for any other; ``details`` names it.
    """
    transactions.require()
    mine = Upload.objects.filter(member=member, purpose=purpose, taken_at__isnull=True).exclude(file="")
    free = {one.public_id: one for one in mine.filter(public_id__in=public_ids).select_for_update()}
    for public_id in public_ids:
        if public_id not in free:
            raise NotFound("图片不存在或已被使用", details={"picture": public_id})
    taken = [free.pop(public_id) for public_id in public_ids]
    Upload.objects.filter(pk__in=[one.pk for one in taken]).update(taken_at=at)
    return taken


def take_file(*, member: Member, file: str, at: datetime) -> bool:
    """Give the picture that is stored under a name to the caller, if it is the member's own and used by nothing yet."""
    transactions.require()
    mine = Upload.objects.filter(member=member, file=file, taken_at__isnull=True)
    return bool(mine.update(taken_at=at))


def release(*, files: Collection[str]) -> None:
    """Say that pictures are not used any more where they were: the sweep deletes them if nobody else does."""
    Upload.objects.filter(file__in=files).exclude(file="").update(taken_at=None)


def delete(*, files: Collection[str]) -> None:
    """Delete pictures, files first, inside the caller's transaction: broken off, it leaves rows to be deleted again."""
    transactions.require()
    for file in files:
        if file:
            stored.delete(file)
    Upload.objects.filter(file__in=files).exclude(file="").delete()


def erase_of_member(*, member_id: int, all_of_them: bool) -> None:
    """Delete a member's pictures that nothing took and avatars, or all of them but those that a room keeps.

    What a dispute rests on is kept by the room that shows it, for its own time: here only the row goes that says whose it
    is. Inside the caller's transaction, after the other rooms.
    """
    transactions.require()
    theirs = Upload.objects.filter(member_id=member_id, ended_at__isnull=False).exclude(file="")
    avatars = theirs.filter(purpose=Purpose.AVATAR)
    if all_of_them:
        others = set(theirs.exclude(purpose=Purpose.AVATAR).values_list("file", flat=True))
        gone = others - users.in_use(others)
    else:
        gone = set(theirs.filter(taken_at__isnull=True).values_list("file", flat=True))
    delete(files=[*sorted(gone), *avatars.values_list("file", flat=True)])
    if all_of_them:
        Upload.objects.filter(member_id=member_id).delete()


def forget_unused(*, at: datetime, limit: int = 500) -> int:
    """Delete pictures that nothing took within a day and that no column of the shop uses; return how many.

    Every user of files is asked (``config/pictures.py``): a file that somebody shows stays, whatever its row says.
    """
    with transaction.atomic():
        unused = list(
            Upload.objects.select_for_update(skip_locked=True)
            .filter(taken_at__isnull=True, uploaded_at__lte=at - KEEP_UNUSED)
            .order_by("uploaded_at", "id")[:limit]
        )
        used = users.in_use([one.file for one in unused if one.file])
        kept = [one for one in unused if one.file in used]
        if kept:
            log.warning("picture_used_but_not_taken", count=len(kept))
            Upload.objects.filter(pk__in=[one.pk for one in kept]).update(taken_at=at)
        gone = [one for one in unused if one.file not in used]
        delete(files=[one.file for one in gone if one.file])
        Upload.objects.filter(pk__in=[one.pk for one in gone]).delete()
    return len(gone)


def _begin(member: Member, purpose: str, per_day: int, *, at: datetime) -> Upload:
    """Count the picture, and let it be the member's only one in progress."""
    with transaction.atomic():
        consents.lock_and_require_privacy(member=member)
        mine = Upload.objects.filter(member=member)
        mine.filter(ended_at__isnull=True, uploaded_at__lte=at - _CUT_OFF_AFTER).update(ended_at=at)
        if mine.filter(ended_at__isnull=True).exists():
            raise PictureInProgress(details={"retry_after": 1})
        start, end = days.day_window(days.shop_day(at))
        today = mine.filter(uploaded_at__gte=start, uploaded_at__lt=end)
        of_the_kind = (
            today.filter(purpose=purpose)
            if purpose == Purpose.AVATAR
            else today.exclude(purpose=Purpose.AVATAR)
        )
        if of_the_kind.count() >= per_day:
            raise TooManyPictures(details={"per_day": per_day})
        return Upload.objects.create(
            public_id=numbers.word(24), member=member, purpose=purpose, uploaded_at=at
        )


def _was_cheap(fault: BaseException) -> bool:
    """Whether a picture was refused by its first bytes, before any work was put into it."""
    looked_at = isinstance(fault, drawing.PictureTooLarge | drawing.PictureUnreadable)
    return looked_at and not isinstance(fault, drawing.PictureBroken)


def _give_up(begun: Upload, *, cheap: bool, at: datetime) -> None:
    if cheap:
        Upload.objects.filter(pk=begun.pk).delete()
    else:
        Upload.objects.filter(pk=begun.pk).update(ended_at=at)


def _end(begun: Upload, drawn: Drawing, member: Member, *, at: datetime) -> Upload:
    """Keep what was drawn. The row names the files before they are written, so that none is ever nobody's."""
    folder = _FOLDERS[Purpose(begun.purpose)]
    begun.file = stored.name_of(drawn, folder=folder, salt=begun.public_id)
    begun.width, begun.height, begun.ended_at = drawn.width, drawn.height, at
    try:
        with transaction.atomic():
            # Consent may have been taken back while the picture was drawn.
            consents.lock_and_require_privacy(member=member)
            begun.save(update_fields=["file", "width", "height", "ended_at"])
    except ShopError:
        Upload.objects.filter(pk=begun.pk).update(ended_at=at)
        raise
    stored.put(drawn, place=begun.file.rpartition("/")[0])
    return begun
