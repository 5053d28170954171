"""Activities that a choice may name: the board of their kinds, and what the counter asks them.

Another kind is a module beside these and one line in ``KINDS`` (``docs/guide/add-an-activity.md``); nothing else at
the counter knows any of them by name.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

from apps.checkout.activities.bargain import Bargains
from apps.checkout.activities.flash_sale import FlashSales
from apps.checkout.activities.group_buy import GroupBuys
from apps.checkout.activities.kind import (
    REFUNDABLE,
    ActivityInvalid,
    ActivityKind,
    ActivityNotFound,
    Admission,
    Badge,
    Extra,
    StandsAlone,
    Ticket,
    Wanted,
)
from apps.checkout.activities.points_good import PointsGoods
from apps.checkout.activities.presale import Presales, report_until
from apps.checkout.activities.referral_prize import ReferralPrizes
from apps.deadlines.services.fixing import Agreed
from apps.members.models import Member
from apps.orders.models import Order
from apps.orders.states import Status
from mall.errors import ShopError
from mall.pricing import refs
from mall.pricing.hearing import Heard, Stranger
from mall.pricing.offers import AnyCoupon, FreePostage, MemberPrice, PointsDeduction
from mall.pricing.quote import Declined

__all__ = [
    "KINDS",
    "ActivityInvalid",
    "ActivityKind",
    "ActivityNotFound",
    "Admission",
    "Badge",
    "Extra",
    "StandsAlone",
    "Ticket",
    "Wanted",
    "admit",
    "agreed_of",
    "badge_sign",
    "badges",
    "declined_balance",
    "in_a_rush",
    "kinds_paid_by_points",
    "label_of",
    "payable_to_the_end",
    "read",
    "refundable_from",
    "report_until",
    "require_payable",
    "shut_out",
    "stages_of",
    "statuses",
    "tell",
    "tells",
    "waits_for_others",
    "when_paid",
    "with_activity",
    "without_others",
]

# The board. A kind's place says nothing, except which badge a product shows first.
KINDS: tuple[ActivityKind, ...] = (
    FlashSales(),
    PointsGoods(),
    GroupBuys(),
    Bargains(),
    Presales(),
    ReferralPrizes(),
)

# Where no order comes without a kind of activity whose orders wait there.
_OF_ACTIVITIES = frozenset({Status.RESERVED, Status.GATHERING})


def read(said: Mapping[str, Any]) -> Ticket:
    """The ticket that ``{"kind", "id", …}`` is: what the door does with it, asking nobody.

    Raises ActivityInvalid for what is malformed, ActivityNotFound for a kind that the shop does not have.
    """
    named = said.get("kind")
    if not isinstance(named, str) or not named:
        raise ActivityInvalid(details={"activity": ["请提供活动类型 kind"]})
    kind = _kind(named)
    if kind is None:
        raise ActivityNotFound
    return kind.read(said)


def admit(ticket: Ticket, *, member: Member, wanted: Wanted, at: datetime) -> Admission:
    """What the ticket lets the member have now. Raises ActivityNotFound, StandsAlone, and what its kind refuses."""
    kind = _kind(ticket.kind)
    if kind is None:
        raise ActivityNotFound
    return kind.admit(ticket, member=member, wanted=wanted, at=at)


def in_a_rush(ticket: Ticket | None = None) -> bool:
    """Whether ``shut_out`` may say anything of this ticket, or of any, at this moment. No statement."""
    if ticket is None:
        return any(kind.in_a_rush() for kind in KINDS)
    kind = _kind(ticket.kind)
    return kind is not None and kind.in_a_rush(ticket)


def shut_out(
    ticket: Ticket, *, items: tuple[tuple[int, int], ...], member_id: int, at: datetime
) -> ShopError | None:
    """What ``admit`` is sure to refuse by what this process has at hand, None where it would have to ask."""
    kind = _kind(ticket.kind)
    return None if kind is None else kind.shut_out(ticket, items=items, member_id=member_id, at=at)


def with_activity(offers: Sequence[Heard], admission: Admission) -> list[Heard]:
    """The offers with the activity's price; those that do not go with it are refused, so that the quote says so."""
    return [admission.price, *(_beside(offer, admission) for offer in offers)]


def without_others(held: Sequence[AnyCoupon], admission: Admission) -> list[AnyCoupon]:
    """The member's coupons beside an activity: as they are, or each refused with the reason."""
    if Extra.COUPON in admission.combines:
        return list(held)
    return [replace(coupon, refused=_apart(admission)) for coupon in held]


def declined_balance(admission: Admission) -> Declined | None:
    """Why stored value pays nothing beside an activity; None where it may. It is no offer, yet asked for like one."""
    if Extra.BALANCE in admission.combines:
        return None
    return Declined(ref="balance", label="储值支付", reason=_apart(admission))


