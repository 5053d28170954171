"""Money that came under a number of nobody here: it pays for nothing, and goes back only when two people say so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse

from apps.base.clauses import Clause
from apps.checkout.bills.kind import Kind
from apps.orders.states import Actor
from apps.payments.models import Payment
from apps.payments.services import Bill, NotPayable
from apps.payments.states import STRAY as NAME
from apps.payments.states import SurplusReason
from mall.errors import ShopError


class StrayBill(Kind):
    """Of a payment that the shop never asked for and wrote down when it was found in WeChat's bill (apps/books)."""

    name = NAME
    label = "非商城收款"
    busy = ShopError  # nobody can press "pay" for it

    def page(self, bill_no: str) -> str:
        return f"{reverse('admin:books_case_changelist')}?{urlencode({'q': bill_no})}"

    def ask(self, bill_no: str, *, at: datetime) -> Bill:
        raise NotPayable

    def waits(self, bill_no: str) -> bool:
        return False

    def lock(self, bill_no: str) -> bool:
        """Nothing is owed, so nothing is locked."""
        return False

    def why_not(self, bill_no: str, *, paid_at: datetime) -> SurplusReason | None:
        return SurplusReason.STRAY

    def paid(self, bill_no: str, *, behind: Sequence[Clause] = (), by: Actor, at: datetime) -> None:
        """Never: ``why_not`` always knows why."""
        raise RuntimeError(f"a stray payment pays for nothing: {bill_no}")

    def upload(self, payment: Payment, *, at: datetime) -> None:
        """Nothing was sold, so there is nothing to tell."""

    def console_refunded(self, payment: Payment, *, at: datetime) -> bool:
        """Nothing was sold, so nothing follows."""
        return False

    def own_numbers(self, *, member_id: int) -> Sequence[str] | None:
        """Whose it is the shop does not know."""
        return None


STRAY = StrayBill()
