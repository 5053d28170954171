"""Commissions: frozen per line when an order is paid, moved when it is received, taken back by refunds to the fen.

The order's lock comes first, then the accounts by number: what a refund and what a payment bring wait for each other.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import connection, transaction

from apps.distribution import rates
from apps.distribution import selectors as promoter_facts
from apps.distribution.models import Commission
from apps.distribution.rates import Candidate, Rate, Standing
from apps.distribution.services import ledger, settlement, takebacks
from apps.distribution.states import COMMISSION_LIFECYCLE, CommissionStatus, EntryKind, PromoterStatus
from apps.orders import services as orders
from mall import money
from mall.errors import NotFound

# Who brought the buyer, and who brought them, as it was when the order was placed; the order is locked. History never
# changes, so that it may be read by the statement that waits for the lock.
_CHAIN: Final = """
    SELECT o.id, o.member_id, o.paid_at, first.promoter_id, one.status, one.level_id, COALESCE(one_level.name, ''),
           one_level.first_bp, one_level.second_bp, second.promoter_id, two.status, two.level_id,
           COALESCE(two_level.name, ''), two_level.first_bp, two_level.second_bp
      FROM orders_order o
      JOIN LATERAL (SELECT promoter_id, valid_until FROM distribution_bondchange change
                     WHERE change.member_id = o.member_id AND change.at <= o.created_at
                     ORDER BY change.at DESC, change.id DESC LIMIT 1) first
        ON first.valid_until IS NULL OR first.valid_until > o.created_at
      JOIN distribution_promoter one ON one.id = first.promoter_id
      LEFT JOIN distribution_promoterlevel one_level ON one_level.id = one.level_id
      LEFT JOIN LATERAL (SELECT promoter_id, valid_until FROM distribution_bondchange change
                     WHERE change.member_id = one.member_id AND change.at <= o.created_at
                     ORDER BY change.at DESC, change.id DESC LIMIT 1) second
        ON second.valid_until IS NULL OR second.valid_until > o.created_at
      LEFT JOIN distribution_promoter two ON two.id = second.promoter_id AND two.member_id <> o.member_id
      LEFT JOIN distribution_promoterlevel two_level ON two_level.id = two.level_id
     WHERE o.order_no = %s AND o.paid_at IS NOT NULL
       FOR NO KEY UPDATE OF o
"""
# The goods that were paid for, each with the rules that fit its goods; the shop's rules; whether anything went back.
_LINES: Final = """
    SELECT line.id, line.payable_fen, fitting.rules, shop.first_bp, shop.second_bp, shop.ceiling_bp,
           EXISTS (SELECT 1 FROM orders_orderrefund refund WHERE refund.order_id = line.order_id)
      FROM orders_orderline line
      JOIN catalog_sku sku ON sku.id = line.sku_id
      JOIN catalog_product product ON product.id = sku.product_id
      JOIN catalog_category own ON own.id = product.category_id
      LEFT JOIN LATERAL (
           SELECT json_agg(json_build_array(rule.product_id IS NOT NULL, COALESCE(length(category.path), 0),
                           rule.level_id, rule.first_bp, rule.second_bp, category.name)) AS rules
             FROM distribution_raterule rule
             LEFT JOIN catalog_category category ON category.id = rule.category_id
            WHERE rule.product_id = product.id OR starts_with(own.path, category.path)) fitting ON TRUE
      LEFT JOIN distribution_rules shop ON shop.id = 1
     WHERE line.order_id = %s AND NOT line.is_gift AND NOT line.is_packing AND line.payable_fen > 0
     ORDER BY line.id
