"""Commissions: frozen per line when an order is paid, moved when it is received, taken back by refunds to the fen.

The order's lock comes first, then the accounts by number: what a refund and what a payment bring wait for each other.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import connection, transaction

from apps.distribution import rates
from apps.distribution import selectors as promoter_facts
from apps.distribution.models import Account, Commission
from apps.distribution.rates import Candidate, Rate, Standing
from apps.distribution.services import ledger, settlement, takebacks
from apps.distribution.services.ledger import Change
from apps.distribution.states import COMMISSION_LIFECYCLE, CommissionStatus, EntryKind, PromoterStatus
from apps.orders import services as orders
from mall import money

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
    order = orders.lock(order_no=order_no)
    days = promoter_facts.rules().freeze_days
    due_at = (order.received_at or at) + timedelta(days=days)
    accounts, rows = takebacks.locked_of_order(order_no, CommissionStatus.PENDING)
    for row in rows:
        change = Change(pending_fen=-row.left_fen, frozen_fen=row.left_fen)
        _book(accounts, row, change, EntryKind.FREEZE, "freeze", at=at)
    takebacks.write_status([row.pk for row in rows], "freeze", frozen_at=at, due_at=due_at)
    if rows and not days:
        settlement.settle_of(promoter_ids=list(accounts), at=at)
    return len(rows)


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


def _book(
    accounts: dict[int, Account],
    row: Commission,
    change: Change,
    kind: EntryKind,
    verb: str,
    *,
    at: datetime,
) -> None:
    key = f"{row.business_key}:{verb}"
    ledger.book(accounts[row.promoter_id], change, kind=kind, business_key=key, commission=row, at=at)


def _row(sql: str, values: Any) -> Any:
    found = _rows(sql, values)
    return found[0] if found else None


def _rows(sql: str, values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values if isinstance(values, dict) else [values])
        return cursor.fetchall()
