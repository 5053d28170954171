"""Levels: a higher one takes more growth and gives no less, and the lowest is for everybody."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import transaction

from apps.base import judging
from apps.members.models import Level
from mall.errors import Fault, Faulty


class LevelRefused(Faulty):
    """A level that contradicts those below or above it; ``faults`` say at which field, and why."""

    code = "level_refused"


def check(level: Level) -> None:
    """Hold a new or changed level against all others: some statements. Raises LevelRefused."""
    judging.refuse(LevelRefused, level, _faults(level))


def save(level: Level) -> Level:
    """Save a new or changed level. Levels are saved one after the other, so that each is compared with what is true.

    Raises LevelRefused.
    """
    with transaction.atomic():
        list(Level.objects.select_for_update(no_key=True).order_by("id").values_list("id"))
        check(level)
        level.save()
    return level


def _faults(level: Level) -> Iterator[Fault]:
    others = list(Level.objects.exclude(pk=level.pk).order_by("rank"))
    for other in others:
        yield from _compared(level, other, above=other.rank > level.rank)
    if level.growth_threshold and not any(other.rank < level.rank for other in others):
        yield Fault("growth_threshold", "最低等级的所需成长值必须为 0，否则新会员没有等级")


def _compared(level: Level, other: Level, *, above: bool) -> Iterator[Fault]:
    side, word = (-1, "高") if above else (1, "低")
    by_growth = level.growth_threshold and other.growth_threshold
    if by_growth and side * (level.growth_threshold - other.growth_threshold) <= 0:
        yield Fault(
            "growth_threshold",
            f"等级「{other.name}」更{word}，所需成长值为 {other.growth_threshold}；等级越高所需成长值必须越多",
        )
    if side * (level.discount_bp - other.discount_bp) > 0:
        yield Fault("discount_bp", f"等级「{other.name}」更{word}；等级越高折扣不能越少")
    if side * (level.points_multiplier_bp - other.points_multiplier_bp) < 0:
        yield Fault("points_multiplier_bp", f"等级「{other.name}」更{word}；等级越高积分倍率不能越低")
