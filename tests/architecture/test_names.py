"""One name, one module: what a word before a dot means is the same in every file, and a room's name means its services."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterable, Mapping

from tests.architecture.rooms import ROOT
from tests.architecture.source import nodes, tree

# What boards print one of from each room, under the room's name: `coupons.ROOM`, `coupons.HISTORY`, `coupons.PART`.
ON_BOARDS = {"personal", "parts", "campaign_files", "admin"}


def is_module(path: str) -> bool:
    place = ROOT / path.replace(".", "/")
    return place.with_suffix(".py").exists() or (place / "__init__.py").exists()


def modules_named(of: ast.AST) -> Iterable[tuple[str, str]]:
    """The modules of ours that a file imports, each with the name that it goes by there."""
    for node in nodes(of):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                if is_module(path := f"{node.module}.{alias.name}"):
                    yield path, alias.asname or alias.name
        elif isinstance(node, ast.Import):
            yield from (
                (alias.name, alias.asname) for alias in node.names if alias.asname and is_module(alias.name)
            )


def named() -> Mapping[str, Mapping[str, list[str]]]:
    """By module and name, the files that call it so."""
    found: dict[str, dict[str, list[str]]] = {}
    for top in ("apps", "mall", "config"):
        for path in sorted((ROOT / top).rglob("*.py")):
            for module, called in modules_named(tree(path)):
                found.setdefault(module, {}).setdefault(called, []).append(str(path.relative_to(ROOT)))
    return found


def of_a_board(module: str, called: str) -> bool:
    return module.split(".")[-1] in ON_BOARDS and called == module.split(".")[1]


def at_home(module: str, called: str, files: Iterable[str]) -> bool:
    """Whether a module goes by its own name among its neighbours in the room."""
    home = "/".join(module.split(".")[:2])
    return called == module.split(".")[-1] and all(path.startswith(f"{home}/") for path in files)


def faults(found: Mapping[str, Mapping[str, list[str]]], reserved: Mapping[str, str]) -> list[str]:
    """Modules of two names, and names of two modules, as sentences."""
    several = [
        f"{module} is called {called} in {', '.join(files[:3])} and otherwise elsewhere: choose one name"
        for module, names in found.items()
        if len(own := {one: files for one, files in names.items() if not of_a_board(module, one)}) > 1
        for called, files in own.items()
    ]
    owners = {called: module for module, called in reserved.items()}
    taken = [
        f"{module} is called {called} in {', '.join(files[:3])}, which means {owners[called]} (pyproject.toml)"
        for module, names in found.items()
        for called, files in names.items()
        if called in owners and owners[called] != module and not of_a_board(module, called)
        if not at_home(module, called, files) and module != owners[called].rpartition(".")[0]
    ]
    return [*several, *taken]


def conventions() -> Mapping[str, str]:
    ruff = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    names: Mapping[str, str] = ruff["flake8-import-conventions"]["extend-aliases"]
    return names


def test_each_module_goes_by_one_name_and_no_name_by_two_modules() -> None:
    assert faults(named(), conventions()) == []


def test_a_second_name_and_a_borrowed_name_are_found() -> None:
    reserved = {"apps.points.services": "points"}
    one = {"apps.points.deduction": {"deduction": ["a.py"]}, "apps.points.services": {"points": ["a.py"]}}
    assert faults(one, reserved) == []
    two = {"apps.points.deduction": {"deduction": ["a.py"], "offers": ["b.py"]}}
    assert [line.split(" in ")[0] for line in faults(two, reserved)] == [
        "apps.points.deduction is called deduction",
        "apps.points.deduction is called offers",
    ]
    borrowed = {"apps.points.deduction": {"points": ["a.py"]}}
    assert faults(borrowed, reserved) == [
        "apps.points.deduction is called points in a.py, which means apps.points.services (pyproject.toml)"
    ]


def test_every_name_that_is_agreed_on_is_of_a_module_that_exists() -> None:
    assert [module for module in conventions() if not is_module(module)] == []


def test_what_a_file_imports_is_read_by_where_it_lies() -> None:
    read = dict(
        modules_named(
            ast.parse(
                "from mall import text as t\nfrom mall.text import plain\nimport apps.orders.states as s"
            )
        )
    )
    assert read == {"mall.text": "t", "apps.orders.states": "s"}
