"""Reads every string out of an installed package that it asks gettext to translate; needs no gettext tools."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from django.utils.translation.template import templatize

_LITERAL = r"""u?(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
_CALL = re.compile(
    rf"\b(?P<name>_|gettext|gettext_noop|ngettext|pgettext|npgettext)\(\s*(?P<args>{_LITERAL}(?:\s*,\s*{_LITERAL})*)",
    re.DOTALL,
)
_ARGUMENT = re.compile(_LITERAL, re.DOTALL)


class Message(NamedTuple):
    """A string to translate; ``plural`` and ``context`` are empty where it has none."""

    singular: str
    plural: str = ""
    context: str = ""


def in_package(package: Path) -> set[Message]:
    """Return all messages of a package's Python modules and templates."""
    found: set[Message] = set()
    for path in package.rglob("*.py"):
        found.update(in_python(path.read_text()))
    for path in package.rglob("*.html"):
        found.update(in_calls(templatize(path.read_text(), str(path))))
    return found


def in_scripts(package: Path) -> set[Message]:
    """Return all messages of a package's own JavaScript (the minified libraries of others have none)."""
    scripts = (path for path in package.rglob("*.js") if not path.name.endswith(".min.js"))
    return {message for path in scripts for message in in_calls(path.read_text())}


def in_python(source: str) -> Iterator[Message]:
    """Messages of a module: calls of gettext functions by whatever name they were imported under."""
    tree = ast.parse(source)
    called = {"_": "gettext"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
            called.update({name.asname or name.name: name.name for name in node.names})
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
            if name in called and texts and all(isinstance(text, str) for text in texts):
                yield from _message(called[name].removesuffix("_lazy"), [str(text) for text in texts])


def in_calls(source: str) -> Iterator[Message]:
    """Messages of JavaScript, or of what ``templatize`` makes of a template."""
    for call in _CALL.finditer(source):
        texts = [ast.literal_eval(text) for text in _ARGUMENT.findall(call["args"])]
        yield from _message("gettext" if call["name"] == "_" else call["name"], texts)


def _message(function: str, texts: list[str]) -> Iterator[Message]:
    if not texts[0].strip():
        return
    if function in {"gettext", "gettext_noop"}:
        yield Message(texts[0])
    elif function == "ngettext":
        yield Message(texts[0], plural=texts[1])
    elif function == "pgettext":
        yield Message(texts[1], context=texts[0])
    elif function == "npgettext":
        yield Message(texts[1], plural=texts[2], context=texts[0])
