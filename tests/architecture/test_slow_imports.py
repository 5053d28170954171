"""What is large and seldom needed is loaded where it is needed: a program that never asks for it stays small."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import tree

ROOT = Path(__file__).parents[2]
# Dictionaries of Chinese words, their spellings and their traditional forms: 33, 57 and 7 MB.
SLOW = {"rjieba", "pypinyin", "opencc"}
# What operators, workers or programs of their own need, a shopper's call never: 10 MB and half a second of every web worker.
NOT_AT_START = (
    "PIL",
    "fontTools",
    "fpdf",
    "nh3",
    "openpyxl",
    "segno",
    "wechatpy",
    "xlsxwriter",
    *sorted(SLOW),
)


def loaded_at_start(path: Path) -> Iterator[str]:
    """Yield the packages that a file imports as soon as it is imported itself."""
    waiting: list[ast.AST] = [tree(path)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def test_no_program_loads_a_dictionary_before_somebody_searches() -> None:
    files = [path for top in ("mall", "apps", "config") for path in (ROOT / top).rglob("*.py")]
    assert {path: SLOW & {*loaded_at_start(path)} for path in files if SLOW & {*loaded_at_start(path)}} == {}
    # All are really imported somewhere, by these names.
    text = (ROOT / "apps" / "catalog" / "search.py").read_text(encoding="utf-8")
    assert {name for name in SLOW if name in text} == SLOW


def test_a_web_server_starts_without_what_no_shoppers_call_needs() -> None:
    start = f"import sys, config.wsgi; print(*[name for name in {NOT_AT_START!r} if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", start], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.split() == []


def test_an_import_at_the_top_or_in_a_class_would_be_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.py"
    page.write_text(
        "import a.b\nif True:\n    from c import d\nclass X:\n    import e\ndef f():\n    import g\n"
    )
    assert {*loaded_at_start(page)} == {"a", "c", "e"}
