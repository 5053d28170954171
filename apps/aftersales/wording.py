"""How a refund is put to the operator before it is carried out: its lines, and what it does, in sentences."""

from __future__ import annotations

from typing import NamedTuple

from apps.aftersales.planning import LinePart
from apps.aftersales.selectors import Preview
from mall.money import priced


class Line(NamedTuple):
    """One line of the refund in words."""

    goods: str
    units: int
    whence: str
    stock: str
    amount: str


def lines(preview: Preview) -> list[Line]:
    """The lines of the refund as its page shows them."""
    return [
        Line(
            goods=f"{part.line.mark}{part.line.title} {part.line.option_text}".strip(),
            units=part.units,
            whence=_whence(part),
            stock=f"{part.restocked} 件退回库存" if _is_counted(part, preview) else "不入库",
            amount=priced(part.amount_fen),
        )
        for part in preview.plan.lines
    ]


def _is_counted(part: LinePart, preview: Preview) -> bool:
    """Whether any of it goes back on the shelf: of packing only where stock is kept of it."""
    packing = preview.plan.order.packing or {}
    return bool(part.restocked) and (not part.line.is_packing or bool(packing.get("uses_stock")))


def facts(preview: Preview, *, reason: str) -> list[tuple[str, str]]:
    """What the refund does, as labels and sentences; what it does not touch is left out."""
    plan, order = preview.plan, preview.plan.order
    told = [
        (
            "退款合计",
            f"{priced(plan.amount_fen)}（商品 {priced(plan.goods_fen)}，运费 {priced(plan.shipping_fen)}）",
        )
    ]
    if plan.undone and plan.shipping_fen:
        told.append(("运费", "全部商品均未发出，剩余运费一并退还"))
    told.append(("退至微信", priced(plan.wechat_fen) + ("，原路退回" if plan.wechat_fen else "")))
    if order.balance_fen:
        told.append(("退至储值", f"{priced(plan.balance_fen)}，即时到账"))
    told += _points(preview)
    told += _gifts(preview)
    if plan.undone:
        told.append(("优惠券与促销名额", "此订单使用的优惠券和限量促销名额一并退还"))
    moves_on = preview.becomes != order.status
    told.append(
        ("退款后订单", str(preview.becomes.label) if moves_on else f"{preview.becomes.label}（不变）")
    )
    if plan.ends and plan.shipping_kept_fen:
        kept = priced(plan.shipping_kept_fen)
        told.append(("注意", f"全部商品退完后订单即结束，未退的运费 {kept} 之后仍可在订单页单独退还"))
    return [*told, ("退款原因", reason)]


def _whence(part: LinePart) -> str:
    sent = part.units - part.unsent
    said = [f"未发出 {part.unsent} 件"] if part.unsent else []
    if sent:
        said.append(f"已发出 {sent} 件")
    return "，".join(said)


def _points(preview: Preview) -> list[tuple[str, str]]:
    points = preview.points
    told = []
    if points.back:
        told.append(("退回积分", f"{points.back} 积分（抵扣时使用的）"))
    if points.taken:
        short = (
            f"，其中 {points.short} 积分余额不足，记为欠积分，由之后获得的积分偿还" if points.short else ""
        )
        told.append(("扣回积分", f"{points.taken} 积分（此订单获得的）{short}"))
    if points.growth:
        told.append(("扣回成长值", f"{points.growth}"))
    return told


def _gifts(preview: Preview) -> list[tuple[str, str]]:
    told = []
    if preview.gifts_revoked:
        told.append(("收回赠券", "、".join(gift.template.name for gift in preview.gifts_revoked)))
    if preview.gifts_spent:
        names = "、".join(gift.template.name for gift in preview.gifts_spent)
        told.append(("未能收回的赠券", f"{names}：买家已使用或正在使用，请与买家协商"))
    return told
