"""Whatever a process keeps is read from tables whose triggers renew its topics: none can be forgotten."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.base import versions

pytestmark = pytest.mark.django_db

# Columns whose change does not renew their topic, because nothing that is kept or prepared shows them as of then.
NOT_WATCHED = {
    "catalog_product": {"sold_count"},  # shoppers are told it from the row itself
    "coupons_template": {"issued"},  # how many were given out says nothing of what one is worth
}


def watched() -> dict[str, dict[str, set[str]]]:
    """The columns by table and topic whose change renews the topic's token, on every way of changing them."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT relation.relname, trim(encode(trigger.tgargs, 'escape'), E'\\\\000'), trigger.tgtype,
                   CASE WHEN trigger.tgattr::text = '' THEN
                        (SELECT array_agg(attname::text) FROM pg_attribute
                          WHERE attrelid = relation.oid AND attnum > 0 AND NOT attisdropped)
                   ELSE (SELECT array_agg(attname::text) FROM pg_attribute
                          WHERE attrelid = relation.oid AND attnum = ANY(trigger.tgattr)) END
              FROM pg_trigger AS trigger
              JOIN pg_class AS relation ON relation.oid = trigger.tgrelid
              JOIN pg_proc AS function ON function.oid = trigger.tgfoid
             WHERE function.proname = 'renew_version' AND trigger.tgenabled = 'O'
            """
        )
        rows = cursor.fetchall()
    types: dict[tuple[str, str], int] = {}
    columns: dict[str, dict[str, set[str]]] = {}
    for table, topic, kind, names in rows:
        types[table, topic] = types.get((table, topic), 0) | kind
        if not kind & 32:  # TRUNCATE has no columns
            columns.setdefault(table, {})[topic] = set(names)
    # INSERT 4, DELETE 8, UPDATE 16, TRUNCATE 32 (pg_trigger.tgtype), none of them FOR EACH ROW (1).
    assert all(kind & 60 == 60 and not kind & 1 for kind in types.values()), types
    return columns


def read_by(kept: versions.Kept[Any]) -> set[str]:
    """The tables that the database reads to compile a value, by its own plans."""
    with CaptureQueriesContext(connection) as seen:
        kept.load(datetime(2026, 1, 1, tzinfo=UTC)) if kept.serves else kept.load()
    tables: set[str] = set()
    for query in seen.captured_queries:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (FORMAT JSON) {query['sql']}")
            (plan,) = cursor.fetchone()
        todo = [plan if isinstance(plan, list) else json.loads(plan)]
        while todo:
            node = todo.pop()
            if isinstance(node, list):
                todo += node
            elif isinstance(node, dict):
                tables |= {node["Relation Name"]} if "Relation Name" in node else set()
                todo += node.values()
    return tables


def test_there_are_kept_values():
    assert {topic for kept in versions.ALL for topic in kept.topics} >= {
        "levels",
        "promotions",
        "level_prices",
        "freight",
        "coupon_templates",
        "points_rules",
        "goods",
    }


@pytest.mark.parametrize(
    "kept", versions.ALL, ids=lambda kept: f"{kept.load.__module__}:{'+'.join(kept.topics)}"
)
def test_every_table_that_a_kept_value_is_read_from_renews_one_of_its_topics(kept: versions.Kept[Any]):
    columns = watched()
    for table in read_by(kept):
        assert set(kept.topics) & set(columns.get(table, {})), f"{table} renews none of {kept.topics}"


def test_every_column_of_a_watched_table_is_watched_but_those_that_are_listed_with_a_reason():
    left: dict[str, set[str]] = {}
    for table, topics in watched().items():
        with connection.cursor() as cursor:
            there = {column.name for column in connection.introspection.get_table_description(cursor, table)}
        for names in topics.values():
            if there - names:
                left[table] = there - names
    assert left == NOT_WATCHED


def test_what_every_request_reads_first_has_a_row_for_each_topic():
    assert set(versions.current()) == {topic for topics in watched().values() for topic in topics}
