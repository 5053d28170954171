"""A million orders of the past by COPY, with lines, moves, payments, holds and ledger: all that the check commands add up.

Some of them wait: for their payment, for being closed, for their receipt to be confirmed. These are measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg2

from tests.bench.load.copying import copied


@dataclass(frozen=True)
class Waiting:
    """How many of the orders can be paid, have run out of time to pay, and were shipped long ago: the first ones."""

    payable: int
    expired: int
    shipped: int


# One row an order, from which all tables are copied; gone afterwards. It is in the bench's own database.
_PLAN: Final = """
    CREATE UNLOGGED TABLE bench_order (
        id bigint, n int, order_no text, member_id bigint, status text, paid boolean, waits text, unpaid_place int,
        at timestamptz, goods_fen bigint, reduction_fen bigint
    );
    CREATE UNLOGGED TABLE bench_line (
        id bigint, order_id bigint, n int, sku_id bigint, stock_id bigint, title text, option_text text,
        price_fen bigint, reduction_fen bigint
    );
    CREATE TEMPORARY TABLE member AS
        SELECT id, row_number() OVER (ORDER BY id) - 1 AS number FROM members_member WHERE openid LIKE 'bench-%%';
    CREATE INDEX ON member (number);
    CREATE TEMPORARY TABLE good AS
        SELECT sku.id AS sku_id, stock.id AS stock_id, product.title, sku.option_values ->> '颜色' AS option_text,
               sku.price_fen, row_number() OVER (ORDER BY sku.id) - 1 AS number
          FROM catalog_sku AS sku JOIN catalog_product AS product ON product.id = sku.product_id
          JOIN inventory_stock AS stock ON stock.sku_id = sku.id
         WHERE sku.code LIKE 'BENCH-%%';
    CREATE INDEX ON good (number);
    ANALYZE member, good;
    INSERT INTO bench_order
    SELECT %(last_id)s + n, n, 'SO' || to_char(%(at)s::timestamptz, 'YYMMDD') || lpad((%(after)s + n)::text, 12, '0'),
           member.id, told.status, told.status IN ('PAID', 'SHIPPED', 'RECEIVED'), told.waits,
           CASE WHEN told.status = 'UNPAID' THEN 1 + (n - 1) / %(members)s END,
           CASE told.waits WHEN 'payable' THEN %(at)s::timestamptz - interval '1 minute'
                           WHEN 'expired' THEN %(at)s::timestamptz - interval '2 hours' - n * interval '1 millisecond'
                           WHEN 'shipped' THEN %(at)s::timestamptz - interval '35 days' - n * interval '1 millisecond'
                           ELSE %(at)s::timestamptz - interval '40 days' - (%(orders)s - n) * interval '20 seconds' END,
           0, 0
      FROM generate_series(1, %(orders)s) AS n
     CROSS JOIN LATERAL (SELECT CASE WHEN n <= %(payable)s THEN 'payable'
                                     WHEN n <= %(payable)s + %(expired)s THEN 'expired'
                                     WHEN n <= %(payable)s + %(expired)s + %(shipped)s THEN 'shipped'
                                     ELSE '' END AS waits) AS waiting
     CROSS JOIN LATERAL (SELECT waiting.waits, CASE WHEN waits IN ('payable', 'expired') THEN 'UNPAID'
                                     WHEN waits = 'shipped' THEN 'SHIPPED'
                                     WHEN n %% 10 < 7 THEN 'RECEIVED'
                                     WHEN n %% 10 < 9 THEN 'CLOSED'
                                     ELSE 'PAID' END AS status) AS told
      JOIN member ON member.number = (n - 1 + %(shift)s) %% %(members)s;
    INSERT INTO bench_line
    SELECT %(last_line_id)s + row_number() OVER (ORDER BY o.id, k), o.id, o.n, good.sku_id, good.stock_id, good.title,
           good.option_text, good.price_fen, CASE WHEN k = 0 AND o.n %% 2 = 0 THEN 500 ELSE 0 END
      FROM bench_order AS o
     CROSS JOIN generate_series(0, 1) AS k
      JOIN good ON good.number = (o.n::bigint * 7919 + k * 2) %% %(goods)s
     WHERE k = 0 OR o.n %% 2 = 0;
    UPDATE bench_order AS o SET goods_fen = line.goods_fen, reduction_fen = line.reduction_fen
      FROM (SELECT order_id, sum(price_fen) AS goods_fen, sum(reduction_fen) AS reduction_fen
              FROM bench_line GROUP BY order_id) AS line
     WHERE line.order_id = o.id;
    CREATE INDEX ON bench_order (id);
    ANALYZE bench_order, bench_line;
