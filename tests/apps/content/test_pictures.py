"""Pictures that members upload: only pixels are kept, only so many, and only while they are of use."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from PIL import Image

from apps.content import services as reviews
from apps.content.models import Picture, ReviewRules
from tests.apps.content import make
from tests.apps.content.make import DAY, NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def upload(content: bytes, at: Any = NOW) -> Picture:
    return reviews.upload(member=make.member(), content=content, at=at)


def stored(picture: Picture) -> bytes:
    with default_storage.open(picture.file) as file:
        return file.read()


def located() -> bytes:
    """A JPEG whose EXIF tells where it was taken, and turned on its side."""
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    exif.get_ifd(0x8825)[2] = (30.0, 15.0, 1.0)  # GPSLatitude
    return make.photo(40, 30, exif=exif)


def test_a_picture_loses_its_place_and_stands_upright() -> None:
    content = located()
    assert Image.open(BytesIO(content)).getexif().get_ifd(0x8825) != {}
    picture = upload(content)
    kept = Image.open(BytesIO(stored(picture)))
    assert (kept.format, dict(kept.getexif()), kept.size) == ("JPEG", {}, (30, 40))
    assert (picture.width, picture.height) == (30, 40)


def test_what_hides_behind_a_picture_is_gone() -> None:
    hidden = b"<script>alert(1)</script>PK\x03\x04"
    assert hidden not in stored(upload(make.photo() + hidden))
    commented = make.photo(comment=hidden)
    assert hidden in commented
    assert hidden not in stored(upload(commented))


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_png_and_webp_become_jpeg(kind: str) -> None:
    assert stored(upload(make.photo(kind=kind)))[:3] == b"\xff\xd8\xff"


def test_what_is_transparent_becomes_white() -> None:
    clear = BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(clear, "PNG")
    assert Image.open(BytesIO(stored(upload(clear.getvalue())))).getpixel((4, 4)) == (255, 255, 255)


def test_a_large_picture_is_kept_small() -> None:
    picture = upload(make.photo(4096, 2048))
    assert (picture.width, picture.height) == (2048, 1024)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
        make.photo(kind="GIF"),
        make.photo(kind="BMP"),
        make.photo()[:200],
        make.photo(kind="PNG")[:60],
        b"\xff\xd8\xff" + b"\x00" * 500,
    ],
    ids=["nothing", "text", "svg", "gif", "bmp", "half a jpeg", "half a png", "jpeg of zeros"],
)
def test_what_is_no_whole_picture_is_refused(content: bytes) -> None:
    with pytest.raises(reviews.PictureUnreadable):
        upload(content)


def test_a_picture_of_more_than_5_mb_or_25_million_pixels_is_refused() -> None:
    with pytest.raises(reviews.PictureTooLarge):
        upload(make.photo() + b"\x00" * (5 * 1024 * 1024))
    with pytest.raises(reviews.PictureTooLarge):
        upload(make.blank(5001, 5000))


def test_a_bomb_is_not_unpacked() -> None:
    with pytest.raises((reviews.PictureTooLarge, reviews.PictureUnreadable)):
        upload(make.blank(20_000, 10_000))


def test_so_many_pictures_a_shanghai_day_and_no_more() -> None:
    ReviewRules.objects.create(pk=1, pictures_per_day=2)
    member = make.member()
    for _ in range(2):
        make.picture(member)
    with pytest.raises(reviews.TooManyPictures):
        make.picture(member)
    assert make.picture(make.member("小茶"))
    # It is noon: tomorrow begins in twelve hours.
    with pytest.raises(reviews.TooManyPictures):
        make.picture(member, at=NOW + timedelta(hours=11, minutes=59))
    assert make.picture(member, at=NOW + timedelta(hours=12))


def test_a_picture_that_no_review_took_is_gone_after_a_day() -> None:
    member = make.member()
    used, unused = make.picture(member), make.picture(member)
    make.written(member, pictures=(used.public_id,))
    assert reviews.forget_unused(at=NOW + DAY - timedelta(seconds=1)) == 0
    assert reviews.forget_unused(at=NOW + DAY) == 1
    assert list(Picture.objects.all()) == [used]
    assert (default_storage.exists(used.file), default_storage.exists(unused.file)) == (True, False)
