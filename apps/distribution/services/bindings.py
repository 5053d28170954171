"""Bindings: whose customer a member becomes by a share or a code, by the rules; each change is a row with its cause.

One statement decides nobody's race: the member is locked first, and the database refuses rings (migration 0001).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from apps.base import audit, transactions
from apps.distribution import selectors as promoter_facts
from apps.distribution.models import Bond, BondChange, Promoter, Rules
from apps.distribution.states import BindingMode, BondCause, PromoterStatus
from apps.members.models import Member
from apps.orders import selectors as order_facts
from apps.shares.models import Share
from mall.errors import Invalid, Kind, NotFound, ShopError

# Who comes again by the same promoter is renewed at most so often, so that a page that is opened ten times writes once.
_RENEWED_AFTER: Final = timedelta(days=1)
_LONGEST_CODE: Final = 12


class CodeUnknown(NotFound):
    """No active promoter has this code."""

    code = "promo_code_not_found"
    message = "推广码不存在或已失效"


class BindingRefused(ShopError):
    """The rules leave the member with whom they have, or with nobody; ``details.reason`` says which rule."""

    code = "binding_refused"
    message = "无法绑定该推客"
    kind = Kind.CONFLICT


class RingRefused(BindingRefused):
    """The member, or whom the member brought, has brought the promoter."""

    def __init__(self) -> None:
        super().__init__("不能互相绑定", details={"reason": "ring"})


class NotBound(ShopError):
    """The member is not the promoter's customer (any more)."""

    code = "customer_not_bound"
    message = "该会员不是这位推客的客户"
    kind = Kind.CONFLICT


