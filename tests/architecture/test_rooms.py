"""What each file of a room may do, by what it is: doors translate, rules decide, facts stand still.

Rules are chosen by exclusion: whatever is not a door, a fact or the frame of an app is a rule, under any name, so
that no new file escapes. Each rule of the house is also shown a line that it must find.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.architecture.rooms import FACTS, ROOT, Kind, files, kind, name
from tests.architecture.source import calls, functions, imports, meanings, meant, nodes, tree

APPS = ROOT / "apps"
# By what they are, under whatever name they are imported. A stopwatch (time.monotonic) tells no time of day.
CLOCKS = {
    *(f"django.utils.timezone.{name}" for name in ("now", "localdate", "localtime")),
    *(f"datetime.datetime.{name}" for name in ("now", "utcnow", "today")),
    *("datetime.date.today", "time.time", "time.time_ns", "time.localtime", "time.gmtime", "time.strftime"),
    "django.db.models.functions.Now",
}
# What a request comes in, or an answer goes out as; what a bell is rung with.
HANDLED_BY_DOORS = (
    *("django.http", "django.shortcuts", "django.contrib.admin", "django.contrib.messages"),
    *("rest_framework", "unfold", "celery"),
)
WRITES = {
    *("save", "create", "bulk_create", "get_or_create", "update_or_create"),
    *("update", "bulk_update", "delete", "select_for_update"),
}


def clocks_read(of: ast.AST) -> list[str]:
    """Whatever asks what time it is, or hands on who does; ``timezone.localtime(at)`` only turns a time that was given."""
    names = meanings(of)
    turned = {
        id(call.func)
        for call in calls(of)
        if call.args and meant(call.func, names).endswith(("localtime", "localdate"))
    }
    return [
        ast.unparse(node)
        for node in nodes(of)
        if isinstance(node, ast.Name | ast.Attribute)
        and meant(node, names) in CLOCKS
        and id(node) not in turned
    ]


def requests_seen(of: ast.AST) -> list[str]:
    """Imports of what only doors handle, and arguments that are a request."""
    asked = [
        f"{node.name}({argument.arg})"
        for node in nodes(of)
        if isinstance(node, ast.FunctionDef)
        for argument in (*node.args.args, *node.args.kwonlyargs)
        if argument.arg == "request"
    ]
    return asked + [module for module in imports(of) if module.startswith(HANDLED_BY_DOORS)]


def loose_arguments(of: ast.AST) -> list[str]:
    """Time, actor and amounts that could be taken for another argument: anything but the only one."""
    return [
        f"{node.name}({argument.arg})"
        for node in nodes(of)
        if isinstance(node, ast.FunctionDef)
        for argument in node.args.args
        if argument.arg in {"at", "actor", "operator"}
        or (_is_amount(argument) and len([a for a in node.args.args if a.arg not in {"self", "cls"}]) > 1)
    ]


def _is_amount(argument: ast.arg) -> bool:
    annotated = ast.unparse(argument.annotation) if argument.annotation else "int"
    return argument.arg.endswith("_fen") and annotated in {"int", "int | None"}


def transactions_opened(of: ast.AST) -> list[str]:
    return [
        ast.unparse(node)
        for node in nodes(of)
        if (isinstance(node, ast.Attribute) and node.attr in {"atomic", "on_commit"})
        or (isinstance(node, ast.Name) and node.id in {"atomic", "on_commit"})
    ]


def rows_written(of: ast.AST) -> list[str]:
    """Calls of a manager or row that write, or that lock in order to write; a plain dict may be updated."""
    return [
        ast.unparse(call.func)
        for call in calls(of)
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in WRITES
        and (".objects" in ast.unparse(call.func) or call.func.attr in {"save", "select_for_update"})
    ]


RULES = files(Kind.RULE)


@pytest.mark.parametrize("path", RULES, ids=name)
def test_rules_are_told_the_time(path: Path) -> None:
    assert clocks_read(tree(path)) == []


@pytest.mark.parametrize("path", RULES, ids=name)
def test_rules_see_no_request_and_no_bell(path: Path) -> None:
    assert requests_seen(tree(path)) == []


@pytest.mark.parametrize("path", RULES, ids=name)
def test_time_actor_and_amounts_are_passed_by_name(path: Path) -> None:
    assert loose_arguments(tree(path)) == []


@pytest.mark.parametrize("path", files(Kind.DOOR), ids=name)
def test_doors_open_no_transactions(path: Path) -> None:
    assert transactions_opened(tree(path)) == []


@pytest.mark.parametrize("path", [p for p in RULES if p.stem == "selectors"], ids=name)
def test_selectors_write_nothing(path: Path) -> None:
    assert rows_written(tree(path)) == []


@pytest.mark.parametrize("path", files(Kind.FACT), ids=name)
def test_facts_override_no_save(path: Path) -> None:
    methods = {node.name for node in nodes(tree(path)) if isinstance(node, ast.FunctionDef)}
    assert methods & {"save", "delete"} == set()


def signals_heard(of: ast.AST) -> list[str]:
    """Imports of Django's signals: whoever listens to a row being saved acts behind the back of who saves it."""
    return [
        module
        for module in imports(of)
        if module.startswith(("django", "celery")) and ("signals" in module or "dispatch" in module)
    ]


