"""What distribution holds of people: who promotes, who brought whom, who earned by whose orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models import Q

from apps.base import personal
from apps.base.personal import Fate, Holding, Open, Person, Room
from apps.distribution.models import (
    Account,
    Bond,
    BondChange,
    Commission,
    Entry,
    Promoter,
    PromoterMove,
    Winner,
    Withdrawal,
    WithdrawalStep,
)
from apps.distribution.services import promoters, withdrawals

_BOOKS = "会计档案管理办法：会计凭证与账簿保存三十年；会员注销后不再指向个人"
_ORDERS = "佣金与推客关系的依据；会员注销后不再指向个人"


def export(person: Person) -> Mapping[str, personal.Table]:
    """The member as a promoter with all that was earned, and by whom the member came; of customers nothing."""
    mine = {"promoter__member_id": person.member_id}
    return {
        "推客": personal.table(
            Promoter.objects.filter(member_id=person.member_id), "code", "status", "applied_at", "active_at",
            等级="level__name",
        ),
        "推客历史": personal.table(
            PromoterMove.objects.filter(**mine).order_by("id"), "move", "from_status", "to_status", "note", "at"
        ),
        "来自推客": personal.table(
            Bond.objects.filter(member_id=person.member_id), "bound_at", "valid_until", 推广码="promoter__code"
        ),
        "来自推客历史": personal.table(
            BondChange.objects.filter(member_id=person.member_id).order_by("id"), "cause", "valid_until", "note", "at"
        ),
        "佣金": personal.table(
            Commission.objects.filter(**mine).order_by("id"), "level", "base_fen", "rate_bp", "amount_fen", "status",
            "held", "reason", "at", "available_at",
        ),
        "推客账户": personal.table(
            Account.objects.filter(**mine), "pending_fen", "frozen_fen", "available_fen", "withdrawing_fen",
            "withdrawn_fen", "debt_fen",
        ),
        "佣金流水": personal.table(
            Entry.objects.filter(account__promoter__member_id=person.member_id).order_by("id"), "kind",
            "pending_change_fen", "frozen_change_fen", "available_change_fen", "withdrawing_change_fen",
            "withdrawn_change_fen", "debt_change_fen", "reason", "at",
        ),
        "提现": personal.table(
            Withdrawal.objects.filter(**mine).order_by("id"), "withdrawal_no", "amount_fen", "status", "openid",
            "name_masked", "reason", "requested_at", "ended_at",
        ),
        "提现经过": personal.table(
            WithdrawalStep.objects.filter(withdrawal__promoter__member_id=person.member_id).order_by("id"), "step",
            "to_status", "note", "at",
        ),
        "榜单获奖": personal.table(
            Winner.objects.filter(**mine).order_by("id"), "place", "orders", "amount_fen", "reward_fen",
            榜单="contest__title",
        ),
    }  # fmt: skip


def erase(person: Person, *, at: datetime) -> None:
    """Who leaves the shop promotes no more. The rows stay, tied to a member that names nobody."""
    promoters.leave(member_id=person.member_id, note="注销", at=at)
    withdrawals.forget(member_id=person.member_id)


def still_open(person: Person) -> Sequence[Open]:
    """Money that is the member's own, or will be."""
    mine = Account.objects.filter(promoter__member_id=person.member_id)
    waiting = Q(pending_fen__gt=0) | Q(frozen_fen__gt=0) | Q(withdrawing_fen__gt=0)
    found: list[Open] = []
    if mine.filter(available_fen__gt=0).exists():
        found.append(Open(code="commission", text="还有可提现的佣金，请先提现"))
    if mine.filter(waiting).exists():
        found.append(Open(code="commission_coming", text="还有未到账的佣金", settles_itself=True))
    return found


def _kept(
    model: str, *, plain: tuple[str, ...] = (), exported: str = "", why: str = _ORDERS, not_exported: str = ""
) -> Holding:
    return Holding(
        model=model,
        plain=plain,
        exported=exported,
        not_exported=not_exported,
        fate=Fate.NAMELESS,
        kept="至少三十年" if why is _BOOKS else "与订单相同",
        why=why,
    )


ROOM = Room(
    name="distribution",
    holdings=(
        _kept("distribution.Promoter", plain=("code",), exported="推客"),
        _kept("distribution.PromoterMove", plain=("move", "note"), exported="推客历史"),
        _kept("distribution.Bond", exported="来自推客"),
        _kept("distribution.BondChange", plain=("note",), exported="来自推客历史"),
        _kept(
            "distribution.Commission",
            plain=("hold_reasons", "reason", "rate_source"),
            exported="佣金",
            why=_BOOKS,
        ),
        _kept("distribution.Account", exported="推客账户", why=_BOOKS),
        _kept("distribution.Entry", plain=("reason",), exported="佣金流水", why=_BOOKS),
        _kept(
            "distribution.Withdrawal",
            plain=(
                "openid",
                "name_sealed",
                "name_masked",
                "name_digest",
                "reason",
                "fail_reason",
                "wechat_state",
                "last_error",
                "package_info",
            ),
            exported="提现",
            why=_BOOKS,
        ),
        _kept("distribution.WithdrawalStep", plain=("note",), exported="提现经过", why=_BOOKS),
        _kept("distribution.Winner", exported="榜单获奖", why=_BOOKS),
    ),
    export=export,
    erase=erase,
    still_open=still_open,
)
