"""Pictures for promoters bear the shop's mark in their corner, whoever takes them; other pictures of the shop bear none."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, ImageChops

from apps.catalog.models import Brand
from apps.distribution.models import Material
from apps.distribution.services import rules
from apps.pictures import drawing, stored, users
from tests.apps.distribution import make
from tests.apps.members import make as members
from tests.apps.pictures import make as pictures
from tests.conftest import Shopper

pytestmark = pytest.mark.django_db

SIZE = (900, 600)


def plain() -> ContentFile[bytes]:
    return ContentFile(pictures.picture(size=SIZE, color=(120, 140, 90)), name="tea.jpg")


def differs(name: str, *, size: stored.Size = stored.Size.PAGE) -> tuple[int, int, int, int] | None:
    """Where a stored picture is not of one colour, allowing for what JPEG does to it."""
    with default_storage.open(stored.sized(name, size)) as file, Image.open(file) as image:
        shown = image.convert("RGB")
        even = Image.new("RGB", shown.size, shown.getpixel((2, 2)))
        return ImageChops.difference(shown, even).convert("L").point(lambda by: 255 * (by > 24)).getbbox()


def material(mark: str) -> Material:
    row = make.set_rules()
    row.watermark = mark
    rules.save_rules(row)
    return rules.save_material(Material(title="陶装上新", body="杯杯不同", picture=plain()))


def test_the_mark_stands_in_the_lower_right_corner_of_every_size():
    row = material("青禾茶器")
    for size, width, height in ((stored.Size.PAGE, 900, 600), (stored.Size.LIST, 480, 320)):
        box = differs(row.picture.name, size=size)
        assert box is not None
        left, top, right, bottom = box
        assert (left > width // 2, top > height * 4 // 5, right <= width, bottom <= height) == (True,) * 4


def test_without_a_mark_nothing_is_written_on_it():
    assert differs(material("").picture.name) is None


def test_another_mark_is_another_file_and_the_old_one_stays_as_it_was():
    one, two = material("青禾茶器"), material("春山茶舍")
    assert one.picture.name != two.picture.name
    assert differs(one.picture.name) is not None


def test_the_longest_mark_fits_the_narrowest_picture():
    narrow = pictures.picture(size=(60, 400))
    material("一二三四五六七八九十" * 2)
    recipe = users.recipe_of("distribution.Material", "picture")
    drawn = drawing.draw(narrow, recipe=recipe)
    assert (drawn.width, drawn.height, recipe.mark) == (60, 400, "一二三四五六七八九十" * 2)


def test_pictures_of_goods_bear_no_mark():
    material("青禾茶器")
    assert users.recipe_of("catalog.Product", "cover").mark == ""
    assert differs(Brand.objects.create(name="青禾", logo=plain()).logo.name) is None


def test_promoters_take_the_marked_picture_and_the_text():
    row = material("青禾茶器")
    shopper = Shopper(members.access_token(make.promoter().member))
    (shown,) = shopper.call("GET", "/me/promoter/materials").json()["results"]
    assert (shown["id"], shown["text"]) == (row.pk, "杯杯不同")
    assert stored.name_at(shown["image_url"]) == row.picture.name
