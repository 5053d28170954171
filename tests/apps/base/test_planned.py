"""A planned statement answers what it would as it stands, is planned once a connection, and survives what goes wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, close_old_connections, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.base.planned import Planned
from apps.base.planned import row as statement_row
from apps.base.planned import rows as statements_rows
from tests.apps.base import elsewhere

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SUMS = Planned("SELECT number, number % $2, $3 FROM unnest($1) AS number", "bigint[]", "int", "timestamptz")


def planned() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name = %s", [SUMS.name])
        (count,) = cursor.fetchone()
    return int(count)


@pytest.mark.django_db
def test_it_answers_the_same_planned_and_as_it_stands_and_counts_as_one_statement():
    expected = [(5, 1, AT), (8, 0, AT)]
    assert SUMS.rows([5, 8], 2, AT) == SUMS.rows("{5,8}", 2, AT) == expected
    assert planned() == 1
    with CaptureQueriesContext(connection) as seen:
        assert SUMS.rows([5, 8], 2, AT) == expected
    assert len(seen) == 1
    assert SUMS.row([], 2, AT) is None


@pytest.mark.django_db
def test_it_is_planned_once_however_long_the_lists_are():
    """Left to itself PostgreSQL plans a statement about a short list anew each time, for it thinks lists have ten ids."""
    listed = Planned(
        "SELECT id FROM catalog_sku WHERE id = ANY($1) AND product_id = ANY($2)", "bigint[]", "bigint[]"
    )
    for length in range(1, 12):
        listed.rows([length], list(range(length)))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE name = %s", [listed.name]
        )
        assert cursor.fetchone() == (11, 0)


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_died_is_replaced():
    SUMS.rows([1], 2, AT)
    elsewhere.kill_ours()
    assert SUMS.rows([1], 2, AT) == [(1, 1, AT)]


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_died_under_a_statement_is_put_away_before_the_next_request():
    """Else its thread would answer 500 to every request from then on."""
    SUMS.rows([1], 2, AT)
    elsewhere.kill_ours()
    with pytest.raises(OperationalError), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    close_old_connections()
    assert connection.connection is None
    assert SUMS.rows([1], 2, AT) == [(1, 1, AT)]


@pytest.mark.django_db(transaction=True)
def test_a_pooler_that_hands_the_connection_around_costs_no_answer():
    SUMS.rows([1], 2, AT)
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    try:
        assert SUMS.rows([1], 2, AT) == [(1, 1, AT)]
        assert SUMS.rows([3], 2, AT) == [(3, 1, AT)]
        assert planned() == 0
    finally:
        connection._plans = True  # type: ignore[attr-defined]  # our backend


@pytest.mark.django_db(transaction=True)
def test_behind_a_known_pooler_nothing_is_planned(settings: Any):
    connection.close()
    connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = True
    try:
        assert SUMS.rows([1], 2, AT) == [(1, 1, AT)]
        assert planned() == 0
    finally:
        connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = False


@pytest.mark.django_db(transaction=True)
def test_a_migration_that_changes_the_answer_costs_no_answer():
    everything = Planned("SELECT * FROM planned_trial")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE planned_trial (name varchar(9)); INSERT INTO planned_trial VALUES ('a')")
    try:
        assert everything.rows() == [("a",)]
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE planned_trial ADD COLUMN size int DEFAULT 3")
        assert everything.rows() == everything.rows() == [("a", 3)]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE planned_trial")


@pytest.mark.django_db
def test_errors_are_django_s_own():
    with pytest.raises(DatabaseError), transaction.atomic():
        SUMS.rows([1], 0, AT)


@pytest.mark.django_db
def test_a_text_with_names_is_planned_for_each_set_of_types():
    asked = "SELECT %(number)s + 1, %(day_2)s, %(ids)s, %(nothing)s::int, %(number)s"
    told = {"number": 1, "day_2": date(2026, 11, 28), "ids": [1, 2], "nothing": None}
    assert statement_row(asked, told) == (2, date(2026, 11, 28), [1, 2], None, 1)
    assert statement_row(asked, {**told, "nothing": 7}) == (2, date(2026, 11, 28), [1, 2], 7, 1)


@pytest.mark.django_db
def test_a_text_without_names_takes_its_values_in_their_order_and_a_share_sign_stands():
    assert statements_rows("SELECT %s::text || '%%', %s", ["10", True]) == [("10%", True)]


@pytest.mark.django_db
def test_what_is_counted_is_asked_as_it_stands_with_the_same_answer():
    asked, told = "SELECT %(at)s, %(name)s::text", {"at": datetime(2026, 11, 28, tzinfo=UTC), "name": "茶"}
    before = statements_rows(asked, told)
    with CaptureQueriesContext(connection) as seen:
        assert statements_rows(asked, told) == before
    assert len(seen) == 1


@pytest.mark.django_db
def test_a_statement_that_answers_nothing_answers_no_rows():
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE planned_note (at timestamptz, text varchar(10)) ON COMMIT DROP"
        )
    note = "INSERT INTO planned_note (at, text) VALUES (%(at)s, %(text)s)"
    assert statements_rows(note, {"at": datetime(2026, 11, 28, tzinfo=UTC), "text": "茶"}) == []
    assert statements_rows("SELECT count(*) FROM planned_note", []) == [(1,)]
