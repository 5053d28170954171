"""What a text means is read where it is written: refs in mall/pricing/refs.py, what an activity says by its own kind."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatch

import pytest

from tests.architecture.rooms import ROOT
from tests.architecture.source import calls, imports, nodes, tree

OWN = ROOT / "mall/pricing/refs.py"
FILES = [
    path
    for top in ("apps", "mall", "config")
    for path in sorted((ROOT / top).rglob("*.py"))
    if path != OWN and not {"migrations", "sandbox"} & set(path.parts)
]
# What is no ref, and is no JSON that has columns beside it.
JUSTIFIED = {
    "apps/catalog/search.py": "words of a search in the column that is made for them",
    "apps/catalog/likes.py": "the same words of a search, as text of a statement",
    "apps/catalog/shelves.py": "the path of a category is its ancestors' keys",
    "apps/catalog/styles.py": "CSS: a property and its value",
    "apps/groupbuy/inputs.py": "what an operator types: people, a colon, a price",
    "apps/promotions/inputs.py": "what an operator types: a threshold, a colon, goods",
    "apps/pictures/users.py": "where a file's name stands in a text of HTML",
    "apps/books/postings.py": "what caused an entry of stored value, by its own ledger; WeChat's words in a bill",
    "apps/wallet/models.py": "what caused an entry, by the business key of its own ledger",
    "apps/members/models/members.py": "what caused an entry, by the business key of its own ledger",
    "apps/wechat/personal.py": "an openid anywhere in a push, whatever form WeChat gave it",
    "apps/base/finding.py": "what operators type into the search field of a list",
    "apps/journeys/keys.py": "what caused something, by the business key of its own room",
    "apps/audiences/sources.py": "what operators type to find a row for a condition",
    "apps/catalog/admin.py": "what operators type into the search field of a list",
    "config/local/shop.py": "lines of the settings of a machine",
}
_LOOKUP = re.compile(
    r"__i?(contains|regex)$|(^|__)(applied|declined|reductions|activity|ref)__i?(startswith|endswith)$"
)
_SQL = re.compile(r"split_part|regexp_|string_to_array|\bI?LIKE\b|\bSIMILAR TO\b|position\(")
_PRINTED = re.compile(r"^(promotion|coupon|level|points):")


def _docstrings(of: ast.AST) -> set[int]:
    return {id(node.value) for node in nodes(of) if isinstance(node, ast.Expr)}


def taken_apart(of: ast.AST) -> list[str]:
    """Where a text is split at its colon, searched for a part of it, or written like a ref: in Python, lookups, SQL."""
    told = _docstrings(of)
    found = []
    for call in calls(of):
        if isinstance(call.func, ast.Attribute) and call.args and isinstance(call.args[0], ast.Constant):
            said = str(call.args[0].value)
            cut = call.func.attr in {"split", "rsplit", "partition", "rpartition"} and said == ":"
            if cut or (call.func.attr == "startswith" and _PRINTED.match(said)):
                found.append(ast.unparse(call))
        found += [keyword.arg for keyword in call.keywords if keyword.arg and _LOOKUP.search(keyword.arg)]
    for node in nodes(of):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            if _SQL.search(node.value) or _LOOKUP.search(node.value):
                found.append(node.value.strip()[:60])
        elif isinstance(node, ast.JoinedStr) and _PRINTED.match(ast.unparse(node)[2:]):
            found.append(ast.unparse(node))
    return found


def test_refs_are_read_and_printed_in_one_place() -> None:
    found = {str(path.relative_to(ROOT)): taken_apart(tree(path)) for path in FILES}
    assert {path: texts for path, texts in found.items() if texts and path not in JUSTIFIED} == {}
    assert [path for path in JUSTIFIED if not found.get(path)] == []


@pytest.mark.parametrize(
    "line",
    [
        "kind, key = ref.split(':')",
        "kind, _, key = ref.partition(':')",
        "ref.startswith('coupon:')",
        "orders.filter(applied__contains='promotion:7')",
        "orders.filter(**{'applied__icontains': ref})",
        "cursor.execute(\"SELECT split_part(ref, ':', 2) FROM said\")",
        'cursor.execute("SELECT 1 FROM orders_order WHERE applied::text LIKE %s")',
        "ref = f'promotion:{row.pk}'",
    ],
)
def test_each_way_of_taking_a_ref_apart_is_found(line: str) -> None:
    assert taken_apart(ast.parse(line)) != []


# Who knows what an activity says beside kind, id and title: the kinds, and for some the one other file of theirs.
KNOW_MORE = ("apps/checkout/activities/*", "apps/checkout/group_seats.py", "apps/presale/terms.py")


def fields_known(of: ast.AST) -> Iterator[str]:
    """What is asked of an order's activity beside what all of them say."""
    for node in nodes(of):
        asked: list[tuple[ast.AST, ast.AST]] = []
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            asked = [(node.value, node.slice)]
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "get"
            and node.args
        ):
            asked = [(node.func.value, node.args[0])]
        elif isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
            asked = [(node.comparators[0], node.left)]
        for container, key in asked:
            said = key.value if isinstance(key, ast.Constant) else ast.unparse(key)
            if re.search(r"\bactivity\b", ast.unparse(container)) and said not in {"kind", "id", "title"}:
                yield ast.unparse(node)
    for call in calls(of):
        yield from (
            keyword.arg
            for keyword in call.keywords
            if keyword.arg and re.search(r"(^|__)activity__(?!kind|id$|id__|title|isnull)", keyword.arg)
        )


def test_a_kind_is_known_by_its_kind_and_its_fields_by_itself() -> None:
    found = {str(path.relative_to(ROOT)): list(fields_known(tree(path))) for path in FILES}
    strangers = {
        path: asked
        for path, asked in found.items()
        if asked and not any(fnmatch(path, known) for known in KNOW_MORE)
    }
    assert strangers == {}


@pytest.mark.parametrize(
    "line",
    [
        "joins = 'group_no' in order.activity",
        "joins = (order.activity or {}).get('group_no')",
        "number = order.activity['group_no']",
        "orders.filter(activity__group_no='PT1')",
    ],
)
def test_whoever_knows_a_kind_by_its_fields_is_found(line: str) -> None:
    assert list(fields_known(ast.parse(line))) != []


# What a migration may ask of us: what only says how a column is made, and never changes its meaning for rows that are there.
FROZEN = (
    *(
        "apps.base.versions",
        "apps.base.migrating",
        "apps.base.ledger.append_only",
        "apps.base.ledger.mended",
        "apps.base.fields",
        "apps.base.numbers",
        "apps.base.private",
    ),
    *("apps.pictures.fields", "apps.catalog.pictures", "apps.campaigns.models"),
)


def test_a_migration_does_what_it_did_when_it_was_written() -> None:
    live = {
        str(path.relative_to(ROOT)): asked
        for path in sorted((ROOT / "apps").glob("*/migrations/*.py"))
        if (
            asked := [
                one
                for one in imports(tree(path))
                if one.startswith(("apps.", "mall.", "config.")) and one not in FROZEN
            ]
        )
    }
    assert live == {}, "write what it needs into the migration itself"
