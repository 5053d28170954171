"""What stored value holds of people: what a member paid in, was given and spent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from apps.base import personal
from apps.base.personal import Fate, Holding, Open, Person, Room
from apps.wallet.models import Account, Entry, Recharge, Spending
from apps.wallet.states import RechargeStatus

_BOOKS = "会计档案管理办法：会计凭证与账簿保存三十年；会员注销后不再指向个人"


def export(person: Person) -> Mapping[str, personal.Table]:
    """The account, its ledger, recharges and what orders spent."""
    mine = {"account__member_id": person.member_id}
    return {
        "储值账户": personal.table(
            Account.objects.filter(member_id=person.member_id), "principal_fen", "bonus_fen",
            "held_principal_fen", "held_bonus_fen",
        ),
        "储值流水": personal.table(
            Entry.objects.filter(**mine).order_by("id"), "kind", "principal_change_fen", "bonus_change_fen",
            "business_key", "reason", "at",
        ),
        "充值单": personal.table(
            Recharge.objects.filter(member_id=person.member_id).order_by("id"), "recharge_no", "title",
            "principal_fen", "bonus_fen", "refunded_principal_fen", "status", "created_at", "paid_at",
        ),
        "储值支付": personal.table(
            Spending.objects.filter(**mine).order_by("id"), "order_no", "principal_fen", "bonus_fen", "status"
        ),
    }  # fmt: skip


def still_open(person: Person) -> Sequence[Open]:
    """Money of the member's own: principal that was neither spent nor given back, recharges being paid.

    A bonus without principal is the shop's gift and goes with the account.
    """
    found: list[Open] = []
    account = Account.objects.filter(member_id=person.member_id).first()
    if account is not None and (account.principal_fen or account.held_bonus_fen):
        found.append(Open(code="stored_value", text="储值账户还有余额，请先使用或申请退款"))
    unpaid = Recharge.objects.filter(member_id=person.member_id, status=RechargeStatus.UNPAID)
    if numbers := tuple(unpaid.order_by("id").values_list("recharge_no", flat=True)):
        found.append(Open(code="recharges", text="还有未完成的充值", numbers=numbers))
    return found


def _of_books(model: str, *, plain: tuple[str, ...] = (), exported: str) -> Holding:
    return Holding(
        model=model, plain=plain, exported=exported, fate=Fate.NAMELESS, kept="至少三十年", why=_BOOKS
    )


ROOM = Room(
    name="wallet",
    holdings=(
        _of_books("wallet.Account", exported="储值账户"),
        _of_books("wallet.Entry", plain=("reason",), exported="储值流水"),
        _of_books("wallet.Recharge", plain=("title",), exported="充值单"),
        _of_books("wallet.Spending", exported="储值支付"),
    ),
    export=export,
    still_open=still_open,
)
