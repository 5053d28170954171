"""What points do about news."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from apps import outbox
from apps.messaging import services as messaging
from apps.points import services as points
from apps.points.states import Interaction
from mall import events
from mall.events import Event


def settle_many(received: Sequence[events.OrderReceived], *, at: datetime) -> Collection[Event]:
    """Give what each order earns, likewise; what is not plain is left alone."""
    left = points.settle_many(order_nos=[event.order_no for event in received], at=at)
    return [event for event in received if event.order_no in left]


@outbox.together(settle_many)
def settle_on_order_received(event: events.OrderReceived, *, at: datetime) -> None:
    """Give what the order earns, points and growth, once."""
    points.settle(order_no=event.order_no, at=at)


def reward_on_profile_completed(event: events.ProfileCompleted, *, at: datetime) -> None:
    """Reward a complete profile by the operator's rule, once."""
    points.reward(member_id=event.member_id, interaction=Interaction.PROFILE, at=at)


def reward_on_review_published(event: events.ReviewPublished, *, at: datetime) -> None:
    """Reward a review by the operator's rule, once an order line, whatever its rating."""
    points.reward(member_id=event.member_id, interaction=Interaction.REVIEW, subject=event.subject, at=at)


def reward_on_survey_answered(event: events.SurveyAnswered, *, at: datetime) -> None:
    """Reward an answered survey by the operator's rule, once a survey."""
    points.reward(member_id=event.member_id, interaction=Interaction.SURVEY, subject=event.subject, at=at)


def tell_on_points_expiring(event: events.PointsExpiring, *, at: datetime) -> None:
    """Tell the member of points that are gone on a day, each such day once."""
    messaging.write(
        scene="points_expiring",
        member_id=event.member_id,
        subject=event.expires_at,
        occasion=event.expires_at,
        at=at,
    )
