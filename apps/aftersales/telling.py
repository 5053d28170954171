"""What is true of an application after the sale when its member is told how far it has come."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from apps.aftersales.models import AfterSale
from apps.aftersales.states import OF_MONEY, WITH_GOODS, AfterSaleStatus
from apps.messaging.board import Facts

# What the shop or time did; what members do themselves they know.
TOLD_MOVES: Final = frozenset({"approve", "refuse", "arrive", "accept", "finish", "lapse"})

# What stands in a subject where the shop has said something, and the status is as it was.
REPLY: Final = "REPLY"


def moved(*, subject: str, member_id: int, at: datetime) -> Facts | None:
    """The application and the status that it came to (``AS…@APPROVED``), as long as it stands there.

    Or that the shop has replied (``AS…@REPLY``), which stays true.
    """
    after_sale_no, _, status = subject.partition("@")
    rows = AfterSale.objects.select_related("order").filter(after_sale_no=after_sale_no, member_id=member_id)
    is_reply = status == REPLY
    row = (rows if is_reply else rows.filter(status=status)).first()
    if row is None:
        return None
    return Facts(
        values={
            "after_sale_no": after_sale_no,
            "order_no": row.order.order_no,
            "goods": _goods(row),
            "kind": row.get_kind_display(),
            "progress": "商家已回复" if is_reply else row.get_status_display(),
            "hint": "请在售后详情中查看" if is_reply else _hint(row),
            "moved_at": at,
        }
    )


def _goods(row: AfterSale) -> str:
    """What it is about in a few words: 明前龙井 等 2 件."""
    lines = list(row.lines.select_related("order_line").order_by("id"))
    units = sum(one.quantity for one in lines)
    first = lines[0].order_line.title
    return first if units == 1 else f"{first} 等 {units} 件"


def _hint(row: AfterSale) -> str:
    """What the member may do, or what has become of it."""
    match row.status:
        case AfterSaleStatus.APPROVED if row.kind in WITH_GOODS and row.arrived_at is None:
            return "请寄回商品并填写快递单号"
        case AfterSaleStatus.APPROVED:
            return "退款处理中" if row.kind in OF_MONEY else "新包裹准备中"
        case AfterSaleStatus.RETURNED:
            return "商家已收到寄回的商品"
        case AfterSaleStatus.DONE:
            return "款项已退回" if row.kind in OF_MONEY else "新包裹已发出"
        case _:
            return "可在售后详情中查看原因"
