"""A shop with many members and orders, copied in; how long the classes, the tags by rule and the counting take there.

``python -m tests.bench.crowd [members] [orders]`` on a database of its own that it may fill for good.
"""

from __future__ import annotations

import io
import random
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import django

MEMBERS: Final = 100_000
ORDERS: Final = 1_000_000
_PIECE: Final = 20_000
_PLACES: Final = (
    *(("浙江省", "杭州市"), ("浙江省", "宁波市"), ("上海市", "上海市"), ("江苏省", "南京市")),
    *(("广东省", "深圳市"), ("云南省", "昆明市"), ("四川省", "成都市"), ("北京市", "北京市")),
)


def fill(members: int, orders: int, *, at: datetime) -> None:
    """Members registered over three years; orders over two, of which a few members place many (a long tail)."""
    dice = random.Random(7)
    skus = _skus()
    with _cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SELECT coalesce(max(id), 0) FROM members_member")
        first = cursor.fetchone()[0] + 1
        _copy(
            cursor,
            "members_member (id, public_id, openid, unionid, nickname, avatar_url, phone, growth, registered_at, birthday)",
            (
                f"{first + n}\tC{first + n}\tcrowd-{first + n}\t\t客{n}\t\t1{3_000_000_000 + n}\t0\t"
                f"{at - timedelta(days=dice.randrange(1_100))}\t19{dice.randrange(60, 99)}-{dice.randrange(1, 13):02}-11"
                for n in range(members)
            ),
        )
        cursor.execute("SELECT coalesce(max(id), 0) FROM orders_order")
        start = cursor.fetchone()[0] + 1
        _copy(cursor, _ORDER, _orders(dice, start, orders, first, members, at))
        _copy(
            cursor,
            "orders_orderline (order_id, sku_id, title, option_text, image, quantity, unit_price_fen, list_fen,"
            " reductions, payable_fen, is_gift)",
            (
                f"{start + n}\t{dice.choice(skus)}\t茶杯\t\t\t1\t5000\t5000\t[]\t5000\tf"
                for n in range(orders)
            ),
        )
        for table in ("members_member", "orders_order", "orders_orderline"):
            found = f"(SELECT max(id) FROM {table})"  # noqa: S608 -- of the three above
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {found})")
            cursor.execute(f"VACUUM ANALYZE {table}")
        cursor.execute("RESET statement_timeout")


_ORDER: Final = (
    "orders_order (id, order_no, member_id, status, goods_fen, reduction_fen, shipping_fen, payable_fen, balance_fen,"
    " points_used, gifts, price_warnings, applied, declined, address, remark, idempotency_key, request_hash, created_at,"
    " expires_at, paid_at, shipped_at, received_at, awaits_goods)"
)


def _orders(
    dice: random.Random, start: int, orders: int, first: int, members: int, at: datetime
) -> Iterator[str]:
    for n in range(orders):
        # The square of an even spread: one in ten members has a third of the orders.
        owner = first + int(members * dice.random() ** 2)
        paid = at - timedelta(minutes=dice.randrange(1, 730 * 1_440))
        fen = dice.randrange(1_000, 60_000)
        province, city = dice.choice(_PLACES)
        address = (
            f'{{"name": "林小茶", "phone": "13800000000", "province": "{province}", "city": "{city}", "district": "",'
            f' "detail": "龙井路 {n} 号"}}'
        )
        yield (
            f"{start + n}\tCROWD{start + n}\t{owner}\tRECEIVED\t{fen}\t0\t0\t{fen}\t0\t0\t[]\t[]\t[]\t[]\t{address}\t\t"
            f"crowd-{start + n}\tx\t{paid}\t{paid}\t{paid}\t{paid}\t{paid}\tf"
        )


def _skus() -> list[int]:
    from apps.catalog.models import Category, Product, Sku

    found = []
    for n in range(20):
        category, _ = Category.objects.get_or_create(name=f"人群类目{n}", defaults={"path": f"/crowd{n}/"})
        for number in range(10):
            product = Product.objects.create(title=f"人群商品{n}-{number}", category=category, cover="x.png")
            found.append(Sku.objects.create(product=product, code=f"CROWD-{product.pk}", price_fen=5_000).pk)
    return found


