"""Many rows like one, and what PostgreSQL would do to find some of them."""

from __future__ import annotations

from collections.abc import Iterator
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
