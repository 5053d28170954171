"""What points hold of people: what a member earned, spent and took, and on which days they checked in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from apps.base import personal
from apps.base.personal import Fate, Holding, Person, Room
from apps.points.models import Account, CheckIn, Entry, Lot, Redemption, Spending

_LEDGER = "余额等于流水之和，只增不改；会员注销后不再指向个人"


def export(person: Person) -> Mapping[str, personal.Table]:
    """The account, its ledger and lots, what orders spent, check-ins and what was taken for points."""
    mine = {"account__member_id": person.member_id}
    return {
        "积分账户": personal.table(
            Account.objects.filter(member_id=person.member_id), "balance", "debt"
        ),
        "积分流水": personal.table(
            Entry.objects.filter(**mine).order_by("id"), "kind", "change", "debt_change", "business_key",
            "reason", "at",
        ),
        "积分批次": personal.table(
            Lot.objects.filter(**mine).order_by("id"), "amount", "left", "expired", "earned_at", "expires_at"
        ),
        "积分抵扣": personal.table(
            Spending.objects.filter(**mine).order_by("id"), "order_no", "points", "restored", "status"
        ),
        "签到": personal.table(
            CheckIn.objects.filter(member_id=person.member_id).order_by("id"), "on", "streak", "points"
        ),
        "积分兑换": personal.table(
            Redemption.objects.filter(member_id=person.member_id).order_by("id"),
            "redemption_no", "quantity", "points", "order_no", "status", "at", 名称="good__title",
        ),
    }  # fmt: skip


def erase(person: Person, *, at: datetime) -> None:
    """Delete the days of checking in: they say when somebody held their phone, and no book needs them."""
    CheckIn.objects.filter(member_id=person.member_id).delete()


def _of_ledger(
    model: str, *, plain: tuple[str, ...] = (), exported: str = "", not_exported: str = ""
) -> Holding:
    return Holding(
        model=model,
        plain=plain,
        exported=exported,
        not_exported=not_exported,
        fate=Fate.NAMELESS,
        kept="与订单相同",
        why=_LEDGER,
    )


ROOM = Room(
    name="points",
    holdings=(
        _of_ledger("points.Account", exported="积分账户"),
        _of_ledger("points.Entry", plain=("reason",), exported="积分流水"),
        _of_ledger("points.Lot", exported="积分批次"),
        _of_ledger("points.Spending", exported="积分抵扣"),
        _of_ledger("points.SpendingPart", not_exported="抵扣在批次上的分摊，抵扣已导出"),
        _of_ledger("points.Settlement", not_exported="订单结算积分的依据，积分流水已导出"),
        _of_ledger("points.Redemption", exported="积分兑换"),
        Holding(
            model="points.CheckIn",
            personal=("on",),
            exported="签到",
            fate=Fate.DELETED,
            kept="会员注销为止",
            why="会员要求的服务：连续签到的计数（PIPL 第十三条第一款第二项）",
        ),
    ),
    export=export,
    erase=erase,
)
