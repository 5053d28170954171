"""No index says what another one of its table begins with: each is paid for by every row that is written.

What every order and every login writes has no index beside the one that judges a number, and none of rows without a value.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from apps.fulfillment.services import receipt
from apps.orders.states import Actor
from tests.apps.checkout import make as checkout
from tests.apps.fulfillment import make as fulfillment
from tests.apps.members import make as members

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


# Of indexes of one column: those beside a unique one of the same column, and those of operators, whom few rows have.
_BESIDE = """
    SELECT one.indrelid::regclass::text, one.indexrelid::regclass::text
      FROM pg_index AS one
      JOIN pg_attribute AS named ON named.attrelid = one.indrelid AND named.attnum = one.indkey[0]
     WHERE one.indnatts = 1 AND NOT one.indisunique AND one.indpred IS NULL AND one.indexprs IS NULL
       AND (EXISTS (SELECT FROM pg_index AS other
                     WHERE other.indrelid = one.indrelid AND other.indisunique AND other.indpred IS NULL
                       AND other.indnatts = 1 AND other.indkey[0] = one.indkey[0])
            OR NOT named.attnotnull
               AND EXISTS (SELECT FROM pg_constraint
                            WHERE conrelid = one.indrelid AND conkey = ARRAY[named.attnum]
                              AND confrelid = 'auth_user'::regclass))
"""


def inserted() -> dict[str, int]:
    """How many rows this transaction has added to each table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname, n_tup_ins FROM pg_stat_xact_user_tables WHERE n_tup_ins > 0")
        return dict(cursor.fetchall())


def beside(tables: set[str]) -> set[str]:
    """The indexes of these tables that say again what another says, or nothing of most rows."""
    with connection.cursor() as cursor:
        cursor.execute(_BESIDE)
        return {index for table, index in cursor.fetchall() if table in tables}


@pytest.mark.django_db
def test_what_every_order_writes_is_indexed_once(django_user_model: Any) -> None:
    """Whoever adds such a table: a unique number is ``finding.once``, an operator ``finding.by_some``."""
    operator = django_user_model.objects.create_superuser("店长")
    checkout.promotion()
    buyer, address = checkout.buyer()
    goods = [(checkout.goods(), 2)]
    before = inserted()
    members.access_token(buyer)
    order = checkout.order(buyer, address, goods)
    checkout.pay(order)
    fulfillment.parcel(order, operator=operator)
    receipt.confirm(order_no=order.order_no, actor=Actor.MEMBER, at=checkout.NOW)
    written = {table for table, rows in inserted().items() if rows > before.get(table, 0)}
    assert {"orders_order", "payments_payment", "fulfillment_parcel", "members_session"} <= written
    assert beside(written) == set()


@pytest.mark.django_db
def test_an_index_beside_another_is_found() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX again ON orders_order (order_no varchar_pattern_ops)")
        cursor.execute("CREATE INDEX of_nobody ON orders_ordermove (operator_id)")
    assert beside({"orders_order", "orders_ordermove"}) == {"again", "of_nobody"}
