"""What there is to know about withdrawals: the promoter's list, what waits, what a month's statement says, what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from django.db.models import BigIntegerField, Count, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Concat

from apps.base import days
from apps.distribution.models import Account, Entry, Promoter, Withdrawal
from apps.distribution.states import ON_THE_WAY, WITH_WECHAT, WithdrawalStatus
from apps.wechat.pay import transfers

_UNCOUNTED: Final = {WithdrawalStatus.FAILED, WithdrawalStatus.REJECTED}
# WeChat's words for why a transfer ended badly (微信支付 商家转账, fail_reason), as a promoter can do something about them.
_REASONS: Final = {
    "OVERDUE_CLOSE": "超过 24 小时未确认收款，金额已退回",
    "MCH_CANCEL": "商家已撤销，金额已退回",
    "CANCELLED": "商家已撤销，金额已退回",
    "NAME_NOT_CORRECT": "姓名与微信实名不一致，请核对后重新提现",
    "REAL_NAME_CHECK_FAIL": "微信账户未实名或实名校验未通过",
    "NAME_KEY_CHANGED": "姓名需要重新填写，请重新提现",
    "ACCOUNT_FROZEN": "微信账户已冻结，无法收款",
    "ACCOUNT_NOT_EXIST": "微信账户不存在或无法收款",
    "PAYEE_ACCOUNT_ABNORMAL": "微信账户异常，无法收款",
    "OPENID_INVALID": "微信账户信息无效，请重新登录后再试",
    "DAY_RECEIVED_COUNT_EXCEED": "今日收款次数已达微信上限，请明天再试",
    "DAY_RECEIVED_QUOTA_EXCEED": "今日收款金额已达微信上限，请明天再试",
    "REALNAME_ACCOUNT_RECEIVED_QUOTA_EXCEED": "微信账户收款额度已达上限",
    "TRANSFER_QUOTA_EXCEED": "超过微信单笔转账限额，请分次提现",
    "BLOCK_B2C_USERLIMITAMOUNT_MONTH": "本月收款金额已达微信上限",
    "BLOCK_B2C_USERLIMITAMOUNT_BSRULE_MONTH": "本月收款金额已达微信上限",
    "TRANSFER_RISK": "微信风控拦截，请稍后再试",
}
# WeChat's words for where a transfer stands (微信支付 商家转账, state), for operators.
_STATES: Final = {
    "ACCEPTED": "已受理",
    "PROCESSING": "处理中",
    "WAIT_USER_CONFIRM": "待用户确认收款",
    "TRANSFERING": "转账中",
    "SUCCESS": "转账成功",
    "FAIL": "转账失败",
    "CANCELING": "撤销中",
    "CANCELLED": "已撤销",
}
_OTHERWISE: Final = "微信未能完成转账，金额已退回"


class Month(NamedTuple):
    """What one promoter withdrew in a month."""

    promoter: Promoter
    amount_fen: int
    times: int
    name_masked: str
    openid: str


def why_failed(reason: str) -> str:
    """What WeChat's word means for a promoter; a sentence for those that say nothing to them."""
    return _REASONS.get(reason, _OTHERWISE) if reason else ""


def wechat_told(state: str) -> str:
    """WeChat's word for where a transfer stands, in Chinese with the word behind it for support; one that nobody knows
    as it is.
    """
    return f"{_STATES[state]}（{state}）" if state in _STATES else state


def of_promoter(promoter_id: int) -> QuerySet[Withdrawal]:
    """A promoter's withdrawals."""
    return Withdrawal.objects.filter(promoter_id=promoter_id)


def asked_for_on(promoter_id: int, *, day: date) -> int:
    """How many withdrawals of a Shanghai day count against the limit: those that did not come to nothing."""
    since, until = days.day_window(day)
    rows = Withdrawal.objects.filter(promoter_id=promoter_id, requested_at__gte=since, requested_at__lt=until)
    return rows.exclude(status__in=_UNCOUNTED).count()


def waiting_for_review() -> QuerySet[Withdrawal]:
    """What waits for a person."""
    return Withdrawal.objects.filter(status=WithdrawalStatus.REVIEW)


