"""Pictures of former days are drawn anew, wherever they are named, and a run that was broken off goes on."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from apps.catalog.models import Brand, Product
from apps.members.models import Upload
from apps.orders.models import OrderLine
from apps.pictures import stored, users
from tests.apps.catalog import make as catalog
from tests.apps.content import make as content
from tests.apps.pictures import make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def old(name: str, picture: bytes = b"") -> str:
    """A file as it was uploaded before there was a pipeline."""
    return default_storage.save(name, ContentFile(picture or make.picture("TIFF", size=(600, 400))))


def remade(**how: Any) -> str:
    said = StringIO()
    call_command("remake_pictures", stdout=said, stderr=said, **how)
    return said.getvalue()


def test_a_picture_is_drawn_anew_wherever_it_is_named() -> None:
    name = old("products/cup.tif")
    cup = catalog.product("茶杯", detail_html=f'<p><img src="/media/{name}"></p>')
    Product.objects.filter(pk=cup.pk).update(cover=name)
    review = content.written()
    OrderLine.objects.filter(pk=review.line_id).update(image=name)
    Product.objects.exclude(pk=cup.pk).update(cover=name)
    assert remade() == "1 pictures drawn anew\n"
    cup.refresh_from_db()
    new = str(cup.cover)
    assert stored.is_drawn(new) and new.startswith("products/")
    assert cup.detail_html == f'<p><img src="/media/{stored.sized(new, stored.Size.PAGE)}"></p>'
    assert set(Product.objects.values_list("cover", flat=True)) == {new}
    assert OrderLine.objects.get(pk=review.line_id).image == new
    # Phones and old orders elsewhere may still name the old file.
    assert all(default_storage.exists(file) for file in (name, new, stored.sized(new, stored.Size.LIST)))
    assert remade() == "0 pictures drawn anew\n"


def test_a_members_picture_stays_one_of_its_own() -> None:
    """Its name is drawn from the old one, which nobody can guess, and the register follows."""
    review = content.written()
    Product.objects.update(cover="")
    OrderLine.objects.update(image="")
    names = [old(f"reviews/2026/03/{mark * 24}.jpg", make.picture()) for mark in "AB"]
    for place, name in enumerate(names):
        row = {"public_id": name[16:40], "member": review.member, "file": name, "uploaded_at": content.NOW}
        Upload.objects.create(**row, purpose="review", ended_at=content.NOW, taken_at=content.NOW)
        review.pictures.create(**row, position=place, width=40, height=30)
    remade()
    shown = [picture.file for picture in review.pictures.all()]
    assert len({*shown}) == 2 and all(stored.is_drawn(name) for name in shown)
    assert set(Upload.objects.values_list("file", flat=True)) == set(shown)


def test_a_run_that_is_broken_off_goes_on_where_it_was() -> None:
    for number in range(3):
        Brand.objects.create(
            name=f"品牌{number}", logo=old(f"brands/{number}.png", make.picture("PNG", (number, 0, 0)))
        )
    Product.objects.all().delete()
    assert remade(limit=2) == "2 pictures drawn anew\n"
    assert remade() == "1 pictures drawn anew\n"
    assert all(stored.is_drawn(name) for name in Brand.objects.values_list("logo", flat=True))


def test_what_cannot_be_read_is_named_and_stops_nothing() -> None:
    broken, gone, whole = old("brands/a.png", b"no picture"), "brands/gone.png", old("brands/z.png")
    for name in (broken, gone, whole):
        Brand.objects.create(name=name, logo=name)
    said = StringIO()
    with pytest.raises(CommandError, match="2 pictures"):
        call_command("remake_pictures", stdout=said, stderr=said)
    assert f"{broken}: 无法识别的图片" in said.getvalue()
    assert f"{gone}: FileNotFoundError" in said.getvalue()
    assert [stored.is_drawn(str(brand.logo)) for brand in Brand.objects.order_by("pk")] == [
        False,
        False,
        True,
    ]


def test_every_user_of_a_picture_is_asked_once(django_assert_num_queries: Any) -> None:
    name = "products/" + "a" * 32 + "/full.jpg"
    catalog.product("茶杯", detail_html=f'<img src="/media/{stored.sized(name, stored.Size.PAGE)}">')
    with django_assert_num_queries(len(users.board()) - 1):  # the register is no user
        assert users.in_use([name, "products/" + "b" * 32 + "/full.jpg"]) == {name}
    assert users.in_use([]) == set()
