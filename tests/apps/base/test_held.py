"""What was chosen in a refused form is found again for a day, by its token and by nothing else."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from apps.base import held


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


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
