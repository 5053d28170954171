"""What can go wrong when the shop speaks with WeChat, sorted by what the caller may do about it.

``WechatUnavailable``: nobody answered usefully; the same call may be made again later. Its ``effect_unknown``
says whether WeChat may have carried the call out all the same, so that money calls ask before they repeat.
``WechatRefused``: WeChat understood and said no; repeating the same call is pointless.

So whoever sends a message knows what became of it: a refusal is final, ``effect_unknown`` must not be repeated (a
message twice is worse than none), every other ``WechatUnavailable`` is tried again.
"""

from __future__ import annotations

import re

from apps.base import exchange
from mall.errors import Kind, ShopError
from mall.text import storable


class WechatUnavailable(exchange.Unavailable):
    """WeChat could not be asked, or answered nothing that can be used."""

    code = "wechat_unavailable"
    message = "微信服务暂时不可用，请稍后重试"


class WechatDown(WechatUnavailable):
    """No connection, or it broke (503)."""


class WechatBusy(WechatUnavailable):
    """WeChat asks to come back later: errcode -1, a minute or day quota, FREQUENCY_LIMITED (503)."""


class WechatQuotaUsed(WechatBusy):
    """The calls of this minute or this day are used up (45009, 45011): the others of this kind can wait, too (503)."""


class WechatTimeout(WechatUnavailable):
    """WeChat did not answer within the bound (504)."""

    kind = Kind.TIMEOUT


class WechatBadAnswer(WechatUnavailable):
    """WeChat, or somebody in between, answered what no document describes, or with HTTP 5xx (502)."""

    kind = Kind.BAD_GATEWAY


class WechatUnverified(WechatBadAnswer):
    """The answer of WeChat Pay bears no valid signature: what it says must not be believed (502)."""


class WechatMisconfigured(WechatUnavailable):
    """WeChat rejects this shop itself: appid, secret, key, IP whitelist or permission (502).

    Shoppers see "unavailable", because they can do nothing about it; ``why`` tells the operator the code.
    Later calls work as soon as the console or the environment is put right, so it may be tried again.
    """

    kind = Kind.BAD_GATEWAY


def _words(errmsg: str) -> str:
    """WeChat's sentence as it may be kept: cut, for it may be long, and without what a database cannot store."""
    return str(storable(errmsg[:200]))


class WechatNotYet(WechatUnavailable):
    """WeChat said no for now, and nothing happened: the same call will do later (503). ``errcode`` is its number."""

    what = "not accepted yet"

    def __init__(self, errcode: int | str, errmsg: str = "") -> None:
        super().__init__(f"{self.what}, errcode {errcode}")
        self.errcode = storable(errcode)
        self.errmsg = _words(errmsg)


class WechatRefused(ShopError):
    """WeChat said no for good. ``errcode`` is its number (mini program) or word (WeChat Pay)."""

    code = "wechat_refused"
    message = "微信拒绝了这次操作"
    kind = Kind.BAD_GATEWAY

    def __init__(self, errcode: int | str = "", errmsg: str = "") -> None:
        super().__init__()
        self.errcode = storable(errcode)
        # WeChat's sentence is for logs and operators, never for shoppers.
        self.errmsg = _words(errmsg)

    def __str__(self) -> str:
        return f"{self.code}: {self.errcode} {self.errmsg}"


class LoginCodeInvalid(WechatRefused):
    """The code of wx.login is wrong, used or older than 5 minutes (40029, 40163)."""

    code = "wechat_code_invalid"
    message = "登录凭证无效或已过期，请重新登录"
    kind = Kind.INVALID


class UserBlocked(WechatRefused):
    """WeChat's risk control forbids this user to log in (40226)."""

    code = "wechat_user_blocked"
    message = "该微信账号存在风险，暂时无法登录"
    kind = Kind.FORBIDDEN


class PhoneCodeInvalid(WechatRefused):
    """The code of getPhoneNumber is wrong, used, old, or belongs to another user (40029, 40003)."""

    code = "wechat_code_invalid"
    message = "手机号授权已失效，请重新授权"
    kind = Kind.INVALID


class SceneInvalid(ShopError):
    """The scene or page of a mini-program code breaks WeChat's rules; found before any call."""

    code = "wechat_scene_invalid"
    message = "小程序码参数不符合微信的要求"
    kind = Kind.INVALID


class ContentTooLong(ShopError):
    """WeChat checks at most 2500 characters at once."""

    code = "content_too_long"
    message = "内容过长"
    kind = Kind.INVALID


