"""Which news journeys have a use for at this moment: of other news the post room delivers nothing to them."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, Q, QuerySet

from apps.journeys.models import Journey, Participation
from apps.journeys.states import JourneyStatus, Standing
from mall import events


def of(kind: str) -> QuerySet[Any]:
    """The journeys for whose sake news of a kind is heard (``ONLY_WHILE``): none, and it is for nobody.

    Those that members enter by it; a payment also takes members out, wherever one is on the way.
    """
    entered = Q(status=JourneyStatus.LIVE, hears=f"event:{kind}")
    if kind == events.OrderPaid.__name__:
        entered |= Q(Exists(Participation.objects.filter(status=Standing.WALKING)))
    return Journey.objects.filter(entered)
