"""Withdrawals: asked for, looked at by one person or two, ended by what WeChat says; every fen through the ledger.

Whoever decides by a withdrawal's status locks the promoter's account first, then the withdrawal: a refund that takes a
commission back waits for the same account, and so do requests that come at once. What talks to WeChat is ``transferring``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import transaction

from apps.base import days, digests, numbers, transactions
from apps.distribution import selectors as promoter_facts
from apps.distribution import withdrawal_selectors as withdrawal_facts
from apps.distribution.models import Account, Promoter, Withdrawal, WithdrawalStep
from apps.distribution.services import ledger
from apps.distribution.states import (
    WITHDRAWAL_LIFECYCLE,
    PromoterStatus,
    WithdrawalStatus,
)
from apps.members.models import Member
from apps.outbox import services as outbox
from apps.wechat.pay import transfers
from apps.wechat.pay.transfers import SealedName, Transfer
from mall import events
from mall import text as texts
from mall.errors import Invalid, Kind, NotFound, ShopError

log = structlog.get_logger(__name__)

# What WeChat never tells is asked for: after so long at most, plus a ring, an end is known (within five minutes).
ASKED_EVERY: Final = timedelta(minutes=3)
_ENDED: Final = frozenset({WithdrawalStatus.DONE, WithdrawalStatus.FAILED, WithdrawalStatus.REJECTED})


class RealNameRequired(Invalid):
    """WeChat compares the name from this amount on. ``details``: ``from_fen``."""

    code = "real_name_required"
    message = "提现金额较大，请填写与微信实名一致的姓名"


class WithdrawalLimits(ShopError):
    """Below the least amount, or too many that day. ``details``: ``min_fen``, ``max_per_day``, ``used``."""

    code = "withdrawal_limits"
    message = "不符合提现规则"
    kind = Kind.CONFLICT


class WithdrawalKeyReused(ShopError):
    """The member used this Idempotency-Key before, for another withdrawal."""

    code = "idempotency_key_reused"
    message = "该请求标识已用于另一笔提现"
    kind = Kind.CONFLICT


class SameOperator(ShopError):
    """Two people have to look at it, and this is one of them already."""

    code = "withdrawal_second_person"
    message = "大额提现须由另一位同事复核"
    kind = Kind.CONFLICT


class TransferConflict(ShopError):
    """WeChat speaks of another amount, user, merchant or end under our number; nothing was changed."""

    code = "transfer_conflict"
    message = "微信转账信息与提现单不符"
    kind = Kind.CONFLICT


def request(
    *, member: Member, amount_fen: int, real_name: str = "", idempotency_key: str, at: datetime
) -> Withdrawal:
    """Take so much of what is available and have it looked at, or let it go to WeChat at once (``transferring.start``).

    A key that was used before answers the withdrawal it stands for. The name is kept only where WeChat demands it, and
    only so that WeChat can read it. Raises AmountInvalid, RealNameRequired, WithdrawalKeyReused, WithdrawalLimits,
    NotEnoughCommission (also for who is no promoter).
    """
    ledger.require_positive(amount_fen=amount_fen)
    sealed = None
    if amount_fen >= transfers.NAME_FROM_FEN:
        # A dot or a dash stands between the parts of a name; alone it is none.
        if not any(letter.isalpha() for letter in real_name):
            raise RealNameRequired(details={"from_fen": transfers.NAME_FROM_FEN})
        sealed = transfers.sealed_name(real_name)
    with transaction.atomic():
        promoter = Promoter.objects.filter(member_id=member.pk).first()
        if promoter is None:
            raise ledger.NotEnoughCommission(details={"wanted_fen": amount_fen, "available_fen": 0})
        # Everything of a promoter queues here: a repeated call sees the first one, and no two count the same room.
        account = ledger.locked(promoter_id=promoter.pk)
        masked = texts.masked(real_name) if sealed is not None else ""
        digest = digests.of("distribution.name", texts.plain(real_name)) if sealed is not None else ""
        before = Withdrawal.objects.filter(promoter=promoter, idempotency_key=idempotency_key).first()
        if before is not None:
            # Older ones have no digest.
            same = before.name_digest == digest if before.name_digest else before.name_masked == masked
            if before.amount_fen != amount_fen or not same:
                raise WithdrawalKeyReused
            return before
        _require_within_limits(account, amount_fen=amount_fen, at=at)
        return _open(
            promoter, amount_fen=amount_fen, sealed=sealed, masked=masked, digest=digest, key=idempotency_key,
            at=at, openid=member.openid,
        )  # fmt: skip


def _require_within_limits(account: Account, *, amount_fen: int, at: datetime) -> None:
    """Raise WithdrawalLimits or NotEnoughCommission. What failed or was rejected does not count against the day."""
    rules = promoter_facts.rules()
    used = withdrawal_facts.asked_for_on(account.promoter_id, day=days.shop_day(at))
    least_fen = max(rules.withdraw_min_fen, settings.WECHATPAY_TRANSFER_MIN_FEN)
    figures = {"min_fen": least_fen, "max_per_day": rules.withdraw_max_per_day, "used": used}
    if amount_fen < least_fen:
        raise WithdrawalLimits("低于最低提现金额", details=figures)
    if account.available_fen < amount_fen:
        raise ledger.NotEnoughCommission(
            details={"wanted_fen": amount_fen, "available_fen": account.available_fen}
        )
    if used >= rules.withdraw_max_per_day:
        raise WithdrawalLimits("今日提现次数已用完", details=figures)


def _open(
    promoter: Promoter,
    *,
    amount_fen: int,
    openid: str,
    sealed: SealedName | None,
    masked: str,
    digest: str,
    key: str,
    at: datetime,
) -> Withdrawal:
    row = Withdrawal.objects.create(
        withdrawal_no=numbers.dated("WD", at=at),
        promoter=promoter,
        amount_fen=amount_fen,
        idempotency_key=key,
        openid=openid,
        name_sealed=sealed.text if sealed is not None else "",
        name_key_id=sealed.key_id if sealed is not None else "",
        name_masked=masked,
        name_digest=digest,
        reviews_needed=_reviews_needed(promoter, amount_fen=amount_fen),
        requested_at=at,
    )
    ledger.hold(promoter_id=promoter.pk, amount_fen=amount_fen, business_key=row.withdrawal_no, at=at)
    _remember(row, step="request", at=at)
    if row.reviews_needed == 0:
        _move(row, "approve", note="无需审核", at=at)
    return row


def _reviews_needed(promoter: Promoter, *, amount_fen: int) -> int:
    """How many people look at it: by the amount, and at least one where the promoter is not in good standing."""
    rules = promoter_facts.rules()
    if amount_fen > rules.second_person_above_fen:
        return 2
    doubtful = promoter.status == PromoterStatus.SUSPENDED
    return 1 if doubtful or amount_fen > rules.review_above_fen else 0


def approve(*, withdrawal_no: str, operator: Any, at: datetime) -> Withdrawal:
    """Let a withdrawal pass; where two people are needed, the first one only hands it to the second.

    Raises NotFound, MoveRefused where it does not wait for a look, SameOperator.
    """
    with transaction.atomic():
        row = locked(withdrawal_no=withdrawal_no)
        WITHDRAWAL_LIFECYCLE.target(move="approve", current=row.status)
        if row.reviewed_by_id is None:
            row.reviewed_by, row.reviewed_at = operator, at
            if row.reviews_needed == 2:
                row.save(update_fields=["reviewed_by", "reviewed_at"])
                _remember(row, step="first", operator=operator, at=at)
                return row
        elif row.reviewed_by_id == operator.pk:
            raise SameOperator
        else:
            row.seconded_by, row.seconded_at = operator, at
        _move(row, "approve", operator=operator, at=at)
        return row


def reject(*, withdrawal_no: str, reason: str, operator: Any, at: datetime) -> Withdrawal:
    """Refuse a withdrawal; the money is available again. Raises NotFound, MoveRefused."""
    with transaction.atomic():
        row = locked(withdrawal_no=withdrawal_no)
        _move(row, "reject", note=reason, operator=operator, at=at)
        return row


def locked(*, withdrawal_no: str) -> Withdrawal:
    """The withdrawal, locked behind its promoter's account until the end of the transaction. Raises NotFound."""
    transactions.require()
    found = Withdrawal.objects.filter(withdrawal_no=withdrawal_no)
    promoter_id = found.values_list("promoter_id", flat=True).first()
    if promoter_id is None:
        raise NotFound
    ledger.locked(promoter_id=promoter_id)
    return found.select_for_update(no_key=True, of=("self",)).select_related("promoter").get()


