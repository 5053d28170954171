"""Which way out of the shop a message takes, beside the inbox: the first one that is open."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from apps.messaging.models import Dispatch, Message, SceneSetting, Standing, Template
from apps.messaging.states import Channel, Reason
from apps.sms import services as sms


@dataclass(frozen=True, slots=True)
class Route:
    """The channel, with its template where it has one; or none, and why."""

    channel: Channel | None = None
    template: Template | None = None
    reason: str = ""


def template_of(message: Message, setting: SceneSetting) -> Template | None:
    """The template by which a message would go: the content's own, or its scene's."""
    return message.content.template if message.content is not None else setting.template


def fields_of(message: Message, setting: SceneSetting) -> Mapping[str, str]:
    """The texts of that template's keywords."""
    found: Mapping[str, str] = message.content.fields if message.content is not None else setting.fields
    return found


def route(
    message: Message,
    *,
    setting: SceneSetting,
    standing: Standing,
    granted: int,
    tried: Collection[str] = (),
    by_card: bool = False,
    at: datetime,
) -> Route:
    """The first open way of those that were not ``tried``: a granted template, an open window, SMS.

    Where a 服务动态 card tells of the same (``by_card``), none is taken. ``granted`` is the balance of the member's grants
    of the template. What is marketing goes by window and SMS only where
    the member said yes to it; an accepted prompt is a yes by itself.
    """
    if by_card:
        return Route(reason=Reason.CARD)
    reason = ""
    template = template_of(message, setting)
    if template is not None and template.missing_since is None and Channel.SUBSCRIPTION not in tried:
        if granted > 0:
            return Route(Channel.SUBSCRIPTION, template)
        reason = Reason.NO_GRANT
    agreed = not message.marketing or standing.marketing is True
    if Channel.SERVICE not in tried and _by_service(message, setting) and _window_open(standing, at=at):
        if agreed:
            return Route(Channel.SERVICE)
        reason = reason or Reason.NOT_ASKED_FOR
    if Channel.SMS not in tried and setting.by_sms and sms.is_on() and message.member.phone:
        if agreed:
            return Route(Channel.SMS)
        reason = reason or Reason.NOT_ASKED_FOR
    return Route(reason=reason or Reason.NO_CHANNEL)


def _by_service(message: Message, setting: SceneSetting) -> bool:
    return message.content.by_service if message.content is not None else setting.by_service


def _window_open(standing: Standing, *, at: datetime) -> bool:
    """WeChat takes five messages in the 48 hours after a member's own (小程序 客服消息)."""
    return standing.window_until is not None and standing.window_until > at and standing.window_left > 0


def way(message: Message, route: Route, *, at: datetime) -> Dispatch:
    """The row of a message on its way by an open route, to be written."""
    return Dispatch(
        message=message,
        member_id=message.member_id,
        channel=str(route.channel),
        template=route.template,
        marketing=message.marketing,
        due_at=at,
    )