# Failed sign-ins are counted by django-axes, which is told of them in the one way that it knows. And two listeners of
# Django's own, which change nothing here, are let go: nobody hears more by that.
SIGNALS_OF_OTHERS = {
    "apps/base/apps.py": ["django.core.signals.request_finished", "django.core.signals.request_started"],
    "apps/base/door.py": ["django.contrib.auth.signals.user_login_failed"],
}


def test_nobody_sends_or_hears_signals() -> None:
    heard = {
        name(path): signals_heard(tree(path))
        for top in ("apps", "mall", "config")
        for path in (ROOT / top).rglob("*.py")
    }
    assert {path: modules for path, modules in heard.items() if modules} == SIGNALS_OF_OTHERS


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        (clocks_read, "from django.utils import timezone\nstarted = timezone.now()"),
        (clocks_read, "from django.utils.timezone import now\nstarted = now()"),
        (clocks_read, "from django.utils import timezone as clock\nday = clock.localtime().date()"),
        (clocks_read, "import django.utils.timezone\nread = django.utils.timezone.now"),
        (clocks_read, "from time import time\nstarted = time()"),
        (clocks_read, "import datetime\nday = datetime.date.today()"),
        (clocks_read, "from django.db.models.functions import Now\nrows.update(at=Now())"),
        (requests_seen, "from django.contrib import messages"),
        (requests_seen, "from rest_framework.request import Request"),
        (requests_seen, "def pay(*, request): ..."),
        (loose_arguments, "def pay(order, at): ..."),
        (loose_arguments, "def pay(order, amount_fen: int): ..."),
        (loose_arguments, "class Till:\n    def pay(self, order, amount_fen: int): ..."),
        (transactions_opened, "with transaction.atomic(): ..."),
        (transactions_opened, "@atomic\ndef pay(): ..."),
        (rows_written, "Order.objects.filter(pk=1).update(status='PAID')"),
        (rows_written, "order.save()"),
        (signals_heard, "from django.db.models.signals import post_save"),
        (signals_heard, "import django.dispatch\nfrom django.db.models import signals"),
    ],
)
def test_each_rule_finds_what_it_is_for(rule: Callable[[ast.AST], list[str]], line: str) -> None:
    assert rule(ast.parse(line)) != []


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        (clocks_read, "from django.utils import timezone\nshown = timezone.localtime(at)"),
        (clocks_read, "from time import monotonic\nstarted = monotonic()"),
        (clocks_read, "from datetime import time\nnoon = time(12)"),
        (loose_arguments, "def shown(amount_fen: int): ..."),
        (loose_arguments, "def pay(order, *, amount_fen: int, at): ..."),
        (loose_arguments, "def cheapest(ware, costs_fen: Mapping[int, int]): ..."),
        (rows_written, "figures.update(more)"),
    ],
)
def test_no_rule_finds_more_than_that(rule: Callable[[ast.AST], list[str]], line: str) -> None:
    assert rule(ast.parse(line)) == []


def room(path: Path) -> str:
    return path.relative_to(APPS).parts[0]


def part(path: Path) -> str:
    """The part of its room that a file belongs to: its own name, or its package's."""
    return path.relative_to(APPS).parts[1].removesuffix(".py")


def imported_parts(path: Path) -> set[str]:
    """The parts of its own room that a file imports."""
    own = f"apps.{room(path)}."
    found = {
        module.removeprefix(own).split(".")[0] for module in imports(tree(path)) if module.startswith(own)
    }
    return found - {part(path)}


