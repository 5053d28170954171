"""Take-backs: what refunds take of commissions, to the fen, as rows of their own, negative; and the writer of statuses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import transaction

from apps.distribution.models import Account, Commission
from apps.distribution.services import ledger, verdicts
from apps.distribution.services.ledger import Change
from apps.distribution.states import COMMISSION_LIFECYCLE, CommissionStatus, EntryKind
from apps.orders import services as orders
from apps.orders.models import OrderRefundLine
from apps.orders.states import Status
from mall import money

LIVING: Final = (CommissionStatus.PENDING, CommissionStatus.FROZEN)


class Part(NamedTuple):
    """What one refund (or a rejection) takes of a commission: its key, how much of the basis, how many fen, and why."""

    refund_id: int | None
    business_key: str
    base_fen: int
    amount_fen: int
    reason: str


@transaction.atomic
def take_back(*, order_no: str, at: datetime) -> int:
    """Take back the share of every refund of an order that has not been taken yet; return how many rows that made.

    All refunds of a line together take the proportion of its basis, to the nearest fen, all of it with the last. What
    is not available yet gets smaller; what is, goes out of what is available, and what is short of that is owed.
    """
    order = orders.lock(order_no=order_no)
    accounts, rows = locked_of_order(order_no, *CommissionStatus.values)
    if not rows:
        return 0
    back = OrderRefundLine.objects.filter(refund__order=order, amount_fen__gte=1).order_by("refund_id")
    by_line: dict[int, list[tuple[int, str, int]]] = {}
    for line_id, refund_id, refund_no, fen in back.values_list(
        "order_line_id", "refund_id", "refund__refund_no", "amount_fen"
    ):
        by_line.setdefault(line_id, []).append((refund_id, refund_no, fen))
    done = set(
        Commission.objects.filter(of__in=[row.pk for row in rows], refund__isnull=False).values_list(
            "of_id", "refund_id"
        )
    )
    made, waited = 0, [row for row in rows if row.held]
    for row in rows:
        parts = _parts(row, by_line.get(row.line_id, []))
        _note_refunded(row, refunded_fen=sum(part.base_fen for part in parts))
        for part in parts:
            if row.status != CommissionStatus.CANCELLED and (row.pk, part.refund_id) not in done:
                made += take(accounts[row.promoter_id], row, part, at=at)
        if order.status == Status.REFUNDED and row.status == CommissionStatus.PENDING and row.left_fen:
            rest = Part(None, f"{row.business_key}:rest", 0, row.left_fen, "订单已全部退款")
            made += take(accounts[row.promoter_id], row, rest, at=at)
    if gone := [row for row in waited if row.status == CommissionStatus.CANCELLED]:
        verdicts.settle(gone, move="lapse", note="订单已退款", at=at)
    return made


def _note_refunded(row: Commission, *, refunded_fen: int) -> None:
    """Say how much of the basis all refunds took: told again it is the same, also of a share that rounds to no fen."""
    if row.refunded_fen != refunded_fen:
        row.refunded_fen = refunded_fen
        Commission.objects.filter(pk=row.pk).update(refunded_fen=refunded_fen)


def _parts(row: Commission, refunds: Sequence[tuple[int, str, int]]) -> list[Part]:
    """What each refund of a line takes of a commission, so that all of them together are in proportion."""
    found, base_fen, before_fen = [], 0, 0
    for refund_id, refund_no, fen in refunds:
        more_fen = min(fen, row.base_fen - base_fen)
        base_fen += more_fen
        in_all_fen = money.allocate(row.amount_fen, [base_fen, row.base_fen - base_fen])[0]
        key = f"{refund_no}:{row.line_id}:{row.level}"
        found.append(Part(refund_id, key, more_fen, in_all_fen - before_fen, "退款扣回"))
        before_fen = in_all_fen
    return found


def take(account: Account, row: Commission, part: Part, *, at: datetime) -> int:
    """Take a part of a commission under the account's lock, as a row of its own; return how many rows that made."""
    if not part.amount_fen:
        return 0
    row.taken_back_fen += part.amount_fen
    Commission.objects.filter(pk=row.pk).update(taken_back_fen=row.taken_back_fen)
    taken = Commission.objects.create(
        promoter_id=row.promoter_id,
        buyer_id=row.buyer_id,
        line_id=row.line_id,
        order_no=row.order_no,
        level=row.level,
        of=row,
        refund_id=part.refund_id,
        business_key=part.business_key,
        base_fen=-part.base_fen,
        rate_bp=row.rate_bp,
        amount_fen=-part.amount_fen,
        rate_source=row.rate_source,
        status=row.status,
        reason=part.reason,
        at=at,
        frozen_at=row.frozen_at,
        due_at=row.due_at,
        available_at=at if row.status == CommissionStatus.AVAILABLE else None,
    )
    change = {
        CommissionStatus.PENDING: Change(pending_fen=-part.amount_fen),
        CommissionStatus.FROZEN: Change(frozen_fen=-part.amount_fen),
        CommissionStatus.AVAILABLE: ledger.loss(account, amount_fen=part.amount_fen),
    }[CommissionStatus(row.status)]
    ledger.book(
        account,
        change,
        kind=EntryKind.TAKE_BACK,
        business_key=part.business_key,
        commission=taken,
        reason=part.reason,
        at=at,
    )
    if not row.left_fen and row.status in LIVING:
        write_status([row.pk], "cancel", cancelled_at=at, held=False, reason=part.reason)
        row.status = CommissionStatus.CANCELLED
    return 1


def write_status(ids: Sequence[int], move: str, **columns: Any) -> None:
    """Make a move of commissions and of what was taken of them: the one writer beside the sweep's statement."""
    sources, target = COMMISSION_LIFECYCLE.moves[move]
    rows = Commission.objects.filter(status__in=sources)
    rows.filter(pk__in=ids).update(status=target, **columns)
    columns.pop("reason", None)
    rows.filter(of__in=ids).update(status=target, **columns)


def locked_of_order(
    order_no: str, *statuses: CommissionStatus | str
) -> tuple[dict[int, Account], list[Commission]]:
    """An order's commissions of these statuses with their locked accounts, the take-backs not among them."""
    mine = Commission.objects.filter(order_no=order_no, of__isnull=True)
    accounts = ledger.locked_many(promoter_ids=set(mine.values_list("promoter_id", flat=True)))
    found = mine.filter(status__in=statuses).select_related("promoter").order_by("id")
    return accounts, list(found)
