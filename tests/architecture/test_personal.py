"""Nothing about a person lies where nobody says so: each table is on the board of personal data, or is about nobody."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.base.personal import Fate, Holding
from apps.members import board
from apps.members.models import Member
from config.personal import BOARD, NOBODYS, NOT_PERSONAL
from mall.events import kinds

OURS = [model for model in apps.get_models() if model.__module__.startswith("apps.")]
HELD = {holding.model: holding for room in BOARD for holding in room.holdings}

# Of any form: what somebody types, what comes from outside, what says when somebody was where.
FREE = (
    models.CharField,
    models.TextField,
    models.JSONField,
    models.FileField,
    models.BinaryField,
    models.DateField,
    models.GenericIPAddressField,
)
# Numbers that the shop or WeChat gives out, hashes, and keys that say what caused a row.
_NUMBER = re.compile(r".*_(no|id|key|hash)$")
_SOUNDS_PERSONAL = re.compile(
    r"phone|mobile|tel|openid|unionid|nickname|avatar|birth|gender|address|detail|street|postal|receiver|contact"
    r"|email|id_card|remark|message|content|body|text|answer|payload|ip$|lat$|lng$|position_at|device"
)


def is_free(field: models.Field) -> bool:
    """Whether a column can hold anything; times and columns with choices cannot."""
    if isinstance(field, models.DateTimeField) or field.choices or field.is_relation:
        return False
    return isinstance(field, (*FREE, ArrayField)) and not _NUMBER.fullmatch(field.name)


def columns(model: type[models.Model]) -> list[models.Field]:
    return [field for field in model._meta.fields if not field.primary_key]


def unlisted(model: type[models.Model]) -> list[str]:
    """What the board does not say about a table, as sentences."""
    label = model._meta.label
    holding = HELD.get(label)
    if holding is not None:
        free = {field.name for field in columns(model) if is_free(field)}
        told = {*holding.personal, *holding.plain}
        return [f"{label}.{name} is on no list" for name in sorted(free - told)]
    if label not in NOBODYS:
        return [f"{label} is on no list"]
    people = [
        f"{label}.{field.name} points to {field.related_model._meta.label}"
        for field in columns(model)
        if field.is_relation and field.related_model._meta.label in HELD
    ]
    doubtful = [
        f"{label}.{field.name} sounds personal"
        for field in columns(model)
        if is_free(field)
        and (isinstance(field, models.JSONField | models.TextField) or _SOUNDS_PERSONAL.search(field.name))
        and f"{label}.{field.name}" not in NOT_PERSONAL
    ]
    return [*people, *doubtful]


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_each_table_says_what_it_holds_of_people(model: type[models.Model]) -> None:
    assert unlisted(model) == []


def test_a_new_table_or_column_that_nobody_listed_is_found() -> None:
    class Postcard(models.Model):  # noqa: DJ008 - no row of it is ever shown
        member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
        words = models.CharField(max_length=100)

        class Meta:
            app_label = "content"
            managed = False

    try:
        assert unlisted(Postcard) == ["content.Postcard is on no list"]
        HELD["content.Postcard"] = Holding(
            model="content.Postcard", exported="明信片", fate=Fate.DELETED, kept="-", why="-"
        )
        assert unlisted(Postcard) == ["content.Postcard.words is on no list"]
        del HELD["content.Postcard"]
        assert unlisted(Postcard) == ["content.Postcard is on no list"]
    finally:
        HELD.pop("content.Postcard", None)
        del apps.all_models["content"]["postcard"]
        apps.clear_cache()


def test_whatever_points_to_a_member_is_on_the_board() -> None:
    pointing = {
        model._meta.label
        for model in OURS
        for field in columns(model)
        if field.is_relation and field.related_model is Member
    }
    assert pointing - set(HELD) == set()


def test_the_lists_name_what_is_there_and_each_table_once() -> None:
    labels = {model._meta.label: model for model in OURS}
    named = [holding.model for room in BOARD for holding in room.holdings]
    assert [name for name, times in Counter([*named, *NOBODYS]).items() if times > 1] == []
    assert {*named, *NOBODYS} - set(labels) == set()
    for holding in HELD.values():
        there = {field.name for field in columns(labels[holding.model])}
        assert {*holding.personal, *holding.plain} - there == set(), holding.model
    for path in NOT_PERSONAL:
        label, _, column = path.rpartition(".")
        assert column in {field.name for field in columns(labels[label])}, path


def test_a_room_lists_its_own_tables_only() -> None:
    strangers = [
        (room.name, holding.model)
        for room in BOARD
        for holding in room.holdings
        if holding.model.split(".")[0] != room.name
    ]
    assert strangers == []


@pytest.mark.parametrize("holding", HELD.values(), ids=lambda holding: holding.model)
def test_each_holding_says_how_it_is_exported_how_long_it_is_kept_and_why(holding: Holding) -> None:
    assert bool(holding.exported) != bool(holding.not_exported)
    assert holding.kept and holding.why


def test_news_names_rows_by_numbers_and_tells_nothing_of_people() -> None:
    told = {
        (event.name, name)
        for event in kinds().values()
        for name in event.__dataclass_fields__
        if _SOUNDS_PERSONAL.search(name) and not _NUMBER.fullmatch(name)
    }
    assert told == set()


def test_the_guide_shows_the_board_as_it_is() -> None:
    page = (Path(__file__).parents[2] / "docs/guide/personal-data.md").read_text()
    assert page.endswith(f"\n{board.table()}\n")
