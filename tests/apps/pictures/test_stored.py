"""Where pictures lie: under a hash of what they are, in sizes, kept for ever by phones."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client

from apps.pictures import child, stored
from apps.pictures.drawing import OPERATORS
from apps.pictures.stored import Size
from tests.apps.pictures import make

# The first request of a process reads versions.
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def kept(color: Any = (9, 200, 30), *, salt: str = "") -> str:
    return stored.keep(
        child.draw(make.picture(color=color, size=(600, 400)), OPERATORS), folder="products", salt=salt
    )


def files() -> list[str]:
    root = Path(default_storage.location)  # type: ignore[attr-defined]  # a directory in tests
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def fetched(url: str, **headers: str) -> tuple[Any, bytes]:
    """An answer and its bytes; the file behind it is closed."""
    answer = Client().get(url, headers=headers)
    content = b"".join(answer) if answer.streaming else answer.content  # type: ignore[arg-type]  # no async stream
    answer.close()
    return answer, content


def test_the_same_picture_has_the_same_name_and_another_one_another() -> None:
    red, again, blue = kept(), kept(), kept((0, 0, 200))
    assert re.fullmatch(r"products/[0-9a-f]{32}/full\.jpg", red)
    assert red == again != blue
    assert len([name for name in files() if name.endswith("full.jpg")]) == 2
    assert kept(salt="a") != kept(salt="b")


def test_each_size_has_an_address_of_its_own_and_uploads_of_former_days_have_one() -> None:
    name = kept()
    folder = name.removesuffix("/full.jpg")
    here = "http://127.0.0.1:8000/media"
    assert stored.address(name, Size.LIST) == f"{here}/{folder}/list.jpg"
    assert stored.address(name) == f"{here}/{folder}/page.jpg"
    assert stored.address(name, Size.FULL) == f"{here}/{folder}/full.jpg"
    assert stored.address("products/cup.png", Size.LIST) == f"{here}/products/cup.png"
    assert (stored.address(""), stored.address(None)) == (None, None)


def test_an_address_of_ours_in_any_size_leads_back_to_the_name() -> None:
    name = kept()
    for size in Size:
        assert stored.name_at(stored.address(name, size) or "") == name
    assert stored.name_at(f"/media/{name}") == name
    for foreign in (
        "",
        "https://evil.example/media/" + name,
        "/media/products/cup.png",
        "/media/../" + name,
        f"http://127.0.0.1:8000/media/{name}?x=1",
    ):
        assert stored.name_at(foreign) is None


def test_a_deleted_picture_is_gone_in_all_sizes_and_deleting_twice_is_no_fault() -> None:
    name, other = kept(), kept((0, 0, 200))
    stored.delete(name)
    stored.delete(name)
    assert {found.rpartition("/")[0] for found in files()} == {other.rpartition("/")[0]}


def test_drawn_pictures_are_kept_for_ever_and_sent_as_webp_to_whoever_takes_it() -> None:
    url = f"/media/{stored.sized(kept(), Size.LIST)}"
    plain, jpeg = fetched(url)
    assert (plain.status_code, plain["Content-Type"]) == (200, "image/jpeg")
    assert plain["Cache-Control"] == "public, max-age=31536000, immutable"
    assert plain["Vary"] == "Accept"
    lighter, webp = fetched(url, Accept="image/webp,*/*")
    assert (lighter["Content-Type"], lighter["Cache-Control"]) == ("image/webp", plain["Cache-Control"])
    assert len(webp) < len(jpeg)
    assert "sandbox" in plain["Content-Security-Policy"]
    assert fetched(url.replace("list", "huge"))[0].status_code == 404


def test_other_files_are_kept_for_a_week_only() -> None:
    default_storage.save("videos/tea.mp4", ContentFile(b"x"))
    answer, content = fetched("/media/videos/tea.mp4")
    assert (answer.status_code, answer["Cache-Control"], content) == (200, "public, max-age=604800", b"x")
    assert fetched("/media/../pyproject.toml")[0].status_code == 404


def test_nginx_knows_drawn_pictures_by_the_same_pattern() -> None:
    conf = (Path(__file__).parents[3] / "config" / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    (pattern,) = re.findall(r'location ~ "(\^/media/[^"]+)"', conf)
    name = kept()
    for size in Size:
        assert re.search(pattern, f"/media/{stored.sized(name, size)}")
    assert not re.search(pattern, "/media/products/cup.png")
    assert "max-age=31536000, immutable" in conf
