"""News of the shop: frozen dataclasses of plain values, named in the past tense.

An event says what happened and which row to look at, never how the row looked: listeners read the present.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

_BY_NAME: dict[str, type[Event]] = {}


@dataclass(frozen=True)
class Event:
    """The root of all news. Subclasses are frozen dataclasses whose fields are JSON values."""

    name: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.name = cls.__name__
        if cls.name in _BY_NAME:
            raise TypeError(f"two events are called {cls.name}")
        _BY_NAME[cls.name] = cls

    def payload(self) -> dict[str, Any]:
        """Return the plain values, ready for JSON."""
        return dict(vars(self))


class UnknownEvent(LookupError):
    """A stored event whose class is gone."""


def from_payload(name: str, payload: dict[str, Any]) -> Event:
    """Return the event that ``payload`` was made from."""
    try:
        return _BY_NAME[name](**payload)
    except KeyError:
        raise UnknownEvent(name) from None


def kinds() -> dict[str, type[Event]]:
    """Return every kind of news by its name."""
    return dict(_BY_NAME)


@dataclass(frozen=True)
class MemberRegistered(Event):
    """A WeChat identity logged in for the first time; ``origin`` is the keyed digest of the network address.

    ``risk_rank`` is how risky WeChat takes the user to be, 0 to 4; 0 also where it was not asked.
    """

    member_id: int
    origin: str = ""
    risk_rank: int = 0


@dataclass(frozen=True)
class OrderPlaced(Event):
    """An order was placed and everything scarce for it is held."""

    order_no: str
    member_id: int


@dataclass(frozen=True)
class OrderPaid(Event):
    """An order's money is captured (or it cost nothing)."""

    order_no: str
    member_id: int


@dataclass(frozen=True)
class OrderReserved(Event):
    """An order's deposit is captured and it waits for its balance; OrderPaid follows when that has come."""

    order_no: str
    member_id: int


@dataclass(frozen=True)
class LateParcelAsked(Event):
    """WeChat is to be told once more that an order's goods leave later than it expects."""

    order_no: str


@dataclass(frozen=True)
class OrderDelayed(Event):
    """An order cannot leave as it was promised, and its buyer is asked whether to wait."""

    order_no: str
    member_id: int
    delay_id: int


@dataclass(frozen=True)
class OrderGathered(Event):
    """An order's money is captured and it waits for others; OrderPaid follows when what it waits for has come."""

    order_no: str
    member_id: int


@dataclass(frozen=True)
class GroupFormed(Event):
    """Enough members have paid: the orders of a group are paid orders like any others."""

    group_no: str


@dataclass(frozen=True)
class GroupFailed(Event):
    """A group's time is over, or it was ended, before enough had paid: who paid gets it back, who did not need not."""

    group_no: str


@dataclass(frozen=True)
class GroupSettled(Event):
    """A formed group is full, or its time is over: the price that it reached holds for all who are in it."""

    group_no: str


@dataclass(frozen=True)
class GroupLacksOne(Event):
    """Somebody has paid, and now one more is missing until the group is formed."""

    group_no: str


@dataclass(frozen=True)
class BargainAtFloor(Event):
    """Friends have cut all there is of a member's run: it can be bought at its floor."""

    member_id: int
    bargain_no: str


@dataclass(frozen=True)
class SeatRefused(Event):
    """An order was paid when its group had no place any more, or was over: its money goes back whole."""

    order_no: str
    member_id: int


@dataclass(frozen=True)
class OrderClosed(Event):
    """An unpaid order was cancelled or ran out of time; what it held is free again."""

    order_no: str
    member_id: int


@dataclass(frozen=True)
class WalletRecharged(Event):
    """A recharge of stored value was paid through WeChat and credited."""

    recharge_no: str
    member_id: int


@dataclass(frozen=True)
class UploadAsked(Event):
    """WeChat is to be told that what a bill paid for is delivered, though nothing travels; perhaps once more."""

    bill_kind: str
    bill_no: str


@dataclass(frozen=True)
class ParcelShipped(Event):
    """A parcel of an order left; the order may have more to come."""

    order_no: str
    parcel_no: str


@dataclass(frozen=True)
class ParcelDelivered(Event):
    """A courier says that a parcel was signed for; the order may have others on their way."""

    order_no: str
    parcel_no: str


@dataclass(frozen=True)
class OrderShipped(Event):
    """Every unit of an order has left."""

    order_no: str
    member_id: int


@dataclass(frozen=True)
class LocalDeliveryBegan(Event):
    """An order that no parcel is sent of lies ready in its shop, or has left with the shop's own rider."""

    order_no: str
    member_id: int


