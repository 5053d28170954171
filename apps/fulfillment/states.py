"""Statuses of what WeChat is told about a parcel and of its way to the buyer, and how freight is counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db import models

from mall.lifecycle import Lifecycle, Move


class ChargedBy(models.TextChoices):
    PIECE = "PIECE", "按件"
    WEIGHT = "WEIGHT", "按重量"


class UploadStatus(models.TextChoices):
    WAITING = "WAITING", "待上传"
    DONE = "DONE", "已上传"
    FAILED = "FAILED", "失败待处理"
    NOT_NEEDED = "NOT_NEEDED", "无需上传"


class WechatState(models.IntegerChoices):
    """How WeChat sees what was paid for (get_order, order_state); it goes 1, 2, 3, 6, 4, or to 5."""

    TO_SHIP = 1, "待发货"
    SHIPPED = 2, "已发货"
    CONFIRMED = 3, "确认收货"
    COMPLETED = 4, "交易完成"
    REFUNDED = 5, "已退款"
    SETTLING = 6, "资金待结算"


class WaybillStatus(models.TextChoices):
    """How an electronic waybill stands at WeChat."""

    ASKED = "ASKED", "出单中"
    MADE = "MADE", "已出单"
    REFUSED = "REFUSED", "出单失败"
    CANCELLED = "CANCELLED", "已取消"


WAYBILL_LIFECYCLE = Lifecycle(
    "waybill",
    initial=WaybillStatus.ASKED,
    moves={
        "make": Move({WaybillStatus.ASKED}, WaybillStatus.MADE),
        "refuse": Move({WaybillStatus.ASKED}, WaybillStatus.REFUSED),
        # Before the courier came.
        "cancel": Move({WaybillStatus.MADE}, WaybillStatus.CANCELLED),
    },
    final={WaybillStatus.REFUSED, WaybillStatus.CANCELLED},
    labels=dict(WaybillStatus.choices),
)


class TraceState(models.TextChoices):
    """How a parcel stands on its way, in the contract's words."""

    WAITING = "WAITING", "待揽收"
    MOVING = "MOVING", "运输中"
    DELIVERING = "DELIVERING", "派送中"
    SIGNED = "SIGNED", "已签收"
    PROBLEM = "PROBLEM", "异常"
    RETURNED = "RETURNED", "退回"


class TraceSource(models.TextChoices):
    """Who told of a parcel's way: a tracking service, WeChat's plugin, or WeChat's electronic waybills."""

    KUAIDI100 = "KUAIDI100", "快递100"
    PLUGIN = "PLUGIN", "微信物流查询"
    EXPRESS = "EXPRESS", "微信物流助手"


# Nobody asks any more, and nothing that comes late changes it: a courier's signature is the end of the way.
TRACE_ENDS: Final = frozenset({TraceState.SIGNED, TraceState.RETURNED})
UNDER_WAY: Final = frozenset(set(TraceState) - TRACE_ENDS)
# A parcel may be seen to skip steps, and goes back from a problem or a first attempt.
TRACE_LIFECYCLE = Lifecycle(
    "trace",
    initial=TraceState.WAITING,
    moves={
        "travel": Move({TraceState.WAITING, TraceState.DELIVERING, TraceState.PROBLEM}, TraceState.MOVING),
        "deliver": Move({TraceState.WAITING, TraceState.MOVING, TraceState.PROBLEM}, TraceState.DELIVERING),
        "sign": Move(UNDER_WAY, TraceState.SIGNED),
        "trouble": Move({TraceState.WAITING, TraceState.MOVING, TraceState.DELIVERING}, TraceState.PROBLEM),
        "give_back": Move(UNDER_WAY, TraceState.RETURNED),
    },
    final=TRACE_ENDS,
    labels=dict(TraceState.choices),
)
_MOVES: Final[Mapping[TraceSource, Mapping[str, str]]] = {
    # 实时快递查询接口, state: 0 在途, 1 揽收, 2 疑难, 3 签收, 4 退签, 5 派件, 6 退回, 7 转投, 8 清关, 10 待清关, 11 清关中,
    # 12 已清关, 13 清关异常, 14 拒签.
    TraceSource.KUAIDI100: {
        **dict.fromkeys(("0", "1", "7", "8", "10", "11", "12"), "travel"),
        "2": "trouble",
        "3": "sign",
        "4": "give_back",
        "5": "deliver",
        "6": "give_back",
        "13": "trouble",
        "14": "trouble",
    },
    # query_trace, status: 0 未揽收 (no move), 1 已揽件, 2 运输中, 3 派件中, 4 已签收, 5 异常, 6 代签收.
    TraceSource.PLUGIN: {
        "1": "travel",
        "2": "travel",
        "3": "deliver",
        "4": "sign",
        "5": "trouble",
        "6": "sign",
    },
    # add_express_path, ActionType: 100003 assigned is no move; what is cancelled or stuck is for a person.
    TraceSource.EXPRESS: {
        "100001": "travel",
        "200001": "travel",
        "300002": "deliver",
        "300003": "sign",
        **dict.fromkeys(("100002", "300004", "400001", "400002"), "trouble"),
    },
}


def move_of(source: TraceSource, raw: str) -> str | None:
    """The move that a source's own word for how a parcel stands asks for; None for none, and for unknown words."""
    return _MOVES[source].get(raw)
