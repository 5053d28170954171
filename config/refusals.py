"""Which refusals each call of the API may meet, read from the code itself: what the view leads to, and what that raises.

Rooms import modules, not names, so that a call reads ``orders.place(…)``: where it leads can be followed without
running anything. Where a method is called on a row or on a line of a board, ``holder.release(…)``, it leads to the
methods of that name of all classes that the call has met; what is caught on the way is not listed.
"""

from __future__ import annotations

import ast
import builtins
import importlib
from collections import defaultdict
from collections.abc import Iterator
from functools import cache, reduce
from pathlib import Path
from typing import NamedTuple

from rest_framework.fields import Field
from rest_framework.pagination import BasePagination
from rest_framework.permissions import BasePermission
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from mall.errors import ShopError

_ROOT = Path(__file__).resolve().parent.parent
_HTTP = {"get", "post", "put", "patch", "delete"}
# Other doors and the wiring: no call of the API leads through them.
_NOT_READ = {"migrations", "management", "sandbox", "tasks", "handlers", "personal", "statements"}
# The framework calls methods of these that nobody here calls by name.
_CALLED_BY_THE_FRAMEWORK = (APIView, Field, BasePagination, BasePermission, BaseThrottle)


class Place(NamedTuple):
    """A function, class, method (``Class.method``) or table of a module; without a name, the module itself."""

    module: str
    name: str = ""


class Step(NamedTuple):
    """What a piece of code mentions: a place, or a method of something whose class is not known here (``named``).

    ``given_as`` is the field of a class that what is mentioned was given for: it is called where the field is.
    """

    to: Place | None
    named: str = ""
    given_as: str = ""
    caught: tuple[type[BaseException], ...] = ()


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

    def leads_to(self, dotted: list[str]) -> tuple[Place | None, list[str]]:
        """Return the place that a dotted name begins with, and what of the name is left behind it."""
        first, *rest = dotted
        if first in self.defines:
            return Place(self.name, first), rest
        place = self.stands_for.get(first)
        while place is not None and not place.name and rest:
            place, rest = _place(place.module, rest[0]), rest[1:]
        return place, rest


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
def _home(place: Place) -> Place:
    """Return where a name is defined that a package only hands on."""
    module = _read(place.module)
    if module is None or not place.name or place.name.partition(".")[0] in module.defines:
        return place
    again = module.stands_for.get(place.name)
    return _home(again) if again else place


@cache
def _node(place: Place) -> ast.AST | None:
    """Return the code of a place; None for what is not read."""
    module = _read(place.module)
    if module is None:
        return None
    name, _, method = place.name.partition(".")
    node = module.defines.get(name)
    if not method or not isinstance(node, ast.ClassDef):
        return node
    return next((one for one in _methods(node) if one.name == method), None)


def _methods(node: ast.ClassDef) -> list[ast.FunctionDef]:
    return [part for part in node.body if isinstance(part, ast.FunctionDef)]


@cache
def _steps(place: Place) -> tuple[Step, ...]:
    """Return what a place mentions; of a class its bases and fields, not its methods."""
    module, node = _read(place.module), _node(place)
    if module is None or node is None:
        return ()
    reader = _Reader(module, _own_names(node) if isinstance(node, ast.FunctionDef) else frozenset())
    if isinstance(node, ast.ClassDef):
        bases = (step for base in node.bases for step in reader.steps(base))
        return (*bases, *(step for part in node.body for step in reader.field(part)))
    return tuple(reader.steps(node))


def _own_names(node: ast.FunctionDef) -> frozenset[str]:
    """Return the names that a function gives itself, by its parameters and assignments: they are not its module's."""
    taken = {part.arg for part in ast.walk(node) if isinstance(part, ast.arg)}
    given = {
        part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
    }
    return frozenset(taken | given)


