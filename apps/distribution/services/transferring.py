"""Withdrawals at WeChat: each under its own number for ever, asked about after an unknown outcome, never sent as another.

Nothing here runs inside a transaction. A worker that dies leaves a lease behind, and the sweep takes its row up again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import transaction

from apps.base import transactions
from apps.distribution.models import Withdrawal
from apps.distribution.services import withdrawals
from apps.distribution.states import WithdrawalStatus
from apps.wechat import errors as wechat_errors
from apps.wechat.pay import transfers
from apps.wechat.pay.transfers import SealedName, Transfer
from mall.errors import Kind, NotFound, ShopError

log = structlog.get_logger(__name__)

_NOTIFY_PATH: Final = "/wechat/transfer/notify"
_REMARK: Final = "推广佣金提现"
# After so many calls in a row that WeChat did not answer, a sweep leaves it alone until the next.
_PATIENCE: Final = 3
_LEASE: Final = timedelta(minutes=2)
# Whatever may have been taken must be known within five minutes; so the wait after a time-out grows no further than this.
_FIRST_WAIT: Final = timedelta(seconds=30)
_LONGEST_WAIT: Final = timedelta(minutes=3)
# A balance is topped up by people, and every refusal counts against WeChat's limit of errors.
_FIRST_WAIT_FOR_BALANCE: Final = timedelta(minutes=2)
_LONGEST_WAIT_FOR_BALANCE: Final = timedelta(minutes=30)
_NAME_KEY_CHANGED: Final = "NAME_KEY_CHANGED"


class NotWaitingForUser(ShopError):
    """Only what waits for its user can be taken back."""

    code = "withdrawal_not_cancellable"
    message = "只有待推客确认的提现可以撤销"
    kind = Kind.CONFLICT


def start(*, withdrawal_no: str, at: datetime) -> None:
    """Hand a withdrawal to WeChat now, if nobody does already. What goes wrong is left to the sweep."""
    transactions.forbid("handing a withdrawal to WeChat")
    row = _take(at=at, withdrawal_no=withdrawal_no)
    if row is not None:
        _work(row, at=at)


def carry_on(*, at: datetime, limit: int = 200) -> int:
    """Send or ask about what is due; return how many were tried. Safe side by side; one failure stops no other."""
    transactions.forbid("handing withdrawals to WeChat")
    unanswered = 0
    for tried in range(limit):
        row = _take(at=at) if unanswered < _PATIENCE else None
        if row is None:
            return tried
        unanswered = 0 if _work(row, at=at) else unanswered + 1
    return limit


def hear(*, transfer: Transfer, at: datetime) -> None:
    """Do what a verified notification says. A number that is none of ours was made elsewhere, by the console perhaps.

    Raises TransferConflict.
    """
    try:
        withdrawals.learn(transfer=transfer, at=at)
    except NotFound:
        log.warning("transfer_not_ours", withdrawal_no=transfer.out_bill_no)


def ask_again(*, out_bill_no: str, at: datetime) -> None:
    """Do what WeChat answers now about a number that a notification named.

    Raises TransferConflict, WechatUnavailable, PayRefused; ValueError for what is no number.
    """
    hear(transfer=transfers.query(out_bill_no=out_bill_no), at=at)


def cancel(*, withdrawal_no: str, at: datetime) -> Withdrawal:
    """Take back what its user has not confirmed, and learn how that ended. In between WeChat may say CANCELING.

    Raises NotFound, NotWaitingForUser, PayRefused where it is too late, WechatUnavailable, TransferConflict.
    """
    transactions.forbid("cancelling a withdrawal")
    row = Withdrawal.objects.filter(withdrawal_no=withdrawal_no).first()
    if row is None:
        raise NotFound
    if row.status != WithdrawalStatus.CONFIRM:
        raise NotWaitingForUser
    transfers.cancel(out_bill_no=withdrawal_no)
    return withdrawals.learn(transfer=transfers.query(out_bill_no=withdrawal_no), at=at)


def _take(*, at: datetime, withdrawal_no: str = "") -> Withdrawal | None:
    """Claim one due withdrawal, or this one, for the time of the lease, and commit that."""
    with transaction.atomic():
        due = Withdrawal.objects.filter(due_at__lte=at)
        if withdrawal_no:
            due = due.filter(withdrawal_no=withdrawal_no)
        row = due.select_for_update(skip_locked=True, no_key=True).order_by("due_at", "id").first()
        if row is not None:
            row.attempts += 1
            row.due_at = at + _LEASE
            row.save(update_fields=["attempts", "due_at"])
        return row


def _work(row: Withdrawal, *, at: datetime) -> bool:
    """Do what a taken row needs; say whether WeChat answered."""
    try:
        return _pay(row, at=at) if row.status == WithdrawalStatus.PAYING else _ask(row, at=at)
    except Exception as error:
        why = error.text if isinstance(error, ShopError) else type(error).__name__
        log.exception("withdrawal_failed", withdrawal_no=row.withdrawal_no)
        _put_off(row, why=why, until=at + _LONGEST_WAIT)
        return True


def _pay(row: Withdrawal, *, at: datetime) -> bool:
    """Have WeChat make the transfer, or go on with it. After an unknown outcome WeChat is asked first."""
    try:
        known = _known(row) if row.attempts > 1 else None
        if known is not None and not _to_be_sent_again(row, known):
            withdrawals.learn(transfer=known, at=at)
        elif row.name_sealed and row.name_key_id != settings.WECHATPAY_PUBLIC_KEY_ID:
            _without_name(row, known, at=at)
        else:
            withdrawals.learn(transfer=_create(row), at=at)
        _put_off(row, until=at + _wait(row.attempts))
    except wechat_errors.NotEnoughBalance as refusal:
        wait = _wait(row.attempts, first=_FIRST_WAIT_FOR_BALANCE, longest=_LONGEST_WAIT_FOR_BALANCE)
        _put_off(row, why=refusal.text, until=at + wait)
    except wechat_errors.WechatUnavailable as fault:
        _put_off(row, why=str(fault), until=at + _wait(row.attempts))
        return isinstance(fault, wechat_errors.WechatBusy)
    except wechat_errors.PayRefused as refusal:
        return _learn_from_refusal(row, refusal, at=at)
    return True


def _to_be_sent_again(row: Withdrawal, known: Transfer) -> bool:
    """Whether the same request is the way on: the money is not aside yet, or only its answer has the package_info."""
    lacks_page = known.state in transfers.WITH_THE_USER and not row.package_info
    return known.state in transfers.UNDER_WAY or lacks_page


def _without_name(row: Withdrawal, known: Transfer | None, *, at: datetime) -> None:
    """WeChat's key was changed since the name was sealed: what WeChat has goes on, what it has not cannot be sent."""
    if known is None:
        withdrawals.fail(withdrawal_no=row.withdrawal_no, reason=_NAME_KEY_CHANGED, at=at)
    else:
        withdrawals.learn(transfer=known, at=at)


