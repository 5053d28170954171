"""What invoices hold of people: whom they are made out to, and the papers themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from apps.base import personal
from apps.base.personal import Fate, Holding, Open, Person, Room
from apps.invoices.models import Invoice, InvoiceTitle
from apps.invoices.services import erasing
from apps.invoices.states import InvoiceStatus

_TAX = (
    "税收征收管理法实施细则第二十九条：发票等涉税资料保存十年；发票管理办法第二十八条：已开具的发票存根联保存五年；"
    "PIPL 第十三条第一款第三项"
)
_CONTRACT = "为开具发票所必需（PIPL 第十三条第一款第二项）"


def export(person: Person) -> Mapping[str, personal.Table]:
    """Titles, and invoices with whom they name; the file can be downloaded with its order."""
    titles = InvoiceTitle.objects.filter(member_id=person.member_id).order_by("id")
    rows = Invoice.objects.filter(member_id=person.member_id).order_by("id")
    return {
        "发票抬头": personal.table(titles, "kind", "name", "tax_no", "email", "added_at"),
        "发票": personal.table(
            rows, "invoice_no", "status", "kind", "name", "tax_no", "email", "amount_fen", "applied_at",
            "issued_at", "number", "code", "issued_on", "reason", "file", 订单号="order__order_no",
        ),
    }  # fmt: skip


def erase(person: Person, *, at: datetime) -> None:
    """Delete titles and empty what was refused; issued papers stay until their time is over."""
    erasing.erase_of_member(member_id=person.member_id, at=at)


def still_open(person: Person) -> Sequence[Open]:
    """Applications that wait for the shop."""
    rows = Invoice.objects.filter(member_id=person.member_id, status=InvoiceStatus.APPLIED).order_by("id")
    numbers = tuple(rows.values_list("invoice_no", flat=True))
    return [Open(code="invoices", text="还有未开具的发票", numbers=numbers)] if numbers else []


def forget_old(*, at: datetime, limit: int) -> int:
    """Empty invoices whose time is over, oldest first; return how many."""
    return erasing.empty(erasing.of_old(at=at), limit=limit, at=at)


def overdue(*, at: datetime) -> int:
    """How many should be empty."""
    return erasing.of_old(at=at).count()


ROOM = Room(
    name="invoices",
    holdings=(
        Holding(
            model="invoices.InvoiceTitle",
            personal=("name", "tax_no", "email"),
            exported="发票抬头",
            fate=Fate.DELETED,
            kept="会员删除或注销为止",
            why=_CONTRACT,
        ),
        Holding(
            model="invoices.Invoice",
            personal=("name", "tax_no", "email", "file"),
            plain=("reason", "number", "code", "issued_on", "red_number", "red_on"),
            exported="发票",
            fate=Fate.STORED,
            kept=(
                f"已开具的抬头与文件：申请后 {erasing.ISSUED_KEPT.days} 天；驳回的：注销，或申请后 "
                f"{erasing.REFUSED_KEPT.days} 天；号码与金额长期"
            ),
            why=_TAX,
        ),
    ),
    export=export,
    erase=erase,
    still_open=still_open,
    forget_old=forget_old,
    overdue=overdue,
)
