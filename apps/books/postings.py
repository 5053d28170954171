"""How each happening is posted: for every kind of entry the facts it is made of, and what they do to which account.

Each source is one question over rows that never change once they are there. It answers a row for each line: the business
key, the moment, the order and document, the account, and an amount, positive for a debit and negative for a credit.
Posting and rebuilding (``services.journal``) ask the same question. The same rules in words: docs/guide/books.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from apps.aftersales.states import WITH_GOODS, InsurancePayee
from apps.books.states import Account, BillKind, BillStatus, EntryKind, LineKind, RemedyWay
from apps.catalog.models import FreightInsurance
from apps.distribution.states import EntryKind as CommissionKind
from apps.orders.states import DEPOSIT_END, REHEARSED, StageStatus, Status
from apps.payments.models import RefundEnding
from apps.payments.states import ARRIVED, STRAY, RefundStatus
from apps.wallet.states import EntryKind as WalletKind
from mall.pricing import refs


@dataclass(frozen=True, slots=True)
class Source:
    """The facts behind a kind of entry: ``sql`` answers key, at, order_no, number, account, amount of ``[since, until)``."""

    kind: EntryKind
    sql: str


def _of(kind: EntryKind, sql: str) -> Source:
    """A source whose accounts and words are written in braces, so that a misspelt one is found when it is read."""
    accounts = {account.name: f"'{account.value}'" for account in Account}
    return Source(kind, sql.format(**accounts, **_WORDS))


_WORDS: Final = {
    "arrived": "({})".format(", ".join(f"'{status}'" for status in sorted(ARRIVED))),
    "outside": f"'{RefundStatus.PAID_OUTSIDE}'",
    "written_back": f"'{RefundEnding.Way.WRITTEN_BACK}'",
    "closed": f"'{Status.CLOSED}'",
    "kept": f"'{StageStatus.KEPT}'",
    "deposit_end": f"'{DEPOSIT_END}'",
    "recharge": f"'{WalletKind.RECHARGE}'",
    "committed": f"'{WalletKind.COMMIT}'",
    "restored": f"'{WalletKind.RESTORE}'",
    "recharge_back": f"'{WalletKind.REFUND}'",
    "withdrawn": f"'{CommissionKind.COMMIT}'",
    "coupon": f"'{refs.COUPON}'",
    "points": f"'{refs.POINTS}'",
    "with_goods": "({})".format(", ".join(f"'{kind}'" for kind in sorted(WITH_GOODS))),
    "merchant": f"'{FreightInsurance.MERCHANT}'",
    "to_shop": f"'{InsurancePayee.SHOP}'",
    "fund_bill": f"'{BillKind.FUND}'",
    "fetched": f"'{BillStatus.FETCHED}'",
    "other": f"'{LineKind.OTHER}'",
    # The merchant's own 提现, to the bank.
    "taken_out": f"(kind = '{LineKind.OTHER}' AND said LIKE '%%提现%%')",
    "rehearsed": f"'{REHEARSED}'",
    "stray": f"'{STRAY}'",
    "given_back": f"'{RemedyWay.REFUND}'",
    # What an order's refunds before it left had taken: of its goods, of its freight.
    "before": """
        (SELECT coalesce(sum(goods_fen), 0)::bigint AS goods_fen,
                coalesce(sum(shipping_fen), 0)::bigint AS shipping_fen
           FROM orders_orderrefund WHERE order_id = fact.id AND at < fact.shipped_at) AS before""",
    # What sending a parcel costs on the day of a fact's moment ``at``.
    "rate": """
        LEFT JOIN LATERAL (
            SELECT postage_fen, packing_fen, insurance_fen FROM books_costrate
             WHERE since <= (fact.at AT TIME ZONE 'Asia/Shanghai')::date ORDER BY since DESC LIMIT 1
        ) AS rate ON true""",
}

_PAYMENT: Final = _of(
    EntryKind.PAYMENT,
    """
    SELECT 'payment:' || fact.payment_no, fact.captured_at, coalesce(sale.order_no, ''), fact.payment_no,
           line.account, line.amount
      FROM payments_payment AS fact LEFT JOIN orders_order AS sale ON sale.id = fact.order_id
     CROSS JOIN LATERAL (VALUES
           ({SETTLING}, fact.captured_fen),
           (CASE WHEN fact.is_surplus THEN {REFUND_DUE} WHEN sale.id IS NULL THEN {RECHARGE_PAID}
                 ELSE {PREPAID} END, -fact.captured_fen)) AS line (account, amount)
     WHERE fact.captured_at >= %(since)s AND fact.captured_at < %(until)s AND fact.bill_kind <> {stray}
    """,
)

_REFUND: Final = _of(
    EntryKind.REFUND,
    """
    SELECT 'refund:' || fact.refund_no, fact.settled_at, coalesce(sale.order_no, ''), fact.refund_no,
           line.account, line.amount
      FROM payments_refund AS fact JOIN payments_payment AS payment ON payment.id = fact.payment_id
      LEFT JOIN orders_order AS sale ON sale.id = payment.order_id
     CROSS JOIN LATERAL (VALUES
           ({REFUND_DUE}, fact.amount_fen),
           (CASE fact.status WHEN {outside} THEN {BANK} ELSE {SETTLING} END, -fact.amount_fen)
           ) AS line (account, amount)
     WHERE fact.settled_at >= %(since)s AND fact.settled_at < %(until)s AND fact.status IN {arrived}
    """,
)

# WeChat has paid, to the shop's bank: what is owed to the buyer stands until the shop passes it on.
_AT_SHOP: Final = _of(
    EntryKind.AT_SHOP,
    """
    SELECT 'at_shop:' || fact.refund_no, fact.at_shop_at, coalesce(sale.order_no, ''), fact.refund_no,
           line.account, line.amount
      FROM payments_refund AS fact JOIN payments_payment AS payment ON payment.id = fact.payment_id
      LEFT JOIN orders_order AS sale ON sale.id = payment.order_id
     CROSS JOIN LATERAL (VALUES ({BANK}, fact.amount_fen), ({SETTLING}, -fact.amount_fen)) AS line (account, amount)
     WHERE fact.at_shop_at >= %(since)s AND fact.at_shop_at < %(until)s
    """,
)

_WRITTEN_BACK: Final = _of(
    EntryKind.WRITTEN_BACK,
    """
    SELECT 'written_back:' || refund.refund_no, fact.answered_at, coalesce(sale.order_no, ''), refund.refund_no,
           line.account, line.amount
      FROM payments_refundending AS fact JOIN payments_refund AS refund ON refund.id = fact.refund_id
      JOIN payments_payment AS payment ON payment.id = refund.payment_id
      LEFT JOIN orders_order AS sale ON sale.id = payment.order_id
     CROSS JOIN LATERAL (VALUES
           ({REFUND_DUE}, refund.amount_fen), ({OTHER_INCOME}, -refund.amount_fen)) AS line (account, amount)
     WHERE fact.answered_at >= %(since)s AND fact.answered_at < %(until)s
       AND fact.granted AND fact.way = {written_back}
    """,
)

_WALLET: Final = _of(
    EntryKind.WALLET,
    """
    SELECT 'wallet:' || fact.id, fact.at,
           CASE WHEN fact.kind IN ({committed}, {restored}) THEN split_part(fact.business_key, ':', 1)
                ELSE coalesce(sale.order_no, '') END,
           left(fact.business_key, 64), line.account, line.amount
      FROM wallet_entry AS fact
      LEFT JOIN aftersales_aftersale AS after_sale
        ON fact.business_key LIKE 'carriage:%%' AND after_sale.after_sale_no = split_part(fact.business_key, ':', 2)
      LEFT JOIN orders_order AS sale ON sale.id = after_sale.order_id
     CROSS JOIN LATERAL (VALUES
           ({STORED_VALUE}, -fact.principal_change_fen - fact.bonus_change_fen),
           (CASE WHEN fact.kind = {committed} THEN {PREPAID}
                 WHEN fact.kind IN ({restored}, {recharge_back}) THEN {REFUND_DUE}
                 WHEN after_sale.id IS NOT NULL THEN {POSTAGE}
                 WHEN fact.kind <> {recharge} THEN {CORRECTIONS}
                 WHEN EXISTS (SELECT FROM wallet_recharge AS recharge
                               WHERE recharge.recharge_no = split_part(fact.business_key, ':', 2))
                 THEN {RECHARGE_PAID} ELSE {BANK} END, fact.principal_change_fen),
           (CASE WHEN fact.kind = {committed} THEN {PREPAID}
                 WHEN fact.kind = {restored} THEN {REFUND_DUE}
                 WHEN fact.kind IN ({recharge}, {recharge_back}) THEN {BONUS}
                 ELSE {CORRECTIONS} END, fact.bonus_change_fen)) AS line (account, amount)
     WHERE fact.at >= %(since)s AND fact.at < %(until)s
    """,
)

_COMMISSION: Final = _of(
    EntryKind.COMMISSION,
    """
    SELECT 'commission:' || fact.id, fact.at, coalesce(commission.order_no, ''), left(fact.business_key, 64),
           line.account, line.amount
      FROM distribution_entry AS fact
      LEFT JOIN distribution_commission AS commission ON commission.id = fact.commission_id
     CROSS JOIN LATERAL (
           SELECT fact.pending_change_fen + fact.frozen_change_fen + fact.available_change_fen
                  + fact.withdrawing_change_fen - fact.debt_change_fen AS due_fen) AS more
     CROSS JOIN LATERAL (VALUES
           ({COMMISSION_DUE}, -more.due_fen),
           (CASE fact.kind WHEN {withdrawn} THEN {SETTLING} ELSE {COMMISSION} END, more.due_fen)
           ) AS line (account, amount)
     WHERE fact.at >= %(since)s AND fact.at < %(until)s
    """,
)

_SALE: Final = _of(
    EntryKind.SALE,
    """
    SELECT 'sale:' || fact.order_no, fact.shipped_at, fact.order_no, fact.order_no, line.account, line.amount
      FROM orders_order AS fact
     CROSS JOIN LATERAL {before}
     CROSS JOIN LATERAL (
           SELECT coalesce(sum(amount_fen) FILTER (WHERE kind = {coupon}), 0)::bigint AS coupon_fen,
                  coalesce(sum(amount_fen) FILTER (WHERE kind = {points}), 0)::bigint AS points_fen
             FROM orders_reduction WHERE order_id = fact.id AND line_id IS NOT NULL) AS off
     CROSS JOIN LATERAL (
           SELECT coalesce(sum(item.cost_fen * (item.quantity - (
                    SELECT coalesce(sum(gone.units), 0) FROM orders_orderrefundline AS gone
                      JOIN orders_orderrefund AS refund ON refund.id = gone.refund_id
                     WHERE gone.order_line_id = item.id AND refund.at < fact.shipped_at))), 0)::bigint AS fen
             FROM orders_orderline AS item WHERE item.order_id = fact.id) AS cost
     CROSS JOIN LATERAL (VALUES
           ({PREPAID}, fact.payable_fen - before.goods_fen - before.shipping_fen),
           ({REFUNDED}, before.goods_fen), ({FREIGHT_REFUNDED}, before.shipping_fen),
           ({COUPONS}, off.coupon_fen), ({POINTS_PAID}, off.points_fen),
           ({ACTIVITIES}, fact.reduction_fen - off.coupon_fen - off.points_fen),
           ({SALES}, -fact.goods_fen), ({FREIGHT}, -fact.shipping_fen),
           ({COST}, cost.fen), ({GOODS}, -cost.fen)) AS line (account, amount)
     WHERE fact.shipped_at >= %(since)s AND fact.shipped_at < %(until)s
    """,
)

# Of an order that had left, a refund takes back income, and cost where goods came back; of another only what was paid in
# advance, and the cost of units that had left in a first parcel and stay away.
_ORDER_REFUND: Final = _of(
    EntryKind.ORDER_REFUND,
    """
    SELECT 'order_refund:' || fact.refund_no, fact.at, sale.order_no, fact.refund_no, line.account, line.amount
      FROM orders_orderrefund AS fact JOIN orders_order AS sale ON sale.id = fact.order_id
     CROSS JOIN LATERAL (
           SELECT sale.shipped_at IS NOT NULL AND fact.at >= sale.shipped_at AS yes) AS sold
     CROSS JOIN LATERAL (
           SELECT coalesce(sum(item.cost_fen * gone.restocked), 0)::bigint AS back_fen,
                  coalesce(sum(item.cost_fen * (gone.units - gone.restocked)), 0)::bigint AS lost_fen
             FROM orders_orderrefundline AS gone JOIN orders_orderline AS item ON item.id = gone.order_line_id
            WHERE gone.refund_id = fact.id) AS cost
     CROSS JOIN LATERAL (
           SELECT CASE WHEN sold.yes THEN -cost.back_fen ELSE cost.lost_fen END AS fen) AS costs
     CROSS JOIN LATERAL (VALUES
           ({REFUND_DUE}, -fact.goods_fen - fact.shipping_fen),
           ({PREPAID}, CASE WHEN sold.yes THEN 0 ELSE fact.goods_fen + fact.shipping_fen END),
           ({REFUNDED}, CASE WHEN sold.yes THEN fact.goods_fen ELSE 0 END),
           ({FREIGHT_REFUNDED}, CASE WHEN sold.yes THEN fact.shipping_fen ELSE 0 END),
           ({COST}, costs.fen), ({GOODS}, -costs.fen)) AS line (account, amount)
     WHERE fact.at >= %(since)s AND fact.at < %(until)s
    """,
)

_DEPOSIT: Final = _of(
    EntryKind.DEPOSIT,
    """
    SELECT 'deposit:' || fact.order_no, fact.closed_at, fact.order_no, fact.order_no, line.account, line.amount
      FROM orders_order AS fact
     CROSS JOIN LATERAL (
           SELECT coalesce(sum(captured_fen), 0)::bigint AS fen FROM payments_payment
            WHERE order_id = fact.id AND captured_at IS NOT NULL AND NOT is_surplus) AS paid
     CROSS JOIN LATERAL (VALUES
           ({PREPAID}, paid.fen),
           (CASE fact.activity ->> {deposit_end} WHEN {kept} THEN {OTHER_INCOME} ELSE {REFUND_DUE} END, -paid.fen)
           ) AS line (account, amount)
     WHERE fact.closed_at >= %(since)s AND fact.closed_at < %(until)s
       AND fact.status = {closed} AND fact.reserved_at IS NOT NULL
    """,
)

_PARCEL: Final = _of(
    EntryKind.PARCEL,
    """
    SELECT 'parcel:' || fact.parcel_no, fact.at, fact.order_no, fact.parcel_no, line.account, line.amount
      FROM (SELECT parcel.parcel_no, parcel.shipped_at AS at, sale.order_no
              FROM fulfillment_parcel AS parcel JOIN orders_order AS sale ON sale.id = parcel.order_id
             WHERE parcel.shipped_at >= %(since)s AND parcel.shipped_at < %(until)s) AS fact
           {rate}
     CROSS JOIN LATERAL (VALUES
           ({POSTAGE}, rate.postage_fen), ({PACKING}, rate.packing_fen),
           ({CARRIAGE_DUE}, -rate.postage_fen - rate.packing_fen)) AS line (account, amount)
    """,
)

_RESEND: Final = _of(
    EntryKind.RESEND,
    """
    SELECT 'resend:' || fact.number, fact.at, fact.order_no, fact.number, line.account, line.amount
      FROM (SELECT asked.id, asked.after_sale_no AS number, asked.dispatched_at AS at, sale.order_no
              FROM aftersales_aftersale AS asked JOIN orders_order AS sale ON sale.id = asked.order_id
             WHERE asked.dispatched_at >= %(since)s AND asked.dispatched_at < %(until)s) AS fact
           {rate}
     CROSS JOIN LATERAL (
           SELECT coalesce(sum(cost_fen * least(coalesce(accepted, quantity), quantity - gone)), 0)::bigint AS fen
             FROM aftersales_aftersaleline WHERE after_sale_id = fact.id) AS cost
     CROSS JOIN LATERAL (VALUES
           ({COST}, cost.fen), ({GOODS}, -cost.fen), ({POSTAGE}, rate.postage_fen), ({PACKING}, rate.packing_fen),
           ({CARRIAGE_DUE}, -rate.postage_fen - rate.packing_fen)) AS line (account, amount)
    """,
)

# Goods of an application that went on the shelf when they were looked at; its refund takes back the income alone.
_EXCHANGED: Final = _of(
    EntryKind.EXCHANGED,
    """
    SELECT 'exchanged:' || fact.after_sale_no, fact.inspected_at, sale.order_no, fact.after_sale_no,
           line.account, line.amount
      FROM aftersales_aftersale AS fact JOIN orders_order AS sale ON sale.id = fact.order_id
     CROSS JOIN LATERAL (
           SELECT coalesce(sum(item.cost_fen * (back.accepted - back.damaged)), 0)::bigint AS fen
             FROM aftersales_aftersaleline AS back JOIN orders_orderline AS item ON item.id = back.order_line_id
            WHERE back.after_sale_id = fact.id) AS cost
     CROSS JOIN LATERAL (VALUES ({GOODS}, cost.fen), ({COST}, -cost.fen)) AS line (account, amount)
     WHERE fact.inspected_at >= %(since)s AND fact.inspected_at < %(until)s AND fact.kind IN {with_goods}
    """,
)

# A policy is of an order: one premium, whatever many of its lines are insured.
_INSURED: Final = _of(
    EntryKind.INSURED,
    """
    SELECT 'insured:' || fact.order_no, fact.at, fact.order_no, fact.order_no, line.account, line.amount
      FROM (SELECT sale.order_no, sale.shipped_at AS at FROM orders_order AS sale
             WHERE sale.shipped_at >= %(since)s AND sale.shipped_at < %(until)s AND sale.delivery IS NULL
               AND EXISTS (SELECT FROM orders_orderline AS item
                            WHERE item.order_id = sale.id AND item.freight_insurance = {merchant})) AS fact
           {rate}
     CROSS JOIN LATERAL (VALUES
           ({INSURANCE}, rate.insurance_fen), ({INSURANCE_DUE}, -rate.insurance_fen)) AS line (account, amount)
    """,
)

_INSURER_PAID: Final = _of(
    EntryKind.INSURER_PAID,
    """
    SELECT 'insurer_paid:' || fact.claim_no, fact.at, sale.order_no, fact.claim_no, line.account, line.amount
      FROM aftersales_insurancepayment AS fact
      JOIN aftersales_aftersale AS asked ON asked.id = fact.after_sale_id
      JOIN orders_order AS sale ON sale.id = asked.order_id
     CROSS JOIN LATERAL (VALUES
           ({BANK}, fact.amount_fen), ({INSURANCE}, -fact.amount_fen)) AS line (account, amount)
     WHERE fact.at >= %(since)s AND fact.at < %(until)s AND fact.payee = {to_shop}
    """,
)

# What the balance at WeChat moved by on a day: all of it against what the shop waits for, but what only the merchant does.
_FUND: Final = _of(
    EntryKind.FUND,
    """
    SELECT 'fund:' || bill.day, bill.at, '', bill.day::text, line.account, line.amount
      FROM (SELECT id, day, (day + time '23:59:59') AT TIME ZONE 'Asia/Shanghai' AS at FROM books_bill
             WHERE kind = {fund_bill} AND status = {fetched}) AS bill
     CROSS JOIN LATERAL (
           SELECT coalesce(sum(amount_fen), 0)::bigint AS fen,
                  coalesce(sum(amount_fen) FILTER (WHERE {taken_out}), 0)::bigint AS bank_fen,
                  coalesce(sum(amount_fen) FILTER (WHERE kind = {other} AND NOT {taken_out}), 0)::bigint AS other_fen
             FROM books_billline WHERE bill_id = bill.id) AS moved
     CROSS JOIN LATERAL (VALUES
           ({WECHAT}, moved.fen), ({BANK}, -moved.bank_fen), ({OTHER_MOVES}, -moved.other_fen),
           ({SETTLING}, moved.bank_fen + moved.other_fen - moved.fen)) AS line (account, amount)
     WHERE bill.at >= %(since)s AND bill.at < %(until)s
       AND (%(again)s OR NOT EXISTS (
             SELECT FROM books_journalentry AS known WHERE known.business_key = 'fund:' || bill.day))
    """,
)

# A payment that is none of ours is the shop's to give back from when two people said so: of that day, not of the one on
# which it came, which may be closed. It was written down by the first of its refunds.
_STRAY: Final = _of(
    EntryKind.STRAY,
    """
    SELECT 'stray:' || payment.payment_no, fact.answered_at, '', payment.payment_no, line.account, line.amount
      FROM books_remedy AS fact JOIN payments_refund AS refund ON refund.refund_no = fact.refund_no
      JOIN payments_payment AS payment ON payment.id = refund.payment_id
     CROSS JOIN LATERAL (VALUES
           ({SETTLING}, payment.captured_fen), ({REFUND_DUE}, -payment.captured_fen)) AS line (account, amount)
     WHERE fact.answered_at >= %(since)s AND fact.answered_at < %(until)s
       AND fact.granted AND fact.way = {given_back}
       AND NOT EXISTS (
             SELECT FROM books_remedy AS before JOIN payments_refund AS sooner ON sooner.refund_no = before.refund_no
              WHERE sooner.payment_id = payment.id AND before.id < fact.id)
    """,
)

# What of a difference was booked, or taken back, by whoever looked into it.
_CASE: Final = _of(
    EntryKind.CASE,
    """
    SELECT 'remedy:' || fact.id, fact.answered_at, '', difference.number, line.account, line.amount
      FROM books_remedy AS fact JOIN books_case AS difference ON difference.id = fact.case_id
     CROSS JOIN LATERAL (VALUES (fact.base, fact.amount_fen), (fact.account, -fact.amount_fen)) AS line (account, amount)
     WHERE fact.answered_at >= %(since)s AND fact.answered_at < %(until)s
       AND fact.granted AND fact.way <> {given_back}
    """,
)

# The postage of a return that the shop paid by hand, having no stored value to pay it into.
_CARRIAGE: Final = _of(
    EntryKind.CARRIAGE,
    """
    SELECT 'carriage:' || fact.after_sale_no, fact.carriage_paid_at, sale.order_no, fact.after_sale_no,
           line.account, line.amount
      FROM aftersales_aftersale AS fact JOIN orders_order AS sale ON sale.id = fact.order_id
     CROSS JOIN LATERAL (VALUES ({POSTAGE}, fact.carriage_fen), ({BANK}, -fact.carriage_fen)) AS line (account, amount)
     WHERE fact.carriage_paid_at >= %(since)s AND fact.carriage_paid_at < %(until)s
    """,
)

# Orders of a rehearsal (apps/demo) that nobody sent money for: as if WeChat had it. No shop has any.
_REHEARSAL: Final = _of(
    EntryKind.REHEARSAL,
    """
    SELECT 'rehearsal:' || fact.order_no, fact.paid_at, fact.order_no, fact.order_no, line.account, line.amount
      FROM orders_order AS fact
     CROSS JOIN LATERAL (VALUES
           ({SETTLING}, fact.payable_fen - fact.balance_fen), ({PREPAID}, fact.balance_fen - fact.payable_fen)
           ) AS line (account, amount)
     WHERE fact.paid_at >= %(since)s AND fact.paid_at < %(until)s
       AND NOT EXISTS (SELECT FROM payments_payment AS payment WHERE payment.order_id = fact.id)
       AND EXISTS (SELECT FROM orders_ordermove AS move WHERE move.order_id = fact.id AND move.note = {rehearsed})
    """,
)

# What is not read from rows as they are, but reckoned first (``services.reckoning``): handed in as rows.
_RECKONED: Final = """
    SELECT told.key, told.at, '', told.number, told.account, told.amount
      FROM jsonb_to_recordset(%(rows)s) AS told (
           kind text, key text, at timestamptz, number text, account text, amount bigint)
     WHERE told.kind = '{kind}'
"""
RECKONED: Final[Sequence[EntryKind]] = (
    EntryKind.POINTS_REVALUED,
    EntryKind.POINTS_EARNED,
    EntryKind.POINTS_USED,
    EntryKind.POINTS_TAKEN,
    EntryKind.POINTS_EXPIRED,
    EntryKind.FEE,
)

SOURCES: Final[Sequence[Source]] = (
    _PAYMENT,
    _REFUND,
    _AT_SHOP,
    _WRITTEN_BACK,
    _WALLET,
    _COMMISSION,
    _SALE,
    _ORDER_REFUND,
    _DEPOSIT,
    _PARCEL,
    _RESEND,
    _EXCHANGED,
    _INSURED,
    _INSURER_PAID,
    _FUND,
    _STRAY,
    _CASE,
    _CARRIAGE,
    _REHEARSAL,
    *(Source(kind, _RECKONED.format(kind=kind)) for kind in RECKONED),
)
