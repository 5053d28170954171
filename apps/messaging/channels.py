"""The ways out of the shop behind one interface: what is sent goes in, what became of it comes out, never an exception.

A new channel is a function here and a line in ``CHANNELS``; all else (rules, grants, queue, pace) is the same for every one.
No transaction is open while a channel is spoken to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from django.conf import settings

from apps.messaging.states import Channel
from apps.sms import errors as sms_errors
from apps.sms import services as sms
from apps.wechat import errors as wechat_errors
from apps.wechat import messages as wechat_messages
from apps.wechat import service_messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message for one member, by whatever channel: each takes what it needs."""

    openid: str = field(repr=False)
    phone: str = field(default="", repr=False)
    title: str = ""
    text: str = ""
    page: str = ""
    template_id: str = ""
    keywords: Mapping[str, str] = field(default_factory=dict)
    sms_template: str = ""
    sms_values: Mapping[str, str] = field(default_factory=dict)
    # The same for each try of one message, for channels that know repeated calls.
    number: str = ""


class End(StrEnum):
    """What became of a call."""

    SENT = "sent"
    LATER = "later"  # nothing was sent; the same call will do later
    NOT_GRANTED = (
        "not_granted"  # nothing was sent: of what the member allows by this channel, nothing is left
    )
    CLOSED = "closed"  # nothing was sent, nor will be to this member by this channel
    REFUSED = "refused"  # nothing was sent, nor will be as it is: operators must look
    UNKNOWN = "unknown"  # it may have been sent: never again


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a call ended: ``msgid`` is the channel's number, ``why`` is for operators and logs.

    ``after`` is how long to wait before this message is tried again, ``rest`` how long all of the channel should wait.
    ``template_gone``: the channel has no such template any more, for whomever.
    """

    end: End
    msgid: str = ""
    why: str = ""
    after: timedelta | None = None
    rest: timedelta | None = None
    template_gone: bool = False


class Sends(Protocol):
    """Sends one message by one channel. Raises nothing of the channel's."""

    def __call__(self, out: Outgoing, *, at: datetime) -> Outcome: ...


_MOMENT: Final = timedelta(seconds=2)
_SHORT_REST: Final = timedelta(seconds=10)
_QUOTA_REST: Final = timedelta(minutes=1)


def send_subscription(out: Outgoing, *, at: datetime) -> Outcome:
    """A subscription message (订阅消息); its page, text and limits were seen to before."""
    try:
        msgid = wechat_messages.send_subscribe(
            touser=out.openid, template_id=out.template_id, data=out.keywords, page=out.page or None
        )
    except wechat_errors.NotSubscribed as refused:
        return Outcome(end=End.NOT_GRANTED, why=str(refused))
    except (wechat_errors.WechatRefused, wechat_errors.WechatUnavailable) as trouble:
        return of_wechat(trouble)
    return Outcome(end=End.SENT, msgid=msgid or "")


def send_service(out: Outgoing, *, at: datetime) -> Outcome:
    """A customer-service message (客服消息): the words of the inbox, with a link to its page."""
    # WeChat reads links in the text; what a fact holds must not become one.
    words = f"{out.title}\n{out.text}".replace("<", "＜")
    if out.page:
        appid = settings.WECHAT_APPID
        words += f'\n<a data-miniprogram-appid="{appid}" data-miniprogram-path="{out.page}">查看详情</a>'
    try:
        service_messages.send_text(touser=out.openid, content=words)
    except (service_messages.WindowOver, service_messages.TooManyMessages) as refused:
        return Outcome(end=End.NOT_GRANTED, why=str(refused))
    except (wechat_errors.WechatRefused, wechat_errors.WechatUnavailable) as trouble:
        return of_wechat(trouble)
    return Outcome(end=End.SENT)


def of_wechat(trouble: wechat_errors.WechatRefused | wechat_errors.WechatUnavailable) -> Outcome:
    """What a failed call to WeChat ended in, by the promise of ``wechat.errors``."""
    why = str(trouble)
    if isinstance(trouble, wechat_errors.RecipientUnknown | service_messages.CustomerIsMinor):
        return Outcome(end=End.CLOSED, why=why)
    if isinstance(trouble, wechat_errors.WechatRefused):
        gone = isinstance(trouble, wechat_errors.TemplateUnknown)
        return Outcome(end=End.REFUSED, why=why, template_gone=gone)
    if trouble.effect_unknown:
        return Outcome(end=End.UNKNOWN, why=why)
    if isinstance(trouble, wechat_errors.RecipientBusy):
        return Outcome(end=End.LATER, why=why, after=_MOMENT)
    if isinstance(trouble, wechat_errors.WechatQuotaUsed):
        return Outcome(end=End.LATER, why=why, rest=_QUOTA_REST)
    return Outcome(end=End.LATER, why=why, rest=_SHORT_REST)


def send_sms(out: Outgoing, *, at: datetime) -> Outcome:
    """A short message by the provider that the environment names."""
    try:
        sent = sms.send(
            phone=out.phone, template=out.sms_template, values=out.sms_values, at=at, reference=out.number
        )
    except (sms_errors.PhoneRefused, sms_errors.PhoneLimited) as refused:
        return Outcome(end=End.CLOSED, why=str(refused))
    except sms_errors.SmsRefused as refused:
        return Outcome(end=End.REFUSED, why=str(refused))
    except sms_errors.SmsUnavailable as trouble:
        if trouble.effect_unknown:
            return Outcome(end=End.UNKNOWN, why=str(trouble))
        rest = _QUOTA_REST if isinstance(trouble, sms_errors.SmsQuotaUsed) else _SHORT_REST
        return Outcome(end=End.LATER, why=str(trouble), rest=rest)
    return Outcome(end=End.SENT, msgid=sent.number[:64])


CHANNELS: Final[Mapping[Channel, Sends]] = {
    Channel.SUBSCRIPTION: send_subscription,
    Channel.SERVICE: send_service,
    Channel.SMS: send_sms,
}
