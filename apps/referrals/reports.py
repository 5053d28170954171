"""What campaigns of invitations brought in and cost in a window.

Income is what invited friends paid for goods and kept since they were invited; a friend of two campaigns is counted for
both. The cost is what rewards are worth: points that were given at what they pay, coupons at what they took off, goods
at what they had cost when their order was placed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import connection

from apps.distribution.reports import Line
from apps.points import selectors as point_facts
from apps.referrals.models import Referral
from mall import money

# What was paid and did not come to nothing, as in what comes of other campaigns (apps/desk/campaign_results.py).
_FIGURES: Final = """
    WITH asked AS (SELECT unnest(%(ids)s::bigint[]) AS id),
    bought AS (
        SELECT DISTINCT i.referral_id, o.id, o.member_id, o.goods_fen - o.reduction_fen AS goods_fen
          FROM referrals_invitation i
          JOIN orders_order o ON o.member_id = i.friend_id AND o.created_at >= i.bound_at
         WHERE i.referral_id IN (SELECT id FROM asked) AND o.paid_at >= %(since)s AND o.paid_at < %(until)s
           AND o.status NOT IN ('GATHERING', 'REFUNDED')),
    back AS (
        SELECT b.id, SUM(l.amount_fen) AS goods_fen
          FROM (SELECT DISTINCT id FROM bought) b
          JOIN orders_orderrefund r ON r.order_id = b.id
          JOIN orders_orderrefundline l ON l.refund_id = r.id GROUP BY b.id),
    income AS (
        SELECT b.referral_id, COUNT(*) AS orders, COUNT(DISTINCT b.member_id) AS buyers,
               SUM(b.goods_fen - COALESCE(k.goods_fen, 0))::bigint AS fen
          FROM bought b LEFT JOIN back k USING (id) GROUP BY b.referral_id),
    points AS (
        SELECT w.referral_id, SUM(w.points)::bigint AS points FROM referrals_reward w
         WHERE w.referral_id IN (SELECT id FROM asked) AND w.status = 'GIVEN' AND w.prize_kind = 'points'
           AND w.given_at >= %(since)s AND w.given_at < %(until)s GROUP BY w.referral_id),
    coupons AS (
        SELECT w.referral_id, SUM(x.amount_fen)::bigint AS fen
          FROM referrals_reward w
          JOIN coupons_coupon c ON c.id = w.coupon_id
          JOIN orders_order o ON o.order_no = c.order_no AND o.paid_at >= %(since)s AND o.paid_at < %(until)s
          JOIN orders_reduction x ON x.order_id = o.id AND x.kind = 'coupon' AND x.key = c.public_id::text
         WHERE w.referral_id IN (SELECT id FROM asked) AND o.status NOT IN ('GATHERING', 'REFUNDED')
         GROUP BY w.referral_id),
    goods AS (
        SELECT w.referral_id, SUM(l.cost_fen * l.quantity)::bigint AS fen
          FROM referrals_reward w
          JOIN orders_order o ON o.order_no = w.order_no AND o.paid_at >= %(since)s AND o.paid_at < %(until)s
          JOIN orders_orderline l ON l.order_id = o.id AND NOT l.is_gift
         WHERE w.referral_id IN (SELECT id FROM asked) AND w.prize_kind = 'goods' AND o.status <> 'REFUNDED'
         GROUP BY w.referral_id)
    SELECT a.id, COALESCE(i.orders, 0), COALESCE(i.buyers, 0), COALESCE(i.fen, 0), COALESCE(c.fen, 0),
           COALESCE(p.points, 0), COALESCE(g.fen, 0)
      FROM asked a LEFT JOIN income i ON i.referral_id = a.id LEFT JOIN points p ON p.referral_id = a.id
      LEFT JOIN coupons c ON c.referral_id = a.id LEFT JOIN goods g ON g.referral_id = a.id
"""


def by_campaign(*, since: datetime, until: datetime) -> list[Line]:
    """Each campaign that had begun before ``until``, what it brought in and cost in ``[since, until)``: two statements.

    Campaigns of which nothing came are left out. The first kind of cost is coupons, the second points and goods.
    """
    rows = {row.pk: row for row in Referral.objects.filter(starts_at__lt=until).order_by("-starts_at", "-id")}
    per_yuan = point_facts.rules().deduction_points_per_yuan
    lines = []
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, {"ids": list(rows), "since": since, "until": until})
        for pk, orders, buyers, income_fen, coupons_fen, points, goods_fen in cursor.fetchall():
            points_fen = money.points_worth(points, points_per_yuan=per_yuan) if points else 0
            line = Line((rows[pk].title,), orders, buyers, income_fen, coupons_fen, points_fen + goods_fen)
            if any(line[1:]):
                lines.append(line)
    return sorted(lines, key=lambda line: -line.income_fen)
