"""Pictures that members upload: read, drawn anew without anything that was hidden in them, and kept while used."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import BytesIO
from typing import Final

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from PIL import Image, ImageOps

from apps.base import days, numbers, transactions
from apps.content import selectors
from apps.content.models import Picture
from apps.members.models import Member
from apps.members.services import consents
from mall.errors import Invalid, ShopError

MOST_BYTES: Final = 5 * 1024 * 1024
# A phone's camera makes 12 million; decoded, three bytes each are held in memory.
MOST_PIXELS: Final = 25_000_000
_FORMATS: Final = ("JPEG", "PNG", "WEBP")
_LONGEST_SIDE: Final = 2048
_QUALITY: Final = 85
_WHITE: Final = (255, 255, 255)
# As long as somebody may take to write the review that goes with it.
_KEEP_UNUSED: Final = timedelta(days=1)


class PictureTooLarge(Invalid):
    """More than 5 MB, or more than 25 million pixels."""

    code = "picture_too_large"
    message = "图片不能超过 5 MB"


class PictureUnreadable(Invalid):
    """Not a JPEG, PNG or WebP picture that can be read to its end."""

    code = "picture_unreadable"
    message = "无法识别的图片，请上传 JPG、PNG 或 WebP 格式"


class TooManyPictures(ShopError):
    """The member has uploaded as many today as the rules allow; ``details`` says how many that are."""

    code = "too_many_pictures"
    message = "今日上传图片数量已达上限"


def upload(*, member: Member, content: bytes, at: datetime) -> Picture:
    """Keep a picture of at most 2048 pixels a side as a new JPEG, without EXIF, position or what else was in the file.

    Raises PictureTooLarge, PictureUnreadable, ConsentRequired (photo albums need consent), TooManyPictures.
    """
    transactions.forbid("reading a picture")
    drawn, (width, height) = _redrawn(content)
    rules = selectors.rules()
    with transaction.atomic():
        consents.lock_and_require_privacy(member=member)
        start, end = days.day_window(days.shop_day(at))
        today = Picture.objects.filter(member=member, uploaded_at__gte=start, uploaded_at__lt=end).count()
        if today >= rules.pictures_per_day:
            raise TooManyPictures(details={"per_day": rules.pictures_per_day})
        public_id = numbers.word(24)
        name = f"reviews/{days.shop_day(at):%Y/%m}/{public_id}.jpg"
        return Picture.objects.create(
            public_id=public_id,
            member=member,
            file=default_storage.save(name, ContentFile(drawn)),
            width=width,
            height=height,
            uploaded_at=at,
        )


def forget_unused(*, at: datetime, limit: int = 500) -> int:
    """Delete pictures that no review took within a day, file first; return how many."""
    with transaction.atomic():
        unused = list(
            Picture.objects.select_for_update(skip_locked=True)
            .filter(review__isnull=True, uploaded_at__lte=at - _KEEP_UNUSED)
            .order_by("uploaded_at", "id")[:limit]
        )
        delete(unused)
    return len(unused)


def delete(pictures: list[Picture]) -> None:
    """Delete files, then rows, inside the caller's transaction: broken off, it leaves a row to be deleted again."""
    transactions.require()
    for picture in pictures:
        default_storage.delete(picture.file)
    Picture.objects.filter(pk__in=[picture.pk for picture in pictures]).delete()


def _redrawn(content: bytes) -> tuple[bytes, tuple[int, int]]:
    """Return the picture as a JPEG that holds nothing but pixels, and its width and height."""
    if len(content) > MOST_BYTES:
        raise PictureTooLarge
    try:
        with Image.open(BytesIO(content), formats=_FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise PictureTooLarge("图片尺寸过大")
            image.draft("RGB", (_LONGEST_SIDE, _LONGEST_SIDE))
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
            plain = _on_white(upright)
            held = BytesIO()
            plain.save(held, "JPEG", quality=_QUALITY, optimize=True)
            return held.getvalue(), plain.size
    except ShopError:
        raise
    except Exception as fault:
        # Decoders raise whatever their formats' libraries do: OSError, ValueError, SyntaxError, struct.error …
        raise PictureUnreadable from fault


def _on_white(image: Image.Image) -> Image.Image:
    """Return a new RGB picture, what was transparent being white; nothing of the old one's metadata is in it."""
    ground = Image.new("RGB", image.size, _WHITE)
    layer = image.convert("RGBA")
    ground.paste(layer, (0, 0), layer)
    return ground
