"""Products, members with a session and an address, coupons and promotions of the measured shop, made by COPY."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.core.management import call_command
from django.db import connection

from apps.catalog import search
from apps.catalog.models import Product
from apps.coupons.services import templates
from apps.promotions.models import Promotion
from tests.bench.load.copying import copied

PROMOTIONS: Final = 200
# Each promotion is for so many products of its own.
_PRODUCTS_EACH: Final = 25
# Far more than a run can sell, so that no answer is a refusal.
STOCK: Final = 100_000_000
# The first members hold so many, enough for all their orders; the others share the rest.
_COUPONS_OF_A_BUYER: Final = 20
BUYERS: Final = 2_000
_SUBTITLE: Final = "一壶四杯，送礼自用皆宜"
_SOME_NUMBER: Final = "8675309"


@dataclass(frozen=True)
class Size:
    """How many of each the shop has."""

    products: int = 10_000
    members: int = 100_000
    orders: int = 1_000_000
    coupons: int = 500_000

    def times(self, factor: int) -> Size:
        """A shop that has grown so many times."""
        return Size(
            self.products * factor, self.members * factor, self.orders * factor, self.coupons * factor
        )


FULL: Final = Size()
QUICK: Final = Size(products=1_000, members=10_000, orders=20_000, coupons=60_000)
NOTHING: Final = Size(0, 0, 0, 0)

# Tables with the columns that get values, and the SELECT of these: in the order in which they refer to each other.
COPIES: Final[tuple[tuple[str, str, str], ...]] = (
    (
        "catalog_product",
        "title, subtitle, category_id, role, cover, video, detail_html, attributes, options, min_quantity,"
        " quantity_step, on_sale, price_fen, sold_count, search_words, created_at",
        """SELECT '基准茶具 ' || n, %(subtitle)s, category.ids[1 + n %% array_length(category.ids, 1)], 'PROFIT',
                  'products/x.png', '', '<p>' || repeat('每一只都由匠人手工拉坯。', 40) || '</p>',
                  '[{"name": "材质", "value": "陶瓷"}]', '[{"name": "颜色", "values": ["月白", "天青", "墨黑"]}]',
                  1, 1, true, 8000 + n %% 90 * 100, n %% 1000, replace(%(words)s, %(some_number)s, n::text),
                  %(at)s::timestamptz - interval '60 days'
             FROM generate_series(%(products_from)s, %(products)s) AS n,
                  (SELECT array_agg(id ORDER BY id) AS ids FROM catalog_category) AS category""",
    ),
    (
        "catalog_sku",
        "product_id, code, option_values, price_fen, cost_fen, weight_g, image, enabled",
        """SELECT id, 'BENCH-' || id || '-' || colour, jsonb_build_object('颜色', colour), price_fen, 1000, 500, '', true
             FROM catalog_product, unnest(ARRAY['月白', '天青', '墨黑']) AS colour
            WHERE title LIKE '基准茶具 %%'
              AND NOT EXISTS (SELECT 1 FROM catalog_sku AS sku WHERE sku.product_id = catalog_product.id)""",
    ),
    (
        "inventory_stock",
        "sku_id, place_id, on_hand, held",
        """SELECT sku.id, place.id, %(stock)s, 0
             FROM catalog_sku AS sku,
                  (SELECT id FROM stores_place WHERE ships ORDER BY priority, id LIMIT 1) AS place
            WHERE sku.code LIKE 'BENCH-%%'
              AND NOT EXISTS (SELECT 1 FROM inventory_stock AS stock WHERE stock.sku_id = sku.id)""",
    ),
    (
        "inventory_stockentry",
        "stock_id, kind, on_hand_change, held_change, business_key, reason, at",
        """SELECT stock.id, 'RECEIVE', %(stock)s, 0, 'bench', '', %(at)s
             FROM inventory_stock AS stock JOIN catalog_sku AS sku ON sku.id = stock.sku_id
            WHERE sku.code LIKE 'BENCH-%%'
              AND NOT EXISTS (SELECT 1 FROM inventory_stockentry AS entry WHERE entry.stock_id = stock.id)""",
    ),
    (
        "members_member",
        "public_id, openid, unionid, nickname, avatar_url, phone, level_id, growth, registered_at",
        """SELECT 'BENCH' || n, 'bench-' || n, '', '小茶', '', '', (SELECT id FROM members_level ORDER BY rank LIMIT 1),
                  0, %(at)s
             FROM generate_series(%(members_from)s, %(members)s) AS n""",
    ),
    (
        "members_session",
        "member_id, access_hash, access_expires_at, refresh_hash, refresh_expires_at, started_at, revoked_why",
        """SELECT id, encode(sha256(convert_to(openid, 'UTF8')), 'hex'), %(until)s, 'r' || id, %(until)s, %(at)s, ''
             FROM members_member WHERE openid LIKE 'bench-%%' AND id > %(last_member)s""",
    ),
    (
        "members_address",
        "member_id, name, phone, province, city, district, detail, postal_code, is_default",
        """SELECT id, '林小茶', '13800000000', '浙江省', '杭州市', '西湖区', '龙井路 1 号', '310000', true
             FROM members_member WHERE openid LIKE 'bench-%%' AND id > %(last_member)s""",
    ),
    (
        "coupons_coupon",
        "public_id, member_id, template_id, status, valid_from, valid_until, order_no, way, cause, gift_of, issued_at",
        """SELECT gen_random_uuid(), member.id, %(template)s, 'AVAILABLE', %(at)s, %(until)s, '', 'OTHER', 'bench:' || n,
                  '', %(at)s
             FROM generate_series(%(coupons_from)s, %(coupons)s) AS n
             JOIN members_member AS member ON member.openid = 'bench-' || CASE
                      WHEN n <= %(buyers)s * %(coupons_of_a_buyer)s THEN 1 + (n - 1) / %(coupons_of_a_buyer)s
                      ELSE 1 + %(buyers)s + n %% (%(members)s - %(buyers)s) END""",
    ),
)


def fill(url: str, size: Size, *, after: Size = NOTHING, at: datetime) -> None:
    """Make the demo shop and put the bench's goods and members beside it, or the more of them ``after`` an earlier size."""
    first = after == NOTHING
    if first:
        call_command("seed_demo", verbosity=0)
    told = _told(size, after, at=at)
    for table, columns, select in COPIES:
        copied(url, table, columns, select, told)
    if first:
        _promote(at=at)
    with connection.cursor() as cursor:
        # What was given out is told by the template: kept by hand where coupons come by COPY.
        cursor.execute(
            "UPDATE coupons_template SET issued ="
            " (SELECT count(*) FROM coupons_coupon WHERE template_id = %(template)s) WHERE id = %(template)s",
            told,
        )