"""
COPIES: Final[tuple[tuple[str, str, str], ...]] = (
    (
        "orders_order",
        "id, order_no, member_id, status, goods_fen, reduction_fen, shipping_fen, payable_fen, balance_fen, points_used,"
        " gifts, price_warnings, applied, declined, address, remark, idempotency_key, unpaid_place, request_hash,"
        " created_at, expires_at, paid_at, shipped_at, received_at, closed_at",
        """SELECT id, order_no, member_id, status, goods_fen, reduction_fen, 0, goods_fen - reduction_fen, 0, 0, '[]',
                  '[]',
                  CASE WHEN reduction_fen > 0
                       THEN '[{"ref": "promotion:1", "label": "满减", "amount_fen": 500, "kind": "goods"}]' ELSE '[]' END,
                  '[]',
                  jsonb_build_object('name', '林小茶', 'phone', '138' || lpad(n::text, 8, '0'), 'province', '浙江省',
                                     'city', '杭州市', 'district', '西湖区', 'detail', '龙井路 ' || n || ' 号',
                                     'postal_code', '310000'),
                  '', 'past-' || order_no, unpaid_place, '', at,
                  CASE waits WHEN 'payable' THEN at + interval '6 hours' ELSE at + interval '30 minutes' END,
                  CASE WHEN paid THEN at + interval '1 minute' END,
                  CASE WHEN status IN ('SHIPPED', 'RECEIVED') THEN at + interval '1 day' END,
                  CASE WHEN status = 'RECEIVED' THEN at + interval '5 days' END,
                  CASE WHEN status = 'CLOSED' THEN at + interval '30 minutes' END
             FROM bench_order""",
    ),
    (
        "orders_orderline",
        "id, order_id, sku_id, title, option_text, image, quantity, unit_price_fen, list_fen, cost_fen, reductions,"
        " payable_fen, is_gift",
        """SELECT id, order_id, sku_id, title, option_text, '', 1, price_fen, price_fen, 1000,
                  CASE WHEN reduction_fen > 0 THEN '[{"ref": "promotion:1", "amount_fen": 500}]' ELSE '[]' END,
                  price_fen - reduction_fen, false
             FROM bench_line""",
    ),
    (
        "orders_reduction",
        "order_id, line_id, kind, key, amount_fen",
        """SELECT line.order_id, line.id, 'promotion', '1', line.reduction_fen
             FROM bench_line AS line JOIN bench_order AS o ON o.id = line.order_id AND o.paid
            WHERE line.reduction_fen > 0""",
    ),
    (
        "promotions_usage",
        "promotion_id, order_no, member_id, verb, uses, units, amount_fen, day, at",
        """SELECT 1, o.order_no, o.member_id, verb, CASE verb WHEN 'hold' THEN 1 ELSE 0 END, 0,
                  CASE verb WHEN 'hold' THEN reduction_fen ELSE 0 END, (o.at AT TIME ZONE 'Asia/Shanghai')::date, o.at
             FROM bench_order AS o CROSS JOIN unnest(ARRAY['hold', 'commit']) AS verb
            WHERE o.reduction_fen > 0 AND o.status <> 'CLOSED' AND (o.paid OR verb = 'hold')""",
    ),
    (
        "orders_ordermove",
        "order_id, move, from_status, to_status, actor, note, at",
        """SELECT id, 'place', '', 'UNPAID', 'member', '', at FROM bench_order
            UNION ALL SELECT id, 'pay', 'UNPAID', 'PAID', 'wechat', '', at + interval '1 minute'
              FROM bench_order WHERE paid
            UNION ALL SELECT id, 'ship', 'PAID', 'SHIPPED', 'operator', '', at + interval '1 day'
              FROM bench_order WHERE status IN ('SHIPPED', 'RECEIVED')
            UNION ALL SELECT id, 'receive', 'SHIPPED', 'RECEIVED', 'member', '', at + interval '5 days'
              FROM bench_order WHERE status = 'RECEIVED'
            UNION ALL SELECT id, 'close', 'UNPAID', 'CLOSED', 'system', '超时未支付', at + interval '30 minutes'
              FROM bench_order WHERE status = 'CLOSED'""",
    ),
    (
        "payments_payment",
        "payment_no, bill_kind, bill_no, order_id, status, amount_fen, prepay_id, transaction_id, captured_fen,"
        " refunded_fen, is_surplus, surplus_reason, started_at, expires_at, captured_at",
        """SELECT 'PY' || substr(order_no, 3), 'order', order_no, id, 'CAPTURED', goods_fen - reduction_fen, '',
                  '42' || lpad(id::text, 26, '0'), goods_fen - reduction_fen, 0, false, '', at, at + interval '30 minutes',
                  at + interval '1 minute'
             FROM bench_order WHERE paid""",
    ),
    (
        "inventory_hold",
        "order_no, stock_id, quantity, restored, status",
        """SELECT o.order_no, line.stock_id, 1, 0, CASE o.status WHEN 'UNPAID' THEN 'HELD' ELSE 'COMMITTED' END
             FROM bench_line AS line JOIN bench_order AS o ON o.id = line.order_id WHERE o.status <> 'CLOSED'""",
    ),
    (
        "inventory_stockentry",
        "stock_id, kind, on_hand_change, held_change, business_key, reason, at",
        """SELECT line.stock_id, 'HOLD', 0, 1, o.order_no || ':hold', '', o.at
              FROM bench_line AS line JOIN bench_order AS o ON o.id = line.order_id WHERE o.status <> 'CLOSED'
            UNION ALL
            SELECT line.stock_id, 'COMMIT', -1, -1, o.order_no || ':commit', '', o.at
              FROM bench_line AS line JOIN bench_order AS o ON o.id = line.order_id WHERE o.paid""",
    ),
)
_AFTERWARDS: Final = """
    UPDATE inventory_stock AS stock SET on_hand = stock.on_hand - sum.sold, held = stock.held + sum.held
      FROM (SELECT line.stock_id, count(*) FILTER (WHERE paid) AS sold, count(*) FILTER (WHERE status = 'UNPAID') AS held
              FROM bench_line AS line JOIN bench_order AS o ON o.id = line.order_id GROUP BY line.stock_id) AS sum
     WHERE sum.stock_id = stock.id;
    SELECT setval(pg_get_serial_sequence('orders_order', 'id'), (SELECT max(id) FROM orders_order));
    SELECT setval(pg_get_serial_sequence('orders_orderline', 'id'), (SELECT max(id) FROM orders_orderline));
    DROP TABLE bench_order, bench_line;
