"""Sheets for spreadsheets have one writer, ``apps.base.sheets``, so that no list forgets what Excel does to numbers."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.rooms import ROOT
from tests.architecture.source import nodes, tree

_WRITER = ROOT / "apps" / "base" / "sheets.py"
# Takes sheets in: reads workbooks, and writes none.
_READER = "apps/base/filled_sheets.py"
_LIBRARIES = frozenset({"openpyxl", "xlsxwriter", "xlwt", "pyexcel", "pandas", "tablib", "odf"})
_CSV_WRITERS = frozenset({"writer", "DictWriter"})
_KINDS = ("text/csv", "spreadsheetml", "application/vnd.ms-excel")


def _writing(of: ast.AST) -> Iterator[str]:
    """What in a module writes a sheet or announces one."""
    for node in nodes(of):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.split(".")[0] in _LIBRARIES)
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module.split(".")[0] in _LIBRARIES:
                yield node.module
            elif node.module == "csv":
                yield from (f"csv.{name.name}" for name in node.names if name.name in _CSV_WRITERS)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "csv" and node.attr in _CSV_WRITERS:
                yield f"csv.{node.attr}"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from (kind for kind in _KINDS if kind in node.value)


def _modules() -> list[Path]:
    return [
        path
        for top in ("apps", "config", "mall")
        for path in sorted((ROOT / top).rglob("*.py"))
        if path != _WRITER
    ]


def test_nobody_else_writes_sheets() -> None:
    found = {str(path.relative_to(ROOT)): list(_writing(tree(path))) for path in _modules()}
    assert {path: what for path, what in found.items() if what} == {_READER: ["openpyxl"]}
    reader = (ROOT / _READER).read_text()
    assert "openpyxl.load_workbook(" in reader
    assert not [word for word in ("openpyxl.Workbook", ".save(", ".append_row") if word in reader]


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("import csv\ncsv.writer(file).writerow(row)", ["csv.writer"]),
        ("from csv import DictWriter", ["csv.DictWriter"]),
        ("import openpyxl.styles", ["openpyxl.styles"]),
        ("from xlsxwriter import Workbook", ["xlsxwriter"]),
        ("HttpResponse(text, content_type='text/csv')", ["text/csv"]),
        ("import csv\nrows = csv.reader(file)", []),
    ],
)
def test_a_writer_is_known_by_what_it_uses(source: str, what: list[str]) -> None:
    assert list(_writing(ast.parse(source))) == what
