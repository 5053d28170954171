"""What the counter asks of each kind of bill: an adapter between what is owed and the payment that it does not know."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, NamedTuple, Self

from django.db.models import QuerySet

from apps.base.clauses import Clause
from apps.orders.models import Order
from apps.orders.states import Actor
from apps.payments import selectors as payment_facts
from apps.payments.models import Payment
from apps.payments.services import Bill
from apps.payments.states import SurplusReason
from mall.errors import ShopError


class Overdue(NamedTuple):
    """Something unpaid whose time is over: its place in the queue, (``expires_at``, ``pk``), and its bill's number."""

    expires_at: datetime
    pk: int
    bill_no: str


class Together(NamedTuple):
    """How many bills were given up at once, and the numbers of those that have to be looked at one by one."""

    given_up: int
    alone: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Who gives something up that nobody paid, and why. ``operator`` is the admin user where ``actor`` is OPERATOR."""

    actor: Actor
    why: str
    operator: Any = None


class Kind(ABC):
    """One kind of bill. ``bill_no`` is the number of what it is for, or of the bill itself where that has several.

    Rows are locked in one order everywhere: what is owed, by ``lock``, ``ask`` and ``why_not``; then its payment; then
    what being paid or given up touches. ``name`` is stored with every payment and never changes; ``label`` and
    ``page`` are for operators.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    # What a shopper is told who presses "pay" again and again while it is being given up.
    busy: ClassVar[type[ShopError]]

    def for_one(self, order: Order | None = None) -> Self:
        """This kind for one bill and one transaction: what it locks there it may keep at hand.

        ``order`` is the one that the bill is, where it is locked already.
        """
        return self

    @abstractmethod
    def page(self, bill_no: str) -> str:
        """The address of the admin page, or search, on which operators find what the bill is for."""

    @abstractmethod
    def ask(self, bill_no: str, *, at: datetime) -> Bill:
        """Lock what is owed and say what WeChat is to collect; all of it frozen, so that asking again says the same.

        Raises NotFound, and the kind's own error where nothing is to be paid.
        """

    @abstractmethod
    def waits(self, bill_no: str) -> bool:
        """Whether it still waits for money; not binding, for nothing is locked."""

    @abstractmethod
    def lock(self, bill_no: str) -> bool:
        """Lock what is owed and say whether it waits for money. Raises NotFound."""

    @abstractmethod
    def why_not(self, bill_no: str, *, paid_at: datetime) -> SurplusReason | None:
        """Lock what is owed and say why it can take no money, None if it can. Raises NotFound.

        ``paid_at`` is when WeChat says that it was paid, however late the shop hears of it. A bill with an end of its
        own takes what was paid before that (half-open) as long as it waits; one without takes whatever comes while
        it waits: its time to pay ends with the sweep, which closes at WeChat first.
        """

    @abstractmethod
    def paid(self, bill_no: str, *, behind: Sequence[Clause] = (), by: Actor, at: datetime) -> None:
        """Everything that being paid means at once, in the transaction that books the money; the rest hears the news.

        ``behind`` these clauses, which are run first, in one statement with whatever it has of clauses itself.

        What is delivered by being paid publishes ``UploadAsked``, so that WeChat is told.
        """

    @abstractmethod
    def upload(self, payment: Payment, *, at: datetime) -> None:
        """Tell WeChat what the payment paid for (发货信息), without which it keeps the money. Raises UploadLater.

        Called outside a transaction.
        """

    @abstractmethod
    def console_refunded(self, payment: Payment, *, at: datetime) -> bool:
        """What follows from money that WeChat's merchant console gave back of a payment of this kind; whether anything did.

        Nothing can be refused any more: the money is gone. It may be told more than once.
        """

    @abstractmethod
    def own_numbers(self, *, member_id: int) -> Sequence[str] | None:
        """The numbers of a member's bills that are no order's: what was paid, told and given back by them is exported with
        the member, and stands in the way of an erasure while it is under way. None for a kind that is always an
        order's, which rooms find by the order, or nobody's.
        """

    def given_up(self, bill_no: str, *, by: By, at: datetime) -> None:
        """Everything that giving up means. Called with the row locked, waiting, and without an open attempt."""
        raise NotImplementedError(f"{self.name} is never given up")

    def given_up_together(self, bill_nos: Sequence[str], *, by: By, at: datetime) -> Together:
        """Give up at once, in the caller's transaction, those of these that are simple and that nobody else has at hand.

        What it does of one is what ``given_up`` does, with nothing open at WeChat. Here none is simple.
        """
        return Together(0, bill_nos)

    def overdue(self, *, at: datetime, after: tuple[datetime, int] | None, limit: int) -> Sequence[Overdue]:
        """Up to ``limit`` of those to give up now, longest overdue first, after the place that was seen last."""
        return ()

    def attempts(self, bill_no: str) -> QuerySet[Payment]:
        """The attempts to pay that must be dead before it is given up."""
        return payment_facts.of_bill(bill_kind=self.name, bill_no=bill_no)

    def owes_fen(self, order: Order) -> int:
        """What of an order WeChat is asked for by this bill: nothing is paid without it."""
        return order.due_fen

    def check_free(self, order: Order, *, at: datetime) -> None:
        """Refuse to pay nothing of this locked order, as paying something would be refused."""
        raise NotImplementedError(f"{self.name} is never paid with nothing")

    def is_due_of(self, order: Order) -> bool:
        """Whether this is the bill that the order's shopper is to pay next."""
        return False
