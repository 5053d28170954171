"""Amounts and rates are written at one place: `money.priced`, `changed` and `percent` know where a sign stands."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.architecture import source
from tests.architecture.rooms import ROOT

HOUSE = ("apps", "mall", "config")
# WeChat's side writes as WeChat does; this is the place itself.
NOT_READ = {ROOT / "mall" / "money.py"}


def written_by_hand(of: ast.AST) -> Iterator[int]:
    """The lines on which a text puts the sign of money, or of a percentage, around an amount by itself."""
    for node in source.nodes(of):
        if isinstance(node, ast.Constant) and "¥{" in str(node.value):
            yield node.lineno
        if isinstance(node, ast.JoinedStr):
            for before, part, behind in zip(
                [None, *node.values], node.values, [*node.values[1:], None], strict=False
            ):
                if isinstance(part, ast.FormattedValue) and (
                    _text(before).endswith("¥")
                    or (_text(behind).lstrip().startswith("%") and _is_amount(part.value))
                ):
                    yield node.lineno


def _text(part: ast.AST | None) -> str:
    return str(part.value) if isinstance(part, ast.Constant) else ""


def _is_amount(value: ast.AST) -> bool:
    return isinstance(value, ast.Call) and ast.unparse(value.func).endswith("yuan")


def test_signs_of_money_are_written_at_one_place() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for top in HOUSE
        for path in sorted((ROOT / top).rglob("*.py"))
        if path not in NOT_READ and "sandbox" not in path.parts and "migrations" not in path.parts
        for line in written_by_hand(source.tree(path))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('f"¥{yuan(fen)}"', [1]),
        ('f"付 ¥{fen}"', [1]),
        ('format_html("{} ¥{}", label, told)', [1]),
        ('f"{money.yuan(bp)} %"', [1]),
        ('f"{priced(fen)}，{percent(bp)}"', []),
        ('f"{row.holdout_percent}%"', []),
    ],
)
def test_it_would_be_noticed(text: str, found: list[int]) -> None:
    assert list(written_by_hand(ast.parse(text))) == found
