"""What came of campaigns, the same figures for every kind: who ordered and paid, who was new, who came by friends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import connection
from django.utils import timezone

from apps.base import sheets
from apps.campaigns.models import CampaignColumns
from apps.campaigns.services import Campaigns
from apps.campaigns.standing import phase
from apps.shares import selectors as share_facts
from mall import money

# What was paid and did not come to nothing is "kept": a group that gathers may still fail, and what was returned whole
# sold nothing. Revenue is of goods: postage, paid or given back, is none. What went back without any goods is what their
# price fell by afterwards: the activity took it off, too. A newcomer's kept order is the first that they ever paid.
_RESULTS: Final = f"""
    WITH named AS (SELECT * FROM unnest(%(of_ids)s::bigint[], %(ids)s::text[]) AS n (row_id, activity_id)),
    sent AS (SELECT * FROM unnest(%(of_subjects)s::bigint[], %(subjects)s::text[]) AS s (row_id, subject)),
    placed AS (
        SELECT n.row_id, o.id, o.order_no, o.member_id, o.paid_at, o.payable_fen - o.shipping_fen AS goods_fen,
               o.paid_at IS NOT NULL AND o.status NOT IN ('GATHERING', 'REFUNDED') AS kept
          FROM named n JOIN orders_order o
            ON o.activity IS NOT NULL AND o.activity ->> 'kind' = %(kind)s AND o.activity ->> 'id' = n.activity_id),
    back AS (
        SELECT p.id, SUM(l.amount_fen) AS goods_fen,
               COALESCE(SUM(l.amount_fen) FILTER (WHERE l.units = 0), 0) AS fell_fen
          FROM placed p JOIN orders_orderrefund r ON r.order_id = p.id
          JOIN orders_orderrefundline l ON l.refund_id = r.id
         WHERE p.kept GROUP BY p.id),
    orders AS (
        SELECT p.row_id, count(*) AS placed, count(p.paid_at) AS paid,
               count(DISTINCT p.member_id) FILTER (WHERE p.kept) AS buyers,
               count(DISTINCT p.member_id) FILTER (WHERE p.kept AND NOT EXISTS (
                   SELECT FROM orders_order e
                    WHERE e.member_id = p.member_id AND (e.paid_at, e.id) < (p.paid_at, p.id))) AS newcomers,
               COALESCE(SUM(p.goods_fen - COALESCE(b.goods_fen, 0)) FILTER (WHERE p.kept), 0)::bigint AS revenue_fen,
               COALESCE(SUM(b.fell_fen), 0)::bigint AS fell_fen
          FROM placed p LEFT JOIN back b USING (id) GROUP BY p.row_id),
    off AS (
        SELECT p.row_id, SUM(r.amount_fen)::bigint AS discount_fen
          FROM placed p JOIN orders_reduction r ON r.order_id = p.id AND r.kind = %(kind)s
         WHERE p.kept GROUP BY p.row_id),
    card AS (
        SELECT s.row_id, h.id, h.member_id
          FROM sent s JOIN shares_share h ON h.kind = %(shared_as)s AND h.subject = s.subject),
    cards AS (SELECT row_id, count(DISTINCT member_id) AS sharers FROM card GROUP BY row_id),
    visits AS (
        SELECT c.row_id, count(*) FILTER (WHERE v.registered) AS registered,
               count(DISTINCT {share_facts.PERSON_SQL}) AS visitors
          FROM card c JOIN shares_visit v ON v.share_id = c.id GROUP BY c.row_id),
    brought AS (
        SELECT c.row_id, count(*) AS placed, count(p.paid_at) AS paid
          FROM card c JOIN shares_shareorder b ON b.share_id = c.id
          JOIN placed p ON p.order_no = b.order_no AND p.row_id = c.row_id GROUP BY c.row_id)
    SELECT a.row_id, COALESCE(o.placed, 0), COALESCE(o.paid, 0), COALESCE(o.buyers, 0), COALESCE(o.newcomers, 0),
           COALESCE(o.revenue_fen, 0), COALESCE(f.discount_fen, 0) + COALESCE(o.fell_fen, 0),
           COALESCE(c.sharers, 0), COALESCE(v.visitors, 0), COALESCE(v.registered, 0),
           COALESCE(b.placed, 0), COALESCE(b.paid, 0)
      FROM unnest(%(rows)s::bigint[]) AS a (row_id)
      LEFT JOIN orders o USING (row_id) LEFT JOIN off f USING (row_id) LEFT JOIN cards c USING (row_id)
      LEFT JOIN visits v USING (row_id) LEFT JOIN brought b USING (row_id)
