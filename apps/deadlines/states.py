"""Where a promise to ship comes from, how it ended, and the life of a delay that is offered to the shopper."""

from __future__ import annotations

from typing import Final

from django.db import models

from mall.lifecycle import Lifecycle, Move


class Source(models.TextChoices):
    """What an order's promise was reckoned from."""

    ORDINARY = "ORDINARY", "常规时限"
    PROMISE = "PROMISE", "商品承诺"
    STORED = "STORED", "预售约定"
    SLOT = "SLOT", "定时达"


class Outcome(models.TextChoices):
    """How a promise ended. Kept and late are held against the first promise, whatever was agreed later."""

    KEPT = "KEPT", "按时发货"
    LATE = "LATE", "超时发货"
    GONE = "GONE", "未发货即退款"


class DelayReason(models.TextChoices):
    """Why a promise cannot be kept. 缺货 is what the stock-out rate counts."""

    STOCK_OUT = "STOCK_OUT", "缺货"
    SUPPLIER = "SUPPLIER", "供应商延迟"
    QUALITY = "QUALITY", "质检不合格"
    CARRIER = "CARRIER", "快递停运"
    OTHER = "OTHER", "其他原因"


class DelayStatus(models.TextChoices):
    """Where a delay stands that was offered to the shopper, in the contract's words."""

    ASKED = "ASKED", "待买家选择"
    WAITS = "WAITS", "买家同意等待"
    SILENT = "SILENT", "未答复，视为等待"
    REFUNDED = "REFUNDED", "买家选择退款"
    SWAPPED = "SWAPPED", "买家选择换货"
    VOID = "VOID", "已失效"


class DelayChoice(models.TextChoices):
    """What the shopper may answer."""

    WAIT = "wait", "等待"
    SWAP = "swap", "换货"
    REFUND = "refund", "退款"


LIFECYCLE: Final = Lifecycle(
    "delay",
    initial=DelayStatus.ASKED,
    moves={
        "wait": Move({DelayStatus.ASKED}, DelayStatus.WAITS),
        "refund": Move({DelayStatus.ASKED}, DelayStatus.REFUNDED),
        # Other goods leave in the place of those that are late, by the promise that was given.
        "swap": Move({DelayStatus.ASKED}, DelayStatus.SWAPPED),
        # The written rule of silence: who does not answer waits.
        "lapse": Move({DelayStatus.ASKED}, DelayStatus.SILENT),
        # The order left, or its money went back, before an answer came.
        "void": Move({DelayStatus.ASKED}, DelayStatus.VOID),
    },
    final={
        DelayStatus.WAITS,
        DelayStatus.SILENT,
        DelayStatus.REFUNDED,
        DelayStatus.SWAPPED,
        DelayStatus.VOID,
    },
    labels=dict(DelayStatus.choices),
)
# Which move an answer is.
ANSWERS: Final = {DelayChoice.WAIT: "wait", DelayChoice.SWAP: "swap", DelayChoice.REFUND: "refund"}