def learn(*, transfer: Transfer, at: datetime) -> Withdrawal:
    """Write down what WeChat says of a withdrawal, whoever heard it; safe to repeat, and in any order.

    Raises NotFound for a number that is not ours, TransferConflict.
    """
    with transaction.atomic():
        row = locked(withdrawal_no=transfer.out_bill_no)
        _require_ours(row, transfer)
        if row.status in _ENDED:
            _require_same_end(row, transfer)
            return row
        row.wechat_state, row.last_error = transfer.state[:32], ""
        row.transfer_bill_no = transfer.transfer_bill_no or row.transfer_bill_no
        if transfer.state == transfers.ENDED_WELL:
            _move(row, "arrive", at=at)
        elif transfer.state in transfers.ENDED_BADLY:
            row.fail_reason = (transfer.fail_reason or transfer.state)[:64]
            _move(row, "fail", note=withdrawal_facts.why_failed(row.fail_reason), at=at)
        elif transfer.state in transfers.WITH_THE_USER:
            row.package_info = transfer.package_info or row.package_info
            _offer(row, at=at)
        else:
            row.save(update_fields=["wechat_state", "last_error", "transfer_bill_no"])
        return row


def _offer(row: Withdrawal, *, at: datetime) -> None:
    """It waits for its user now; what waits already only keeps what was learnt."""
    if row.status == WithdrawalStatus.PAYING:
        _move(row, "offer", at=at)
    else:
        row.save(update_fields=["wechat_state", "last_error", "transfer_bill_no", "package_info"])


