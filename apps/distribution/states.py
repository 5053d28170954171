"""Where a promoter and a commission stand, what a binding comes from, and kinds of ledger entries."""

from __future__ import annotations

from typing import Final

from django.db.models import TextChoices

from mall.lifecycle import Lifecycle, Move

# The word with which a member shares themselves as a promoter, and its only id.
KIND: Final = "promoter"
MYSELF: Final = "me"
# 《禁止传销条例》(国务院令第 444 号) Art. 7 and WeChat's rules for mini programs: who is paid by the sales of those whom
# the invited invite in turn, further than this, runs a pyramid. No setting goes above it.
LEVELS: Final = (1, 2)


class PromoterStatus(TextChoices):
    """Where a promoter stands. Who never asked has no row; who was refused may ask again."""

    PENDING = "PENDING", "待审核"
    ACTIVE = "ACTIVE", "正常"
    REFUSED = "REFUSED", "未通过"
    SUSPENDED = "SUSPENDED", "已停用"
    LEFT = "LEFT", "已退出"


PROMOTER_LIFECYCLE: Final = Lifecycle(
    "promoter",
    initial=PromoterStatus.PENDING,
    moves={
        "approve": Move({PromoterStatus.PENDING}, PromoterStatus.ACTIVE),
        "refuse": Move({PromoterStatus.PENDING}, PromoterStatus.REFUSED),
        "suspend": Move({PromoterStatus.ACTIVE}, PromoterStatus.SUSPENDED),
        "resume": Move({PromoterStatus.SUSPENDED}, PromoterStatus.ACTIVE),
        "leave": Move(
            {PromoterStatus.PENDING, PromoterStatus.ACTIVE, PromoterStatus.SUSPENDED}, PromoterStatus.LEFT
        ),
        "apply": Move({PromoterStatus.REFUSED, PromoterStatus.LEFT}, PromoterStatus.PENDING),
    },
    labels=dict(PromoterStatus.choices),
)

# What people call the moves.
MOVE_LABELS: Final = {
    "apply": "申请",
    "approve": "通过",
    "refuse": "拒绝",
    "suspend": "停用",
    "resume": "恢复",
    "leave": "退出",
}


class CommissionStatus(TextChoices):
    """Where a commission stands, in the contract's words."""

    PENDING = "PENDING", "待收货"
    FROZEN = "FROZEN", "冻结中"
    AVAILABLE = "AVAILABLE", "可提现"
    CANCELLED = "CANCELLED", "已取消"


COMMISSION_LIFECYCLE: Final = Lifecycle(
    "commission",
    initial=CommissionStatus.PENDING,
    moves={
        "freeze": Move({CommissionStatus.PENDING}, CommissionStatus.FROZEN),
        "settle": Move({CommissionStatus.FROZEN}, CommissionStatus.AVAILABLE),
        "cancel": Move({CommissionStatus.PENDING, CommissionStatus.FROZEN}, CommissionStatus.CANCELLED),
    },
    final={CommissionStatus.AVAILABLE, CommissionStatus.CANCELLED},
    labels=dict(CommissionStatus.choices),
)


class BondCause(TextChoices):
    """Why a binding changed."""

    SHARE = "SHARE", "分享链接"
    CODE = "CODE", "推广码"
    OPERATOR = "OPERATOR", "人工绑定"
    RENEWED = "RENEWED", "再次到访续期"
    UNBOUND = "UNBOUND", "人工解绑"


class BindingMode(TextChoices):
    """Whose touch counts."""

    FIRST = "first", "首次触达"
    LAST = "last", "最近触达"


class EntryKind(TextChoices):
    """Why the sums of an account changed."""

    ACCRUE = "ACCRUE", "订单支付"
    FREEZE = "FREEZE", "买家收货"
    SETTLE = "SETTLE", "冻结期满"
    TAKE_BACK = "TAKE_BACK", "退款扣回"
    DEBT = "DEBT", "抵扣欠款"
    REWARD = "REWARD", "榜单奖励"
    ADJUST = "ADJUST", "人工调整"
    HOLD = "HOLD", "提现申请"
    COMMIT = "COMMIT", "提现成功"
    RELEASE = "RELEASE", "提现退回"


class WithdrawalStatus(TextChoices):
    """Where a withdrawal stands, in the contract's words."""

    REVIEW = "REVIEW", "待审核"
    PAYING = "PAYING", "打款中"
    CONFIRM = "CONFIRM", "待推客确认"
    DONE = "DONE", "已到账"
    FAILED = "FAILED", "已退回"
    REJECTED = "REJECTED", "已驳回"


WITHDRAWAL_LIFECYCLE: Final = Lifecycle(
    "withdrawal",
    initial=WithdrawalStatus.REVIEW,
    moves={
        "approve": Move({WithdrawalStatus.REVIEW}, WithdrawalStatus.PAYING),
        "reject": Move({WithdrawalStatus.REVIEW}, WithdrawalStatus.REJECTED),
        # WeChat has put the money aside and waits for its user.
        "offer": Move({WithdrawalStatus.PAYING}, WithdrawalStatus.CONFIRM),
        "arrive": Move({WithdrawalStatus.PAYING, WithdrawalStatus.CONFIRM}, WithdrawalStatus.DONE),
        "fail": Move({WithdrawalStatus.PAYING, WithdrawalStatus.CONFIRM}, WithdrawalStatus.FAILED),
    },
    final={WithdrawalStatus.DONE, WithdrawalStatus.FAILED, WithdrawalStatus.REJECTED},
    labels=dict(WithdrawalStatus.choices),
)

# What people call what happened to a withdrawal: the moves, and what moves nothing.
WITHDRAWAL_STEPS: Final = {
    "request": "申请",
    "first": "初审通过",
    "approve": "通过，开始打款",
    "reject": "驳回",
    "offer": "微信已备款，待推客确认",
    "arrive": "已到账",
    "fail": "退回可提现",
}
# With WeChat: the sweep looks at these until they end.
WITH_WECHAT: Final = frozenset({WithdrawalStatus.PAYING, WithdrawalStatus.CONFIRM})
# What of a promoter's account is on its way.
ON_THE_WAY: Final = WITH_WECHAT | {WithdrawalStatus.REVIEW}
