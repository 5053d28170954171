"""Clauses of several rooms in one statement: each begins where the one before did its work, in one order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.base import clauses
from apps.base.clauses import Clause, Part
from apps.catalog.models import Brand
from mall.errors import NotFound

pytestmark = pytest.mark.django_db


def part(number: int) -> Part:
    """A brand of a name that is told, unless there is one."""
    counted = f"(SELECT count(*) FROM made_{number})"  # noqa: S608 -- a number of our own
    return Part(
        f"""
        made_{number} AS (
            INSERT INTO catalog_brand (name, logo) SELECT {{name_{number}}}, {{logo}} WHERE {{after}}
            ON CONFLICT DO NOTHING RETURNING id
        )
        """,
        done=f"{counted} = 1",
        answers=(counted, f"{number}"),
        types={f"name_{number}": "text", "logo": "text"},
    )


FIRST, SECOND, THIRD = part(1), part(2), part(3)
ALL = (FIRST, SECOND, THIRD)


def made(number: int, name: str, settled: list[str], otherwise: Callable[[], None] = lambda: None) -> Clause:
    def settle(count: int, which: int) -> bool:
        settled.append(f"{which}: {count}")
        if not count:
            otherwise()
        return bool(count)

    return Clause(ALL[number - 1], {f"name_{number}": name, "logo": "logo.png"}, settle)


def names() -> list[str]:
    return list(Brand.objects.order_by("id").values_list("name", flat=True))


def test_all_that_can_be_done_is_done_in_one_statement():
    settled: list[str] = []
    wanted = [made(number, name, settled) for number, name in enumerate("甲乙丙", 1)]
    with CaptureQueriesContext(connection) as seen:
        assert clauses.run(wanted) == 3
    assert len(seen) == 1
    assert names() == ["甲", "乙", "丙"]
    assert settled == ["1: 1", "2: 1", "3: 1"]
    assert set(Brand.objects.values_list("logo", flat=True)) == {"logo.png"}


def test_behind_one_that_is_not_done_none_has_begun_and_it_does_its_work_itself():
    Brand.objects.create(name="乙")
    settled: list[str] = []
    wanted: list[Any] = [
        made(1, "甲", settled),
        made(2, "乙", settled, lambda: settled.append("by itself")),
        made(3, "丙", settled),
    ]
    assert clauses.run(wanted) == 2
    assert sorted(names()) == sorted(["甲", "乙"])
    assert settled == ["1: 1", "2: 0", "by itself"]
    assert clauses.run(wanted[2:]) == 1
    assert "丙" in names()


def test_what_a_clause_refuses_is_refused():
    Brand.objects.create(name="甲")

    def refuse() -> None:
        raise NotFound

    with pytest.raises(NotFound):
        clauses.run([made(1, "甲", [], refuse), made(2, "乙", [])])
    assert names() == ["甲"]