def waits_for_others(ticket: Ticket) -> bool:
    """Whether an order of this kind may wait for others, or for its balance, after it was paid."""
    kind = _kind(ticket.kind)
    return kind is not None and bool(kind.waits_in)


def when_paid(order: Order) -> Literal["pay", "gather"]:
    """Which move being paid is for this order."""
    kind = _kind_of(order)
    return kind.when_paid(order) if kind else "pay"


def require_payable(order: Order, *, at: datetime) -> None:
    """Refuse a payment for which the order's activity has no place any more; raises what its kind refuses."""
    kind = _kind_of(order)
    refusal = kind.why_not_payable(order, at=at) if kind else None
    if refusal is not None:
        raise refusal


def payable_to_the_end(order: Order) -> bool:
    """Whether the order may be paid as long as it has any time, though that be less than WeChat's shortest."""
    kind = _kind_of(order)
    return bool(kind and kind.payable_to_the_end)


def refundable_from(order: Order) -> frozenset[Status]:
    """From which statuses this order can be refunded."""
    kind = _kind_of(order)
    return kind.refundable if kind else REFUNDABLE


def tells(order: Order) -> bool:
    """Whether WeChat is told anything of payments of the order's activity."""
    kind = _kind_of(order)
    return kind is not None and kind.tells


def tell(order: Order, *, transaction_id: str, paid_at: datetime, at: datetime) -> None:
    """Tell WeChat what the order's activity has to say of one of its payments. Raises WechatUnavailable."""
    if kind := _kind_of(order):
        kind.tell(order, transaction_id=transaction_id, paid_at=paid_at, at=at)


def agreed_of(order: Order) -> Agreed | None:
    """By when the order was agreed to leave by its activity; None where the shop's ordinary time holds."""
    kind = _kind_of(order)
    return kind.agreed(order) if kind else None


def stages_of(order: Order, *, at: datetime) -> list[dict[str, Any]]:
    """The stages in which the order is paid; none for one that is paid at once. No statement."""
    kind = _kind_of(order)
    return kind.stages(order, at=at) if kind else []


def statuses() -> list[Status]:
    """The statuses that an order can have in this shop, in their order: those of an activity only with a kind of it."""
    brought = frozenset().union(*(kind.waits_in for kind in KINDS))
    return [status for status in Status if status not in _OF_ACTIVITIES or status in brought]


def label_of(order: Order) -> str:
    """What operators call the kind of activity that the order is of; empty for an order of goods."""
    kind = _kind_of(order)
    return kind.label if kind else ""


def kinds_paid_by_points() -> frozenset[str]:
    """The kinds of reductions that points pay: the deduction, and activities whose price has points in it."""
    return frozenset({refs.POINTS, *(kind.kind for kind in KINDS if kind.paid_by_points)})


def badges(shelved: Mapping[int, frozenset[int]], *, at: datetime) -> dict[int, list[dict[str, Any]]]:
    """What each product shows of activities, by product id; ``shelved`` are the ids of its SKUs.

    At most one statement for each kind that shows any.
    """
    worn: dict[int, list[dict[str, Any]]] = {product_id: [] for product_id in shelved}
    for kind in KINDS:
        for product_id, found in kind.badges(shelved, at=at).items():
            worn[product_id] += [badge.as_dict() for badge in found]
    return worn


def badge_sign(*, at: datetime) -> Hashable:
    """Another value whenever what ``badges`` answers for any product is another."""
    return tuple([sign(at=at) for sign in _signs(KINDS)])


@lru_cache(maxsize=8)
def _signs(kinds: Sequence[ActivityKind]) -> tuple[Callable[..., Hashable], ...]:
    """The ways in which kinds sign; those that several share, as campaigns do, once."""
    return tuple(dict.fromkeys(kind.badge_sign for kind in kinds))


def _beside(offer: Heard, admission: Admission) -> Heard:
    """An offer beside an activity: as it is, or refused with the reason."""
    if isinstance(offer, FreePostage | Stranger):
        return offer
    if isinstance(offer, MemberPrice):
        needed = Extra.MEMBER_PRICE
    elif isinstance(offer, PointsDeduction):
        needed = Extra.POINTS
    else:
        needed = Extra.PROMOTIONS
    return offer if needed in admission.combines else replace(offer, refused=_apart(admission))


def _apart(admission: Admission) -> str:
    return f"不与{admission.price.label}同享"


def _kind(named: str) -> ActivityKind | None:
    return next((kind for kind in KINDS if kind.kind == named), None)


def _kind_of(order: Order) -> ActivityKind | None:
    return _kind(order.activity["kind"]) if order.activity else None
