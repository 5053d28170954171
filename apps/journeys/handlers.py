"""What journeys do about news: members enter by it, and what is gone pauses them."""

from __future__ import annotations

from datetime import datetime

from apps.journeys import services as journeys
from mall import events


def enter_on_member_registered(event: events.MemberRegistered, *, at: datetime) -> None:
    """Who registered."""
    journeys.on_news(name=event.name, member_id=event.member_id, subject="", at=at)


def enter_on_profile_completed(event: events.ProfileCompleted, *, at: datetime) -> None:
    """Who told all of their profile."""
    journeys.on_news(name=event.name, member_id=event.member_id, subject="", at=at)


def enter_on_phone_bound(event: events.PhoneBound, *, at: datetime) -> None:
    """Who told a phone number."""
    journeys.on_news(name=event.name, member_id=event.member_id, subject="", at=at)


def enter_on_order_placed(event: events.OrderPlaced, *, at: datetime) -> None:
    """Who placed an order."""
    journeys.on_news(name=event.name, member_id=event.member_id, subject=event.order_no, at=at)


def enter_on_order_paid(event: events.OrderPaid, *, at: datetime) -> None:
    """Who paid for an order; whom that takes out of a journey need not wait until its next step is due."""
    journeys.let_buyer_go(member_id=event.member_id, at=at)
    journeys.on_news(name=event.name, member_id=event.member_id, subject=event.order_no, at=at)


def enter_on_order_closed(event: events.OrderClosed, *, at: datetime) -> None:
    """Whose order was closed unpaid."""
    journeys.on_news(name=event.name, member_id=event.member_id, subject=event.order_no, at=at)


def enter_on_order_shipped(event: events.OrderShipped, *, at: datetime) -> None:
    """All of whose order has left."""
    journeys.on_news(name=event.name, member_id=event.member_id, subject=event.order_no, at=at)


def enter_on_order_received(event: events.OrderReceived, *, at: datetime) -> None:
    """Who has an order."""
    journeys.on_news(name=event.name, member_id=event.member_id, subject=event.order_no, at=at)


def enter_on_order_refunded(event: events.OrderRefunded, *, at: datetime) -> None:
    """Whose money goes back; each refund of an order by itself."""
    journeys.on_news(name=event.name, member_id=event.member_id, subject=event.refund_no, at=at)


def enter_on_level_changed(event: events.LevelChanged, *, at: datetime) -> None:
    """Who rose or fell."""
    subject = str(event.level_change_id)
    journeys.on_news(name=event.name, member_id=event.member_id, subject=subject, at=at)


def enter_on_review_published(event: events.ReviewPublished, *, at: datetime) -> None:
    """Whose review is seen by everybody."""
    journeys.on_news(name=event.name, member_id=event.member_id, subject=str(event.review_id), at=at)


def enter_on_survey_answered(event: events.SurveyAnswered, *, at: datetime) -> None:
    """Who answered a survey."""
    journeys.on_news(name=event.name, member_id=event.member_id, subject=str(event.survey_id), at=at)


def stop_on_tag_archived(event: events.TagArchived, *, at: datetime) -> None:
    """Pause what names the tag."""
    journeys.look_over(at=at)


def stop_on_segment_archived(event: events.SegmentArchived, *, at: datetime) -> None:
    """Pause what names the segment."""
    journeys.look_over(at=at)


def stop_on_segment_broken(event: events.SegmentBroken, *, at: datetime) -> None:
    """Pause what names the segment."""
    journeys.look_over(at=at)
