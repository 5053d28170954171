"""Statuses of complaints, as WeChat names them, and of what the shop says about one."""

from __future__ import annotations

from django.db import models

from mall.lifecycle import Lifecycle, Move


class ComplaintStatus(models.TextChoices):
    """WeChat's ``complaint_state``. It moves by itself; the shop's own answers only hasten what WeChat says next."""

    PENDING = "PENDING", "待处理"
    PROCESSING = "PROCESSING", "处理中"
    PROCESSED = "PROCESSED", "已处理完成"


# Which move leads to what WeChat says now: the shop follows, whatever it missed in between.
FOLLOWS = {
    ComplaintStatus.PENDING: "wait",
    ComplaintStatus.PROCESSING: "take_up",
    ComplaintStatus.PROCESSED: "finish",
}

LIFECYCLE = Lifecycle(
    "complaint",
    initial=ComplaintStatus.PENDING,
    moves={
        "take_up": Move({ComplaintStatus.PENDING, ComplaintStatus.PROCESSED}, ComplaintStatus.PROCESSING),
        "finish": Move({ComplaintStatus.PENDING, ComplaintStatus.PROCESSING}, ComplaintStatus.PROCESSED),
        "wait": Move({ComplaintStatus.PROCESSING, ComplaintStatus.PROCESSED}, ComplaintStatus.PENDING),
    },
    labels=dict(ComplaintStatus.choices),
)


class Problem(models.TextChoices):
    """WeChat's ``problem_type``; one that it adds one day is OTHERS."""

    REFUND = "REFUND", "申请退款"
    SERVICE_NOT_WORK = "SERVICE_NOT_WORK", "服务权益未生效"
    OTHERS = "OTHERS", "其他"


class ActKind(models.TextChoices):
    """What the shop can say about a complaint."""

    REPLY = "REPLY", "回复"
    COMPLETE = "COMPLETE", "处理完成"
    APPROVE_REFUND = "APPROVE", "同意退款"
    REJECT_REFUND = "REJECT", "拒绝退款"


# How the history calls what an act has become (``operate_type``; the refusal is spelt as WeChat spells it).
IN_HISTORY = {
    ActKind.REPLY: frozenset({"MERCHANT_RESPONSE"}),
    ActKind.COMPLETE: frozenset({"MERCHANT_CONFIRM_COMPLETE"}),
    ActKind.APPROVE_REFUND: frozenset({"MERCHANT_APPROVE_REFUND"}),
    ActKind.REJECT_REFUND: frozenset(
        {"MERCHANT_REFUSE_RERUND", "MERCHANT_REFUSE_REFUND", "MERCHANT_REJECT_REFUND"}
    ),
}
# What counts as an answer for the clock.
ANSWERS = frozenset().union(*IN_HISTORY.values())
BY_SHOPPER = "USER_"
# What people call the entries of the history that may come without words (``operate_type``).
HISTORY_LABELS = {
    "USER_CREATE_COMPLAINT": "买家提交投诉",
    "USER_CONTINUE_COMPLAINT": "买家继续投诉",
    "USER_RESPONSE": "买家留言",
    "USER_RESPONSE_BY_PLATFORM": "平台留言",
    "PLATFORM_RESPONSE": "平台留言",
    "RESPONSE_BY_PLATFORM": "平台留言",
    "MERCHANT_RESPONSE": "商家回复",
    "MERCHANT_CONFIRM_COMPLETE": "商家确认处理完成",
    "MERCHANT_APPROVE_REFUND": "商家同意退款",
    "MERCHANT_REFUSE_RERUND": "商家拒绝退款",
    "MERCHANT_REFUSE_REFUND": "商家拒绝退款",
    "MERCHANT_REJECT_REFUND": "商家拒绝退款",
    "REFUND_SUCCESS": "退款到账",
    "SELLER_REFUND": "商家退款",
    "USER_APPLY_PLATFORM_SERVICE": "买家申请平台介入",
    "USER_CANCEL_PLATFORM_SERVICE": "买家撤销平台介入",
    "PLATFORM_SERVICE_FINISHED": "平台介入结束",
}


class ActStatus(models.TextChoices):
    SENDING = "SENDING", "提交中"
    UNKNOWN = "UNKNOWN", "结果待核实"
    SENT = "SENT", "已提交"
    FAILED = "FAILED", "未提交成功"


# Nobody knows yet whether WeChat has it: nothing else is said meanwhile.
UNDECIDED = frozenset({ActStatus.SENDING, ActStatus.UNKNOWN})

ACT_LIFECYCLE = Lifecycle(
    "complaint act",
    initial=ActStatus.SENDING,
    moves={
        "succeed": Move({ActStatus.SENDING, ActStatus.UNKNOWN}, ActStatus.SENT),
        "doubt": Move({ActStatus.SENDING}, ActStatus.UNKNOWN),
        "fail": Move({ActStatus.SENDING, ActStatus.UNKNOWN}, ActStatus.FAILED),
    },
    final={ActStatus.SENT, ActStatus.FAILED},
    labels=dict(ActStatus.choices),
)
