"""The language of activities: the ticket that a choice names, what it admits to, and what every kind can say.

A kind is one class in a module of its own beside this one, named on the board (``activities.KINDS``). What it takes
that is scarce (a seat, a quota) is held by an adapter of its room in ``scarce.HOLDERS``, which finds the activity on
the order itself.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, ClassVar, Final, Literal

from django.utils import timezone

from apps.base.inputs import MAX_BIGINT
from apps.campaigns.refusals import ActivityNotFound
from apps.deadlines.services.fixing import Agreed
from apps.members.models import Address, Member
from apps.orders.models import Order
from apps.orders.states import Status
from mall.errors import Invalid, ShopError
from mall.pricing import refs
from mall.pricing.offers import ActivityPrice
from mall.pricing.quote import Quote

__all__ = [
    "NUMBERED",
    "REFUNDABLE",
    "ActivityInvalid",
    "ActivityKind",
    "ActivityNotFound",
    "Admission",
    "Badge",
    "Extra",
    "StandsAlone",
    "Ticket",
    "Wanted",
    "row_id",
]

# From where an order of goods can be refunded.
REFUNDABLE: Final = frozenset({Status.PAID, Status.SHIPPED, Status.RECEIVED})


class ActivityInvalid(Invalid):
    """What was said names no activity: no kind, or an id of another type than its kind has."""

    message = "活动信息有误"


class StandsAlone(Invalid):
    """The choice has goods, or asks for something, that does not go with the activity."""

    code = "activity_stands_alone"
    message = "活动商品须单独下单"


class Extra(StrEnum):
    """What may go with an activity's price where it says so; free postage always may."""

    PROMOTIONS = "promotions"
    MEMBER_PRICE = "member_price"
    COUPON = "coupon"
    POINTS = "points"
    BALANCE = "balance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """The activity that a choice names: well-formed, but nobody has looked yet whether there is such a one.

    Kinds that need more than an id add fields with a default.
    """

    kind: str
    id: int | str

    def said(self) -> dict[str, Any]:
        """As the request said it, without what it left out: the same ticket, the same words, for ever."""
        defaults = {each.name: each.default for each in fields(self) if each.default is not MISSING}
        return {name: value for name, value in asdict(self).items() if defaults.get(name, MISSING) != value}

    @property
    def ref(self) -> str:
        """What the activity's price is called in quotes and orders."""
        return str(refs.activity(self.kind, self.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a choice wants beside its activity: (SKU id, quantity) pairs as said (none for the cart), the extras
    that the shopper asked for by name, and where it goes, where that was said.
    """

    items: tuple[tuple[int, int], ...]
    asked: frozenset[Extra]
    address: Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What a ticket lets a member have at this moment.

    ``price`` competes with other prices for its own SKUs; ``combines`` are the extras that may go with it.
    ``whole_price`` is False where money is only a part of the price, which the price floor must not judge.
    ``first_fen`` is what WeChat is asked for before the rest (a deposit): stored value pays of the rest only. ``by_plan``
    says that its units are planned and not on the shelf yet.
    ``more`` is what the order answers of its activity beside kind, id and title.
    """

    ticket: Ticket
    title: str
    price: ActivityPrice
    combines: frozenset[Extra] = frozenset()
    whole_price: bool = True
    first_fen: int = 0
    by_plan: bool = False
    more: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def finish(self, quote: Quote, *, member: Member, at: datetime) -> Quote:
        """The quote with what the activity asks for besides money; a kind may refuse what it came to."""
        return quote

    def stages(self, quote: Quote) -> list[dict[str, Any]]:
        """The stages in which what the quote asks would be paid, as ``ActivityKind.stages`` tells those of an order."""
        return []

    def as_order(self) -> dict[str, Any]:
        """As the order keeps and answers it."""
        return {"kind": self.ticket.kind, "id": self.ticket.id, "title": self.title, **self.more}


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """What a product shows of an activity: ``price_fen`` is its lowest; the window in which it can be ordered."""

    kind: str
    id: int | str
    label: str
    price_fen: int
    starts_at: datetime
    ends_at: datetime

    def as_dict(self) -> dict[str, Any]:
        """The contract's form; times are told in the shop's zone, as in every other answer."""
        window = {
            "starts_at": timezone.localtime(self.starts_at),
            "ends_at": timezone.localtime(self.ends_at),
        }
        return {**asdict(self), **window}


# As `row_id` reads it: a number that no row can have is not found, not malformed.
NUMBERED: Final[Mapping[str, Mapping[str, Any]]] = {"id": {"type": "integer"}}


class ActivityKind(ABC):
    """One kind of activity. Its ``kind`` is a word of the API; what is not said here is as for goods without one."""

    kind: ClassVar[str]
    # What operators call it.
    label: ClassVar[str]
    # What a choice says of it beside its kind, as the API's document describes it (JSON Schema, by field).
    described: ClassVar[Mapping[str, Mapping[str, Any]]] = NUMBERED
    # From which statuses an order of it can be refunded.
    refundable: ClassVar[frozenset[Status]] = REFUNDABLE
    # Where its orders wait, and orders of goods never do: RESERVED with a deposit, GATHERING for others.
    waits_in: ClassVar[frozenset[Status]] = frozenset()
    # Whether an order of it may be paid as long as it has any time, and gives back what comes too late by itself.
    payable_to_the_end: ClassVar[bool] = False
    # Whether WeChat is told anything of its payments (``tell``): of other orders nobody looks for them.
    tells: ClassVar[bool] = False
    # Whether points pay what its price takes off: a refund then gives them back in proportion.
    paid_by_points: ClassVar[bool] = False

    @abstractmethod
    def read(self, said: Mapping[str, Any]) -> Ticket:
        """The ticket that was said, without asking anybody. Raises ActivityInvalid, ActivityNotFound."""

    @abstractmethod
    def admit(self, ticket: Ticket, *, member: Member, wanted: Wanted, at: datetime) -> Admission:
        """Look the activity up; few statements. Raises ActivityNotFound, StandsAlone, and refusals of its own."""

    def in_a_rush(self, ticket: Ticket | None = None) -> bool:
        """Whether ``shut_out`` may say anything of this ticket, or of any, at this moment: no statement.

        It is asked of any before each order is even read, and of the order's own ticket before anybody else is asked.
        """
        return False

    def shut_out(
        self, ticket: Ticket, *, items: tuple[tuple[int, int], ...], member_id: int, at: datetime
    ) -> ShopError | None:
        """What ``admit`` is sure to refuse by what this process has at hand, None where it would have to ask.

        No statement but for what is kept; nothing else that ``admit`` refuses may come before it.
        """
        return None

    def when_paid(self, order: Order) -> Literal["pay", "gather"]:
        """Which move being paid is: the order is PAID, or waits for others as GATHERING."""
        return "pay"

    def tell(self, order: Order, *, transaction_id: str, paid_at: datetime, at: datetime) -> bool:
        """Tell WeChat what it must know of a captured payment of such an order; say whether there is anything to tell.

        Safe to repeat, outside a transaction. Raises WechatUnavailable where it is to be told again.
        """
        return False

    def agreed(self, order: Order) -> Agreed | None:
        """By when such an order was agreed to leave, where that is not the shop's ordinary time."""
        return None

    def stages(self, order: Order, *, at: datetime) -> list[dict[str, Any]]:
        """The stages in which an order of it is paid, as the API answers them, from the order itself."""
        return []

    def why_not_payable(self, order: Order, *, at: datetime) -> ShopError | None:
        """Why a payment would come too late, so that it is said before paying; None if it would not.

        The order is locked and unpaid. Whatever is not known yet is decided when it is paid.
        """
        return None

    def badges(self, shelved: Mapping[int, frozenset[int]], *, at: datetime) -> Mapping[int, Sequence[Badge]]:
        """What products show of running and coming activities, by product id; ``shelved`` are their SKUs' ids.

        At most one statement.
        """
        return {}

    @staticmethod
    def badge_sign(*, at: datetime) -> Hashable:
        """What the badges of this moment rest on: another value whenever any product's badge is another.

        It is asked at each request for a prepared list or page (``storefront.prepared_pages``), so it rests on
        what is kept (``base.versions``). A kind that shows badges says it; kinds whose badges rest on the same share it.
        """
        return ()


def row_id(said: Mapping[str, Any]) -> int:
    """The ``id`` of a kind that numbers its activities. Raises ActivityInvalid, ActivityNotFound."""
    found = said.get("id")
    if isinstance(found, bool) or not isinstance(found, int):
        raise ActivityInvalid(details={"activity": ["活动编号应为整数"]})
    if not 1 <= found <= MAX_BIGINT:
        raise ActivityNotFound
    return found
