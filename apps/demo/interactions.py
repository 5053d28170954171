"""What the demo shop gives for a complete profile, a review and a survey."""

from __future__ import annotations

from apps.points.models import InteractionRule
from apps.points.states import Interaction


def fill() -> None:
    """Set up the rewards where they are missing; what an operator changed since stays."""
    InteractionRule.objects.bulk_create(
        [
            InteractionRule(kind=Interaction.PROFILE, points=50, growth=10, once=True),
            InteractionRule(kind=Interaction.REVIEW, points=20, growth=5, daily_cap=3),
            InteractionRule(kind=Interaction.SURVEY, points=30, growth=5, daily_cap=1),
        ],
        ignore_conflicts=True,
    )
