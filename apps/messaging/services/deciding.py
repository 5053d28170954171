"""Telling what is due: rules applied, the inbox filled, and a way out chosen, many messages a transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Final, NamedTuple

import structlog
from django.db import connection, transaction

from apps.base import days, faults, nudges
from apps.messaging import board, judging, rendering, routes
from apps.messaging import selectors as message_facts
from apps.messaging.judging import Verdict
from apps.messaging.models import Dispatch, Message, Rules, SceneSetting, Standing
from apps.messaging.services import cards, moving
from apps.messaging.states import CARRY, DECIDE, BroadcastStatus, MessageStatus, Reason

log = structlog.get_logger(__name__)

CHUNK: Final = 500
# A round ends then, so that news and money get their turn of the worker; another one is rung for.
_ROUND_SECONDS: Final = 4.0
# A reader that fails is asked again after a minute, two, four …; then operators must look.
_MOST_TRIES: Final = 6
_FIRST_WAIT: Final = timedelta(minutes=1)

# One more of marketing for each of these members, unless they said no or were told enough, by the Shanghai day and week.
_COUNT: Final = """
    INSERT INTO messaging_standing AS standing (member_id, day, told_day, week, told_week, window_left)
    SELECT id, %(day)s, 1, %(week)s, 1, 0 FROM unnest(%(members)s::bigint[]) AS member (id) ORDER BY id
        ON CONFLICT (member_id) DO UPDATE
       SET day = excluded.day, week = excluded.week,
           told_day = CASE WHEN standing.day = excluded.day THEN standing.told_day + 1 ELSE 1 END,
           told_week = CASE WHEN standing.week = excluded.week THEN standing.told_week + 1 ELSE 1 END
     WHERE standing.marketing IS NOT FALSE
       AND (standing.day IS DISTINCT FROM excluded.day OR standing.told_day < %(per_day)s)
       AND (standing.week IS DISTINCT FROM excluded.week OR standing.told_week < %(per_week)s)
    RETURNING member_id
