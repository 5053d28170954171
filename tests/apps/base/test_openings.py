"""A transaction begins in one message with its first planned statement, and ends as any other does, or with its last one."""

from __future__ import annotations

from contextlib import suppress

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from psycopg2.extensions import TRANSACTION_STATUS_IDLE, TRANSACTION_STATUS_INTRANS

from apps.base.planned import Ahead, Planned
from apps.catalog.models import Brand
from tests.apps.base import elsewhere

pytestmark = pytest.mark.django_db(transaction=True)
# What the server was sent with it.
MESSAGE = Planned("SELECT current_query()")
NAMES = Planned("SELECT name FROM catalog_brand ORDER BY id")
MAKE = Planned("INSERT INTO catalog_brand (name, logo) VALUES ($1, '')", "text")


@pytest.fixture(autouse=True)
def _planned() -> None:
    """The server has planned them, as it has after the first request."""
    MESSAGE.rows()
    NAMES.rows()
    MAKE.rows("旧")


def sent(ahead: Ahead | None = None) -> list[str]:
    """The statements of the message that asks."""
    ((message,),) = MESSAGE.rows(ahead=ahead)
    return [part.split()[0] for part in message.split("; ")]


def others_see() -> list[str]:
    """The names that another connection sees."""
    return [name for (name,) in elsewhere.rows("SELECT name FROM catalog_brand ORDER BY id")]


def test_it_begins_in_one_message_with_the_first_statement_and_with_no_later_one():
    assert sent() == ["EXECUTE"]
    with transaction.atomic():
        assert sent() == ["BEGIN", "EXECUTE"]
        assert sent() == ["EXECUTE"]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert sent() == ["EXECUTE"]


def test_what_it_wrote_is_seen_by_others_when_it_has_ended_and_not_before():
    with transaction.atomic():
        MAKE.rows("新")
        assert connection.connection.info.transaction_status == TRANSACTION_STATUS_INTRANS
        assert others_see() == ["旧"]
    assert connection.connection.info.transaction_status == TRANSACTION_STATUS_IDLE
    assert others_see() == ["旧", "新"]
    MAKE.rows("之后")
    assert others_see() == ["旧", "新", "之后"], "outside of a transaction each statement is one"


def test_a_fault_leaves_nothing_of_it():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        MAKE.rows("新")
        raise ZeroDivisionError
    with pytest.raises(IntegrityError), transaction.atomic():
        MAKE.rows("新")
        MAKE.rows("新")
    assert others_see() == ["旧"]
    assert connection.connection.info.transaction_status == TRANSACTION_STATUS_IDLE
    with transaction.atomic():
        MAKE.rows("后来")
    assert others_see() == ["旧", "后来"]


