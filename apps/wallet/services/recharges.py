"""Recharges in the mini program: placed by the member, credited when WeChat has the money, closed, or refunded.

Whoever decides by a recharge's status locks its row first, then its payment (which the counter does), then the
account. What was placed is promised: the limits are counted at placing, with everything that waits for payment,
and are not asked again when the money comes.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from apps.base import audit, numbers, transactions
from apps.members.models import Member
from apps.wallet import selectors as wallet_facts
from apps.wallet.models import Entry, Pack, Recharge
from apps.wallet.services import booking, crediting, debts
from apps.wallet.services.booking import Cause, Change
from apps.wallet.states import RECHARGE_LIFECYCLE, EntryKind, RechargeStatus
from mall import money
from mall.errors import Kind, NotFound, ShopError


class PackChanged(ShopError):
    """The pack costs something else than the shopper was shown. ``details``: ``principal_fen``, ``bonus_fen``."""

    code = "pack_changed"
    message = "充值套餐有变动，请确认后重新提交"
    kind = Kind.CONFLICT


class RefundAboveBalance(ShopError):
    """More than can go back of a recharge as the account stands. ``details``: ``refundable_fen``."""

    code = "recharge_refund_too_much"
    message = "退款金额超过可退金额"
    kind = Kind.CONFLICT


@transaction.atomic
def place(
    *,
    member: Member,
    pack_id: int,
    expected_principal_fen: int | None = None,
    idempotency_key: str,
    at: datetime,
) -> Recharge:
    """Place a recharge that waits for payment, its figures frozen, within the limits that hold for the member.

    A key that was used before answers the recharge it stands for. ``expected_principal_fen`` is the price that
    the shopper saw, where the client says it. Raises IdempotencyKeyReused, WalletOff, NotFound for an unknown
    pack, PackChanged, PackGone, PackLimitReached, BalanceAboveLimit.
    """
    request_hash = _hash(pack_id=pack_id, expected_principal_fen=expected_principal_fen)
    # Everything of a member queues here: a repeated call sees the first one, and no two count the same room.
    account = booking.opened(member_id=member.pk)
    earlier = wallet_facts.recharge_placed_before(
        member_id=member.pk, idempotency_key=idempotency_key, request_hash=request_hash
    )
    if earlier is not None:
        return earlier
    booking.require_on()
    pack = Pack.objects.filter(pk=pack_id).first()
    if pack is None:
        raise NotFound
    crediting.require_buyable(pack, account, at=at)
    if expected_principal_fen not in {None, pack.principal_fen}:
        raise PackChanged(details={"principal_fen": pack.principal_fen, "bonus_fen": pack.bonus_fen})
    return Recharge.objects.create(
        recharge_no=numbers.dated("RC", at=at),
        member=member,
        pack=pack,
        title=pack.title,
        principal_fen=pack.principal_fen,
        bonus_fen=pack.bonus_fen,
        idempotency_key=idempotency_key,
        request_hash=request_hash,
        created_at=at,
        expires_at=at + timedelta(minutes=settings.ORDER_PAYMENT_MINUTES),
    )


def lock(*, recharge_no: str) -> Recharge:
    """The recharge, locked until the end of the transaction. Raises NotFound."""
    transactions.require()
    found = Recharge.objects.select_for_update(no_key=True).filter(recharge_no=recharge_no).first()
    if found is None:
        raise NotFound
    return found


def pay(*, recharge_no: str, at: datetime) -> Entry:
    """Credit a recharge whose money is captured; asks no limit again, and no pack. Raises NotFound, MoveRefused."""
    transactions.require()
    recharge = _move(recharge_no, "pay", paid_at=at)
    account = booking.opened(member_id=recharge.member_id)
    entry = booking.book(
        account,
        Change(recharge.principal_fen, recharge.bonus_fen),
        cause=Cause(EntryKind.RECHARGE, f"recharge:{recharge_no}", pack=recharge.pack),
        at=at,
    )
    debts.settle(member_id=recharge.member_id, paid_by=entry, at=at)
    return entry


def close(*, recharge_no: str, at: datetime) -> None:
    """Give up a recharge that nobody paid. Raises NotFound, MoveRefused."""
    transactions.require()
    _move(recharge_no, "close", closed_at=at)


def refund(
    *, recharge_no: str, principal_fen: int, cause: str, reason: str, operator: User, at: datetime
) -> Entry:
    """Take ``principal_fen`` ≥ 1 of a recharge out of the account, and of its bonus what goes with it.

    The money itself is the caller's to send back, in the same transaction. Under the same ``cause`` (at most 40
    characters) nothing is taken twice. Works while the wallet is switched off. Raises NotFound, AmountInvalid,
    MoveRefused for a recharge that is not credited, RefundAboveBalance (``selectors.refundable`` has the rule).
    """
    transactions.require()
    booking.require_positive(amount_fen=principal_fen)
    recharge = lock(recharge_no=recharge_no)
    account = booking.opened(member_id=recharge.member_id)
    key = f"refund:{recharge_no}:{cause}"
    if before := booking.booked(account, key):
        return before
    whole = principal_fen == recharge.refundable_principal_fen
    move = "refund" if whole else "refund_part"
    RECHARGE_LIFECYCLE.target(move=move, current=recharge.status)
    most = wallet_facts.refundable(recharge, account)
    if principal_fen > most.principal_fen:
        raise RefundAboveBalance(
            f"此充值单目前最多可退 {money.yuan(most.principal_fen)} 元",
            details={"refundable_fen": most.principal_fen},
        )
    bonus_fen = wallet_facts.bonus_for(recharge, principal_fen=principal_fen)
    entry = booking.book(
        account,
        Change(-principal_fen, -bonus_fen),
        cause=Cause(EntryKind.REFUND, key, reason, operator),
        at=at,
    )
    _move(
        recharge_no,
        move,
        refunded_at=at,
        refunded_principal_fen=recharge.refunded_principal_fen + principal_fen,
        refunded_bonus_fen=recharge.refunded_bonus_fen + bonus_fen,
    )
    audit.record(
        operator=operator,
        action="充值退款",
        subject=recharge_no,
        note=f"退本金 {money.yuan(principal_fen)}，收回赠送 {money.yuan(bonus_fen)}：{reason}",
        at=at,
    )
    return entry


def take_back(*, recharge_no: str, back_fen: int, cause: str, at: datetime) -> Entry | None:
    """Follow WeChat's merchant console, which gave principal of a recharge back without asking.

    ``back_fen`` is all that went back of its money so far, by whomever; what of it the recharge does not have yet is
    taken out of the account, with the bonus that goes with it, and is owed where it was spent. The money is gone: nothing
    is refused. None where there is nothing to follow, under the same ``cause`` (at most 40 characters) also the second
    time. Raises NotFound.
    """
    transactions.require()
    recharge = lock(recharge_no=recharge_no)
    principal_fen = min(back_fen, recharge.principal_fen) - recharge.refunded_principal_fen
    if principal_fen < 1 or recharge.paid_at is None:
        return None
    move = "refund" if principal_fen == recharge.refundable_principal_fen else "refund_part"
    bonus_fen = wallet_facts.bonus_for(recharge, principal_fen=principal_fen)
    entry = debts.take(recharge, principal_fen=principal_fen, bonus_fen=bonus_fen, cause=cause, at=at)
    _move(
        recharge_no,
        move,
        refunded_at=at,
        refunded_principal_fen=recharge.refunded_principal_fen + principal_fen,
        refunded_bonus_fen=recharge.refunded_bonus_fen + bonus_fen,
    )
    return entry


def _move(recharge_no: str, move: str, **columns: datetime | int) -> Recharge:
    """Lock the recharge, ask the lifecycle, write the status with what goes with it. The only writer of the status."""
    recharge = lock(recharge_no=recharge_no)
    recharge.status = RechargeStatus(RECHARGE_LIFECYCLE.target(move=move, current=recharge.status))
    for name, value in columns.items():
        setattr(recharge, name, value)
    recharge.save(update_fields=["status", *columns])
    return recharge


def _hash(*, pack_id: int, expected_principal_fen: int | None) -> str:
    """What the request said, as SHA-256 of canonical JSON: equal for the same request, whoever sends it."""
    said = {"pack_id": pack_id, "expected_principal_fen": expected_principal_fen}
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
