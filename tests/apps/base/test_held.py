"""What was chosen in a refused form is found again for a day, by its token and by nothing else."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from apps.base import held, private
from apps.catalog.models import Brand


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.PRIVATE_ROOT = tmp_path / "private"
    return tmp_path / "private"


def chosen(name: str = "杯子.PNG") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, b"content", "image/png")


def test_what_is_held_is_found_as_if_it_had_just_been_sent() -> None:
    found = held.taken(held.hold(chosen()))
    assert found is not None
    assert (found.name, found.content_type, found.read()) == ("杯子.PNG", "image/png", b"content")


def test_a_token_that_is_not_ours_names_nothing() -> None:
    for made_up in ("", "held/other.png", held.hold(chosen())[:-1], "\x00"):
        assert held.taken(made_up) is None
        assert held.address(made_up) == ""


def test_what_a_browser_would_run_is_held_without_its_ending(media: Path) -> None:
    held.hold(chosen("page.html"))
    (kept,) = (media / held.FOLDER).iterdir()
    assert kept.suffix == ""


def test_what_nobody_came_back_for_is_forgotten_after_a_day() -> None:
    at = timezone.now()
    assert held.forget(at=at) == 0
    token = held.hold(chosen())
    assert held.forget(at=at) == 0
    assert held.forget(at=at + held.KEPT_FOR + timedelta(minutes=1)) == 1
    assert held.taken(token) is None


def with_position() -> SimpleUploadedFile:
    """A photo that tells where it was taken."""
    written, exif = BytesIO(), Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    Image.new("RGB", (40, 30)).save(written, "JPEG", exif=exif)
    return SimpleUploadedFile("杯子.jpg", written.getvalue(), "image/jpeg")


@pytest.fixture
def refused(db: None) -> tuple[Client, str]:
    """The browser of an operator whose form with a photo was refused, and the token that came back."""
    operator = Client()
    operator.force_login(User.objects.create_superuser("店长"))
    page = operator.post("/admin/catalog/brand/add/", {"name": "", "logo": with_position()})
    (token,) = set(re.findall(r'name="logo-held" value="([^"]+)"', page.content.decode()))
    assert f"/admin/held/{token}" in page.content.decode()
    return operator, token


def test_who_sent_a_file_sees_it_on_the_page_that_asks_again(refused: tuple[Client, str]) -> None:
    operator, token = refused
    answer = operator.get(f"/admin/held/{token}")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert ("no-store" in answer["Cache-Control"], answer["X-Content-Type-Options"]) == (True, "nosniff")
    assert b"".join(answer)[:2] == b"\xff\xd8"


def test_nobody_else_sees_a_file_or_sends_it_as_their_own(refused: tuple[Client, str]) -> None:
    _, token = refused
    other, stranger = Client(), Client()
    other.force_login(User.objects.create_superuser("运营"))
    assert other.get(f"/admin/held/{token}").status_code == 404
    assert stranger.get(f"/admin/held/{token}").status_code == 302
    other.post("/admin/catalog/brand/add/", {"name": "青禾", "logo-held": token})
    assert [brand.logo.name for brand in Brand.objects.all()] in ([], [""])


def test_nothing_that_is_held_lies_where_everybody_fetches_pictures(
    refused: tuple[Client, str], media: Path, settings: Any
) -> None:
    assert [file for file in Path(settings.MEDIA_ROOT).rglob("*") if file.is_file()] == []
    assert len(list((media / held.FOLDER).iterdir())) == 1
    with pytest.raises(ValueError, match="no address"):
        private.files.url("held/a.jpg")


def test_the_picture_that_is_kept_in_the_end_has_no_position(
    refused: tuple[Client, str], settings: Any
) -> None:
    operator, token = refused
    operator.post("/admin/catalog/brand/add/", {"name": "青禾", "logo-held": token})
    assert Brand.objects.get().logo.name != ""
    drawn = list(Path(settings.MEDIA_ROOT).rglob("*.jpg"))
    assert drawn != []
    assert [file for file in drawn if b"Exif" in file.read_bytes()] == []


def test_what_former_versions_held_among_the_pictures_is_forgotten_too(settings: Any) -> None:
    old = Path(settings.MEDIA_ROOT) / held.FOLDER / "a.jpg"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"x")
    assert held.forget(at=timezone.now() + held.KEPT_FOR + timedelta(minutes=1)) == 1
    assert not old.exists()