"""  # noqa: S608 -- how shares count people
_HEAD: Final = (
    *("编码", "名称", "状态", "开始时间", "结束时间"),
    *("下单笔数", "付款笔数", "成交人数", "新客人数", "销售额（不含运费，元）", "活动优惠（元）"),
    *("分享人数", "访客人数", "带来注册", "访客下单", "访客付款", "裂变系数 K"),
)
# So many campaigns are read at once.
_AT_ONCE: Final = 200


class Results(NamedTuple):
    """Figures of one campaign; money in fen.

    ``placed`` orders, of which ``paid`` were paid. Of those that were kept: ``buyers`` are members, ``newcomers`` of
    them had never paid before; ``revenue_fen`` is what their goods cost less what was refunded of them, without postage;
    ``discount_fen`` is what the activity took off, differences that were returned included. ``sharers`` sent cards,
    ``visitors`` came by them, ``registered`` of these became members by it; ``brought`` orders of this campaign came by
    its own cards.
    """

    placed: int = 0
    paid: int = 0
    buyers: int = 0
    newcomers: int = 0
    revenue_fen: int = 0
    discount_fen: int = 0
    sharers: int = 0
    visitors: int = 0
    registered: int = 0
    brought: int = 0
    brought_paid: int = 0

    @property
    def k_hundredths(self) -> int | None:
        """How many registrations each sharer brought, times a hundred; None while nobody shares."""
        return money.average(self.registered * 100, over=self.sharers) if self.sharers else None


def of(campaigns: Campaigns[Any, Any], rows: Sequence[CampaignColumns]) -> Mapping[int, Results]:
    """The figures of campaigns of one kind, by id: three statements at the most, however many there are."""
    named = campaigns.ordered_as(rows)
    sent = campaigns.subjects_of(rows, ordered=named)
    asked: dict[str, Any] = {
        "kind": campaigns.kind,
        "shared_as": campaigns.shared_as,
        "rows": [row.pk for row in rows],
        "of_ids": [pk for pk, ids in named.items() for _ in ids],
        "ids": [one for ids in named.values() for one in ids],
        "of_subjects": [pk for pk, subjects in sent.items() for _ in subjects],
        "subjects": [one for subjects in sent.values() for one in subjects],
    }
    with connection.cursor() as cursor:
        cursor.execute(_RESULTS, asked)
        return {row_id: Results(*figures) for row_id, *figures in cursor.fetchall()}


def told(found: Results) -> list[str]:
    """The figures in sentences, in the order in which one asks."""
    rate = f"，付款率 {_percent(found.paid, found.placed)}" if found.placed else ""
    lines = [
        f"下单 {found.placed:,} 笔，付款 {found.paid:,} 笔{rate}",
        f"成交 {found.buyers:,} 人，其中新客 {found.newcomers:,} 人（首次付款）；"
        f"销售额 {money.priced(found.revenue_fen)}（不含运费），活动优惠 {money.priced(found.discount_fen)}",
    ]
    if found.k_hundredths is None:
        return [*lines, "还没有人分享"]
    bought = f"，访客付款率 {_percent(found.brought_paid, found.visitors)}" if found.visitors else ""
    return [
        *lines,
        f"分享 {found.sharers:,} 人，带来访客 {found.visitors:,} 人、注册 {found.registered:,} 人；"
        f"访客下单 {found.brought:,} 笔，付款 {found.brought_paid:,} 笔{bought}",
        f"裂变系数 K {money.yuan(found.k_hundredths)}（平均每位分享者带来的注册人数）",
    ]


def sheet(campaigns: Campaigns[Any, Any], rows: Sequence[CampaignColumns], *, at: datetime) -> sheets.Sheet:
    """The figures of these campaigns as a sheet, a line each."""
    return sheets.sheet(_HEAD, _lines(campaigns, rows, at=at))


def _lines(
    campaigns: Campaigns[Any, Any], rows: Sequence[CampaignColumns], *, at: datetime
) -> Iterator[list[str | int]]:
    for first in range(0, len(rows), _AT_ONCE):
        part = rows[first : first + _AT_ONCE]
        figures = of(campaigns, part)
        for row in part:
            found = figures[row.pk]
            k = found.k_hundredths
            yield [
                *(row.code, row.title, phase(row, at=at), _minute(row.starts_at), _minute(row.ends_at)),
                *(found.placed, found.paid, found.buyers, found.newcomers),
                *(money.yuan(found.revenue_fen), money.yuan(found.discount_fen)),
                *(found.sharers, found.visitors, found.registered, found.brought, found.brought_paid),
                "" if k is None else money.yuan(k),
            ]


def _percent(part: int, whole: int) -> str:
    return money.percent(money.rate_bp(part, of=whole))


def _minute(moment: datetime) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M")
