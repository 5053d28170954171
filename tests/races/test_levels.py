"""Two operators who each save a level at once: whoever comes second is compared with what the first saved."""

from __future__ import annotations

import threading

import pytest

from apps.members.models import Level
from apps.members.services import levels
from tests.races.together import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def silver() -> Level:
    return Level(name="银卡", rank=2, growth_threshold=500, discount_bp=9000)


def gold() -> Level:
    """It takes less growth than silver, and gives less."""
    return Level(name="金卡", rank=3, growth_threshold=100, discount_bp=9500)


def test_a_shop_that_looks_and_then_saves_keeps_two_levels_that_contradict_each_other() -> None:
    levels.save(Level(name="普通", rank=1))
    looked = threading.Barrier(2)

    def save(level: Level) -> None:
        levels.check(level)
        looked.wait(timeout=30)
        level.save()

    assert at_once([lambda: save(silver()), lambda: save(gold())]) == {"done": 2}


def test_of_two_levels_that_contradict_each_other_one_is_saved() -> None:
    levels.save(Level(name="普通", rank=1))
    assert at_once([lambda: levels.save(silver()), lambda: levels.save(gold())]) == {
        "done": 1,
        "LevelRefused": 1,
    }
