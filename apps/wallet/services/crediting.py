"""What comes into accounts: recharges by pack, and what operators correct. Both are in the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction

from apps.base import audit
from apps.members.models import Member
from apps.wallet import selectors as wallet_facts
from apps.wallet.models import Account, Entry, Pack
from apps.wallet.services import booking, debts
from apps.wallet.services.booking import AmountInvalid, BalanceShort, Cause, Change, WalletConflict
from apps.wallet.states import EntryKind
from mall import money
from mall.errors import NotFound, ShopError

# 《单用途商业预付卡管理办法（试行）》(商务部令 2012 年第 9 号): a card in its holder's name carries at most 5,000
# yuan. Counted strictly: principal and bonus together.
LIMIT_FEN: Final = 500_000


class PackGone(ShopError):
    """The pack is not on offer: before or after its window, or disabled."""

    code = "pack_gone"
    message = "充值套餐未在售"


class PackLimitReached(ShopError):
    """The member has bought this pack as often as one may.

    ``details``: ``limit``, and the numbers of the ``unpaid`` recharges, if there are any.
    """

    code = "pack_limit_reached"
    message = "该充值套餐已达每人限购次数"


class BalanceAboveLimit(ShopError):
    """The account would hold more than an account may.

    ``details``: ``balance_fen``, ``limit_fen``, and the numbers of the ``unpaid`` recharges, which count as well.
    """

    code = "balance_above_limit"
    message = f"账户余额不能超过 {money.yuan(LIMIT_FEN)} 元"


@transaction.atomic
def credit(
    *,
    member_id: int,
    pack_id: int,
    cause: str,
    reason: str = "",
    operator: User | None = None,
    at: datetime,
) -> Entry:
    """Book a recharge that was paid: the pack's principal and bonus, under ``cause`` (at most 71 characters).

    ``cause`` names the payment, and the same one books once: the second time returns the first entry. The
    limits are counted under the account's lock, with the recharges that wait for payment: those are promised.
    Raises WalletOff, PackGone, PackLimitReached, BalanceAboveLimit, NotFound for an unknown member or pack,
    WalletConflict for a cause that booked another pack.
    """
    member, pack = Member.objects.filter(pk=member_id).first(), Pack.objects.filter(pk=pack_id).first()
    if member is None or pack is None:
        raise NotFound
    account = booking.opened(member_id=member.pk)
    key = f"recharge:{cause}"
    if before := booking.booked(account, key):
        if before.pack_id != pack.pk:
            raise WalletConflict("该笔充值已按其他套餐入账", details={"cause": cause})
        return before
    booking.require_on()
    require_buyable(pack, account, at=at)
    entry = booking.book(
        account,
        Change(pack.principal_fen, pack.bonus_fen),
        cause=Cause(EntryKind.RECHARGE, key, reason, operator, pack),
        at=at,
    )
    debts.settle(member_id=member.pk, paid_by=entry, at=at)
    _audit(entry, "储值充值", member)
    return entry


@transaction.atomic
def adjust(
    *,
    member_id: int,
    principal_change_fen: int = 0,
    bonus_change_fen: int = 0,
    business_key: str,
    reason: str,
    operator: User,
    at: datetime,
) -> Entry:
    """Correct an account by a difference, more or less, under ``business_key`` (at most 80 characters).

    The same key books once and then returns its entry. Less also while the wallet is switched off, so that what
    is left can be paid out; more not, for nobody could see or spend it. Raises WalletOff, AmountInvalid for a
    difference of nothing, BalanceShort where money that is not there (or held by an order) would be taken,
    BalanceAboveLimit, NotFound for an unknown member.
    """
    changes = [principal_change_fen, bonus_change_fen]
    if not any(changes):
        raise AmountInvalid("调整金额不能为 0")
    for change_fen in filter(None, changes):
        booking.require_positive(amount_fen=abs(change_fen))
    member = Member.objects.filter(pk=member_id).first()
    if member is None:
        raise NotFound
    account = booking.opened(member_id=member.pk)
    if before := booking.booked(account, business_key):
        return before
    if sum(changes) > 0:
        booking.require_on()
    for label, free_fen, change_fen in (
        ("本金", account.free_principal_fen, principal_change_fen),
        ("赠送金", account.free_bonus_fen, bonus_change_fen),
    ):
        if free_fen + change_fen < 0:
            raise BalanceShort(
                f"可用{label} {money.yuan(free_fen)} 元，不足以扣减 {money.yuan(-change_fen)} 元",
                details={"wanted_fen": -change_fen, "available_fen": free_fen},
            )
    if sum(changes) > 0:
        require_within_limit(account, more_fen=sum(changes))
    entry = booking.book(
        account,
        Change(principal_change_fen, bonus_change_fen),
        cause=Cause(EntryKind.ADJUST, business_key, reason, operator),
        at=at,
    )
    if max(changes) > 0:
        # Also where more of the other goes: what came in of either pays what is owed of it.
        debts.settle(member_id=member.pk, paid_by=entry, at=at)
    _audit(entry, "储值调整", member)
    return entry


def require_buyable(pack: Pack, account: Account, *, at: datetime) -> None:
    """Ask whether the owner of a locked account may buy a pack. Raises PackGone, PackLimitReached, BalanceAboveLimit."""
    if not (pack.enabled and pack.starts_at <= at < pack.ends_at):
        raise PackGone
    if pack.per_member:
        had = wallet_facts.bought(account.member_id, [pack.pk]).get(pack.pk, 0)
        had += wallet_facts.unpaid_by_pack(account.member_id, [pack.pk]).get(pack.pk, 0)
        if had >= pack.per_member:
            raise PackLimitReached(details={"limit": pack.per_member, **_unpaid(account)})
    require_within_limit(account, more_fen=pack.principal_fen + pack.bonus_fen)


def require_within_limit(account: Account, *, more_fen: int) -> None:
    """Ask whether a locked account may hold so much more, unpaid recharges included. Raises BalanceAboveLimit."""
    balance_fen = account.principal_fen + account.bonus_fen
    unpaid_fen = wallet_facts.unpaid_fen(account.member_id)
    if balance_fen + unpaid_fen + more_fen > LIMIT_FEN:
        figures = {"balance_fen": balance_fen, "limit_fen": LIMIT_FEN}
        said = (
            f"{BalanceAboveLimit.message}（含待付款的充值 {money.yuan(unpaid_fen)} 元）"
            if unpaid_fen
            else None
        )
        raise BalanceAboveLimit(said, details={**figures, **_unpaid(account)})


def _unpaid(account: Account) -> dict[str, list[str]]:
    """The recharges that take up room and may be paid or cancelled, for the details of a refusal; often none."""
    numbers = wallet_facts.unpaid_numbers(account.member_id)
    return {"unpaid": numbers} if numbers else {}


def _audit(entry: Entry, action: str, member: Member) -> None:
    """Write down what an operator did; a program's recharge is explained by its ledger row alone."""
    if entry.operator is None:
        return
    principal, bonus = (money.yuan(fen) for fen in (entry.principal_change_fen, entry.bonus_change_fen))
    audit.record(
        operator=entry.operator,
        action=action,
        subject=member.public_id,
        note=f"本金 {principal}，赠送 {bonus}：{entry.reason}",
        at=entry.at,
    )
