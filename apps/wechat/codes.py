"""Mini-program codes (小程序码) without a limit of number: getwxacodeunlimit."""

from __future__ import annotations

import re
from typing import Literal

from apps.wechat import errors as wechat_errors
from apps.wechat import miniprogram

PATH = "/wxa/getwxacodeunlimit"

# Source: wxacode.getUnlimited: at most 32 visible characters; no "%", no Chinese.
_SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{1,32}")
# No leading slash, no query.
_PAGE = re.compile(r"[0-9A-Za-z_\-][0-9A-Za-z_\-/.]{0,127}")


def unlimited(
    *,
    scene: str,
    page: str,
    check_path: bool = True,
    env_version: Literal["release", "trial", "develop"] = "release",
    width_px: int = 430,
) -> bytes:
    """Return the image (usually JPEG) of a code that opens ``page`` with ``scene``.

    Raises SceneInvalid before any call when scene, page or width break WeChat's rules, WechatRefused (41030:
    the page is not in the released version), WechatUnavailable (also at 5000 codes a minute).
    """
    if not _SCENE.fullmatch(scene):
        raise wechat_errors.SceneInvalid(
            details={"scene": "1 to 32 characters of 0-9A-Za-z!#$&'()*+,/:;=?@-._~"}
        )
    if not _PAGE.fullmatch(page):
        raise wechat_errors.SceneInvalid(details={"page": "a page path without leading slash and query"})
    if not 280 <= width_px <= 1280:
        raise wechat_errors.SceneInvalid(details={"width_px": "280 to 1280"})
    body = {
        "scene": scene,
        "page": page,
        "check_path": check_path,
        "env_version": env_version,
        "width": width_px,
    }
    return miniprogram.call_for_picture(PATH, body)
