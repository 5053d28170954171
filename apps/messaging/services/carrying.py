"""Carrying messages out of the shop, one at a time to each member: judged anew, the grant spent and the attempt committed,
then the call with no transaction open, then what became of it. What nobody knows the outcome of is never sent again.
"""

from __future__ import annotations

import random
import time
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from apps.base import faults, nudges, transactions
from apps.messaging import board, channels, judging, marks, pacing, rendering, routes
from apps.messaging import selectors as message_facts
from apps.messaging.board import Facts
from apps.messaging.channels import End, Outcome, Outgoing
from apps.messaging.models import Dispatch, SceneSetting, Standing
from apps.messaging.services import grants, moving, templates, windows
from apps.messaging.states import CARRY, BroadcastStatus, Channel, DispatchStatus, Reason
from mall.errors import ShopError

log = structlog.get_logger(__name__)

# A call lasts 19 s at most (wechat.http): whoever has not said after this how it went is dead.
LEASE: Final = timedelta(minutes=2)
_ROUND_SECONDS: Final = 4.0
_LONGEST_NAP: Final = 1.0
# Then an operator must look; who has it repeated grants as many again. Tries are never counted anew: grants are spent and
# given back by their number.
_MOST_TRIES: Final = 15
_FIRST_WAIT: Final = timedelta(seconds=10)
_LONGEST_WAIT: Final = timedelta(minutes=30)
_MOMENT: Final = timedelta(seconds=2)


class MemberBusy(ShopError):
    """Somebody began to send to the same member at this very moment: WeChat takes one after the other."""

    code = "message_member_busy"
    message = "正在向该会员发送另一条消息"


def carry_due(*, at: datetime) -> int:
    """Send what is due, order news before marketing, as fast as the channels take it; return how many were tried.

    Safe to run side by side. A round that is long enough rings for another one.
    """
    nudges.heard(CARRY)
    lost = give_up_lost(at=at)
    began, tried = monotonic(), 0
    going = list(channels.CHANNELS)
    while going:
        for channel in list(going):
            passed = monotonic() - began
            if passed > _ROUND_SECONDS:
                nudges.after_commit(CARRY)
                return tried + lost
            if _step(channel, at=at + timedelta(seconds=passed)):
                tried += 1
            else:
                going.remove(channel)
    return tried + lost


def _step(channel: Channel, *, at: datetime) -> bool:
    """Send one message by a channel; False where nothing is due, or the channel must be left alone for longer."""
    if not _due(channel, at=at).exists():
        return False
    while (wait := pacing.turn(channel, at=at)) > 0:
        if wait > _LONGEST_NAP:
            return False
        time.sleep(wait)
        at += timedelta(seconds=wait)
    return carry_next(channel=channel, at=at)


def carry_next(*, channel: Channel, at: datetime) -> bool:
    """Try one due message by a channel. False when there is none."""
    with transaction.atomic():
        dispatch = _taken(channel, at=at)
        if dispatch is None:
            return False
        out = _begun(dispatch, at=at)
    if out is not None:
        outcome = channels.CHANNELS[channel](out, at=at)
        with transaction.atomic():
            _settle(dispatch, outcome, at=at)
    return True


@transaction.atomic
def give_up_lost(*, at: datetime, limit: int = 200) -> int:
    """Whoever sent these is dead, and nobody knows whether WeChat has them: they are marked so, and never sent again."""
    lost = list(
        Dispatch.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
        .select_related("message")
        .filter(status=DispatchStatus.SENDING, due_at__lte=at)
        .order_by("due_at")[:limit]
    )
    for dispatch in lost:
        _lose(dispatch, why="发送进程中断", at=at)
    return len(lost)


@transaction.atomic
def repeat(*, dispatch_id: int, at: datetime) -> None:
    """Have a failed way out tried again, now. Raises MoveRefused; what is past its time is dropped, not sent."""
    dispatch = Dispatch.objects.select_for_update(no_key=True).select_related("message").get(pk=dispatch_id)
    dispatch.due_at = at
    moving.way(dispatch, move="repeat", at=at)
    moving.note(dispatch.message, channel="", reason="")
    nudges.after_commit(CARRY)


def _due(channel: Channel, *, at: datetime) -> QuerySet[Dispatch]:
    """What is to be sent by a channel, the first first; nothing to a member whom somebody is sending to."""
    under_way = Dispatch.objects.filter(member_id=OuterRef("member_id"), status=DispatchStatus.SENDING)
    return Dispatch.objects.filter(
        ~Exists(under_way), channel=channel, status=DispatchStatus.WAITING, due_at__lte=at
    ).order_by("marketing", "due_at")


def _taken(channel: Channel, *, at: datetime) -> Dispatch | None:
    found = (
        _due(channel, at=at)
        .select_for_update(skip_locked=True, of=("self",), no_key=True)
        .select_related("message__content__template", "message__broadcast", "member__level")
        .first()
    )
    if found is not None:
        found.message.member = found.member
    return found