class _Reader:
    """Reads one piece of code of a module; ``own`` are the names that stand for something of its own there."""

    def __init__(self, module: _Module, own: frozenset[str]) -> None:
        self._module = module
        self._own = own

    def _leads_to(self, dotted: list[str]) -> tuple[Place | None, list[str]]:
        if not dotted or dotted[0] in self._own:
            return None, dotted[1:]
        return self._module.leads_to(dotted)

    def steps(self, node: ast.AST) -> Iterator[Step]:
        """Yield what a piece of code mentions; not its annotations, decorators and caught errors."""
        if isinstance(node, ast.Attribute | ast.Name):
            yield from self._mentioned(node)
        elif isinstance(node, ast.Try):
            caught = tuple(error for handler in node.handlers for error in self._caught(handler))
            for part in node.body:
                yield from self._within(part, caught)
            behind: list[ast.AST] = [*node.handlers, *node.orelse, *node.finalbody]
            for other in behind:
                yield from self.steps(other)
        elif isinstance(node, ast.With):
            caught = tuple(error for item in node.items for error in self._suppressed(item.context_expr))
            for item in node.items:
                if not self._suppressed(item.context_expr):
                    yield from self.steps(item.context_expr)
            for part in node.body:
                yield from self._within(part, caught)
        elif isinstance(node, ast.Call):
            yield from self._call(node)
        else:
            yield from self._inside(node)

    def field(self, node: ast.AST) -> Iterator[Step]:
        """Yield what a class says outside its methods: it belongs to the field that it is said of."""
        if isinstance(node, ast.FunctionDef):
            return
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        for step in self.steps(node):
            given = isinstance(target, ast.Name) and not step.given_as
            yield step._replace(given_as=target.id) if given and isinstance(target, ast.Name) else step

    def _within(self, node: ast.AST, caught: tuple[type[BaseException], ...]) -> Iterator[Step]:
        for step in self.steps(node):
            yield step._replace(caught=step.caught + caught)

    def _inside(self, node: ast.AST) -> Iterator[Step]:
        skipped: set[str] = {"annotation", "returns", "decorator_list"}
        if isinstance(node, ast.ExceptHandler):
            skipped.add("type")
        for field, value in ast.iter_fields(node):
            if field not in skipped:
                for part in value if isinstance(value, list) else [value]:
                    if isinstance(part, ast.AST):
                        yield from self.steps(part)

    def _call(self, node: ast.Call) -> Iterator[Step]:
        """Yield what a call mentions; what a class is given for a field belongs to the field."""
        yield from self.steps(node.func)
        for part in node.args:
            yield from self.steps(part)
        dotted = _dotted(node.func)
        place, rest = self._leads_to(dotted)
        into_class = place is not None and not rest and isinstance(_node(_home(place)), ast.ClassDef)
        for word in node.keywords:
            given = word.arg if into_class and not isinstance(word.value, ast.Call) else None
            for step in self.steps(word.value):
                yield step._replace(given_as=given) if given and not step.given_as else step

    def _mentioned(self, node: ast.Attribute | ast.Name) -> Iterator[Step]:
        dotted = _dotted(node)
        if not dotted and isinstance(node, ast.Attribute):
            yield from self.steps(node.value)
            yield Step(None, named=node.attr)
            return
        place, rest = self._leads_to(dotted)
        if place is not None:
            home = _home(place)
            if rest and isinstance(_node(home), ast.ClassDef):
                method = Place(home.module, f"{home.name}.{rest[0]}")
                if _node(method) is not None:
                    yield Step(method)
                    rest = rest[1:]
            yield Step(home)
        for name in rest if place is not None else dotted[1:]:
            yield Step(None, named=name)

    def _caught(self, handler: ast.ExceptHandler) -> Iterator[type[BaseException]]:
        """Yield the errors that end at a handler: not those that it raises again, or keeps for whoever does."""
        for part in ast.walk(handler):
            if isinstance(part, ast.Raise) and part.exc is None:
                return
            handed_on = isinstance(part, ast.Raise | ast.Assign | ast.Return) and (
                part.exc if isinstance(part, ast.Raise) else part.value
            )
            if isinstance(handed_on, ast.Name) and handed_on.id == handler.name:
                return
        yield from self._errors(handler.type) if handler.type else (BaseException,)

    def _suppressed(self, node: ast.AST) -> list[type[BaseException]]:
        if isinstance(node, ast.Call) and _dotted(node.func)[-1:] == ["suppress"]:
            return [error for part in node.args for error in self._errors(part)]
        return []

    def _errors(self, node: ast.AST) -> Iterator[type[BaseException]]:
        """Yield the classes of errors that an expression names, tables of them included."""
        if isinstance(node, ast.Tuple):
            for part in node.elts:
                yield from self._errors(part)
            return
        dotted = _dotted(node.value if isinstance(node, ast.Starred) else node)
        try:
            found = reduce(getattr, dotted, importlib.import_module(self._module.name)) if dotted else ()
        except AttributeError:
            found = getattr(builtins, dotted[0], ())
        for error in found if isinstance(found, tuple) else (found,):
            if isinstance(error, type) and issubclass(error, BaseException):
                yield error


def _dotted(node: ast.AST) -> list[str]:
    """Return the names of ``a.b.c``; nothing for what begins with anything else than a name."""
    dotted: list[str] = []
    while isinstance(node, ast.Attribute):
        dotted.insert(0, node.attr)
        node = node.value
    return [node.id, *dotted] if isinstance(node, ast.Name) else []


@cache
def _error(place: Place) -> type[ShopError] | None:
    module = _read(place.module)
    if module is None or not isinstance(module.defines.get(place.name), ast.ClassDef):
        return None
    found = getattr(importlib.import_module(place.module), place.name, None)
    return found if isinstance(found, type) and issubclass(found, ShopError) else None