class NoteMissing(Invalid):
    """An operator who binds by hand says why."""

    code = "reason_missing"
    message = "请填写原因"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why a binding changes: the occasion, the share that was used, an operator with a reason."""

    kind: BondCause
    share: Share | None = None
    note: str = ""
    operator: Any = None


def bind_on_landing(share: Share, *, member: Member, at: datetime) -> None:
    """Bind a member who came by a share to the promoter who shared it, where the rules say so; else nothing happens.

    For the board of landings (config/sharing.py): inside the visit's transaction, refusing nobody.
    """
    promoter = Promoter.objects.filter(member_id=share.member_id, status=PromoterStatus.ACTIVE).first()
    if promoter is None:
        return
    try:
        _bind(member_id=member.pk, promoter=promoter, cause=Cause(kind=BondCause.SHARE, share=share), at=at)
    except BindingRefused:
        return


def bind_by_code(*, member_id: int, code: object, at: datetime) -> Bond:
    """Bind a member to the promoter with this code. Raises CodeUnknown, BindingRefused, RingRefused."""
    said = code.strip().upper() if isinstance(code, str) else ""
    if not said or len(said) > _LONGEST_CODE or not said.isascii() or not said.isalnum():
        raise CodeUnknown
    promoter = Promoter.objects.filter(code=said, status=PromoterStatus.ACTIVE).first()
    if promoter is None:
        raise CodeUnknown
    return _bind(member_id=member_id, promoter=promoter, cause=Cause(kind=BondCause.CODE), at=at)


@transaction.atomic
def bind_by_hand(*, member_id: int, promoter_id: int, note: str, operator: Any, at: datetime) -> Bond:
    """Bind whatever the rules of first and last touch say; oneself and rings are refused here too. In the audit log.

    Raises NoteMissing, NotFound, BindingRefused, RingRefused.
    """
    if not note.strip():
        raise NoteMissing
    promoter = Promoter.objects.filter(pk=promoter_id, status=PromoterStatus.ACTIVE).first()
    if promoter is None:
        raise NotFound
    member = _locked(member_id)
    _refuse_oneself(member.pk, promoter)
    before = Bond.objects.filter(member=member, promoter=promoter).first()
    if before is not None and _is_valid(before, at=at):
        return before
    cause = Cause(kind=BondCause.OPERATOR, note=note.strip()[:100], operator=operator)
    bond = _write(member.pk, promoter, rules=promoter_facts.rules(), cause=cause, at=at)
    said = f"绑定到 {promoter.code}：{note.strip()}"
    audit.record(operator=operator, action="绑定客户", subject=member.public_id, note=said, at=at)
    return bond


@transaction.atomic
def unbind(*, member_id: int, promoter_id: int, note: str, operator: Any, at: datetime) -> None:
    """Free a member of this promoter; orders placed before keep whom they had. In the audit log.

    Raises NoteMissing, NotBound.
    """
    if not note.strip():
        raise NoteMissing
    member = _locked(member_id)
    bond = Bond.objects.filter(member=member, promoter_id=promoter_id).first()
    if bond is None:
        raise NotBound
    BondChange.objects.create(
        member=member,
        before_id=promoter_id,
        cause=BondCause.UNBOUND,
        note=note.strip()[:100],
        operator=operator,
        at=at,
    )
    bond.delete()
    said = f"从 {bond.promoter.code} 解绑：{note.strip()}"
    audit.record(operator=operator, action="解绑客户", subject=member.public_id, note=said, at=at)


def _bind(*, member_id: int, promoter: Promoter, cause: Cause, at: datetime) -> Bond:
    """Bind by the rules, or leave things as they are. Raises BindingRefused, RingRefused."""
    _refuse_oneself(member_id, promoter)
    rules = promoter_facts.rules()
    # Most who come are bound already: they are not locked for that.
    kept = _kept(Bond.objects.filter(member_id=member_id).first(), promoter, rules, at=at)
    if kept is not None:
        return kept
    with transaction.atomic():
        member = _locked(member_id)
        bond = Bond.objects.select_related("promoter").filter(member=member).first()
        kept = _kept(bond, promoter, rules, at=at)
        if kept is not None:
            return kept
        renewed = bond is not None and bond.promoter_id == promoter.pk and _is_valid(bond, at=at)
        if not renewed:
            _refuse_by_rules(bond, member, rules, at=at)
        if renewed:
            cause = Cause(kind=BondCause.RENEWED, share=cause.share)
        return _write(member.pk, promoter, rules=rules, cause=cause, at=at)


def _kept(bond: Bond | None, promoter: Promoter, rules: Rules, *, at: datetime) -> Bond | None:
    """The binding where nothing has to be written: it is to this promoter and long enough; None otherwise."""
    if bond is None or bond.promoter_id != promoter.pk or not _is_valid(bond, at=at):
        return None
    if rules.binding_mode == BindingMode.FIRST or bond.valid_until is None or not rules.valid_days:
        return bond
    until = at + timedelta(days=rules.valid_days)
    return bond if until - bond.valid_until < _RENEWED_AFTER else None


def _refuse_oneself(member_id: int, promoter: Promoter) -> None:
    if promoter.member_id == member_id:
        raise BindingRefused("不能绑定自己", details={"reason": "oneself"})


def _refuse_by_rules(bond: Bond | None, member: Member, rules: Rules, *, at: datetime) -> None:
    """Raise BindingRefused where a member stays with whom they have, or is no newcomer. Who left keeps nobody."""
    if bond is not None and _is_valid(bond, at=at) and bond.promoter.status != PromoterStatus.LEFT:
        if rules.binding_mode == BindingMode.FIRST:
            raise BindingRefused("已绑定其他推客", details={"reason": "first_touch"})
        if bond.protected_until is not None and at < bond.protected_until:
            raise BindingRefused("已绑定其他推客", details={"reason": "protected"})
    if rules.newcomers_only and order_facts.has_ever_paid(member.pk):
        raise BindingRefused("仅限新客绑定", details={"reason": "newcomers_only"})


def _is_valid(bond: Bond, *, at: datetime) -> bool:
    return bond.valid_until is None or at < bond.valid_until


def _write(member_id: int, promoter: Promoter, *, rules: Rules, cause: Cause, at: datetime) -> Bond:
    """Write the edge of a locked member, and the row that says why. Raises RingRefused."""
    valid_until = at + timedelta(days=rules.valid_days) if rules.valid_days else None
    with transactions.refine({"bond_never_a_ring": RingRefused()}):
        before = Bond.objects.filter(member_id=member_id).values_list("promoter_id", flat=True).first()
        written: dict[str, Any] = {"promoter": promoter, "valid_until": valid_until}
        # A renewal is no new beginning: since when the member is whose stays, and protection is not had twice.
        if cause.kind != BondCause.RENEWED:
            written |= {"bound_at": at, "protected_until": at + timedelta(days=rules.protect_days)}
        bond, _ = Bond.objects.update_or_create(member_id=member_id, defaults=written)
        BondChange.objects.create(
            member_id=member_id,
            promoter=promoter,
            before_id=before,
            cause=cause.kind,
            share=cause.share,
            valid_until=valid_until,
            note=cause.note,
            operator=cause.operator,
            at=at,
        )
    return bond


def _locked(member_id: int) -> Member:
    """The living member, locked. Raises NotFound."""
    living = Member.objects.select_for_update(no_key=True).filter(pk=member_id, erased_at=None)
    member = living.first()
    if member is None:
        raise NotFound
    return member
