"""Statuses of an application after the sale, the table of its moves, and what people call them."""

from __future__ import annotations

from django.db import models

from mall.lifecycle import Lifecycle, Move


class AfterSaleKind(models.TextChoices):
    """What the shopper asks for, in the contract's words."""

    REFUND = "REFUND", "仅退款"
    RETURN = "RETURN", "退货退款"
    EXCHANGE = "EXCHANGE", "换货"
    RESHIP = "RESHIP", "补发"


# Money goes back; of the others a parcel leaves.
OF_MONEY = frozenset({AfterSaleKind.REFUND, AfterSaleKind.RETURN})
# Goods come back first.
WITH_GOODS = frozenset({AfterSaleKind.RETURN, AfterSaleKind.EXCHANGE})
OF_PARCELS = frozenset({AfterSaleKind.EXCHANGE, AfterSaleKind.RESHIP})


class AfterSaleStatus(models.TextChoices):
    """Where an application stands, in the contract's words."""

    APPLIED = "APPLIED", "待商家处理"
    APPROVED = "APPROVED", "已同意"
    RETURNING = "RETURNING", "买家已寄回"
    RETURNED = "RETURNED", "已收货待验收"
    DONE = "DONE", "已完成"
    REFUSED = "REFUSED", "已拒绝"
    CANCELLED = "CANCELLED", "已撤销"


OPEN = frozenset(
    {
        AfterSaleStatus.APPLIED,
        AfterSaleStatus.APPROVED,
        AfterSaleStatus.RETURNING,
        AfterSaleStatus.RETURNED,
    }
)


# The buyer's goods are on their way, or there and not looked at.
COMING = frozenset({AfterSaleStatus.RETURNING, AfterSaleStatus.RETURNED})


class InsurancePayee(models.TextChoices):
    """Whom an insurer of freight paid: what the shop got is in its books, what the buyer got is not the shop's money."""

    BUYER = "BUYER", "买家"
    SHOP = "SHOP", "商家"


class By(models.TextChoices):
    """Who did or said something, in the contract's words. An operator is also named by the row's ``operator``."""

    MEMBER = "member", "买家"
    OPERATOR = "operator", "商家"
    SYSTEM = "system", "系统"


LIFECYCLE = Lifecycle(
    "after_sale",
    initial=AfterSaleStatus.APPLIED,
    moves={
        "approve": Move({AfterSaleStatus.APPLIED}, AfterSaleStatus.APPROVED),
        "refuse": Move({AfterSaleStatus.APPLIED, AfterSaleStatus.RETURNED}, AfterSaleStatus.REFUSED),
        "send_back": Move({AfterSaleStatus.APPROVED}, AfterSaleStatus.RETURNING),
        # Goods may come without anybody having told their number.
        "arrive": Move({AfterSaleStatus.APPROVED, AfterSaleStatus.RETURNING}, AfterSaleStatus.RETURNED),
        # Looked at and found good: approved for the second time, now for what was asked.
        "accept": Move({AfterSaleStatus.RETURNED}, AfterSaleStatus.APPROVED),
        # The money is back at the buyer, or the new parcel has left.
        "finish": Move({AfterSaleStatus.APPROVED}, AfterSaleStatus.DONE),
        "cancel": Move({AfterSaleStatus.APPLIED, AfterSaleStatus.APPROVED}, AfterSaleStatus.CANCELLED),
        # No parcel number in time, the money stayed with the shop by the word of two people, or the units were refunded
        # otherwise.
        "lapse": Move(OPEN, AfterSaleStatus.CANCELLED),
    },
    final={AfterSaleStatus.DONE, AfterSaleStatus.REFUSED, AfterSaleStatus.CANCELLED},
    labels=dict(AfterSaleStatus.choices),
)

# What people call what happened: the moves, and what happens beside them.
MOVE_LABELS = {
    "apply": "提交申请",
    "approve": "同意申请",
    "first": "初审通过",
    "refuse": "拒绝申请",
    "send_back": "买家寄回",
    "parcel": "修改寄回单号",
    "arrive": "收到退货",
    "accept": "验收通过",
    "pay": "发起退款",
    "carriage": "补偿退货运费",
    "finish": "完成",
    "cancel": "买家撤销",
    "lapse": "关闭",
    "lower": "减少件数",
    "escalate": "升级处理",
    "dispatch": "寄出新包裹",
    "message": "留言",
}