def _begun(dispatch: Dispatch, *, at: datetime) -> Outgoing | None:
    """Judge a way out anew, spend what it needs, and say that it is being sent; None where it is not sent now."""
    message = dispatch.message
    halted = message.broadcast.status if message.broadcast is not None else ""
    if halted == BroadcastStatus.PAUSED:
        moving.way(dispatch, move="hold", at=at)
        return None
    if halted == BroadcastStatus.CANCELLED:
        _refuse(dispatch, reason=Reason.CANCELLED, at=at)
        return None
    setting = message_facts.settings_of_scenes().get(message.scene) or SceneSetting(scene=message.scene)
    standing = message_facts.standings([message.member_id])[message.member_id]
    try:
        with transaction.atomic():
            verdict = judging.judge(
                message, setting=setting, standing=standing, rules=message_facts.rules(), at=at
            )
            out = _outgoing(dispatch, setting, verdict.facts) if verdict.facts is not None else None
    except Exception as error:  # -- whatever another room's reader raises
        log.exception("message_unreadable", name=message.scene)
        _put_off(dispatch, reason=Reason.UNREADABLE, why=faults.wording(error), at=at)
        return None
    if verdict.wait_until is not None:
        dispatch.due_at = verdict.wait_until
        dispatch.reason = verdict.reason
        dispatch.save(update_fields=["due_at", "reason"])
        return None
    if out is None:
        _refuse(dispatch, reason=verdict.reason, at=at)
        return None
    return _paid(dispatch, out, setting, standing, at=at)


def _outgoing(dispatch: Dispatch, setting: SceneSetting, facts: Facts) -> Outgoing:
    """What the channel is given, as it reads at this moment."""
    message, member, scene = dispatch.message, dispatch.member, board.scene_of(dispatch.message.scene)
    rendering.put_in_words(message, scene=scene, setting=setting, facts=facts)
    template = routes.template_of(message, setting) if dispatch.channel == Channel.SUBSCRIPTION else None
    dispatch.template = template
    return Outgoing(
        openid=member.openid,
        phone=member.phone,
        title=message.title,
        text=message.text,
        # Offers are asked afterwards whether they were opened (broadcasts, journeys); order news is not.
        page=marks.marked(message.page, message_id=message.pk) if message.marketing else message.page,
        template_id=template.template_id if template is not None else "",
        keywords=(
            rendering.keywords(routes.fields_of(message, setting), scene=scene, facts=facts)
            if template is not None
            else {}
        ),
        sms_template=setting.sms_template,
        sms_values=rendering.sms_values(setting.sms_values, scene=scene, facts=facts),
        number=str(dispatch.pk),
    )


def _paid(
    dispatch: Dispatch, out: Outgoing, setting: SceneSetting, standing: Standing, *, at: datetime
) -> Outgoing | None:
    """Spend the grant, or the window's message, and commit the attempt."""
    if dispatch.channel == Channel.SUBSCRIPTION:
        if dispatch.template is None:
            _next_way(dispatch, setting, standing, reason=Reason.NO_CHANNEL, at=at)
            return None
        unfit = next(rendering.unfit(out.keywords, dispatch.template), None)
        if unfit is not None:
            _fail(dispatch, reason=Reason.UNFIT, why=f"{unfit.keyword}：{unfit.told}", at=at)
            return None
    try:
        with transactions.refine({"message_one_at_a_time": MemberBusy}):
            if not _spent(dispatch, at=at):
                _next_way(dispatch, setting, standing, reason=Reason.NO_GRANT, at=at)
                return None
            dispatch.tries += 1
            dispatch.tried_at, dispatch.due_at = at, at + LEASE
            dispatch.save(update_fields=["template"])
            moving.way(dispatch, move="begin", at=at)
    except MemberBusy:
        Dispatch.objects.filter(pk=dispatch.pk).update(due_at=at + _MOMENT)
        return None
    return out


def _spent(dispatch: Dispatch, *, at: datetime) -> bool:
    match dispatch.channel:
        case Channel.SUBSCRIPTION:
            return grants.spend(
                member_id=dispatch.member_id,
                template_id=dispatch.template_id or 0,
                cause=f"{dispatch.pk}:{dispatch.tries + 1}",
                at=at,
            )
        case Channel.SERVICE:
            return windows.spend(member_id=dispatch.member_id, at=at)
        case _:
            return True


