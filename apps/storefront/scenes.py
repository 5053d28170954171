"""What goods show at a moment, as one statement told it: the offers, and what a prepared answer rests on.

Prepared answers rest on the goods, on the promotions, and on which offers are shown now: one whose limit is used up, or
whose step has passed, is gone at once.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import orjson
from django.conf import settings

from apps.base import planned, versions
from apps.base.days import shop_day
from apps.checkout import activities
from apps.promotions import selectors as promotion_facts
from apps.promotions.wearing import Wear

TOPICS: Final = ("goods", "promotions")


class Scene(NamedTuple):
    """The offers that are shown, as a way to see what products wear of them, and what an answer rests on that shows them.

    Two scenes are the same where their ``basis`` is equal, which costs nothing while it is the same object.
    """

    offers: promotion_facts.Scene
    basis: Any

    @property
    def wear(self) -> Wear:
        """What products wear; put in words when it is first asked for."""
        return self.offers.wear


class _Kept(NamedTuple):
    """A scene, what was told when it was made, since when it holds, and the signs of it and of the activities' badges."""

    rests_on: Any
    since: datetime
    scene: Scene
    offers_sign: bytes
    badge_sign: Any


# By the lead of whoever looks: the levels', which are few.
_scenes: dict[timedelta, _Kept] = {}


class Question(NamedTuple):
    """What is asked with any statement of an answer's: how far these promotions' limits have come on a day."""

    ids: tuple[int, ...]
    day: date

    @property
    def values(self) -> tuple[str, date]:
        """The values for the places of ``columns``."""
        return planned.array(self.ids), self.day

    def told(self, tallies: str | None, tokens: str | None) -> promotion_facts.Told:
        """What the statement answered. The rest of the request goes by its tokens."""
        versions.look(tokens)
        return promotion_facts.Told(self.ids, self.day, tallies)


def question(*, at: datetime) -> Question:
    """What to ask at this moment."""
    return Question(promotion_facts.bound(), shop_day(at))


def columns(ids: str, day: str) -> tuple[str, str]:
    """The texts of the two columns for ``Question.told``; ``ids`` and ``day`` are the places of a bigint[] and of a date."""
    return promotion_facts.tallies_column(ids, day), versions.COLUMN


def scene(told: promotion_facts.Told, *, at: datetime, lead: timedelta) -> Scene:
    """The scene of this moment for whoever comes early by ``lead``.

    Its basis has the offers with their hours and, where that moves, what they take off, and what activities' badges rest on.
    Kept while tokens, tallies and the clock say the same.
    """
    known = versions.current()
    tokens = tuple([known.get(topic) for topic in TOPICS])
    rests_on = (tokens, told, settings.PUBLIC_BASE_URL)
    badge_sign = activities.badge_sign(at=at)
    kept = _scenes.get(lead)
    if kept is None or kept.rests_on != rests_on or not kept.since <= at < kept.scene.offers.until:
        offers = promotion_facts.scene(at=at, lead=lead, told=told)
        offers_sign = _sign(offers)
    elif kept.badge_sign == badge_sign:
        return kept.scene
    else:
        offers, offers_sign = kept.scene.offers, kept.offers_sign
    made = Scene(offers, (tokens, settings.PUBLIC_BASE_URL, offers_sign, badge_sign))
    if None in tokens:
        return made._replace(basis=object())  # nothing may rest on what nobody watches
    if kept is not None and kept.scene.basis == made.basis:
        made = made._replace(basis=kept.scene.basis)
    if promotion_facts.bound() == told.ids:
        _scenes[lead] = _Kept(rests_on, at, made, offers_sign, badge_sign)
    return made


def _sign(offers: promotion_facts.Scene) -> bytes:
    """Another value whenever the offers shown are others, or take off something else."""
    told = tuple(
        (each.offer.ref, each.starts_at, each.ends_at, each.preheat, getattr(each.offer, "off_bp", None))
        for each in offers.seen
    )
    # To compare what two hundred offers are takes longer than their digest.
    return blake2b(orjson.dumps(told), digest_size=16).digest()