"""


def fill(url: str, orders: int, *, waiting: Waiting, after: int = 0, at: datetime) -> None:
    """Make so many orders more, ``after`` those that there are, for the goods and members that there are."""
    with psycopg2.connect(url) as db, db.cursor() as cursor:
        cursor.execute(_PLAN, _told(cursor, orders, waiting, after=after, at=at))
    db.close()
    for table, columns, select in COPIES:
        copied(url, table, columns, select, {})
    with psycopg2.connect(url) as db, db.cursor() as cursor:
        cursor.execute(_AFTERWARDS)
    db.close()
    settle(url)


def settle(url: str) -> None:
    """Leave the tables as autovacuum would after a while, so that it does not begin while something is measured.

    It never comes to a table without rows. One that is told to be empty is read from end to end by plans that are kept,
    however many rows it has by then; of one that nobody has looked at PostgreSQL expects some.
    """
    db = psycopg2.connect(url)
    db.autocommit = True
    with db.cursor() as cursor:
        cursor.execute(
            "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND pg_relation_size(oid) > 0"
        )
        cursor.execute(f"VACUUM (ANALYZE) {', '.join(name for (name,) in cursor.fetchall())}")
        cursor.execute("CHECKPOINT")
    db.close()


def _told(cursor: Any, orders: int, waiting: Waiting, *, after: int, at: datetime) -> dict[str, Any]:
    cursor.execute(
        "SELECT (SELECT COALESCE(max(id), 0) FROM orders_order), (SELECT COALESCE(max(id), 0) FROM orders_orderline),"
        " (SELECT count(*) FROM members_member WHERE openid LIKE 'bench-%'),"
        " (SELECT count(*) FROM catalog_sku WHERE code LIKE 'BENCH-%')"
    )
    last_id, last_line_id, members, goods = cursor.fetchone()
    return {
        "orders": orders,
        "after": after,
        "at": at,
        "last_id": last_id,
        "last_line_id": last_line_id,
        "members": members,
        # Of those who were here before some have unpaid orders: they take no second place.
        "shift": members // 2 if after else 0,
        "goods": goods,
        "payable": waiting.payable,
        "expired": waiting.expired,
        "shipped": waiting.shipped,
    }