def _settle(dispatch: Dispatch, outcome: Outcome, *, at: datetime) -> None:
    """Write down what became of a call, unless it took so long that it was given up."""
    still = Dispatch.objects.select_for_update(no_key=True).filter(
        pk=dispatch.pk, status=DispatchStatus.SENDING, tries=dispatch.tries
    )
    if not still.exists():
        log.warning("message_settled_late", outcome=str(outcome.end))
        return
    if outcome.rest is not None:
        pacing.rest(Channel(dispatch.channel), lasting=outcome.rest, at=at)
    match outcome.end:
        case End.SENT:
            dispatch.msgid = outcome.msgid
            moving.way(dispatch, move="confirm", at=at)
            moving.note(dispatch.message, channel=dispatch.channel, reason="")
        case End.UNKNOWN:
            _lose(dispatch, why=outcome.why, at=at)
        case End.NOT_GRANTED | End.CLOSED:
            _empty(dispatch, at=at)
            closed = Reason.NO_GRANT if outcome.end == End.NOT_GRANTED else Reason.UNREACHABLE
            setting = message_facts.settings_of_scenes()[dispatch.message.scene]
            standing = message_facts.standings([dispatch.member_id])[dispatch.member_id]
            _next_way(dispatch, setting, standing, reason=closed, why=outcome.why, at=at)
        case End.REFUSED:
            _give_back(dispatch, at=at)
            if outcome.template_gone and dispatch.template_id is not None:
                templates.miss(template_id=dispatch.template_id, at=at)
            _fail(dispatch, reason=Reason.REFUSED, why=outcome.why, at=at)
        case End.LATER:
            _give_back(dispatch, at=at)
            _put_off(dispatch, reason=Reason.BUSY, why=outcome.why, after=outcome.after, at=at)


def _put_off(
    dispatch: Dispatch, *, reason: Reason, why: str, at: datetime, after: timedelta | None = None
) -> None:
    """Try again later, unless it is past its time then, or was tried often enough."""
    if dispatch.status == DispatchStatus.WAITING:
        dispatch.tries += 1
    wait = after or min(_FIRST_WAIT * 2 ** (dispatch.tries - 1), _LONGEST_WAIT) * random.uniform(0.8, 1.2)  # noqa: S311 -- jitter, not a secret
    if at + wait >= dispatch.message.expires_at:
        _refuse(dispatch, reason=Reason.EXPIRED, why=why, at=at)
    elif dispatch.tries % _MOST_TRIES == 0:
        _fail(dispatch, reason=Reason.GIVEN_UP, why=why, at=at)
    else:
        dispatch.due_at = at + wait
        if dispatch.status == DispatchStatus.SENDING:
            moving.way(dispatch, move="put_off", at=at, reason=reason, fault=why)
        else:
            dispatch.reason, dispatch.fault = reason, why[:200]
            dispatch.save(update_fields=["due_at", "tries", "reason", "fault"])


def _refuse(dispatch: Dispatch, *, reason: str, at: datetime, why: str = "") -> None:
    moving.way(dispatch, move="refuse", at=at, reason=reason, fault=why)
    moving.note(dispatch.message, channel="", reason=reason)


def _fail(dispatch: Dispatch, *, reason: str, why: str, at: datetime) -> None:
    moving.way(dispatch, move="fail", at=at, reason=reason, fault=why)
    moving.note(dispatch.message, channel="", reason=reason)


def _lose(dispatch: Dispatch, *, why: str, at: datetime) -> None:
    moving.way(dispatch, move="lose", at=at, reason=Reason.UNKNOWN, fault=why)
    moving.note(dispatch.message, channel=dispatch.channel, reason=Reason.UNKNOWN)


def _next_way(
    dispatch: Dispatch,
    setting: SceneSetting,
    standing: Standing,
    *,
    reason: str,
    at: datetime,
    why: str = "",
) -> None:
    """This way is closed: the next one that is open and was not tried, or the inbox alone."""
    moving.way(dispatch, move="refuse", at=at, reason=reason, fault=why)
    message = dispatch.message
    tried = set(message.ways.values_list("channel", flat=True))
    route = routes.route(message, setting=setting, standing=standing, granted=0, tried=tried, at=at)
    if route.channel is None:
        moving.note(message, channel="", reason=reason)
        return
    Dispatch.objects.bulk_create([routes.way(message, route, at=at)], ignore_conflicts=True)
    moving.note(message, channel="", reason="")
    nudges.after_commit(CARRY)


def _give_back(dispatch: Dispatch, *, at: datetime) -> None:
    """Nothing was sent: what it was to cost is there again."""
    if dispatch.channel == Channel.SUBSCRIPTION and dispatch.template_id is not None:
        grants.give_back(
            member_id=dispatch.member_id,
            template_id=dispatch.template_id,
            cause=f"{dispatch.pk}:{dispatch.tries}",
            at=at,
        )
    elif dispatch.channel == Channel.SERVICE:
        windows.give_back(member_id=dispatch.member_id)


def _empty(dispatch: Dispatch, *, at: datetime) -> None:
    """The channel says that nothing is left to spend."""
    if dispatch.channel == Channel.SUBSCRIPTION and dispatch.template_id is not None:
        grants.correct(
            member_id=dispatch.member_id,
            template_id=dispatch.template_id,
            cause=f"{dispatch.pk}:{dispatch.tries}",
            at=at,
        )
    elif dispatch.channel == Channel.SERVICE:
        windows.close(member_id=dispatch.member_id)