def _copy(cursor: Any, table: str, lines: Iterator[str]) -> None:
    piece: list[str] = []
    for line in lines:
        piece.append(line)
        if len(piece) == _PIECE:
            _send(cursor, table, piece)
            piece = []
    if piece:
        _send(cursor, table, piece)


def _send(cursor: Any, table: str, piece: list[str]) -> None:
    cursor.copy_expert(f"COPY {table} FROM STDIN", io.StringIO("\n".join(piece) + "\n"))


def _cursor() -> Any:
    from django.db import connection

    return connection.cursor()


def measure(*, at: datetime) -> Iterator[tuple[str, float]]:
    """What the issue asks, each with the seconds that it took, the database's and ours together."""
    from apps.audiences import conditions
    from apps.audiences import selectors as audience_facts
    from apps.audiences import services as audiences
    from apps.audiences.models import Segment, Tag
    from apps.audiences.states import TagKind
    from apps.catalog.models import Category

    yield "RFM, the first night", _timed(lambda: audiences.reckon_due(at=at))
    yield "RFM, an hour later", _timed(lambda: audiences.reckon_due(at=at + timedelta(hours=1)))
    yield "RFM, the next night", _timed(lambda: audiences.reckon_due(at=at + timedelta(days=1)))
    category = Category.objects.filter(name="人群类目3").values_list("pk", flat=True)[0]
    parts: list[dict[str, Any]] = [
        {"is": "spent", "low_fen": 100_000, "days": 365},
        {"is": "ordered", "low": 3, "days": 180},
        {"is": "last_paid", "low": 30, "high": 180},
        {"is": "area", "where": "order", "areas": ["浙江", "上海"]},
        {"is": "registered", "low": 90},
        {"is": "rfm", "standings": ["VALUABLE", "POTENTIAL"]},
        {"is": "category", "categories": [category], "days": 365},
        {"is": "birthday", "months": ["3", "5"]},
        {"is": "ordered", "high": 1, "days": 90},
        {"is": "spent", "low_fen": 500_000},
    ]
    wide: dict[str, Any] = {"op": "any", "of": [parts[6], {**parts[2], "not": True}, parts[7]]}
    trees = {
        "five joined by and": {"op": "all", "of": parts[:5]},
        "five, one of them a category": {"op": "all", "of": [*parts[:3], parts[4], parts[6]]},
        "five with or and not": {"op": "all", "of": [parts[0], parts[3], wide]},
        "five joined by or": {"op": "any", "of": [*parts[:3], parts[6], parts[9]]},
    }
    for name, said in trees.items():
        tree = conditions.read(said)
        sizes = [audience_facts.count_in(tree, at=at) for _ in range(2)]
        took = _timed(lambda tree=tree: audience_facts.count_in(tree, at=at))  # type: ignore[misc]
        yield f"count: {name}: {sizes[-1]}", took
    for n, part in enumerate(parts):
        tree = conditions.read({"op": "all", "of": [part]})
        segment = audiences.save(Segment(name=f"人群{at:%H%M%S}{n}"), tree=tree, operator=None, at=at)
        audiences.save_tag(Tag(name=f"标签{at:%H%M%S}{n}", kind=TagKind.RULE, rule=segment), at=at)
        assert segment.current is not None
        version = segment.current
        took = _timed(
            lambda version=version: [  # type: ignore[misc]
                audience_facts.contains(version=version, member_id=member_id, at=at)
                for member_id in range(1_000, 2_000, 10)
            ]
        )
        yield f"asked of one member: {part['is']}", took / 100
    yield "ten tags by rule, ten segments counted", _timed(lambda: audiences.keep_up(at=at))
    yield "the next night", _timed(lambda: audiences.keep_up(at=at + timedelta(days=1)))


def _timed(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def main(arguments: list[str]) -> None:
    """Fill the database unless there are so many members already, and print what was measured."""
    from django.utils import timezone

    from apps.orders.models import Order

    members, orders = (int(n) for n in arguments) if arguments else (MEMBERS, ORDERS)
    at = timezone.now()
    if Order.objects.count() < orders:
        print(f"filled in {_timed(lambda: fill(members, orders, at=at)):.1f} s")
    for name, took in measure(at=at):
        print(f"{took:8.3f} s  {name}", flush=True)


if __name__ == "__main__":
    django.setup()
    main(sys.argv[1:])
