"""The house stands as it is drawn: foreign keys go downstairs too, and every bell and letter has its place."""

from __future__ import annotations

import ast
import inspect
import tomllib
from collections.abc import Collection, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from config.celery import app as celery
from config.schedule import RINGS
from config.subscriptions import MOVED, ONLY_WHILE, ONLY_WITH, SUBSCRIPTIONS
from mall.events import kinds
from tests.architecture.source import tree

ROOT = Path(__file__).parents[2]


def storeys() -> dict[str, int]:
    """Return each app's storey from import-linter's own list; the lowest is 0."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract.get("exhaustive"))
    return {
        name.strip(): height for height, layer in enumerate(reversed(layers)) for name in layer.split("|")
    }


OURS = [model for model in apps.get_models() if model.__module__.startswith("apps.")]


def foreign_keys(model: type[models.Model]) -> list[tuple[str, str]]:
    """Return (field, app of the target) for each relation of a model to another room of ours."""
    relations: list[Any] = [*model._meta.fields, *model._meta.many_to_many]
    return [
        (field.name, field.related_model.__module__.split(".")[1])
        for field in relations
        if field.is_relation and field.related_model.__module__.startswith("apps.")
    ]


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_foreign_keys_point_downstairs_or_stay_in_the_room(model: type[models.Model]) -> None:
    height = storeys()
    room = model.__module__.split(".")[1]
    upstairs = [
        (field, target)
        for field, target in foreign_keys(model)
        if target != room and height[target] >= height[room]
    ]
    assert upstairs == []


def test_every_installed_room_has_a_storey() -> None:
    rooms = {
        config.name.split(".")[1] for config in apps.get_app_configs() if config.name.startswith("apps.")
    }
    assert rooms == set(storeys())


def test_every_ring_calls_a_task_that_exists_and_every_task_is_rung() -> None:
    celery.loader.import_default_modules()
    ours = {name for name, task in celery.tasks.items() if task.__module__.startswith("apps.")}
    assert {ring.task for ring in RINGS} == ours


@pytest.mark.parametrize("event", SUBSCRIPTIONS, ids=lambda event: event.__name__)
def test_every_listener_on_the_board_exists_and_says_what_it_does(event: type) -> None:
    assert event in kinds().values()
    for path in SUBSCRIPTIONS[event]:
        listener = import_string(path)
        assert path.split(".")[2] == "handlers"
        assert list(inspect.signature(listener).parameters) == ["event", "at"]


def lost_in_the_move(moved: Mapping[str, str], heard: Collection[str]) -> list[str]:
    """Return what is wrong with a table of moved listeners beside the paths that hear news."""
    faults = []
    for old, new in moved.items():
        if new in moved:
            faults.append(f"{new} moved on: let {old} lead to where it is now")
        if old in heard:
            faults.append(f"{old} still hears news")
        if new not in heard:
            faults.append(f"{new} hears no news")
        with suppress(ImportError):
            import_string(old)
            faults.append(f"{old} still exists")
        try:
            import_string(new)
        except ImportError:
            faults.append(f"{new} does not exist")
    return faults


def test_listeners_that_moved_are_where_the_board_says_and_nowhere_else() -> None:
    assert lost_in_the_move(MOVED, {path for paths in SUBSCRIPTIONS.values() for path in paths}) == []


def test_a_switch_is_one_of_the_settings_and_turns_off_who_hears_news() -> None:
    assert set(ONLY_WITH) <= {path for paths in SUBSCRIPTIONS.values() for path in paths}
    assert [name for name in ONLY_WITH.values() if not hasattr(settings, name)] == []


def test_who_hears_news_only_while_there_is_a_row_hears_some_and_says_of_which_kind() -> None:
    heard = [(kind.__name__, path) for kind, paths in SUBSCRIPTIONS.items() for path in paths]
    assert set(ONLY_WHILE) <= {path for _, path in heard}
    conditional = [(kind, ONLY_WHILE[path]) for kind, path in heard if path in ONLY_WHILE]
    assert all(isinstance(import_string(rows)(kind), QuerySet) for kind, rows in conditional)


def test_no_listener_that_was_ever_released_is_forgotten() -> None:
    """Mail lies under the path that a listener had when the news was told: it must lead somewhere. A line leaves
    the list as it leaves MOVED: when no delivery names its path any more."""
    released = set((Path(__file__).parent / "listeners.txt").read_text().split())
    heard = {path for paths in SUBSCRIPTIONS.values() for path in paths}
    lost = released - heard - set(MOVED)
    assert lost == set(), (
        "say in MOVED (config/subscriptions.py) where each of these is now: mail may wait under its path"
    )
    assert heard - released == set(), "add the new listeners to tests/architecture/listeners.txt"


def test_a_wrong_table_of_moved_listeners_is_noticed() -> None:
    here = "apps.payments.handlers.refund_on_surplus_captured"
    assert lost_in_the_move({"apps.x.handlers.gone": here}, {here}) == []
    assert lost_in_the_move({here: "apps.x.handlers.gone"}, {here}) == [
        f"{here} still hears news",
        "apps.x.handlers.gone hears no news",
        f"{here} still exists",
        "apps.x.handlers.gone does not exist",
    ]
    chain = {"apps.x.handlers.first": "apps.x.handlers.second", "apps.x.handlers.second": here}
    assert lost_in_the_move(chain, {here})[0] == (
        "apps.x.handlers.second moved on: let apps.x.handlers.first lead to where it is now"
    )


def test_no_file_is_a_junk_drawer() -> None:
    names = {path.stem for path in (ROOT / "apps").rglob("*.py")} | {
        path.stem for path in (ROOT / "mall").rglob("*.py")
    }
    assert names & {"utils", "helpers", "manager", "managers", "common", "misc", "data", "info"} == set()


@pytest.mark.parametrize(
    "path",
    sorted(
        p
        for top in ("apps", "mall", "config")
        for p in (ROOT / top).rglob("*.py")
        if "migrations" not in p.parts
    ),
    ids=lambda p: str(p.relative_to(ROOT)),
)
def test_every_file_opens_with_a_sentence(path: Path) -> None:
    of = tree(path)
    assert not path.read_text().strip() or ast.get_docstring(of)


def test_each_event_is_a_frozen_dataclass_of_json_values() -> None:
    module = import_module("mall.events")
    for event in kinds().values():
        assert event.__module__ == module.__name__
        assert event.__dataclass_params__.frozen  # type: ignore[attr-defined]
