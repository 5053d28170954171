"""A member's invoice titles: at most twenty, each whole before it is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from apps.base import replica
from apps.invoices import selectors as invoice_facts
from apps.invoices.models import InvoiceTitle
from apps.invoices.states import TitleKind
from apps.members.models import Member
from mall import tax_numbers
from mall.errors import Fault, Faulty, ShopError

MOST: Final = 20
_FIELDS: Final = ("kind", "name", "tax_no", "email")


class TooManyTitles(ShopError):
    """A member keeps at most twenty titles."""

    code = "too_many_invoice_titles"
    message = f"最多保存 {MOST} 个发票抬头"


class TitleRefused(Faulty):
    """A title that no invoice can be made out to; ``details`` say at which field, and why."""

    code = "invoice_title_refused"


def add(*, member: Member, fields: Mapping[str, Any], at: datetime) -> InvoiceTitle:
    """Keep a new title. Raises TitleRefused, TooManyTitles."""
    title = InvoiceTitle(member=member, added_at=at, **fields)
    _check(title)
    with transaction.atomic():
        _lock(member)
        if InvoiceTitle.objects.filter(member=member).count() >= MOST:
            raise TooManyTitles(details={"most": MOST})
        title.save()
    replica.wrote_for(Member, member.pk)
    return title


def change(*, member: Member, title_id: int, fields: Mapping[str, Any]) -> InvoiceTitle:
    """Change the given fields of one of the member's titles; invoices that were applied for keep theirs.

    A title that becomes personal loses its tax number where none is given. Raises NotFound, TitleRefused.
    """
    with transaction.atomic():
        _lock(member)
        title = invoice_facts.title_of(member=member, title_id=title_id)
        for name in _FIELDS:
            setattr(title, name, fields.get(name, getattr(title, name)))
        if title.kind == TitleKind.PERSONAL and "tax_no" not in fields:
            title.tax_no = ""
        _check(title)
        title.save(update_fields=_FIELDS)
    replica.wrote_for(Member, member.pk)
    return title


def remove(*, member: Member, title_id: int) -> None:
    """Delete one of the member's titles; invoices keep their copy. Raises NotFound."""
    with transaction.atomic():
        _lock(member)
        invoice_facts.title_of(member=member, title_id=title_id).delete()
    replica.wrote_for(Member, member.pk)


def _check(title: InvoiceTitle) -> None:
    """Bring the tax number to its one form and judge the whole. Raises TitleRefused."""
    title.tax_no = tax_numbers.one_form(title.tax_no)
    if faults := list(_faults(title)):
        raise TitleRefused(faults)


def _faults(title: InvoiceTitle) -> Iterator[Fault]:
    if not title.name:
        yield Fault("name", "请填写抬头名称")
    if title.kind == TitleKind.PERSONAL and title.tax_no:
        yield Fault("tax_no", "个人抬头不填税号")
    if title.kind == TitleKind.COMPANY and not title.tax_no:
        yield Fault("tax_no", "请填写企业税号")
    elif title.kind == TitleKind.COMPANY and not tax_numbers.is_credit_code(title.tax_no):
        yield Fault("tax_no", "税号须为 18 位统一社会信用代码，请核对")
    if title.email:
        try:
            validate_email(title.email)
        except ValidationError:
            yield Fault("email", "邮箱格式不正确")


def _lock(member: Member) -> None:
    """One member's titles change one after the other, so that they can be counted."""
    Member.objects.select_for_update(no_key=True).get(pk=member.pk)
