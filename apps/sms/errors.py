"""What can go wrong when a short message is sent, sorted by what the caller may do about it, as with WeChat.

``SmsRefused``: the provider understood and said no; the same message is pointless. ``SmsUnavailable``: again later, unless
``effect_unknown``: it may have been sent, and a message twice is worse than none.
"""

from __future__ import annotations

from apps.base import exchange
from mall.errors import Kind


class SmsUnavailable(exchange.Unavailable):
    """The provider could not be asked, or says "not now"."""

    code = "sms_unavailable"
    message = "短信服务暂时不可用"


class SmsDown(SmsUnavailable):
    """No connection, or it broke."""


class SmsTimeout(SmsUnavailable):
    """No answer within the bound."""

    kind = Kind.TIMEOUT


class SmsBadAnswer(SmsUnavailable):
    """The answer has no form that a document describes, or the provider failed inside: the effect is unknown."""

    kind = Kind.BAD_GATEWAY


class SmsBusy(SmsUnavailable):
    """Too many calls at once, or not at this hour (marketing by night): nothing was sent."""


class SmsQuotaUsed(SmsBusy):
    """The shop's messages of this day or month are used up: the others can wait, too."""


class SmsMisconfigured(SmsUnavailable):
    """The provider rejects the shop itself: key, signature, rights, balance. The operator must act; ``why`` has the code."""

    kind = Kind.BAD_GATEWAY


class SmsRefused(exchange.Refused):
    """The provider said no for good."""

    code = "sms_refused"
    message = "短信服务商拒绝了这条短信"


class SmsOff(SmsRefused):
    """No provider is set (SMS_PROVIDER); nothing was asked."""

    code = "sms_off"
    message = "未开通短信"


class PhoneRefused(SmsRefused):
    """The number is none, or its owner takes no messages (unsubscribed, on a blacklist)."""

    code = "sms_phone_refused"
    message = "手机号无效或已退订短信"


class PhoneLimited(SmsRefused):
    """This number has had as many messages as one may have in its minute, hour or day."""

    code = "sms_phone_limited"
    message = "该手机号收到的短信已达上限"


class TextRefused(SmsRefused):
    """Template, signature or a value is not what the provider has approved, or too long."""

    code = "sms_text_refused"
    message = "短信模板、签名或内容未通过审核"


class WordsForbidden(SmsRefused):
    """A forbidden word is in it."""

    code = "sms_words_forbidden"
    message = "短信内容含有禁止发送的词语"
