"""The boards are numbered once, and nobody is missing who has to be on one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.apps import apps
from django.utils.module_loading import import_string

from apps.campaigns.models import CampaignColumns
from apps.desk import calendar, campaign_file
from apps.fulfillment.models import Carrier
from config import parcels, sharing
from config.invariants import INVARIANTS
from tests.architecture.rooms import ROOT


def campaigns() -> Iterator[str]:
    """The labels of all models that run as a campaign."""
    yield from (model._meta.label_lower for model in apps.get_models() if issubclass(model, CampaignColumns))


def test_each_board_has_a_number_of_its_own_and_none_is_left_out() -> None:
    opened = [re.match(r'"""Board (\d+):', path.read_text()) for path in (ROOT / "config").glob("*.py")]
    numbers = sorted(int(found[1]) for found in opened if found)
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_guide_lists_every_board_by_its_number() -> None:
    guide = (ROOT / "docs/guide/add-an-app.md").read_text()
    told = dict(re.findall(r"^\| (\d+)\. `config/(\w+)\.py`", guide, re.MULTILINE))
    there = {
        found[1]: path.stem
        for path in (ROOT / "config").glob("*.py")
        if (found := re.match(r'"""Board (\d+):', path.read_text()))
    }
    assert told == there


def test_the_tests_and_files_that_the_guide_names_exist() -> None:
    for page in ("add-an-app", "add-an-activity"):
        named = re.findall(
            r"`((?:tests|config|apps|docs)/[\w/.]+)`", (ROOT / f"docs/guide/{page}.md").read_text()
        )
        assert [path for path in named if not (ROOT / path).exists() and "letters" not in path] == []


def test_every_campaign_is_on_the_calendar_and_in_the_file_of_campaigns() -> None:
    seen = {source.needs for source in calendar.SOURCES}
    missing = [label for label in campaigns() if f"{label.replace('.', '.view_')}" not in seen]
    assert missing == [], "a line in apps/desk/calendar.py SOURCES"
    rooms = {label.split(".")[0] for label in campaigns()}
    loads = {part.load.__module__.split(".")[1] for part in campaign_file.PARTS}
    assert rooms - loads == set(), "a Part in campaign_files.py, and its line in apps/desk/campaign_file.py"


def test_every_room_that_says_how_it_is_shared_is_on_the_board() -> None:
    rooms = {path.parent.name for path in (ROOT / "apps").glob("*/sharing.py")}
    found = {kind.finds.split(".")[1] for kind in sharing.KINDS}
    assert rooms == found
    assert all(callable(import_string(kind.finds)) for kind in sharing.KINDS)


def test_every_room_that_compares_sums_is_on_the_board_of_promises() -> None:
    finding = re.compile(r"^def (un(?:balanced|explained)\w*)\(", re.MULTILINE)
    there = {
        f"{'.'.join(path.relative_to(ROOT).with_suffix('').parts)}.{name}"
        for path in (ROOT / "apps").rglob("*.py")
        for name in finding.findall(path.read_text())
    }
    told = {path for invariant in INVARIANTS for path in invariant.faults}
    assert there - told == set(), "a line in config/invariants.py"
    assert all(callable(import_string(path)) for path in told)


def test_no_entry_of_the_words_begins_with_the_word_of_another() -> None:
    lines = (ROOT / "docs/guide/words.md").read_text().splitlines()
    words = [line.split("|")[1].split(" / ")[0].strip() for line in lines if line.startswith("| ")]
    assert sorted({word for word in words if words.count(word) > 1}) == []


def test_every_table_that_labels_parcels_is_on_the_board() -> None:
    """What names a carrier and a number of its own sends parcels; a number that two receivers have is a slip."""
    found = {
        model._meta.label
        for model in apps.get_models()
        if any(column.name.endswith("tracking_no") for column in model._meta.concrete_fields)
        and any(column.related_model is Carrier for column in model._meta.concrete_fields)
    }
    assert found == {one.model for one in parcels.LABELS}