"""
# Once a line and level: what is there already stays, and is booked already.
_WRITE: Final = """
    WITH given AS (
        SELECT * FROM unnest(%(promoters)s::bigint[], %(lines)s::bigint[], %(levels)s::smallint[],
               %(bases)s::bigint[], %(rates)s::int[], %(amounts)s::bigint[], %(sources)s::text[], %(keys)s::text[])
               AS row(promoter_id, line_id, level, base_fen, rate_bp, amount_fen, rate_source, business_key)
    ), locked AS MATERIALIZED (
        SELECT promoter_id FROM distribution_account
         WHERE promoter_id = ANY(%(promoters)s::bigint[]) ORDER BY promoter_id FOR NO KEY UPDATE
    ), made AS (
        INSERT INTO distribution_commission (promoter_id, buyer_id, line_id, order_no, level, business_key, base_fen,
               rate_bp, amount_fen, rate_source, refunded_fen, taken_back_fen, status, held, hold_reasons, reason, at)
        SELECT promoter_id, %(buyer)s, line_id, %(order_no)s, level, business_key, base_fen, rate_bp, amount_fen,
               rate_source, 0, 0, %(status)s, FALSE, '[]', '', %(at)s
          FROM given JOIN locked USING (promoter_id) ORDER BY line_id, level
            ON CONFLICT DO NOTHING
        RETURNING id, promoter_id, amount_fen, business_key
    ), booked AS (
        INSERT INTO distribution_entry (account_id, kind, pending_change_fen, business_key, commission_id, at)
        SELECT promoter_id, %(kind)s, amount_fen, business_key || ':accrue', id, %(booked_at)s FROM made
    ), summed AS (
        UPDATE distribution_account account SET pending_fen = account.pending_fen + more.fen
          FROM (SELECT promoter_id, SUM(amount_fen) AS fen FROM made GROUP BY promoter_id) more
         WHERE account.promoter_id = more.promoter_id
    )
    SELECT COUNT(*) FROM made
"""
# What was taken of a commission goes along with it, and of what is left the ledger has a row each.
_FREEZE: Final = """
    WITH due AS MATERIALIZED (
        SELECT c.id, c.promoter_id, c.business_key, c.amount_fen - c.taken_back_fen AS left_fen, told.due_at
          FROM unnest(%(order_nos)s::text[], %(dues)s::timestamptz[]) AS told (order_no, due_at)
          JOIN distribution_commission c ON c.order_no = told.order_no
         WHERE c.of_id IS NULL AND c.status = 'PENDING'
    ), moved AS (
        UPDATE distribution_commission c SET status = %(target)s, frozen_at = %(at)s, due_at = due.due_at
          FROM due WHERE c.id = due.id
    ), along AS (
        UPDATE distribution_commission c SET status = %(target)s, frozen_at = %(at)s, due_at = due.due_at
          FROM due WHERE c.of_id = due.id AND c.status = 'PENDING'
    ), booked AS (
        INSERT INTO distribution_entry (account_id, kind, pending_change_fen, frozen_change_fen, business_key,
               commission_id, at)
        SELECT promoter_id, %(kind)s, -left_fen, left_fen, business_key || ':freeze', id, %(at)s FROM due ORDER BY id
    ), sums AS (
        SELECT promoter_id, SUM(left_fen) AS fen FROM due GROUP BY promoter_id
    ), summed AS (
        UPDATE distribution_account account
           SET pending_fen = account.pending_fen - sums.fen, frozen_fen = account.frozen_fen + sums.fen
          FROM sums WHERE account.promoter_id = sums.promoter_id AND account.pending_fen >= sums.fen
        RETURNING 1
    )
    SELECT (SELECT COUNT(*) FROM due), (SELECT COUNT(*) FROM sums) - (SELECT COUNT(*) FROM summed)
