"""Money is never a float and is divided in one place: read from the syntax of every file, not from habit.

A rule that finds nothing proves nothing, so each is also shown a line that it must find.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.architecture.source import nodes
from tests.architecture.source import tree as read

ROOT = Path(__file__).parents[2]
DIVIDES = ROOT / "mall" / "money.py"
# Geometry and stopwatches divide what is no money; the rules about names that end in _fen hold there too.
MEASURE = (ROOT / "apps/demo", ROOT / "apps/stores/geo.py")
FILES = sorted(path for storey in ("mall", "apps") for path in (ROOT / storey).rglob("*.py"))
LANGUAGE = sorted((ROOT / "mall").rglob("*.py"))

PATH_WORDS = ("dir", "dirs", "directory", "path", "root", "folder", "file")


def is_path(node: ast.expr) -> bool:
    """Whether an operand of ``/`` is part of a path: a text, ``Path(…)``, or named as a place in a file system."""
    match node:
        case ast.Constant(value=str()) | ast.JoinedStr():
            return True
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return is_path(left) or is_path(right)
        case ast.Call(func=ast.Name(id="Path")):
            return True
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.lower().rsplit("_", 1)[-1] in PATH_WORDS
    return False


def names_fen(node: ast.AST | None) -> bool:
    """Whether an amount is mentioned anywhere below."""
    return node is not None and any(
        isinstance(part, ast.Name | ast.Attribute | ast.keyword | ast.arg)
        and (getattr(part, "id", None) or getattr(part, "attr", None) or part.arg or "").endswith("_fen")
        for part in ast.walk(node)
    )


def makes_a_float(node: ast.AST | None) -> bool:
    """Whether a float is written or made anywhere below."""
    return node is not None and any(
        (isinstance(part, ast.Constant) and isinstance(part.value, float))
        or (isinstance(part, ast.Name) and part.id in ("float", "Decimal", "FloatField", "DecimalField"))
        or (isinstance(part, ast.Attribute) and part.attr in ("FloatField", "DecimalField"))
        for part in ast.walk(node)
    )


def true_divisions(tree: ast.AST) -> Iterator[ast.AST]:
    for node in nodes(tree):
        match node:
            case ast.BinOp(op=ast.Div()) if not is_path(node):
                yield node
            case ast.AugAssign(op=ast.Div(), value=value) if not is_path(value):
                yield node


def divided_amounts(tree: ast.AST) -> Iterator[ast.AST]:
    for node in nodes(tree):
        match node:
            case ast.BinOp(left=left, op=ast.FloorDiv() | ast.Mod() | ast.Div(), right=right):
                operands = [left, right]
            case ast.AugAssign(target=target, op=ast.FloorDiv() | ast.Mod() | ast.Div(), value=value):
                operands = [target, value]
            case ast.Call(func=ast.Name(id="divmod" | "round"), args=arguments):
                operands = arguments
            case _:
                operands = []
        if any(map(names_fen, operands)):
            yield node


def float_amounts(tree: ast.AST) -> Iterator[ast.AST]:
    for node in nodes(tree):
        if any(names_fen(amount) and makes_a_float(other) for amount, other in meetings(node)):
            yield node


def meetings(node: ast.AST) -> list[tuple[ast.AST, ast.AST | None]]:
    """What a piece of syntax brings together: a name with its value or type, an operand with the other."""
    match node:
        case ast.Call(func=ast.Name() as function, args=arguments):
            return [(argument, function) for argument in arguments]
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div(), right=right):
            return [(left, right), (right, left)]
        case ast.Assign(targets=targets, value=value):
            return [(target, value) for target in targets]
        case ast.AnnAssign(target=target, annotation=annotation, value=value):
            return [(target, annotation), (target, value)]
        case ast.arg(annotation=annotation):
            return [(node, annotation)]
        case ast.keyword(arg=str(name), value=value):
            return [(ast.Name(id=name), value)]
    return []


def floats(tree: ast.AST) -> Iterator[ast.AST]:
    for node in nodes(tree):
        match node:
            case ast.Constant(value=float()) | ast.Name(id="float" | "Decimal"):
                yield node


Rule = Callable[[ast.AST], Iterator[ast.AST]]


def found(rule: Rule, files: list[Path]) -> list[str]:
    """Where the files break a rule, as ``path:line  source``."""
    return [
        f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}  {ast.unparse(node)}"
        for path in files
        if path != DIVIDES
        for node in rule(read(path))
    ]


def test_nothing_is_truly_divided_outside_money():
    counting = [path for path in FILES if not any(path.is_relative_to(measure) for measure in MEASURE)]
    assert found(true_divisions, counting) == []


def test_amounts_are_divided_and_rounded_in_money_only():
    assert found(divided_amounts, FILES) == []


def test_no_amount_meets_a_float():
    assert found(float_amounts, FILES) == []


def test_the_language_knows_no_floats_at_all():
    assert found(floats, [*LANGUAGE]) == []
    assert list(floats(read(DIVIDES))) == []
    assert list(true_divisions(read(DIVIDES))) == []


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (true_divisions, "half = whole / 2"),
        (true_divisions, "whole /= 2"),
        (divided_amounts, "order.payable_fen // 2"),
        (divided_amounts, "total_fen %= 100"),
        (divided_amounts, "divmod(total_fen, 3)"),
        (divided_amounts, "round(total_fen * rate)"),
        (divided_amounts, "(a_fen + b_fen) * 3 // 10"),
        (float_amounts, "float(order.payable_fen)"),
        (float_amounts, "price_fen = 12.5"),
        (float_amounts, "line.price_fen * 0.9"),
        (float_amounts, "pay(amount_fen=0.5)"),
        (float_amounts, "price_fen: float"),
        (float_amounts, "def pay(amount_fen: float): ..."),
        (float_amounts, "price_fen = models.DecimalField()"),
        (floats, "rate = 0.9"),
    ],
)
def test_each_rule_finds_what_it_is_for(rule, source):
    assert len(list(rule(ast.parse(source)))) >= 1


@pytest.mark.parametrize(
    "source",
    [
        'BASE_DIR / "media"',
        "self.directory / name",
        'Path("a") / b / c',
        "root / f'{name}.pem'",
        "media_root / name",
    ],
)
def test_a_path_is_not_a_division(source):
    assert list(true_divisions(ast.parse(source))) == []