"""


class _Judged(NamedTuple):
    """A message, how its scene is told, and the verdict."""

    message: Message
    setting: SceneSetting
    verdict: Verdict


def decide_due(*, at: datetime, limit: int = CHUNK) -> int:
    """Tell what is due, order news before marketing; return how many messages were judged.

    Safe to run side by side: rows are taken with SKIP LOCKED. A round that is long enough rings for another one.
    """
    nudges.heard(DECIDE)
    began, done = monotonic(), 0
    while (judged := decide_some(at=at, limit=limit)) == limit:
        done += judged
        if monotonic() - began > _ROUND_SECONDS:
            nudges.after_commit(DECIDE)
            return done
    return done + judged


@transaction.atomic
def repeat(*, message_id: int, at: datetime) -> None:
    """Have a message that could not be read judged again, now. Raises MoveRefused."""
    moving.repeat(Message.objects.select_for_update(no_key=True).get(pk=message_id), at=at)
    nudges.after_commit(DECIDE)


@transaction.atomic
def decide_some(*, at: datetime, limit: int = CHUNK) -> int:
    """Judge and tell at most so many due messages in one transaction; return how many."""
    due = list(
        Message.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
        .select_related("member__level", "content__template", "broadcast")
        .filter(status=MessageStatus.WAITING, due_at__lte=at)
        .order_by("marketing", "due_at")[:limit]
    )
    if not due:
        return 0
    rules = message_facts.rules()
    settings = message_facts.settings_of_scenes()
    standings = message_facts.standings({row.member_id for row in due})
    judged = _judged_all(
        [
            (row, settings.get(row.scene) or SceneSetting(scene=row.scene), standings[row.member_id])
            for row in _not_halted(due, at=at)
        ],
        rules=rules,
        at=at,
    )
    _refuse([each for each in judged if each.verdict.facts is None], at=at)
    told = _within_caps([each for each in judged if each.verdict.facts is not None], rules=rules, at=at)
    _tell(told, standings=standings, at=at)
    return len(due)


def _not_halted(due: Sequence[Message], *, at: datetime) -> list[Message]:
    """Those that belong to no mass send that was paused or cancelled meanwhile."""
    going = []
    for row in due:
        status = row.broadcast.status if row.broadcast is not None else BroadcastStatus.RUNNING
        if status == BroadcastStatus.CANCELLED:
            moving.drop([row], reason=Reason.CANCELLED, at=at)
        elif status == BroadcastStatus.PAUSED:
            moving.hold(row)
        else:
            going.append(row)
    return going


def _judged_all(
    rows: Sequence[tuple[Message, SceneSetting, Standing]], *, rules: Rules, at: datetime
) -> list[_Judged]:
    """The verdicts, with the words of what is told. A reader that fails is its message's trouble, not the others': then
    each is judged by itself, and those that could not be are put off.
    """
    try:
        with transaction.atomic():
            return [_judged(row, setting, standing, rules, at=at) for row, setting, standing in rows]
    except Exception:  # -- whatever another room's reader raises
        found = []
        for row, setting, standing in rows:
            try:
                with transaction.atomic():
                    found.append(_judged(row, setting, standing, rules, at=at))
            except Exception as error:
                log.exception("message_unreadable", name=row.scene)
                _put_off_unread(row, faults.wording(error), at=at)
        return found


def _judged(
    row: Message, setting: SceneSetting, standing: Standing, rules: Rules, *, at: datetime
) -> _Judged:
    verdict = judging.judge(row, setting=setting, standing=standing, rules=rules, at=at)
    if verdict.facts is not None:
        scene = board.scene_of(row.scene)
        rendering.put_in_words(row, scene=scene, setting=setting, facts=verdict.facts)
    return _Judged(row, setting, verdict)


def _put_off_unread(row: Message, why: str, *, at: datetime) -> None:
    row.title = row.text = row.page = ""
    row.tries += 1
    row.reason, row.fault = Reason.UNREADABLE, why[:200]
    wait: timedelta = _FIRST_WAIT * 2 ** (row.tries - 1)
    if row.tries >= _MOST_TRIES:
        moving.fail(row, reason=Reason.UNREADABLE, fault=why)
    elif at + wait >= row.expires_at:
        moving.drop([row], reason=Reason.EXPIRED, at=at)
    else:
        row.due_at = at + wait
        moving.put_off([row])


def _refuse(judged: Iterable[_Judged], *, at: datetime) -> None:
    """Drop what must not be told, by its reason; put off what may be told later."""
    later: list[Message] = []
    never: dict[str, list[Message]] = {}
    for row, _, verdict in judged:
        if verdict.wait_until is None:
            never.setdefault(verdict.reason, []).append(row)
        else:
            row.due_at, row.reason = verdict.wait_until, verdict.reason
            later.append(row)
    for why, rows in sorted(never.items()):
        moving.drop(rows, reason=why, at=at)
    if later:
        moving.put_off(later)


def _within_caps(judged: Sequence[_Judged], *, rules: Rules, at: datetime) -> list[_Judged]:
    """Those that may be told; marketing is counted, member by member, and what is too much is dropped with its reason."""
    told = [each for each in judged if not each.message.marketing]
    waiting = [each for each in judged if each.message.marketing]
    while waiting:
        # One of each member a statement: PostgreSQL changes a row once in each.
        some = {each.message.member_id: each for each in reversed(waiting)}
        counted = _counted(list(some), rules=rules, at=at)
        told += [each for member_id, each in some.items() if member_id in counted]
        _drop_capped([e for m, e in some.items() if m not in counted], rules=rules, at=at)
        taken = {each.message.pk for each in some.values()}
        waiting = [each for each in waiting if each.message.pk not in taken]
    return told


def _counted(member_ids: Collection[int], *, rules: Rules, at: datetime) -> set[int]:
    if not rules.per_day or not rules.per_week:
        return set()
    day = days.shop_day(at)
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNT,
            {
                "members": sorted(member_ids),
                "day": day,
                "week": day - timedelta(days=day.weekday()),
                "per_day": rules.per_day,
                "per_week": rules.per_week,
            },
        )
        return {row[0] for row in cursor.fetchall()}


def _drop_capped(judged: Sequence[_Judged], *, rules: Rules, at: datetime) -> None:
    """Drop those that were not counted; of each its member's row says why."""
    if not judged:
        return
    now = message_facts.standings({each.message.member_id for each in judged})
    today = days.shop_day(at)
    by_reason: dict[str, list[Message]] = {}
    for each in judged:
        standing = now[each.message.member_id]
        if standing.marketing is False:
            reason = Reason.MARKETING_OFF
        elif not rules.per_day or (standing.day == today and standing.told_day >= rules.per_day):
            reason = Reason.CAPPED_DAY
        else:
            reason = Reason.CAPPED_WEEK
        by_reason.setdefault(reason, []).append(each.message)
    for why, rows in sorted(by_reason.items()):
        moving.drop(rows, reason=why, at=at)


def _tell(told: Sequence[_Judged], *, standings: dict[int, Standing], at: datetime) -> None:
    """Fill the inbox, and send each on the first way that is open."""
    granted = message_facts.balances(
        {
            (row.member_id, template.pk)
            for row, setting, _ in told
            if (template := routes.template_of(row, setting)) is not None
        }
    )
    scenes = board.scenes()
    orders = {
        row.pk: cards.order_told_of(row, verdict.facts)
        for row, _, verdict in told
        if scenes[row.scene].by_card and verdict.facts is not None
    }
    on_cards = cards.living(set(orders.values()))
    ways = []
    for row, setting, _ in told:
        template = routes.template_of(row, setting)
        route = routes.route(
            row,
            setting=setting,
            standing=standings[row.member_id],
            granted=granted.get((row.member_id, template.pk), 0) if template is not None else 0,
            by_card=orders.get(row.pk) in on_cards,
            at=at,
        )
        row.reason = route.reason
        if route.channel is not None:
            ways.append(routes.way(row, route, at=at))
    moving.tell([row for row, _, _ in told], at=at)
    if ways:
        Dispatch.objects.bulk_create(ways, ignore_conflicts=True)
        nudges.after_commit(CARRY)