def test_what_a_deferred_constraint_says_at_its_end_leaves_nothing():
    orphan = Planned(
        "INSERT INTO catalog_category (name, parent_id, icon, position, visible, path) VALUES ('孤儿', -1, '', 0, true, '')"
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        MAKE.rows("新")
        orphan.rows()
    assert others_see() == ["旧"]
    with transaction.atomic():
        assert sent() == ["BEGIN", "EXECUTE"]


def test_whoever_ends_transactions_by_hand_may_begin_them_by_a_planned_statement_or_another():
    transaction.set_autocommit(False)
    try:
        MAKE.rows("新")
        transaction.commit()
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO catalog_brand (name, logo) VALUES ('又', '')")
        assert others_see() == ["旧", "新"]
        transaction.rollback()
    finally:
        transaction.set_autocommit(True)
    assert others_see() == ["旧", "新"]


@pytest.mark.parametrize("bad", ["甲\x00乙", object()])
def test_a_statement_that_was_never_sent_begins_nothing_and_what_comes_behind_it_is_one_transaction(
    bad: object,
):
    """Whoever swallows the fault goes on in a transaction, and not in statements that commit themselves."""
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        with suppress(ValueError, DatabaseError):
            MAKE.rows(bad)
        MAKE.rows("新")
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO catalog_brand (name, logo) VALUES ('又', '')")
        assert connection.connection.info.transaction_status == TRANSACTION_STATUS_INTRANS
        raise ZeroDivisionError
    assert others_see() == ["旧"]


def test_savepoints_in_it_are_gone_back_to():
    with transaction.atomic():
        MAKE.rows("外")
        with pytest.raises(IntegrityError), transaction.atomic():
            MAKE.rows("里")
            MAKE.rows("外")
        MAKE.rows("尾")
    assert others_see() == ["旧", "外", "尾"]


def test_what_waits_for_its_commit_is_called_after_it():
    seen: list[list[str]] = []
    with transaction.atomic():
        MAKE.rows("新")
        transaction.on_commit(lambda: seen.append(others_see()))
    assert seen == [["旧", "新"]]


def test_rows_are_read_piece_by_piece_in_it_and_may_be_locked():
    Brand.objects.bulk_create(Brand(name=f"牌{number}", logo="") for number in range(30))
    with transaction.atomic():
        NAMES.rows()
        locked = Brand.objects.select_for_update().order_by("id").iterator(chunk_size=10)
        assert len([brand.name for brand in locked]) == 31


def test_a_connection_that_dies_in_it_is_made_anew():
    with pytest.raises(OperationalError), transaction.atomic():
        MAKE.rows("新")
        elsewhere.kill_ours()
        NAMES.rows()
    with transaction.atomic():
        MAKE.rows("后来")
    assert others_see() == ["旧", "后来"]


def test_a_statement_ahead_goes_in_the_same_message_and_is_seen_by_the_one_behind():
    with transaction.atomic():
        assert sent(Ahead(MAKE, ["新"])) == ["BEGIN", "EXECUTE", "EXECUTE"]
        assert NAMES.rows(ahead=Ahead(MAKE, ["又"])) == [("旧",), ("新",), ("又",)]
    assert others_see() == ["旧", "新", "又"]


def test_outside_of_a_transaction_nothing_goes_ahead():
    with pytest.raises(transaction.TransactionManagementError):
        NAMES.rows(ahead=Ahead(MAKE, ["新"]))
    assert others_see() == ["旧"]


def test_a_migration_that_changes_what_a_statement_answers_costs_one_transaction_and_no_more():
    everything = Planned("SELECT * FROM opening_trial")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE opening_trial (name varchar(9)); INSERT INTO opening_trial VALUES ('a')")
    try:
        everything.rows()
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE opening_trial ADD COLUMN size int DEFAULT 3")
        refused = 0
        for _ in range(3):
            try:
                with transaction.atomic():
                    NAMES.rows(ahead=Ahead(everything, []))
            except DatabaseError:
                refused += 1
            with transaction.atomic():
                assert everything.rows() == [("a", 3)]
        assert refused == 1
        with transaction.atomic():
            assert sent(Ahead(everything, [])) == ["BEGIN", "EXECUTE", "EXECUTE"]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE opening_trial")
        connection.close()


def test_what_a_statement_ahead_breaks_is_told_and_leaves_nothing():
    with pytest.raises(IntegrityError) as broken, transaction.atomic():
        MAKE.rows("又", ahead=Ahead(MAKE, ["旧"]))
    assert "catalog_brand_name" in str(broken.value)
    assert others_see() == ["旧"]


def test_where_somebody_counts_or_the_server_has_not_planned_them_they_are_sent_one_by_one():
    with CaptureQueriesContext(connection) as seen, transaction.atomic():
        assert NAMES.rows(ahead=Ahead(MAKE, ["新"])) == [("旧",), ("新",)]
    assert [query["sql"].split()[0] for query in seen] == ["BEGIN", "INSERT", "SELECT", "COMMIT"]
    unknown = Planned("SELECT name, current_query() FROM catalog_brand ORDER BY id DESC LIMIT 1")
    with transaction.atomic():
        ((name, message),) = unknown.rows(ahead=Ahead(MAKE, ["又"]))
    assert (name, message.count(";")) == ("又", 0)


# Notes the message that it came in.
NOTE = Planned("INSERT INTO catalog_brand (name, logo) SELECT $1, left(current_query(), 90)", "text")


def words_of(name: str) -> list[str]:
    """The statements of the message in which a brand was noted."""
    ((message,),) = elsewhere.rows("SELECT logo FROM catalog_brand WHERE name = %s", name)
    return [part.split()[0] for part in message.split("; ")]


def test_the_last_statement_goes_in_one_message_with_its_commit_and_waits_for_callbacks():
    NOTE.rows("先")
    seen: list[list[str]] = []
    with transaction.atomic():
        MAKE.rows("新")
        NOTE.last("尾")
        transaction.on_commit(lambda: seen.append(others_see()))
    assert words_of("尾") == ["EXECUTE", "COMMIT"]
    assert seen == [["旧", "先", "新", "尾"]]
    with transaction.atomic():
        assert sent() == ["BEGIN", "EXECUTE"], "the next one begins as ever, and nothing is sent twice"
    assert others_see() == ["旧", "先", "新", "尾"]


def test_a_last_statement_that_fails_leaves_nothing_and_the_connection_goes_on():
    with pytest.raises(IntegrityError), transaction.atomic():
        MAKE.rows("新")
        MAKE.last("旧")
    assert connection.connection.info.transaction_status == TRANSACTION_STATUS_IDLE
    assert others_see() == ["旧"]
    with transaction.atomic():
        MAKE.rows("后来")
        assert connection.connection.info.transaction_status == TRANSACTION_STATUS_INTRANS
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO catalog_brand (name, logo) VALUES ('又', '')")
        assert connection.connection.info.transaction_status == TRANSACTION_STATUS_INTRANS
    assert others_see() == ["旧", "后来", "又"]


def test_a_last_statement_is_rolled_back_with_the_rest_and_is_not_sent_with_another_commit():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        MAKE.rows("新")
        MAKE.last("尾")
        raise ZeroDivisionError
    with transaction.atomic():
        MAKE.rows("后来")
    assert others_see() == ["旧", "后来"]


def test_a_last_statement_goes_at_once_where_it_cannot_wait():
    unknown = Planned("INSERT INTO catalog_brand (name, logo) SELECT $1, left(current_query(), 91)", "text")
    with transaction.atomic():
        MAKE.rows("新")
        unknown.last("没计划过")
        with transaction.atomic():
            NOTE.last("里")
        assert len(NAMES.rows()) == 4
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        NOTE.last("驱动开始")
        assert len(NAMES.rows()) == 5
    with CaptureQueriesContext(connection) as seen, transaction.atomic():
        MAKE.last("数")
    assert [query["sql"].split()[0] for query in seen] == ["BEGIN", "INSERT", "COMMIT"]
    assert [words_of(name) for name in ("没计划过", "里", "驱动开始")] == [["EXECUTE"]] * 3


def test_outside_of_a_transaction_and_in_a_broken_one_nothing_is_last():
    with pytest.raises(transaction.TransactionManagementError):
        MAKE.last("新")
    with pytest.raises(transaction.TransactionManagementError), transaction.atomic():
        MAKE.rows("新")
        transaction.set_rollback(True)
        MAKE.last("尾")
    assert others_see() == ["旧"]


def test_a_connection_that_dies_before_its_last_statement_commits_nothing():
    with pytest.raises(OperationalError), transaction.atomic():
        MAKE.rows("新")
        MAKE.last("尾")
        elsewhere.kill_ours()
    with transaction.atomic():
        MAKE.rows("后来")
    assert others_see() == ["旧", "后来"]


def test_a_last_statement_that_the_server_has_forgotten_leaves_nothing_and_is_planned_no_more():
    with connection.cursor() as cursor:
        cursor.execute(f"DEALLOCATE {MAKE.name}")
    try:
        with pytest.raises(DatabaseError), transaction.atomic():
            NAMES.rows()
            MAKE.last("尾")
        with transaction.atomic():
            MAKE.last("后来")
        assert others_see() == ["旧", "后来"]
    finally:
        connection._plans = True
        connection.close()