class RecipientUnknown(WechatRefused):
    """The openid is none of this mini program's users (40003): nothing will ever reach them."""

    code = "wechat_recipient_unknown"
    message = "收信人不是本小程序的用户"


class NotSubscribed(WechatRefused):
    """The user has no accepted prompt left for this template (43101): their grants are none, do not repeat."""

    code = "wechat_not_subscribed"
    message = "用户未订阅该消息"


class TemplateUnknown(WechatRefused):
    """The account has no template of this id (40037, deltemplate 20001): take it out of use until it is put right."""

    code = "wechat_template_unknown"
    message = "小程序没有这个订阅消息模板"


class MessagesBanned(WechatRefused):
    """WeChat has taken the template, or subscription messages altogether, from the account (43107)."""

    code = "wechat_messages_banned"
    message = "订阅消息能力或模板被微信封禁"


class ContentForbidden(WechatRefused):
    """The words are forbidden (45168, a card's 85442): others may pass, these never will."""

    code = "wechat_content_forbidden"
    message = "内容含有微信不允许的词语"


class PageUnknown(WechatRefused):
    """The page is not in the released version of the mini program (41030)."""

    code = "wechat_page_unknown"
    message = "小程序正式版没有这个页面"


class MessageInvalid(WechatRefused):
    """A value breaks the rule of its keyword (47003)."""

    code = "wechat_message_invalid"
    message = "消息内容不符合模板的要求"

    @property
    def field(self) -> str:
        """The keyword that WeChat names ("thing1"), or nothing when it names none."""
        named = re.search(r"data\.([a-z_]+[0-9]+)", self.errmsg)
        return named[1] if named else ""


class RecipientBusy(WechatNotYet):
    """Another message to the same user is on its way (43108): send to one user at a time, and again in a moment."""

    what = "another message to this user is under way"


class ShippingNotYet(WechatNotYet):
    """WeChat cannot take the shipping information yet (10060001 until it knows the payment): repeat later."""

    what = "shipping information not accepted yet"


class PayRefused(WechatRefused):
    """WeChat Pay said no. After a refusal the truth about a payment is what ``pay.client.query`` says."""

    code = "wechatpay_refused"
    message = "微信支付拒绝了这次操作"


class PayOrderNotFound(PayRefused):
    """WeChat Pay knows no payment, or no refund, under this number."""

    code = "wechatpay_not_found"
    message = "微信支付没有这笔记录"
    kind = Kind.NOT_FOUND


class AlreadyPaid(PayRefused):
    """The payment under this number has succeeded: query it and treat the order as paid."""

    code = "wechatpay_already_paid"
    message = "订单已支付"
    kind = Kind.CONFLICT


class PayOrderClosed(PayRefused):
    """The payment under this number is closed: pay under a new number."""

    code = "wechatpay_closed"
    message = "支付单已关闭，请重新发起支付"
    kind = Kind.CONFLICT


class PayNumberUsed(PayRefused):
    """The number exists with other parameters: close the old one, pay under a new number."""

    code = "wechatpay_number_used"
    message = "支付单号已被使用，请重新发起支付"
    kind = Kind.CONFLICT


class PayRequestInvalid(PayRefused):
    """WeChat Pay will not take the request as it is (INVALID_REQUEST, PARAM_ERROR), and its code does not say why.

    A number that it knows with other parameters is refused so, too: query the number to tell one from the other.
    """

    code = "wechatpay_request_invalid"
    message = "微信支付不接受这次请求"


class NotEnoughBalance(PayRefused):
    """The merchant's balance does not cover the refund: top up, then repeat under the same refund number."""

    code = "wechatpay_not_enough"
    message = "商户账户余额不足，充值后会自动重试"


class NotifyRefused(ShopError):
    """A callback that WeChat Pay did not send, or not now, or not to us: answer 4xx, believe nothing."""

    code = "wechatpay_notify_refused"
    message = "回调验证失败"
    kind = Kind.INVALID

    def __init__(self, why: str) -> None:
        super().__init__()
        self.why = why

    def __str__(self) -> str:
        return f"{self.code}: {self.why}"


class PushRefused(ShopError):
    """A message push that WeChat did not send, or not now, or not to us: answer 4xx, believe nothing."""

    code = "wechat_push_refused"
    message = "消息验证失败"
    kind = Kind.INVALID

    def __init__(self, why: str) -> None:
        super().__init__()
        self.why = why

    def __str__(self) -> str:
        return f"{self.code}: {self.why}"
