"""Nothing about a person lies where nobody says so: each table is on the board of personal data, or is about nobody."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

from apps.base.personal import Fate, Holding
from apps.members import board
from apps.members.models import Member
from config.personal import BOARD, NOBODYS, NOT_PERSONAL, PLAIN
from config.personal_columns import NUMBERS, TIMES
from mall.events import kinds

OURS = [
    model for model in apps.get_models() if model.__module__.startswith("apps.") and not model._meta.proxy
]
NOBODYS_TOO: dict[str, str] = {}  # made up by the test of this test
HELD = {holding.model: holding for room in BOARD for holding in room.holdings}

# What cannot hold a word: counts, sums, yes and no. Every other column is of free form.
BOUND = (models.BooleanField, models.IntegerField)

_SOUNDS_PERSONAL = re.compile(
    r"name_of|real_name|wechat|phone|mobile|tel|openid|unionid|nickname|avatar|birth|gender|address|detail|street|postal|receiver|contact"
    r"|email|id_card|remark|message|content|body|text|answer|payload|ip$|lat$|lng$|position_at|device"
)


def is_free(field: models.Field) -> bool:
    """Whether a column can hold anything of a person: not a number that the shop gives out, a time at which the shop did
    something (config/personal.py prints both, by their whole names), a choice, or a count."""
    if field.is_relation or isinstance(field, BOUND):
        return False
    if field.choices and not _SOUNDS_PERSONAL.search(field.name):
        return False
    return field.name not in (TIMES if isinstance(field, models.DateTimeField) else NUMBERS)


def columns(model: type[models.Model]) -> list[models.Field]:
    return [field for field in model._meta.fields if not field.primary_key]


def unlisted(model: type[models.Model]) -> list[str]:
    """What the board does not say about a table, as sentences that say what to write where."""
    label = model._meta.label
    room = model._meta.app_label
    free = [field.name for field in columns(model) if is_free(field)]
    holding = HELD.get(label)
    if holding is not None:
        told = {*holding.personal, *holding.plain}
        return [f"{label}.{name}: {_IN_THE_ROOM.format(room=room)}" for name in sorted({*free} - told)]
    if label not in {**NOBODYS, **NOBODYS_TOO}:
        return [
            f"{label}: its rows tell of members? Holding(model={label!r}, …) in apps/{room}/personal.py; "
            "of nobody? NOBODYS in config/personal.py, with the reason"
        ]
    people = [
        f"{label}.{field.name} points to {field.related_model._meta.label}, which tells of a person: then so does "
        f"{label}. Holding in apps/{room}/personal.py instead of NOBODYS"
        for field in columns(model)
        if field.is_relation and field.related_model._meta.label in HELD
    ]
    told = {*PLAIN.get(label, "").split(), *_told_of(label, NOT_PERSONAL)}
    return [
        *people,
        *(f"{label}.{name}: {_IN_NOBODYS.format(label=label)}" for name in free if name not in told),
    ]


_ELSE = "a number of the shop's? NUMBERS; a time at which the shop did something? TIMES, both in config/personal_columns.py"
_IN_THE_ROOM = (
    f"tells of a person? `personal` of its Holding in apps/{{room}}/personal.py, else `plain`; {_ELSE}"
)
_IN_NOBODYS = (
    "a person's? then the table is not NOBODYS; the shop's own words or figures? PLAIN[{label!r}] in config/personal.py, "
    f"or NOT_PERSONAL with a reason where it sounds otherwise; {_ELSE}"
)


def _told_of(label: str, paths: Mapping[str, str]) -> set[str]:
    return {path.rpartition(".")[2] for path in paths if path.rpartition(".")[0] == label}


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_each_table_says_what_it_holds_of_people(model: type[models.Model]) -> None:
    assert unlisted(model) == []


def test_a_new_table_or_column_that_nobody_listed_is_found() -> None:
    class Postcard(models.Model):  # noqa: DJ008 - no row of it is ever shown
        member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
        sent_times = models.PositiveIntegerField(default=0)
        order_no = models.CharField(max_length=40)
        words = models.CharField(max_length=100)
        id_card_no = models.CharField(max_length=18)
        wechat_id = models.CharField(max_length=40)
        gender = models.CharField(max_length=1, choices=[("F", "女"), ("M", "男")])
        born_at = models.DateTimeField()

        class Meta:
            app_label = "content"
            managed = False

    class Kiosk(models.Model):  # noqa: DJ008 - likewise
        real_name = models.CharField(max_length=40)
        keeper_wechat = models.CharField(max_length=40)

        class Meta:
            app_label = "content"
            managed = False

    def told(model: type[models.Model]) -> list[str]:
        return [sentence.partition(": ")[0] for sentence in unlisted(model)]

    label, place = "content.Postcard", "content.Kiosk"
    try:
        assert told(Postcard) == [label]
        HELD[label] = Holding(model=label, exported="明信片", fate=Fate.DELETED, kept="-", why="-")
        assert told(Postcard) == [
            f"{label}.{name}" for name in ("born_at", "gender", "id_card_no", "wechat_id", "words")
        ]
        del HELD[label]
        assert told(Kiosk) == [place]
        NOBODYS_TOO[place] = "a place"
        assert told(Kiosk) == [f"{place}.{name}" for name in ("real_name", "keeper_wechat")]
    finally:
        HELD.pop(label, None)
        NOBODYS_TOO.clear()
        del apps.all_models["content"]["postcard"], apps.all_models["content"]["kiosk"]
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
    for label, names in PLAIN.items():
        there = {field.name for field in columns(labels[label]) if is_free(field)}
        assert label in NOBODYS and {*names.split()} <= there - _told_of(label, NOT_PERSONAL), label
    names = {field.name for model in OURS for field in columns(model)}
    assert (NUMBERS | TIMES) - names == set()


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
        if _SOUNDS_PERSONAL.search(name) and name not in NUMBERS
    }
    assert told == set()


def test_the_guide_shows_the_board_as_it_is() -> None:
    page = (Path(__file__).parents[2] / "docs/guide/personal-data.md").read_text()
    assert page.endswith(f"\n{board.table()}\n")