def token_of(number: int) -> str:
    """The access token of the bench's member with this number, from 1."""
    return f"bench-{number}"


def _told(size: Size, after: Size, *, at: datetime) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM coupons_template WHERE name = '基准满50减5'")
        known = cursor.fetchone()
        cursor.execute("SELECT COALESCE(max(id), 0) FROM members_member")
        (last_member,) = cursor.fetchone()
    template = known[0] if known else _template()
    return {
        "at": at,
        "until": at + timedelta(days=30),
        "template": template,
        "last_member": last_member,
        "stock": STOCK,
        "buyers": BUYERS,
        "coupons_of_a_buyer": _COUPONS_OF_A_BUYER,
        "subtitle": _SUBTITLE,
        "some_number": _SOME_NUMBER,
        "words": search.words_of(f"基准茶具 {_SOME_NUMBER}", [_SUBTITLE]),
        "products": size.products,
        "products_from": after.products + 1,
        "members": size.members,
        "members_from": after.members + 1,
        "coupons": size.coupons,
        "coupons_from": after.coupons + 1,
    }


def _template() -> int:
    made = templates.create(
        name="基准满50减5",
        kind="THRESHOLD",
        threshold_fen=5_000,
        off_fen=500,
        valid_days=30,
        per_member=_COUPONS_OF_A_BUYER,
    )
    return int(made.pk)


def _promote(*, at: datetime) -> None:
    """Run 200 promotions, each on goods of its own, so that half of the goods have one."""
    products = list(
        Product.objects.filter(title__startswith="基准茶具").order_by("id").values_list("pk", flat=True)
    )
    each = min(_PRODUCTS_EACH, max(len(products) // (2 * PROMOTIONS), 1))
    made = Promotion.objects.bulk_create(
        Promotion(
            kind=Promotion.Kind.STEPPED,
            label=f"基准满减 {n}",
            steps=[[10_000, 100 + n]],
            starts_at=at,
            ends_at=at + timedelta(days=30),
            scope=Promotion.Scope.PRODUCTS,
        )
        for n in range(PROMOTIONS)
    )
    named = Promotion.products.through
    named.objects.bulk_create(
        named(promotion_id=promotion.pk, product_id=products[(n * each + k) % len(products)])
        for n, promotion in enumerate(made)
        for k in range(each)
    )
