"""Statuses of an order and the table of its moves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.db import models

from mall.lifecycle import Lifecycle, Move


class Status(models.TextChoices):
    """Where an order stands, in the contract's words."""

    UNPAID = "UNPAID", "待付款"
    RESERVED = "RESERVED", "已付定金"
    GATHERING = "GATHERING", "拼团中"
    PAID = "PAID", "待发货"
    SHIPPED = "SHIPPED", "待收货"
    RECEIVED = "RECEIVED", "已完成"
    CLOSED = "CLOSED", "已关闭"
    REFUNDED = "REFUNDED", "已退款"


# The whole price has come in, and not all of it went back: goods are owed, or were sent.
PAID_FOR = frozenset({Status.GATHERING, Status.PAID, Status.SHIPPED, Status.RECEIVED})


class DeliveryKind(models.TextChoices):
    """How the goods come to their buyer, in the contract's words."""

    EXPRESS = "EXPRESS", "快递"
    PICKUP = "PICKUP", "到店自提"
    CITY = "CITY", "同城配送"


# How an order of card keys comes, and reads once it is paid: nothing of it is sent, and nothing to be received.
ONLINE: Final = "线上发放"
DELIVERED_ONLINE: Final = "已发放"

# How a status reads where no parcel is sent.
_LOCAL: Final[Mapping[tuple[str, str], str]] = {
    (DeliveryKind.PICKUP, Status.PAID): "待备货",
    (DeliveryKind.PICKUP, Status.SHIPPED): "待自提",
    (DeliveryKind.CITY, Status.PAID): "待配送",
    (DeliveryKind.CITY, Status.SHIPPED): "配送中",
}
# What makes such an order SHIPPED, as its button is called.
LEAVES: Final[Mapping[str, str]] = {DeliveryKind.PICKUP: "备货完成", DeliveryKind.CITY: "开始配送"}


def status_reads(status: str, *, virtual: bool, kind: str) -> str:
    """A status in Chinese, as it reads for an order that comes this way: shoppers and operators call it the same."""
    if virtual and status in (Status.PAID, Status.SHIPPED):
        return DELIVERED_ONLINE
    return _LOCAL.get((kind, status)) or str(Status(status).label)


# How an order that goes by parcel answers where it comes from.
BY_PARCEL: Final[Mapping[str, Any]] = {
    "kind": DeliveryKind.EXPRESS.value,
    "place_id": None,
    "place": None,
    "distance_m": None,
    "slot": None,
}


class StageKind(models.TextChoices):
    """What an order is paid in that is not simply paid."""

    DEPOSIT = "deposit", "定金"
    BALANCE = "balance", "尾款"
    WHOLE = "whole", "全款"


class StageStatus(models.TextChoices):
    """How a stage stands, in the contract's words."""

    DUE = "DUE", "待支付"
    LATER = "LATER", "未到支付时间"
    PAID = "PAID", "已支付"
    LAPSED = "LAPSED", "已过期"
    KEPT = "KEPT", "不予退还"
    REFUNDED = "REFUNDED", "已退还"


# Under which name an order keeps, with its activity, what became of a deposit whose balance was not paid.
DEPOSIT_END = "deposit"


class Actor(models.TextChoices):
    """Who made a move. An operator is also named by the row's ``operator``."""

    MEMBER = "member", "买家"
    SYSTEM = "system", "系统"
    WECHAT = "wechat", "微信"
    OPERATOR = "operator", "商家"


LIFECYCLE = Lifecycle(
    "order",
    initial=Status.UNPAID,
    moves={
        "pay": Move({Status.UNPAID}, Status.PAID),
        "gather": Move({Status.UNPAID}, Status.GATHERING),
        "form": Move({Status.GATHERING}, Status.PAID),
        "reserve": Move({Status.UNPAID}, Status.RESERVED),
        "settle": Move({Status.RESERVED}, Status.PAID),
        "close": Move({Status.UNPAID, Status.RESERVED}, Status.CLOSED),
        "ship": Move({Status.PAID}, Status.SHIPPED),
        "receive": Move({Status.SHIPPED}, Status.RECEIVED),
        "refund": Move({Status.GATHERING, Status.PAID, Status.SHIPPED, Status.RECEIVED}, Status.REFUNDED),
    },
    final={Status.CLOSED, Status.REFUNDED},
    labels=dict(Status.choices),
)

# How a rehearsal's orders are moved on whose money nobody sent (apps/demo); no other writes it.
REHEARSED = "演示订单，没有真实付款"

# What people call the moves; "place" is how every history begins, and "swap" leaves the order where it stands.
MOVE_LABELS = {
    "place": "下单",
    "pay": "付款",
    "gather": "付款，等待成团",
    "form": "成团",
    "reserve": "付定金",
    "settle": "付尾款",
    "close": "关闭",
    "ship": "发货",
    "receive": "收货",
    "refund": "退款",
    "swap": "换货",
}
