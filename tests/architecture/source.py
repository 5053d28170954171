"""Reads source as the tests of the house need it: what a file imports, calls and means by its names."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path


@cache
def tree(path: Path) -> ast.Module:
    """What a file says, read once for all rules: to be looked at, and changed by none of them."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes(of: ast.AST) -> list[ast.AST]:
    """Everything below, itself the first: what ``ast.walk`` finds, walked once."""
    return list(ast.walk(of))


def forget() -> None:
    """Let go of what was read: a quarter of a gigabyte for all files of the house."""
    nodes.cache_clear()
    tree.cache_clear()


def calls(of: ast.AST) -> list[ast.Call]:
    return [node for node in nodes(of) if isinstance(node, ast.Call)]


def functions(of: ast.AST) -> Iterator[ast.FunctionDef]:
    """All functions and methods, wherever they stand."""
    return (node for node in nodes(of) if isinstance(node, ast.FunctionDef))


def imports(of: ast.AST) -> list[str]:
    """The modules that a file imports, with what it takes from them, wherever the import stands."""
    found: list[str] = []
    for node in nodes(of):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def meanings(of: ast.AST) -> Mapping[str, str]:
    """What the names of a file's imports mean, by their dotted paths: under whatever name something was imported."""
    found: dict[str, str] = {}
    for node in nodes(of):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.split(".")[0]
                found[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def meant(node: ast.AST, names: Mapping[str, str]) -> str:
    """The dotted path that a name, or a chain of attributes, stands for; empty for whatever was not imported."""
    rest: list[str] = []
    while isinstance(node, ast.Attribute):
        rest.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in names:
        return ""
    return ".".join([names[node.id], *reversed(rest)])


def root(node: ast.AST) -> ast.AST:
    """Where a chain of attributes, calls and indices begins."""
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node
