"""Many rows like one, and what PostgreSQL would do to find some of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Final

from django.db import connection
from django.db.models import Model

MANY: Final = 3000


def multiply(row: Model, *, times: int = MANY, **different: str) -> None:
    """Add so many copies of a row; ``different`` are SQL expressions of the running number ``n`` for its columns."""
    table = row._meta.db_table
    names = [
        field.column for field in row._meta.concrete_fields if field.column != "id" and not field.generated
    ]
    values = [different.get(name, f'"{name}"') for name in names]
    columns = ", ".join(f'"{name}"' for name in names)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")  # it is no request
        cursor.execute(
            f'INSERT INTO "{table}" ({columns}) SELECT {", ".join(values)}'  # noqa: S608 - names of columns
            f' FROM "{table}", generate_series(1, {times}) AS n WHERE id = {row.pk}'
        )


def last(model: type[Model]) -> int:
    return int(model._default_manager.order_by("-pk").values_list("pk", flat=True)[0])


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


def read_whole(plan: dict[str, Any], few: Collection[str] = (), *, first: bool = False) -> Iterator[str]:
    """The tables of which a plan reads all; the ``first`` rows of an index are few, and so is what
    is in those that hold ``few`` rows of their table."""
    kind = plan["Node Type"]
    index = plan.get("Index Name", "")
    whole = (
        index not in few
        and kind in {"Seq Scan", "Index Scan", "Index Only Scan"}
        and "Index Cond" not in plan
    )
    if whole and (kind == "Seq Scan" or not first or "Filter" in plan):
        yield plan["Relation Name"]
    for part in plan.get("Plans", []):
        yield from read_whole(part, few, first=kind == "Limit")


def read_whole_by(statement: str) -> set[str]:
    """The tables that a statement reads from end to end, whether rows are looked up in an index one by one or in heaps."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexrelid::regclass::text FROM pg_index WHERE indpred IS NOT NULL")
        few = {name for (name,) in cursor.fetchall()}
        cursor.execute(
            "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"
        )
        for one_by_one in ("on", "off"):
            cursor.execute(
                f"SET LOCAL enable_indexscan = {one_by_one}; SET LOCAL enable_indexonlyscan = {one_by_one}"
            )
            cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}")
            found.append(set(read_whole(cursor.fetchone()[0][0]["Plan"], few)))
    return set.intersection(*found)
