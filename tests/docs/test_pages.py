"""The pages are true: links lead somewhere, both READMEs say the same, and what they tell to type exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.subscriptions import SUBSCRIPTIONS
from mall import events
from tests.docs import pages

READMES = ("README.md", "README.zh-CN.md")
MESSAGES = "docs/guide/add-a-message.md"
# Put together here, so that this page does not contain what it forbids.
_UNFINISHED = re.compile(
    "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3 + r"\b", "to be " + "written", "待" + "补充"))
)


@pytest.mark.parametrize("page", pages.all_pages(), ids=str)
def test_every_link_to_the_repository_leads_somewhere(page: Path) -> None:
    for link in pages.links(page):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (pages.ROOT / page.parent / path).resolve() if path else pages.ROOT / page
        assert target.is_relative_to(pages.ROOT), link
        assert target.exists(), link
        assert not anchor or anchor in pages.anchors(target.relative_to(pages.ROOT)), link


def test_a_link_that_leads_nowhere_would_be_noticed() -> None:
    assert "docs/guide/operations.md#alerts" in pages.links("README.md")
    assert "alerts" in pages.anchors("docs/guide/operations.md")
    assert "alarms" not in pages.anchors("docs/guide/operations.md")


def test_addresses_outside_are_not_plain_http() -> None:
    outside = [link for page in pages.all_pages() for link in pages.links(page) if "://" in link]
    assert [link for link in outside if not link.startswith("https://")] == []


@pytest.mark.parametrize("page", pages.all_pages(), ids=str)
def test_no_page_is_unfinished(page: Path) -> None:
    assert _UNFINISHED.findall(pages.text(page)) == []


def test_both_readmes_have_the_same_structure() -> None:
    english, chinese = ([level for level, _ in pages.headings(page)] for page in READMES)
    assert english == chinese
    assert len(english) >= 8


def test_both_readmes_link_to_each_other_and_to_the_same_pages() -> None:
    english, chinese = (set(pages.links(page)) for page in READMES)
    assert english - chinese == {READMES[1]}
    assert chinese - english == {READMES[0]}


def test_both_readmes_name_the_same_variables_and_show_the_same_commands() -> None:
    variables = [sorted(re.findall(r"`([A-Z][A-Z_0-9]{4,})`", pages.text(page))) for page in READMES]
    assert variables[0] == variables[1]
    blocks = [
        re.findall(r"^ *(make|docker|cp|mkdir|chown)(.*?)(?: +#.*)?$", pages.text(page), re.MULTILINE)
        for page in READMES
    ]
    assert blocks[0] == blocks[1]
    assert len(blocks[0]) >= 7


@pytest.mark.parametrize("page", READMES)
def test_every_make_command_of_a_readme_exists(page: str) -> None:
    verbs = re.findall(r"^VERBS := (.+)$", pages.text("Makefile"), re.MULTILINE)[0].split()
    named = set(re.findall(r"(?:`|^)make ([a-z]+)", pages.text(page), re.MULTILINE))
    assert {"demo", "test", "check"} <= named
    assert named - {*verbs, "help"} == set()


@pytest.mark.parametrize("page", READMES)
def test_every_directory_of_the_map_exists(page: str) -> None:
    named = re.findall(r"^((?:\w+/)+) ", pages.text(page), re.MULTILINE)
    assert len(named) == 8
    assert [name for name in named if not (pages.ROOT / name).is_dir()] == []


def test_the_news_that_nobody_hears_are_told_and_no_other() -> None:
    told = {pages.code(row[0])[0] for row in pages.table(MESSAGES, under="News that nobody hears yet")}
    assert told == {*events.kinds()} - {heard.name for heard in SUBSCRIPTIONS}


@pytest.mark.parametrize("page", ["docs/guide/architecture.md", "docs/guide/words.md", MESSAGES])
def test_every_file_that_the_guide_names_exists(page: str) -> None:
    named = {
        name for name in pages.code(pages.prose(page)) if re.fullmatch(r"\w[\w./-]*/[\w-]*(\.\w+)?", name)
    }
    # "checkout/asking.py" is said where apps/ is clear.
    assert [n for n in named if not any((pages.ROOT / base / n).exists() for base in ("", "apps"))] == []


def test_every_room_stands_in_the_drawing_of_the_storeys() -> None:
    rooms = {path.parent.name for path in (pages.ROOT / "apps").glob("*/apps.py")}
    drawing = pages.text("docs/guide/architecture.md").split("```")[1]
    assert rooms - set(re.findall(r"\w+", drawing)) == set()


def test_every_directory_of_tests_is_explained() -> None:
    told = {pages.code(row[0])[0] for row in pages.table("docs/guide/architecture.md", under="Tests")}
    there = {f"tests/{path.parent.name}/" for path in (pages.ROOT / "tests").glob("*/__init__.py")}
    assert {name.replace("/<app>", "") for name in told} == there


def test_every_decision_is_in_the_index_under_its_title() -> None:
    adr = pages.ROOT / "docs" / "adr"
    there = {
        (pages.headings(path.relative_to(pages.ROOT))[0][1], path.name) for path in adr.glob("[0-9]*.md")
    }
    told = set(re.findall(r"- \[([^\]]+)\]\(([^)]+)\)", pages.text("docs/adr/README.md")))
    assert told == there


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = sorted(int(path.name[:4]) for path in (pages.ROOT / "docs" / "adr").glob("[0-9]*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_page_of_the_guide_is_in_its_index() -> None:
    there = {path.name for path in (pages.ROOT / "docs" / "guide").glob("*.md")} - {"README.md"}
    assert there - set(pages.links("docs/guide/README.md")) == set()


def test_pictures_are_small_and_all_of_them_shown() -> None:
    pictures = {f"docs/images/{path.name}" for path in (pages.ROOT / "docs" / "images").iterdir()}
    assert {name for name in pictures if (pages.ROOT / name).stat().st_size > 300_000} == set()
    shown = {link for page in READMES for link in pages.links(page) if link.endswith(".png")}
    assert shown == pictures
