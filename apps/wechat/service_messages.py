"""Customer-service messages (客服消息): words to a customer who wrote first, at most five within 48 hours.

Source: 小程序服务端 API, sendCustomMessage and uploadTempMedia. Whether the window is open nobody can ask: the shop knows
from ``pushed.CustomerSpoke``, and WeChat has the last word.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings

from apps.base import transactions
from apps.wechat import errors as wechat_errors
from apps.wechat import miniprogram

SEND: Final = "/cgi-bin/message/custom/send"
UPLOAD: Final = "/cgi-bin/media/upload"


class WindowOver(wechat_errors.WechatRefused):
    """The customer has not written within 48 hours (45015): nothing until they write again."""

    code = "wechat_window_over"
    message = "用户 48 小时内没有联系过客服，不能再发客服消息"


class TooManyMessages(wechat_errors.WechatRefused):
    """The five messages after the customer's last word are sent (45047): nothing until they write again."""

    code = "wechat_too_many_messages"
    message = "用户未回复前最多发 5 条客服消息"


class CustomerIsMinor(wechat_errors.WechatRefused):
    """WeChat protects this customer as a minor (70000): nothing will be delivered."""

    code = "wechat_minor_protected"
    message = "该用户处于未成年人保护，不能接收客服消息"


class MediaUnknown(wechat_errors.WechatRefused):
    """The picture is unknown or older than three days (40007): upload it again."""

    code = "wechat_media_unknown"
    message = "图片素材已失效，请重新上传"


_MEANINGS: Final[miniprogram.Meanings] = {
    40003: wechat_errors.RecipientUnknown,
    40007: MediaUnknown,
    45015: WindowOver,
    45047: TooManyMessages,
    70000: CustomerIsMinor,
}


def send_text(*, touser: str, content: str) -> None:
    """Send words; a link to a page of the own mini program may stand in them as WeChat's ``<a data-miniprogram-…>``.

    As every call here. Final: WindowOver (45015), TooManyMessages (45047), CustomerIsMinor (70000), RecipientUnknown
    (40003), any other WechatRefused. Again later: WechatUnavailable, but for one with ``effect_unknown``: it may have
    been delivered and must not be repeated.
    """
    _send(touser, "text", {"content": content})


def send_image(*, touser: str, media_id: str) -> None:
    """Send a picture that was uploaded within three days. Also raises MediaUnknown (40007)."""
    _send(touser, "image", {"media_id": media_id})


def send_link(*, touser: str, title: str, description: str, url: str, thumb_url: str) -> None:
    """Send a link with a picture, both by their addresses."""
    _send(touser, "link", {"title": title, "description": description, "url": url, "thumb_url": thumb_url})


def send_card(*, touser: str, title: str, pagepath: str, thumb_media_id: str) -> None:
    """Send a card of the own mini program, whose picture (520 × 416) was uploaded. Also raises MediaUnknown (40007)."""
    card = {
        "title": title,
        "appid": settings.WECHAT_APPID,
        "pagepath": pagepath,
        "thumb_media_id": thumb_media_id,
    }
    _send(touser, "miniprogrampage", card)


def upload_image(*, content: bytes, filename: str = "picture.jpg") -> str:
    """Upload a JPEG or PNG and return its media_id, good for three days.

    Raises WechatUnavailable, WechatRefused. Uploading twice makes two, which costs nothing.
    """
    transactions.forbid("uploading a picture to WeChat")
    kind = "image/png" if content.startswith(b"\x89PNG") else "image/jpeg"
    told = miniprogram.upload(UPLOAD, {"type": "image"}, *_form(content, filename, kind))
    media_id = told.get("media_id")
    if not isinstance(media_id, str) or not media_id:
        raise wechat_errors.WechatBadAnswer(f"{UPLOAD} answered no media_id")
    return media_id


def _send(touser: str, kind: str, content: Mapping[str, Any]) -> None:
    transactions.forbid("sending a message")
    try:
        miniprogram.call(SEND, {"touser": touser, "msgtype": kind, kind: content}, changes=True)
    except wechat_errors.WechatRefused as refused:
        raise miniprogram.told_apart(refused, _MEANINGS) from None


def _form(content: bytes, filename: str, kind: str) -> tuple[bytes, str]:
    """Return a form of one file named ``media``, and its content type (RFC 7578)."""
    boundary = secrets.token_hex(16)
    name = "".join(sign for sign in filename if sign.isascii() and (sign.isalnum() or sign in "._-"))
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="media"; filename="{name}"\r\n'
    whole = f"{head}Content-Type: {kind}\r\n\r\n".encode() + content + f"\r\n--{boundary}--\r\n".encode()
    return whole, f"multipart/form-data; boundary={boundary}"
