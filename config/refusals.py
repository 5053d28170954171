"""Which refusals each call of the API may meet, read from the code itself: what the view leads to, and what that raises.

Rooms import modules, not names, so that a call reads ``orders.place(…)``: where it leads can be followed without
running anything. What is caught on the way is listed too; a code too many does no harm to whoever handles it.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from mall.errors import ShopError

_ROOT = Path(__file__).resolve().parent.parent
_HTTP = {"get", "post", "put", "patch", "delete"}
# Other doors and the wiring: no call of the API leads through them.
_NOT_READ = {"migrations", "management", "sandbox", "tasks", "handlers", "board", "personal"}


class Place(NamedTuple):
    """A function, class or table of a module; without a name, the module itself."""

    module: str
    name: str = ""


class _Module:
    """One file: what it defines, and what its names stand for."""

    def __init__(self, name: str, file: Path) -> None:
        self.name = name
        self.defines: dict[str, ast.AST] = {}
        self.stands_for: dict[str, Place] = {}
        whole = ast.parse(file.read_text())
        for node in whole.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                self.defines[node.name] = node
            elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                self.defines |= {target.id: node.value for target in targets if isinstance(target, ast.Name)}
        for part in ast.walk(whole):
            if isinstance(part, ast.ImportFrom) and part.module and not part.level:
                for alias in part.names:
                    self.stands_for[alias.asname or alias.name] = _place(part.module, alias.name)


def _file(module: str) -> Path | None:
    path = _ROOT.joinpath(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def _place(module: str, name: str) -> Place:
    return Place(f"{module}.{name}") if _file(f"{module}.{name}") else Place(module, name)


@cache
def _read(module: str) -> _Module | None:
    """Return a module of the shop; None for one of a library, or one that no call leads through."""
    parts = module.split(".")
    if parts[0] not in {"apps", "mall"} or _NOT_READ & set(parts) or parts[-1].startswith("admin"):
        return None
    file = _file(module)
    return _Module(module, file) if file else None


@cache
def _mentions(place: Place) -> frozenset[Place]:
    """Return what a function, class or table mentions, other than as the type of something."""
    module = _read(place.module)
    if module is None:
        return frozenset()
    if not place.name:
        return frozenset(Place(place.module, name) for name in module.defines)
    name, _, method = place.name.partition(".")
    node = module.defines.get(name)
    if node is None:
        again = module.stands_for.get(name)
        return frozenset({again}) if again else frozenset()
    found: set[Place] = set()
    for part in _parts(node, method):
        for mentioned in _names(part):
            first, *rest = mentioned
            if first in module.defines:
                found.add(Place(place.module, first))
            elif target := module.stands_for.get(first):
                deeper = not target.name and rest
                found.add(_place(target.module, rest[0]) if deeper else target)
    return frozenset(found)


def _parts(node: ast.AST, method: str) -> Iterator[ast.AST]:
    """Yield what to read: of a view only the method asked for, and what all its methods share."""
    if not method or not isinstance(node, ast.ClassDef):
        yield node
        return
    yield from node.bases
    for part in node.body:
        if not (isinstance(part, ast.FunctionDef) and part.name in _HTTP - {method}):
            yield part


def _names(node: ast.AST) -> Iterator[list[str]]:
    """Yield the dotted names that a piece of code mentions; not its annotations, decorators and caught errors."""
    if isinstance(node, ast.Attribute | ast.Name):
        dotted: list[str] = []
        inner: ast.AST = node
        while isinstance(inner, ast.Attribute):
            dotted.insert(0, inner.attr)
            inner = inner.value
        if isinstance(inner, ast.Name):
            yield [inner.id, *dotted]
        else:
            yield from _names(inner)
        return
    skipped: set[str] = {"annotation", "returns", "decorator_list"}
    if isinstance(node, ast.ExceptHandler):
        skipped.add("type")
    for field, value in ast.iter_fields(node):
        if field not in skipped:
            for part in value if isinstance(value, list) else [value]:
                if isinstance(part, ast.AST):
                    yield from _names(part)


def _error(place: Place) -> type[ShopError] | None:
    module = _read(place.module)
    if module is None or not isinstance(module.defines.get(place.name), ast.ClassDef):
        return None
    found = getattr(importlib.import_module(place.module), place.name, None)
    return found if isinstance(found, type) and issubclass(found, ShopError) else None


@cache
def of_call(view: type, method: str) -> frozenset[type[ShopError]]:
    """Return the errors that a method (``get``, ``post`` …) of a view may end in."""
    errors: set[type[ShopError]] = set()
    seen: set[Place] = set()
    waiting = [
        Place(owner.__module__, f"{owner.__name__}.{method}")
        for owner in view.__mro__
        if owner.__module__.startswith("apps.")
    ]
    while waiting:
        place = waiting.pop()
        if place in seen:
            continue
        seen.add(place)
        if error := _error(place):
            errors.add(error)
            continue
        waiting.extend(_mentions(place))
    return frozenset(errors - {ShopError})
