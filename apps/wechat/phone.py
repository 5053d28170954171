"""The phone number behind a getPhoneNumber button (手机号快速验证); ask only after the member's consent."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from django.conf import settings

from apps.wechat import errors as wechat_errors
from apps.wechat import miniprogram

PATH = "/wxa/business/getuserphonenumber"

# 40029 wrong, used or old code; 40003 the code is another user's.
_CODE_REFUSED = frozenset({40029, 40163, 40003})
_CODE = re.compile(r"[\x21-\x7e]{1,128}")


@dataclass(frozen=True)
class PhoneNumber:
    """A number without its country code, and that code without a plus sign ("86")."""

    country_code: str
    number: str = field(repr=False)


def exchange(code: str, *, openid: str) -> PhoneNumber:
    """Exchange the button's code (single use, 5 minutes, not the code of wx.login).

    ``openid`` makes WeChat check that the code is this member's. Raises PhoneCodeInvalid,
    WechatUnavailable (a time-out may have used up the code: ``effect_unknown``) or WechatRefused.
    """
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        raise wechat_errors.PhoneCodeInvalid(errmsg="not a code of getPhoneNumber")
    try:
        told = miniprogram.call(PATH, {"code": code, "openid": openid}, changes=True)
    except wechat_errors.WechatRefused as refused:
        if refused.errcode in _CODE_REFUSED:
            raise wechat_errors.PhoneCodeInvalid(refused.errcode, refused.errmsg) from None
        raise
    phone = told.get("phone_info")
    if not isinstance(phone, dict):
        raise wechat_errors.WechatBadAnswer(f"{PATH} answered no phone_info")
    watermark = phone.get("watermark")
    if not isinstance(watermark, dict) or watermark.get("appid") != settings.WECHAT_APPID:
        raise wechat_errors.WechatBadAnswer(f"{PATH} answered for another mini program")
    number = str(phone.get("purePhoneNumber") or "")
    country_code = str(phone.get("countryCode") or "")  # a number in some answers
    if not re.fullmatch(r"[0-9]{4,20}", number) or not re.fullmatch(r"[0-9]{1,4}", country_code):
        raise wechat_errors.WechatBadAnswer(f"{PATH} answered no phone number")
    return PhoneNumber(country_code=country_code, number=number)
