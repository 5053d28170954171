"""The sweep of pictures that no row names does not take one that somebody stores at the same moment."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from apps.catalog.models import Brand
from apps.pictures import child, stored, unnamed
from apps.pictures.drawing import OPERATORS
from tests.apps.pictures import make

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def test_a_picture_that_is_stored_again_while_the_sweep_comes_stays(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT, settings.PRIVATE_ROOT = tmp_path / "media", tmp_path / "private"
    drawing = child.draw(make.picture(size=(600, 400)), OPERATORS)
    # The first time nothing came of it, and its note is due.
    name = stored.keep(drawing, folder="brands")
    here, swept = Event(), Event()
    tomorrow = timezone.now() + timedelta(days=1, minutes=1)

    def save() -> None:
        try:
            with transaction.atomic():
                logo = stored.keep(drawing, folder="brands")
                here.set()
                assert swept.wait(30)
                Brand.objects.create(name="景德", logo=logo)
        finally:
            connection.close()

    other = Thread(target=save)
    other.start()
    try:
        assert here.wait(30)
        assert unnamed.forget(at=tomorrow) == 0
    finally:
        swept.set()
        other.join()
    assert (Brand.objects.get().logo.name, (tmp_path / "media" / name).exists()) == (name, True)
    # Now a row names it; without one it goes.
    assert unnamed.forget(at=tomorrow) == 0
    assert not any(path.is_file() for path in (tmp_path / "private").rglob("*"))
    Brand.objects.all().delete()
    stored.keep(drawing, folder="brands")
    assert unnamed.forget(at=timezone.now() + timedelta(days=1, minutes=1)) == 1
    assert not (tmp_path / "media" / name).exists()
