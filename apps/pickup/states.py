"""Statuses of a pickup and the table of its moves."""

from __future__ import annotations

from django.db import models

from mall.lifecycle import Lifecycle, Move


class SlotKind(models.TextChoices):
    """What a slot is for, in the words of an order's way."""

    CITY = "CITY", "同城配送"
    PICKUP = "PICKUP", "到店自提"


class SlotState(models.TextChoices):
    """How a slot stands for who would choose it now."""

    OPEN = "OPEN", "可约"
    FULL = "FULL", "已约满"
    PASSED = "PASSED", "已截止"


class PickupStatus(models.TextChoices):
    """Where the goods of an order that is fetched are."""

    WAITING = "WAITING", "待备货"
    READY = "READY", "待自提"
    FETCHED = "FETCHED", "已取货"
    OFF = "OFF", "已取消"


# A code of these opens a shop's counter.
OPEN = (PickupStatus.READY, PickupStatus.WAITING)

LIFECYCLE = Lifecycle(
    "pickup",
    initial=PickupStatus.WAITING,
    moves={
        "lie_ready": Move({PickupStatus.WAITING}, PickupStatus.READY),
        "hand_over": Move({PickupStatus.READY}, PickupStatus.FETCHED),
        "call_off": Move(set(OPEN), PickupStatus.OFF),
    },
    final={PickupStatus.FETCHED, PickupStatus.OFF},
    labels=dict(PickupStatus.choices),
)