def kind_of_part(of_room: str, called: str) -> Kind:
    module = APPS / of_room / f"{called}.py"
    return kind(module if module.exists() else APPS / of_room / called / "__init__.py")


HEIGHT = {Kind.FRAME: 0, Kind.FACT: 1, Kind.RULE: 2, Kind.DOOR: 3}
# A task of the post room calls the service, which after a commit rings for it: the one circle in the house, and the
# import stands in the function.
CIRCLES = {("outbox", "services", "tasks")}


@pytest.mark.parametrize("path", files(Kind.RULE, Kind.FACT), ids=name)
def test_doors_stand_on_rules_and_rules_on_facts(path: Path) -> None:
    above = [
        called
        for called in imported_parts(path)
        if HEIGHT[kind_of_part(room(path), called)] > HEIGHT[kind(path)]
        and (room(path), part(path), called) not in CIRCLES
    ]
    assert above == []


def edges(of_room: str) -> dict[str, set[str]]:
    """Which rules of a room stand on which others of it."""
    found: dict[str, set[str]] = {}
    for path in RULES:
        if room(path) == of_room:
            found.setdefault(part(path), set()).update(
                called for called in imported_parts(path) if kind_of_part(of_room, called) is Kind.RULE
            )
    return found


@pytest.mark.parametrize("of_room", sorted({room(path) for path in RULES}))
def test_the_rules_of_a_room_stand_on_each_other_and_never_in_a_circle(of_room: str) -> None:
    left = edges(of_room)
    while free := [called for called, below in left.items() if not below & left.keys()]:
        for called in free:
            del left[called]
    assert left == {}


def contracts() -> Iterator[dict[str, object]]:
    yield from tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


def layers_of_a_room() -> list[list[str]]:
    """The contract's layers, the highest first, without its brackets."""
    (contract,) = [contract for contract in contracts() if str(contract["name"]).startswith("A room:")]
    layers = contract["layers"]
    assert isinstance(layers, list)
    return [[called.strip(" ()") for called in layer.replace("|", ":").split(":")] for layer in layers]


def test_the_contract_of_a_room_names_every_door_that_there_is_and_the_facts() -> None:
    doors, *rules, models, states = layers_of_a_room()
    there = {part(path) for path in files(Kind.DOOR)}
    assert set(doors) == there
    assert [*models, *states] == list(FACTS)
    assert rules == [["services"], ["selectors"]]


def test_the_contract_of_a_room_holds_for_every_room() -> None:
    (contract,) = [contract for contract in contracts() if str(contract["name"]).startswith("A room:")]
    rooms = sorted(path.parent.name for path in APPS.glob("*/apps.py"))
    # The floor offers doors of every kind, and the street door's parts are its own.
    assert contract["containers"] == [
        f"apps.{called}" for called in rooms if called not in {"base", "wechat"}
    ]


def test_what_writes_and_what_reads_has_one_name_in_the_whole_house() -> None:
    ruff = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    names = ruff["flake8-import-conventions"]["extend-aliases"]
    there = {f"apps.{room(path)}.{part(path)}" for path in RULES if part(path) in {"services", "selectors"}}
    assert there - names.keys() == set()
    # One name is one module: a call says whose it is, and whether it writes.
    assert len(set(names.values())) == len(names)
    assert "ICN" in ruff["select"]


LINES = 450


def test_no_file_of_a_room_is_longer_than_a_person_reads_at_once() -> None:
    lengths = {
        name(path): len(path.read_text().splitlines())
        for path in sorted(APPS.rglob("*.py"))
        if "migrations" not in path.parts
    }
    assert {path: length for path, length in lengths.items() if length > LINES} == {}


def flat_refusals(of: ast.AST) -> list[str]:
    """Methods of a page that never allow a thing, whoever asks: what ``base.admin`` has a kind of page for."""
    return [
        function.name
        for function in functions(of)
        if re.fullmatch(r"has_\w+_permission", function.name)
        and ast.unparse(function.body[-1]) == "return False"
    ]


def test_pages_that_keep_their_rows_say_so_by_what_they_are() -> None:
    """KeptAdmin: never deleted. FixedAdmin: nor made by hand. ReadOnlyAdmin: nor changed."""
    found = {name(path): flat_refusals(tree(path)) for path in files(Kind.DOOR)}
    assert {path: methods for path, methods in found.items() if methods} == {}
    assert flat_refusals(ast.parse("def has_delete_permission(self, request): return False")) != []
