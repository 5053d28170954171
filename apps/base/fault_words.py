"""What went wrong, as it was kept for the log, in Chinese for operators, with the code beside it for support."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from mall.errors import ShopError

# WeChat Pay's words of refusal (微信支付 APIv3, 错误码).
_WORDS: Final[Mapping[str, str]] = {
    "PARAM_ERROR": "参数错误",
    "INVALID_REQUEST": "请求不符合要求",
    "NO_AUTH": "商户没有权限",
    "SIGN_ERROR": "签名错误",
    "NOT_ENOUGH": "商户账户余额不足",
    "NOT_FOUND": "单据不存在",
    "RESOURCE_NOT_EXISTS": "单据不存在",
    "MCH_NOT_EXISTS": "商户号不存在",
    "USER_ACCOUNT_ABNORMAL": "用户账户异常",
    "FREQUENCY_LIMITED": "请求过于频繁",
    "FREQUENCY_LIMIT_EXCEED": "请求过于频繁",
    "RATELIMIT_EXCEEDED": "请求过于频繁",
    "SYSTEM_ERROR": "微信系统错误",
    "ALREADY_EXISTS": "单号已存在",
}
_CHINESE: Final = re.compile(r"[\u4e00-\u9fff]")
# ``code: words`` of a refusal of the shop's, ``ClassName: words`` of any error (``faults.wording``); ``CODE words`` or
# ``40003 words`` of WeChat's.
_NAMED: Final = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<rest>: .*| \[.*|)", re.DOTALL)
_WECHATS: Final = re.compile(r"(?P<code>[A-Z][A-Z_]{3,}|-?[0-9]{1,10})(?P<rest> .*|)", re.DOTALL)
_ERRORS: Final = ("Error", "Exception", "Timeout", "Exceeded")
_PROGRAM: Final = "程序出错"
# Waited in vain for a lock, took too long, or was given up for another: what tries again mends it (PostgreSQL, Appendix A).
_BUSY: Final = re.compile(r"\[(55P03|57014|40P01|40001)\b")


def told(kept: str) -> str:
    """Return what was kept of an error as operators read it: Chinese, and the code as it is in brackets.

    What is Chinese from its first word on stays as it is, so does what nobody knows.
    """
    text = kept.strip()
    if not text or _CHINESE.match(text):
        return text
    if found := _WECHATS.fullmatch(text):
        return _of_wechat(found["code"], found["rest"].strip(), text)
    if found := _NAMED.fullmatch(text):
        words = _message_of(found["name"])
        if words is None:
            # An error of Python's or the database's.
            why = "数据库繁忙" if _BUSY.search(found["rest"]) else _PROGRAM
            return f"{why}（{text}）" if found["name"].endswith(_ERRORS) else text
        return f"{words}（{text}）"
    return text


def _of_wechat(code: str, words: str, text: str) -> str:
    """WeChat's own sentence, if it is Chinese, its code behind."""
    if _CHINESE.search(words):
        return f"{words}（{code}）"
    return f"{_WORDS.get(code, '微信拒绝了请求')}（{text}）"


def _message_of(name: str) -> str | None:
    """The sentence of the refusal of this code or class; of several of one code, of the one that stands highest."""
    return next((kind.message for kind in _kinds(ShopError) if name in (kind.code, kind.__name__)), None)


def _kinds(of: type[ShopError]) -> Iterator[type[ShopError]]:
    for kind in of.__subclasses__():
        yield kind
        yield from _kinds(kind)