def _learn_from_refusal(row: Withdrawal, refusal: wechat_errors.PayRefused, *, at: datetime) -> bool:
    """WeChat will not take the request: if it has the number, its word counts; if it has not, there is no transfer."""
    try:
        known = _known(row)
        if known is None:
            withdrawals.fail(withdrawal_no=row.withdrawal_no, reason=str(refusal.errcode), at=at)
        else:
            withdrawals.learn(transfer=known, at=at)
            _put_off(row, why=str(refusal), until=at + _wait(row.attempts))
    except wechat_errors.WechatUnavailable as fault:
        _put_off(row, why=str(fault), until=at + _wait(row.attempts))
        return False
    return True


def _ask(row: Withdrawal, *, at: datetime) -> bool:
    """Ask how it stands with one that waits for its user."""
    try:
        withdrawals.learn(transfer=transfers.query(out_bill_no=row.withdrawal_no), at=at)
        _put_off(row, until=at + withdrawals.ASKED_EVERY)
    except (wechat_errors.WechatUnavailable, wechat_errors.PayRefused) as fault:
        # Also where WeChat knows nothing of what it had offered: a person has to look, nothing is sent anew.
        _put_off(row, why=str(fault), until=at + withdrawals.ASKED_EVERY)
        return isinstance(fault, wechat_errors.PayRefused)
    return True


def _known(row: Withdrawal) -> Transfer | None:
    try:
        return transfers.query(out_bill_no=row.withdrawal_no)
    except wechat_errors.PayOrderNotFound:
        return None


def _create(row: Withdrawal) -> Transfer:
    name = SealedName(text=row.name_sealed, key_id=row.name_key_id) if row.name_sealed else None
    return transfers.create(
        out_bill_no=row.withdrawal_no,
        amount_fen=row.amount_fen,
        openid=row.openid,
        remark=_REMARK,
        notify_url=f"{settings.PUBLIC_BASE_URL}{_NOTIFY_PATH}",
        name=name,
    )


def _put_off(row: Withdrawal, *, until: datetime, why: str = "") -> None:
    """Come back later; only while the withdrawal still stands where it was taken."""
    Withdrawal.objects.filter(pk=row.pk, status=row.status).update(due_at=until, last_error=why[:300])


def _wait(attempts: int, *, first: timedelta = _FIRST_WAIT, longest: timedelta = _LONGEST_WAIT) -> timedelta:
    return min(first * 2 ** min(attempts - 1, 10), longest)
