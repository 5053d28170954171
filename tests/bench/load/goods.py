"""Ten thousand products and as many members with a session, an address and a coupon, made by set statements."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.core.management import call_command
from django.db import connection

from apps.coupons.services import templates

PRODUCTS: Final = 10_000
MEMBERS: Final = 2_000
# Far more than a run can sell, so that no answer is a refusal.
_STOCK: Final = 100_000_000
_COUPONS_EACH: Final = 20

_PRODUCTS: Final = """
    INSERT INTO catalog_product (title, subtitle, category_id, brand_id, role, cover, video, detail_html, attributes,
        options, min_quantity, max_quantity, quantity_step, on_sale, sale_starts_at, sale_ends_at, price_fen,
        market_price_fen, sold_count, search_words, created_at)
    SELECT '基准茶具 ' || n, '一壶四杯，送礼自用皆宜', category.ids[1 + n %% array_length(category.ids, 1)], NULL,
           'PROFIT', 'products/x.png', '', '<p>' || repeat('每一只都由匠人手工拉坯。', 40) || '</p>',
           '[{"name": "材质", "value": "陶瓷"}]', '[{"name": "颜色", "values": ["月白", "天青", "墨黑"]}]',
           1, NULL, 1, true, NULL, NULL, 8000 + n %% 90 * 100, NULL, n %% 1000, ' 基准 茶具 ',
           %(at)s::timestamptz - interval '60 days'
      FROM generate_series(1, %(products)s) AS n, (SELECT array_agg(id ORDER BY id) AS ids FROM catalog_category) AS category
"""
_SKUS: Final = """
    INSERT INTO catalog_sku (product_id, code, option_values, price_fen, market_price_fen, cost_fen, weight_g, image,
        enabled)
    SELECT id, 'BENCH-' || id || '-' || colour, jsonb_build_object('颜色', colour), price_fen, NULL, 1000, 500, '', true
      FROM catalog_product, unnest(ARRAY['月白', '天青', '墨黑']) AS colour WHERE title LIKE '基准茶具 %%'
"""
_STOCKS: Final = """
    WITH made AS (
        INSERT INTO inventory_stock (sku_id, place_id, on_hand, held)
        SELECT sku.id, place.id, %(stock)s, 0 FROM catalog_sku AS sku,
               (SELECT id FROM stores_place WHERE ships ORDER BY priority, id LIMIT 1) AS place
         WHERE sku.code LIKE 'BENCH-%%'
        RETURNING id
    )
    INSERT INTO inventory_stockentry (stock_id, kind, on_hand_change, held_change, business_key, reason, at)
    SELECT id, 'RECEIVE', %(stock)s, 0, 'bench', '', %(at)s FROM made
"""
_MEMBERS: Final = """
    INSERT INTO members_member (public_id, openid, unionid, nickname, avatar_url, phone, level_id, growth, registered_at)
    SELECT 'BENCH' || n, 'bench-' || n, '', '小茶', '', '', (SELECT id FROM members_level ORDER BY rank LIMIT 1), 0, %(at)s
      FROM generate_series(1, %(members)s) AS n
"""
_SESSIONS: Final = """
    INSERT INTO members_session (member_id, access_hash, access_expires_at, refresh_hash, refresh_expires_at, started_at,
        revoked_why)
    SELECT id, encode(sha256(convert_to(openid, 'UTF8')), 'hex'), %(until)s, 'r' || id, %(until)s, %(at)s, ''
      FROM members_member WHERE openid LIKE 'bench-%%'
"""
_ADDRESSES: Final = """
    INSERT INTO members_address (member_id, name, phone, province, city, district, detail, postal_code, is_default)
    SELECT id, '林小茶', '13800000000', '浙江省', '杭州市', '西湖区', '龙井路 1 号', '310000', true
      FROM members_member WHERE openid LIKE 'bench-%%'
"""
_COUPONS: Final = """
    INSERT INTO coupons_coupon (public_id, member_id, template_id, status, valid_from, valid_until, order_no, way, cause,
        gift_of, issued_at)
    SELECT gen_random_uuid(), id, %(template)s, 'AVAILABLE', %(at)s, %(until)s, '', 'OTHER', 'bench:' || k, '', %(at)s
      FROM members_member, generate_series(1, %(coupons)s) AS k WHERE openid LIKE 'bench-%%'
"""


def fill(*, at: datetime, products: int = PRODUCTS, members: int = MEMBERS) -> None:
    """Fill the demo shop and put the bench's goods and members beside it; ``members`` hold 20 coupons each."""
    call_command("seed_demo", verbosity=0)
    template = templates.create(
        name="基准满50减5",
        kind="THRESHOLD",
        threshold_fen=5_000,
        off_fen=500,
        valid_days=30,
        per_member=_COUPONS_EACH,
    )
    told = {
        "at": at,
        "until": at + timedelta(days=30),
        "products": products,
        "members": members,
        "stock": _STOCK,
        "template": template.pk,
        "coupons": _COUPONS_EACH,
    }
    with connection.cursor() as cursor:
        for statement in (_PRODUCTS, _SKUS, _STOCKS, _MEMBERS, _SESSIONS, _ADDRESSES, _COUPONS):
            cursor.execute(statement, told)
        cursor.execute("ANALYZE")


def token_of(number: int) -> str:
    """The access token of the bench's member with this number, from 1."""
    return f"bench-{number}"