def fail(*, withdrawal_no: str, reason: str, at: datetime) -> Withdrawal:
    """End a withdrawal that WeChat refused and does not know: the money is available again. An ended one stays.

    ``reason`` is WeChat's word. Raises NotFound, MoveRefused for one that nobody let pass.
    """
    with transaction.atomic():
        row = locked(withdrawal_no=withdrawal_no)
        if row.status in _ENDED:
            return row
        row.fail_reason = reason[:64]
        _move(row, "fail", note=withdrawal_facts.why_failed(row.fail_reason), at=at)
        return row


def forget(*, member_id: int) -> None:
    """Take openid and what is left of a name out of the withdrawals of who leaves; what is not over keeps its own."""
    transactions.require()
    rows = Withdrawal.objects.filter(promoter__member_id=member_id, ended_at__isnull=False)
    rows.update(openid="", name_masked="", name_digest="")


def _require_ours(row: Withdrawal, transfer: Transfer) -> None:
    said = (
        (transfer.amount_fen, row.amount_fen),
        (transfer.openid, row.openid or transfer.openid),
        (transfer.mchid, settings.WECHATPAY_MCHID),
        (transfer.appid, settings.WECHAT_APPID),
    )
    if any(theirs is not None and theirs != ours for theirs, ours in said):
        raise TransferConflict


def _require_same_end(row: Withdrawal, transfer: Transfer) -> None:
    """What ended stays ended: news that came late says the same or less, and money that is elsewhere is a conflict."""
    arrived = transfer.state == transfers.ENDED_WELL
    if arrived != (row.status == WithdrawalStatus.DONE) and (
        arrived or transfer.state in transfers.ENDED_BADLY
    ):
        log.error("withdrawal_contradicted", withdrawal_no=row.withdrawal_no, state=transfer.state)
        raise TransferConflict


def _move(row: Withdrawal, move: str, *, note: str = "", operator: Any = None, at: datetime) -> None:
    """Make a named move of a locked row: its money, its times, its story, its news. The only writer of the status."""
    row.status = WithdrawalStatus(WITHDRAWAL_LIFECYCLE.target(move=move, current=row.status))
    key, promoter_id = row.withdrawal_no, row.promoter_id
    if row.status == WithdrawalStatus.PAYING:
        row.due_at = at
    elif row.status == WithdrawalStatus.CONFIRM:
        row.offered_at, row.due_at = at, at + ASKED_EVERY
    else:
        row.ended_at, row.due_at, row.reason = at, None, note
        row.name_sealed = row.name_key_id = row.package_info = ""
        if row.status == WithdrawalStatus.DONE:
            ledger.commit(promoter_id=promoter_id, business_key=key, at=at)
        else:
            ledger.release(promoter_id=promoter_id, business_key=key, reason=note, at=at)
    row.save()
    _remember(row, step=move, note=note, operator=operator, at=at)
    _announce(row, at=at)


def _announce(row: Withdrawal, *, at: datetime) -> None:
    member_id = row.promoter.member_id
    if row.status == WithdrawalStatus.CONFIRM:
        outbox.publish(events.WithdrawalOffered(withdrawal_no=row.withdrawal_no, member_id=member_id), at=at)
    elif row.status in _ENDED:
        ended = events.WithdrawalEnded(
            withdrawal_no=row.withdrawal_no, member_id=member_id, status=row.status
        )
        outbox.publish(ended, at=at)


def _remember(row: Withdrawal, *, step: str, note: str = "", operator: Any = None, at: datetime) -> None:
    WithdrawalStep.objects.create(
        withdrawal=row, step=step, to_status=row.status, note=note[:100], operator=operator, at=at
    )
