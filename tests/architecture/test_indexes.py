"""No index says what another one of its table begins with: each is paid for by every row that is written."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection

# Whole indexes of plain columns, of the same kind and order: with one row for each that another one makes needless.
_NEEDLESS = """
    WITH known AS (
        SELECT indexrelid, indrelid, indisunique, indnkeyatts AS many,
               indkey::int2[] AS columns, indclass::oid[] AS classes, indoption::int2[] AS orders
          FROM pg_index
          JOIN pg_class ON pg_class.oid = indexrelid
          JOIN pg_am ON pg_am.oid = relam AND amname = 'btree'
         WHERE indpred IS NULL AND indexprs IS NULL
    )
    SELECT one.indrelid::regclass::text, one.indexrelid::regclass::text, other.indexrelid::regclass::text
      FROM known AS one
      JOIN known AS other ON other.indrelid = one.indrelid AND other.indexrelid <> one.indexrelid
     WHERE NOT one.indisunique
       AND (other.columns)[0:one.many - 1] = (one.columns)[0:one.many - 1]
       AND (other.classes)[0:one.many - 1] = (one.classes)[0:one.many - 1]
       AND one.many <= other.many
     ORDER BY 1, 2
"""


def needless() -> dict[str, str]:
    """The indexes of our models' tables that another one begins with, by their names, with that one."""
    tables = {model._meta.db_table for model in apps.get_models() if model.__module__.startswith("apps.")}
    with connection.cursor() as cursor:
        cursor.execute(_NEEDLESS)
        return {index: other for table, index, other in cursor.fetchall() if table in tables}


@pytest.mark.django_db
def test_no_index_is_the_beginning_of_another() -> None:
    """A foreign key whose column another index begins with says ``db_index=False``."""
    assert needless() == {}


@pytest.mark.django_db
def test_an_index_that_another_begins_with_is_found() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX needless ON orders_order (member_id)")
    assert set(needless()) == {"needless"}