@dataclass(frozen=True)
class OrderReceived(Event):
    """The shopper, or time, confirmed receipt."""

    order_no: str
    member_id: int


@dataclass(frozen=True)
class OrderRefunded(Event):
    """An order was refunded, in part or whole; the money is on its way to where it came from."""

    order_no: str
    member_id: int
    refund_no: str


@dataclass(frozen=True)
class SurplusCaptured(Event):
    """Money came in that nothing can use (late, double, mismatched): it must go back once."""

    payment_no: str


@dataclass(frozen=True)
class RefundSettled(Event):
    """WeChat says that a refund reached the shopper."""

    refund_no: str


@dataclass(frozen=True)
class WithdrawalOffered(Event):
    """WeChat has a promoter's money ready: they have 24 hours to confirm it in the mini program."""

    withdrawal_no: str
    member_id: int


@dataclass(frozen=True)
class WithdrawalEnded(Event):
    """A promoter's withdrawal is over: ``status`` says whether the money arrived (DONE) or is available again."""

    withdrawal_no: str
    member_id: int
    status: str


@dataclass(frozen=True)
class ConsoleRefunded(Event):
    """Money of a payment went back by WeChat's merchant console, without the shop having asked for it."""

    payment_no: str
    refund_no: str


@dataclass(frozen=True)
class WechatPushed(Event):
    """WeChat pushed a message that the shop keeps under ``message_key``; ``kind`` is WeChat's event name."""

    message_key: str
    kind: str


@dataclass(frozen=True)
class ProfileCompleted(Event):
    """A member's nickname, avatar and phone are all known."""

    member_id: int


@dataclass(frozen=True)
class ConsentWithdrawn(Event):
    """A member took consent to a document back (``document`` is its kind): what was collected under it must go."""

    member_id: int
    document: str


@dataclass(frozen=True)
class LevelChanged(Event):
    """A member rose or fell; the row of the history says from where, to where and why."""

    member_id: int
    level_change_id: int


@dataclass(frozen=True)
class PointsExpiring(Event):
    """Points of a member are gone at ``expires_at`` (ISO 8601) unless they are spent before."""

    member_id: int
    expires_at: str


@dataclass(frozen=True)
class PointsRedeemed(Event):
    """A member paid points for a coupon of a template; whoever issues it makes it once per redemption."""

    member_id: int
    redemption_no: str
    coupon_template_id: int
    quantity: int


@dataclass(frozen=True)
class ReviewWritten(Event):
    """A member reviewed a line of a received order; nobody has looked at it yet."""

    review_id: int


@dataclass(frozen=True)
class ReviewPublished(Event):
    """A review is seen by everybody, for the first time; ``subject`` names the line of the order it is about."""

    member_id: int
    review_id: int
    subject: str


@dataclass(frozen=True)
class AfterSaleMoved(Event):
    """An application after the sale came to a new status by a named move, the first one (``apply``) included."""

    member_id: int
    order_no: str
    after_sale_no: str
    move: str
    status: str


@dataclass(frozen=True)
class SurveyAnswered(Event):
    """A member answered a survey; ``subject`` names the survey."""

    member_id: int
    survey_id: int
    subject: str


@dataclass(frozen=True)
class ShareWanted(Event):
    """A member shares something whose code or poster has to be made."""

    share_id: int


@dataclass(frozen=True)
class ShareVisited(Event):
    """A member came by another member's share; whoever binds customers to promoters looks at the visit."""

    member_id: int
    share_id: int
    visit_id: int


@dataclass(frozen=True)
class LiveCardChanged(Event):
    """Cards in chats have something new to say of a group, or need their number first."""

    live_card_id: int


@dataclass(frozen=True)
class FriendInvited(Event):
    """A member came by an inviter's share of a referral campaign and is that inviter's friend in it."""

    invitation_id: int


@dataclass(frozen=True)
class PhoneBound(Event):
    """A member without a phone number told one that WeChat vouches for."""

    member_id: int


@dataclass(frozen=True)
class FlashTurnGiven(Event):
    """Who waited for a good of a flash sale has a right to a unit of it ``until`` (ISO 8601)."""

    member_id: int
    good_id: int
    until: str


@dataclass(frozen=True)
class TagArchived(Event):
    """A tag of members was put away: it is put on nobody any more."""

    tag_id: int


@dataclass(frozen=True)
class SegmentArchived(Event):
    """A segment was put away: nothing is sent to it any more."""

    segment_id: int


@dataclass(frozen=True)
class SegmentBroken(Event):
    """Something that a segment names is gone; the row says which. Nothing is sent to it until it is mended."""

    segment_id: int


@dataclass(frozen=True)
class SegmentMended(Event):
    """The conditions of a segment mean something again."""

    segment_id: int
