"""Units are given for once: an operator's refund takes none that an application has, an application none that are gone."""

from __future__ import annotations

from apps.aftersales import application_selectors as application_facts
from apps.aftersales.models import AfterSale, AfterSaleLine
from apps.aftersales.planning import Plan
from apps.base import transactions
from mall.errors import Fault, Faulty, Kind, ShopError


class UnitsAsked(Faulty):
    """A buyer has applied for the units: they are decided there. Every line is named, under ``units_<line id>``."""

    code = "refund_units_asked"
    message = "买家已申请售后，请在该申请上处理"
    kind = Kind.CONFLICT


class UnitsGone(ShopError):
    """Units of the application were refunded otherwise. ``details``: ``line_id``, ``left``."""

    code = "after_sale_units_gone"
    message = "申请的商品已另行退款，不能再同意、验收或寄出"
    kind = Kind.CONFLICT


class OnlyLooked(ShopError):
    """Nothing is decided any more about an application whose units were refunded otherwise: its goods are looked at."""

    code = "after_sale_only_looked"
    message = "申请的商品已另行退款，请验收寄回的商品"
    kind = Kind.CONFLICT


def require_free(plan: Plan) -> None:
    """Raise UnitsAsked where a refund would take units of an open application. Binding under the order's lock."""
    asked = application_facts.asked_of(plan.order)
    faults, rows = [], {}
    for part in plan.lines:
        row, units = asked.get(part.line.pk, (None, 0))
        free = part.line.quantity - part.line.refunded - units
        if row is None or part.units <= free:
            continue
        told = (
            f"{part.line.title}：买家已申请售后 {row.after_sale_no}（{row.get_kind_display()} {units} 件，"
            f"{row.get_status_display()}），请在该申请上处理；此处最多可退 {max(free, 0)} 件"
        )
        faults.append(Fault(f"units_{part.line.pk}", told))
        rows[told] = ("aftersales.aftersale", row.pk)
    if faults:
        raise UnitsAsked(faults, rows=rows)


def require_left(row: AfterSale) -> None:
    """Raise UnitsGone where units that a locked application gives something for were refunded otherwise."""
    transactions.require()
    for line in AfterSaleLine.objects.filter(after_sale=row).select_related("order_line").order_by("id"):
        left = line.order_line.quantity - line.order_line.refunded
        if line.units > left:
            raise UnitsGone(details={"line_id": line.order_line_id, "left": left})
