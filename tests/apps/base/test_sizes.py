"""What tables take of the disk is told for the largest of them, and what is dead or unused is said."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from apps.base import sizes


@pytest.fixture
def heap(db: None) -> None:
    """A table that is larger than any other, with an index that nobody reads by."""
    with connection.cursor() as cursor:
        # Text that is not packed: tests before this one may have left thousands of dead rows in the shop's own tables.
        cursor.execute("CREATE TABLE heap (id bigint PRIMARY KEY, told text, filling text STORAGE PLAIN)")
        cursor.execute(
            "INSERT INTO heap SELECT n, repeat('x', 2000), repeat('y', 1500) FROM generate_series(1, 30000) AS n"
        )
        cursor.execute("CREATE INDEX heap_told ON heap (told, id)")
        cursor.execute("ANALYZE heap")


def test_the_largest_table_comes_first_with_its_indexes(heap: None) -> None:
    with connection.cursor() as cursor:
        first, second = sizes.largest(cursor, limit=2)
    assert (first.name, first.rows) == ("heap", 30_000)
    assert first.total >= first.table + first.indexes > 1_000_000
    assert first.indexes > 0
    assert first.total >= second.total


def test_an_index_that_nothing_reads_by_is_named_and_a_key_is_not(heap: None) -> None:
    with connection.cursor() as cursor:
        found = sizes.unused(cursor, above=1_000_000, limit=100)
    assert [index.table for index in found if index.name == "heap_told"] == ["heap"]
    assert "heap_pkey" not in {index.name for index in found}


@pytest.mark.parametrize(("rows", "dead", "percent"), [(0, 0, 0), (80, 20, 20), (0, 5, 100), (999, 1, 0)])
def test_the_per_cent_of_dead_rows_is_of_all_that_lie_there(rows: int, dead: int, percent: int) -> None:
    assert sizes.Table("t", 0, 0, 0, rows, dead, None, None).dead_percent == percent


def test_the_command_shows_as_many_tables_as_are_asked_for(heap: None) -> None:
    said = StringIO()
    call_command("show_sizes", limit=3, stdout=said)
    head, first, *others = said.getvalue().splitlines()
    assert head.split()[:2] == ["table", "MB"]
    assert first.startswith("heap ")
    assert "30,000" in first
    assert len([line for line in others if " of " not in line]) == 2


def test_bytes_are_told_to_the_nearest_tenth_of_a_megabyte() -> None:
    sizes_told = [sizes.megabytes(size) for size in (0, 52_429, 1_048_576, 1_294_467_072)]
    assert sizes_told == ["0.0", "0.1", "1.0", "1,234.5"]