"""


class _Receiver(NamedTuple):
    """Who is paid at a level, and at which of their own rates."""

    promoter_id: int
    level: int
    standing: Standing


@transaction.atomic
def accrue(*, order_no: str, at: datetime) -> int:
    """Write what a paid order earns for who brought its buyer, and for who brought them; return how many rows.

    By the bindings of its placing and the rates of now; promoters who are not active now earn nothing. Three
    statements; again: nothing. What went back before is taken at once.
    """
    chain = _row(_CHAIN, order_no)
    if chain is None:
        return 0
    order_id, buyer_id, paid_at = chain[:3]
    receivers = [
        _Receiver(found[0], level, Standing(*found[2:]))
        for level, found in enumerate((chain[3:9], chain[9:15]), start=1)
        if found[1] == PromoterStatus.ACTIVE and found[0] is not None
    ]
    standings = (Standing(*chain[5:9]), Standing(*chain[11:15]))
    if not receivers:
        return 0
    lines = _rows(_LINES, order_id)
    given = _given(lines, receivers, standings, order_no=order_no)
    if not given:
        return 0
    columns: Any = dict(
        zip(
            ("promoters", "lines", "levels", "bases", "rates", "amounts", "sources", "keys"),
            map(list, zip(*given, strict=True)),
            strict=True,
        )
    )
    made = _row(
        _WRITE,
        {
            **columns,
            "buyer": buyer_id,
            "order_no": order_no,
            "status": COMMISSION_LIFECYCLE.initial,
            "kind": EntryKind.ACCRUE.value,
            "at": paid_at,
            "booked_at": at,
        },
    )
    if lines[0][6]:
        takebacks.take_back(order_no=order_no, at=at)
    return int(made[0]) if made else 0


@transaction.atomic
def freeze(*, order_no: str, at: datetime) -> int:
    """Have the after-sales window of a received order's commissions run; with no days of it they are available at once."""
    return freeze_many(order_nos=[order_no], at=at)


def freeze_many(*, order_nos: Collection[str], at: datetime) -> int:
    """Likewise of all these orders, in the caller's transaction: four statements; return how many commissions.

    What earns for an order takes its lock, so that none can come unseen. Raises NotFound where an order is not there,
    LedgerConflict where an account has not so much pending, with the transaction marked for rollback.
    """
    locked = orders.lock_many(order_nos=order_nos, only=("order_no", "received_at"))
    if len(locked) != len(set(order_nos)):
        raise NotFound
    pending = Commission.objects.filter(
        order_no__in=order_nos, of__isnull=True, status=CommissionStatus.PENDING
    )
    promoter_ids = set(pending.order_by().values_list("promoter_id", flat=True))
    if not promoter_ids:
        return 0
    ledger.locked_many(promoter_ids=promoter_ids)
    days = promoter_facts.rules().freeze_days
    told = {
        "order_nos": [order.order_no for order in locked],
        "dues": [(order.received_at or at) + timedelta(days=days) for order in locked],
        "target": COMMISSION_LIFECYCLE.moves["freeze"].target,
        "kind": EntryKind.FREEZE.value,
        "at": at,
    }
    [(frozen, missed)] = _rows(_FREEZE, told)
    if missed:
        transaction.set_rollback(True)
        raise ledger.LedgerConflict
    if not days:
        settlement.settle_of(promoter_ids=sorted(promoter_ids), at=at)
    return int(frozen)


def _given(
    lines: Sequence[Any],
    receivers: Sequence[_Receiver],
    standings: tuple[Standing, Standing],
    *,
    order_no: str,
) -> list[tuple[Any, ...]]:
    """What each line earns for each receiver: rows of _WRITE. Nothing of less than a fen."""
    given = []
    defaults = promoter_facts.DEFAULTS
    for line_id, payable_fen, rules, first_bp, second_bp, ceiling_bp, _ in lines:
        if ceiling_bp is None:
            first_bp, second_bp, ceiling_bp = defaults.first_bp, defaults.second_bp, defaults.ceiling_bp
        fitting = [Candidate(*rule) for rule in _read(rules)]
        found = rates.both(fitting, *standings, shop_bp=(first_bp, second_bp), ceiling_bp=ceiling_bp)
        for receiver in receivers:
            rate: Rate = found[receiver.level - 1]
            amount_fen = money.share_bp(payable_fen, bp=rate.bp)
            if amount_fen:
                key = f"{order_no}:{line_id}:{receiver.level}"
                given.append(
                    (
                        receiver.promoter_id,
                        line_id,
                        receiver.level,
                        payable_fen,
                        rate.bp,
                        amount_fen,
                        rate.source,
                        key,
                    )
                )
    return given


def _read(rules: Any) -> list[Any]:
    """The aggregate as the driver hands it out: parsed, a text, or nothing."""
    return json.loads(rules) if isinstance(rules, str) else rules or []


def _row(sql: str, values: Any) -> Any:
    found = _rows(sql, values)
    return found[0] if found else None


def _rows(sql: str, values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values if isinstance(values, dict) else [values])
        return cursor.fetchall()