def stuck() -> QuerySet[Withdrawal]:
    """What WeChat would not take so far; why stands in ``last_error``."""
    return Withdrawal.objects.filter(status__in=WITH_WECHAT).exclude(last_error="")


def statement(*, since: datetime, until: datetime) -> Iterator[Month]:
    """What arrived at each promoter in ``[since, until)``, by promoter, with the name and openid of the last one."""
    done = Withdrawal.objects.filter(
        status=WithdrawalStatus.DONE, ended_at__gte=since, ended_at__lt=until
    ).order_by()
    last = done.filter(promoter=OuterRef("promoter_id")).order_by("-ended_at", "-id")
    named = last.exclude(name_masked="").values("name_masked")[:1]
    sums = (
        done.values("promoter_id")
        .annotate(
            sum_fen=Sum("amount_fen"),
            times=Count("pk"),
            name=Coalesce(Subquery(named), Value("")),
            to=Subquery(last.values("openid")[:1]),
        )
        .order_by("promoter_id")
    )
    people = Promoter.objects.select_related("member").in_bulk([row["promoter_id"] for row in sums])
    for row in sums:
        yield Month(people[row["promoter_id"]], row["sum_fen"], row["times"], row["name"], row["to"] or "")


def unexplained_withdrawals() -> list[str]:
    """Withdrawals that do not agree with the account, the ledger, or what WeChat said of them: a sentence each."""
    return [*_accounts_that_differ(), *_rows_booked_otherwise(), *_ends_without_facts()]


def _accounts_that_differ() -> list[str]:
    rows: Any = Account.objects.annotate(
        asked_fen=_sum_of(*ON_THE_WAY), arrived_fen=_sum_of(WithdrawalStatus.DONE)
    )
    wrong = rows.exclude(withdrawing_fen=F("asked_fen"), withdrawn_fen=F("arrived_fen"))
    return [
        f"account {row.pk}: withdrawing {row.withdrawing_fen} and withdrawn {row.withdrawn_fen} "
        f"but withdrawals of {row.asked_fen} and {row.arrived_fen}"
        for row in wrong.order_by("pk")
    ]


def _rows_booked_otherwise() -> list[str]:
    """Each was held once, and ended in the ledger as it ended here."""
    rows: Any = Withdrawal.objects.annotate(
        hold_fen=_booked("hold"), commit_fen=_booked("commit"), release_fen=_booked("release")
    )
    held = Q(hold_fen=F("amount_fen"))
    good = (
        Q(status__in=ON_THE_WAY, commit_fen=0, release_fen=0)
        | Q(status=WithdrawalStatus.DONE, commit_fen=-F("amount_fen"), release_fen=0)
        | Q(status__in=_UNCOUNTED, commit_fen=0, release_fen=-F("amount_fen"))
    )
    return [
        f"withdrawal {row.withdrawal_no}: {row.status} of {row.amount_fen} but booked hold {row.hold_fen}, "
        f"commit {row.commit_fen}, release {row.release_fen}"
        for row in rows.exclude(held & good).order_by("pk")
    ]


def _ends_without_facts() -> list[str]:
    wrong = Withdrawal.objects.filter(status=WithdrawalStatus.DONE).exclude(wechat_state=transfers.ENDED_WELL)
    return [
        f"withdrawal {row.withdrawal_no}: {row.status} but WeChat said {row.wechat_state or 'nothing'}"
        for row in wrong.order_by("pk")
    ]


def _sum_of(*statuses: WithdrawalStatus) -> Coalesce:
    rows = Withdrawal.objects.filter(promoter=OuterRef("pk"), status__in=statuses).order_by()
    summed = rows.values("promoter").annotate(found=Sum("amount_fen")).values("found")
    return Coalesce(Subquery(summed, output_field=BigIntegerField()), Value(0))


def _booked(end: str) -> Coalesce:
    """What the ledger's entry of this end of a withdrawal did to what is on its way."""
    key = Concat(OuterRef("withdrawal_no"), Value(f":{end}"))
    entry = Entry.objects.filter(account=OuterRef("promoter"), business_key=key).order_by()
    return Coalesce(
        Subquery(entry.values("withdrawing_change_fen"), output_field=BigIntegerField()), Value(0)
    )