@cache
def _overrides(found: type) -> set[str]:
    """Return the names under which a library calls what is not its own; not those under which rows are written."""
    own = {"apps", "mall", "builtins", "abc", "typing", "enum"}
    return {
        name
        for base in found.__mro__[1:]
        if base.__module__.partition(".")[0] not in own and not base.__module__.startswith("django.db")
        for name in vars(base)
    }


@cache
def _is_shape(place: Place) -> bool:
    """Return whether a place is a class that no error is: rows and boards are met where they are named."""
    return isinstance(_node(place), ast.ClassDef) and _error(place) is None


class _Walk:
    """One call's way through the house: the places it reaches, and from each the places that it leads on to."""

    def __init__(self, first: list[Place], *, without: frozenset[Place]) -> None:
        """Go from the methods and the class of a view, and never through the classes that it keeps away from."""
        self._first, self._without = frozenset(first), without
        self.ways: dict[Place, set[tuple[Place, tuple[type[BaseException], ...]]]] = defaultdict(set)
        self._asked: dict[str, set[tuple[Place, tuple[type[BaseException], ...]]]] = defaultdict(set)
        self._offered: dict[str, set[Place]] = defaultdict(set)
        self._seen: set[Place] = set()
        self._waiting = list(first)
        while self._waiting:
            self._visit(self._waiting.pop())

    def _visit(self, place: Place) -> None:
        if place in self._seen or place in self._without:
            return
        self._seen.add(place)
        if _error(place):
            return
        for step in _steps(place):
            if step.given_as and step.to is not None and not _is_shape(step.to):
                self._offer(step.given_as, step.to)
            elif step.to is not None:
                self._go(place, step.to, step.caught)
            else:
                self._ask(step.named, place, step.caught)
        node = _node(place)
        if isinstance(node, ast.ClassDef) and place not in self._first:
            self._meet(place, node)

    def _meet(self, place: Place, node: ast.ClassDef) -> None:
        """Take a class's methods for what may be called by their names from now on; some are called unseen."""
        found = getattr(importlib.import_module(place.module), place.name, None)
        unseen = isinstance(found, type) and issubclass(found, _CALLED_BY_THE_FRAMEWORK)
        overrides = _overrides(found) if isinstance(found, type) else set()
        for method in _methods(node):
            where = Place(place.module, f"{place.name}.{method.name}")
            if (
                method.name == "__post_init__"
            ):  # a value refuses the nonsense of programs, which no caller can say
                continue
            if unseen or method.name in overrides or method.name.startswith("__"):
                self._go(place, where, ())
            else:
                self._offer(method.name, where)

    def _offer(self, name: str, place: Place) -> None:
        self._offered[name].add(place)
        for asker, caught in self._asked[name]:
            self._go(asker, place, caught)

    def _ask(self, name: str, asker: Place, caught: tuple[type[BaseException], ...]) -> None:
        self._asked[name].add((asker, caught))
        for place in self._offered[name]:
            self._go(asker, place, caught)

    def _go(self, start: Place, end: Place, caught: tuple[type[BaseException], ...]) -> None:
        self.ways[start].add((end, caught))
        self._waiting.append(end)

    def errors(self, first: list[Place]) -> set[type[ShopError]]:
        """Return what comes back to the first places of what is raised on the way, less what is caught."""
        raised: dict[Place, set[type[ShopError]]] = defaultdict(set)
        for place in self._seen:
            if error := _error(place):
                raised[place].add(error)
        more = True
        while more:
            more = False
            for place, ways in self.ways.items():
                before = len(raised[place])
                for end, caught in ways:
                    raised[place] |= {error for error in raised[end] if not issubclass(error, caught)}
                more = more or len(raised[place]) > before
        return {error for place in first for error in raised[place]}


@cache
def of_call(view: type, method: str) -> frozenset[type[ShopError]]:
    """Return the errors that a method (``get``, ``post`` …) of a view may end in.

    A view names in ``keeps_away_from`` the classes whose rows it never works on, where a board has rows of several.
    """
    first: list[Place] = []
    for owner in view.__mro__:
        node = _node(Place(owner.__module__, owner.__name__))
        if isinstance(node, ast.ClassDef):
            first.append(Place(owner.__module__, owner.__name__))
            first += [
                Place(owner.__module__, f"{owner.__name__}.{part.name}")
                for part in _methods(node)
                if part.name not in _HTTP - {method}
            ]
    away: tuple[type, ...] = getattr(view, "keeps_away_from", ())
    without = frozenset(Place(other.__module__, other.__name__) for other in away)
    return frozenset(_Walk(first, without=without).errors(first) - {ShopError})
