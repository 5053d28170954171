"""Whether a message may be told at this moment: the rules that no campaign can switch off, in one order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from apps.messaging import board, quiet
from apps.messaging.board import Facts, Scene
from apps.messaging.models import Message, Rules, SceneSetting, Standing
from apps.messaging.readers import values_of
from apps.messaging.states import Reason


@dataclass(frozen=True, slots=True)
class Verdict:
    """The facts to tell; or why not: for good, or not before ``wait_until``."""

    facts: Facts | None = None
    reason: str = ""
    wait_until: datetime | None = None


def judge(
    message: Message, *, setting: SceneSetting, standing: Standing, rules: Rules, at: datetime
) -> Verdict:
    """Judge one message; its member (with the level) and content are at hand. Reads the facts anew.

    Whether a member was told enough already is counted where it is told (``services.deciding``). Raises what the scene's
    reader raises.
    """
    scene = board.scene_of(message.scene)
    if message.member.disabled_at is not None:
        return Verdict(reason=Reason.ERASED)
    if not setting.enabled:
        return Verdict(reason=Reason.SCENE_OFF)
    if at >= message.expires_at:
        return Verdict(reason=Reason.EXPIRED)
    if message.marketing and standing.marketing is False:
        return Verdict(reason=Reason.MARKETING_OFF)
    facts = _read(scene, message, at=at)
    if facts is None:
        return Verdict(reason=Reason.NOT_TRUE)
    if facts.until is not None and facts.until <= at:
        return Verdict(reason=Reason.EXPIRED)
    if message.marketing or not scene.passes_quiet:
        until = quiet.ends_at(rules, at=at)
        if until is not None:
            ends = min(message.expires_at, facts.until or message.expires_at)
            return Verdict(reason=Reason.QUIET, wait_until=until if until < ends else None)
    return Verdict(facts=facts)


def _read(scene: Scene, message: Message, *, at: datetime) -> Facts | None:
    if scene.name == board.CAMPAIGN:
        # At hand, of thousands at once.
        return Facts(values=values_of(message.member))
    return scene.reader()(subject=message.subject, member_id=message.member_id, at=at)
