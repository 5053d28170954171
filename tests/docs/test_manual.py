"""The operators' manual is true: its menus, buttons and pictures exist, and each picture is of a page that exists."""

from __future__ import annotations

import re
from functools import cache

import pytest
from django.urls import resolve
from django.utils.translation import trans_real
from django.views.generic import RedirectView

from config.local.manual import PICTURES, PICTURES_IN, Picture
from config.navigation import GROUPS
from tests.docs import pages

MANUAL = sorted((pages.ROOT / "docs" / "operators").glob("*.md"))
MENUS = {f"{group} → {place.title}" for group, places in GROUPS for place in places}
# A picture of the admin is small, and so is the manual.
MOST_BYTES, MOST_BYTES_IN_ALL = 150_000, 2_000_000


@cache
def labels() -> str:
    """Everything that the admin can say: our code, our templates, and the translations that it uses."""
    ours = [
        path
        for top in ("apps", "config", "templates")
        for kind in ("*.py", "*.html", "*.js")
        for path in (pages.ROOT / top).rglob(kind)
    ]
    translated = trans_real.translation("zh-hans")._catalog.items()
    return "".join(
        [*(path.read_text(encoding="utf-8") for path in ours), *(str(said) for _, said in translated)]
    )


def is_said(word: str) -> bool:
    """Whether the admin says it: as it is, as the label of a field in yuan, or on the button that confirms a page."""
    return any(each in labels() for each in (word, word.removesuffix("（元）"), word.removeprefix("确认")))


def written() -> str:
    return "\n".join(pages.text(page.relative_to(pages.ROOT)) for page in MANUAL)


def pictures() -> list[str]:
    return re.findall(r"\]\(images/([\w-]+)\.png\)", written())


def test_every_menu_of_the_manual_is_in_the_sidebar() -> None:
    named = re.findall(r"\*\*([^\s*]+ → [^\s*]+)\*\*", written())
    assert len(named) > 30
    assert [name for name in named if name not in MENUS] == []


def test_every_word_that_the_manual_quotes_is_said_by_the_admin() -> None:
    quoted = set(re.findall(r"「([^」]+)」", written()))
    assert len(quoted) > 60
    assert sorted(word for word in quoted if not is_said(word)) == []
    assert not is_said("一键起飞")


def test_every_picture_is_shown_once_and_every_shown_picture_can_be_taken_anew() -> None:
    assert sorted(pictures()) == sorted(picture.name for picture in PICTURES)
    assert sorted(path.stem for path in PICTURES_IN.iterdir()) == sorted(pictures())


def test_pictures_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in PICTURES_IN.iterdir()}
    assert {name: size for name, size in sizes.items() if size > MOST_BYTES} == {}
    assert sum(sizes.values()) < MOST_BYTES_IN_ALL


def exists(path: str) -> bool:
    """Whether the admin has this page. It knows any address: the last of its routes says "no such page", and what it
    does not know of a row it sends to the row's own page."""
    view = resolve(path).func
    return "catch_all" not in view.__name__ and getattr(view, "view_class", None) is not RedirectView


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_the_page_of_every_picture_exists(picture: Picture) -> None:
    path = picture.path.partition("?")[0]
    assert exists(f"{path}1/{picture.of_first}" if picture.of_first else path)


def test_a_page_that_does_not_exist_would_be_noticed() -> None:
    assert exists("/admin/orders/order/1/ship/")
    assert not exists("/admin/orders/order/1/no-such-button/")
    assert not exists("/admin/orders/no-such-list/")
