"""The mini program server API: access tokens, login, phone numbers, QR codes, content security.

Errors are HTTP 200 with ``errcode``. Codes: developers.weixin.qq.com, 全局错误码 and each interface's own table.
"""

from __future__ import annotations

import base64
import io
import json
import re
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

import segno

from apps.wechat.sandbox import pushes
from apps.wechat.sandbox.store import Code, Token
from apps.wechat.sandbox.wire import Json, NotJson, Request, Response, Route, as_json

if TYPE_CHECKING:
    from apps.wechat.sandbox.world import World

TOKEN_LIFE_S = 7200
TOKEN_OVERLAP_S = 300  # in its last 5 minutes a token gets a successor and both are valid
FORCED_REFRESHES_A_DAY = 20
CODE_LIFE_S = 300
ACTIVE_S = 2 * 3600  # msg_sec_check wants a user who used the mini program in the last 2 hours
SCENE_CHARACTERS = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]*")
# Words that the made-up content security knows: suggestion and label.
WORDS = {
    "赌博": ("risky", 20006),
    "毒品": ("risky", 20006),
    "色情": ("risky", 20002),
    "诈骗": ("risky", 20008),
    "加微信": ("review", 10001),
    "傻瓜": ("review", 20003),
}


class Refused(Exception):
    """An answer with an errcode."""

    def __init__(self, errcode: int, errmsg: str) -> None:
        super().__init__(errmsg)
        self.errcode = errcode
        self.errmsg = errmsg


def body_of(request: Request) -> Json:
    """Return the JSON body; 44002 when there is none, 47001 when it is not an object."""
    if not request.body:
        raise Refused(44002, "empty post data")
    try:
        return request.json()
    except NotJson as error:
        raise Refused(47001, "data format error") from error


def require_token(world: World, request: Request) -> None:
    """Refuse a call whose ``access_token`` is missing, unknown or expired."""
    value = request.query.get("access_token", "")
    if not value:
        raise Refused(41001, "access_token missing")
    token = world.store.tokens.get(value)
    if token is None:
        raise Refused(40001, "invalid credential, access_token is invalid or not latest")
    if token.dies_at <= world.now():
        raise Refused(42001, "access_token expired")


def ok(**content: object) -> Response:
    """Return a good answer; errcode 0 comes first."""
    return as_json({"errcode": 0, "errmsg": "ok", **content})


def refusal(errcode: int, errmsg: str) -> Response:
    """An error answer, with the request id at its end that WeChat adds to every errmsg."""
    return as_json(
        {"errcode": errcode, "errmsg": f"{errmsg} rid: {secrets.token_hex(4)}-{secrets.token_hex(8)}"}
    )


def stable_token(world: World, request: Request) -> Response:
    """POST /cgi-bin/stable_token: the same token until its last 5 minutes, or a forced new one."""
    asked = body_of(request)
    if asked.get("grant_type") != "client_credential":
        raise Refused(40002, "invalid grant_type")
    _require_account(world, asked.get("appid"), asked.get("secret"))
    now = world.now()
    living = [token for token in world.store.tokens if token.dies_at > now]
    if asked.get("force_refresh") is True:
        world.forced_refreshes[:] = [at for at in world.forced_refreshes if at > now - 86400]
        if len(world.forced_refreshes) >= FORCED_REFRESHES_A_DAY:
            raise Refused(45009, "reach max api daily quota limit")
        world.forced_refreshes.append(now)
        for token in living:
            world.store.tokens.keep(replace(token, dies_at=now))
        living = []
    newest = living[-1] if living else None
    if newest is None or newest.dies_at - now < TOKEN_OVERLAP_S:
        value = f"{secrets.randbelow(90) + 10}_{secrets.token_urlsafe(100)}"
        newest = world.store.tokens.keep(Token(value=value, made_at=now, dies_at=now + TOKEN_LIFE_S))
    return as_json({"access_token": newest.value, "expires_in": int(newest.dies_at - now)})


def jscode2session(world: World, request: Request) -> Response:
    """GET /sns/jscode2session: exchange a wx.login code; WeChat labels this JSON as text/plain."""
    asked = request.query
    _require_account(world, asked.get("appid"), asked.get("secret"))
    if asked.get("grant_type") != "authorization_code":
        raise Refused(40002, "invalid grant_type")
    code = _use(world, "login", asked.get("js_code"))
    shopper = world.store.shoppers.get(code.openid)
    if shopper is None:
        raise Refused(40029, "invalid code")
    session_key = base64.b64encode(secrets.token_bytes(16)).decode()
    world.store.shoppers.keep(replace(shopper, session_key=session_key, seen_at=world.now()))
    answer = {"session_key": session_key, "openid": shopper.openid}
    if shopper.unionid:
        answer["unionid"] = shopper.unionid
    return Response(body=json.dumps(answer).encode(), content_type="text/plain")


def get_phone_number(world: World, request: Request) -> Response:
    """POST /wxa/business/getuserphonenumber: exchange the phone button's code."""
    asked = body_of(request)
    kept = world.store.codes.get(asked.get("code"))
    if kept is not None and asked.get("openid") and asked["openid"] != kept.openid:
        raise Refused(40003, "invalid openid")
    code = _use(world, "phone", asked.get("code"))
    watermark = {"timestamp": int(world.now()), "appid": world.numbers.appid}
    number = {"phoneNumber": code.phone, "purePhoneNumber": code.phone, "countryCode": "86"}
    return ok(phone_info={**number, "watermark": watermark})


def get_unlimited_code(world: World, request: Request) -> Response:
    """POST /wxa/getwxacodeunlimit: an image, or JSON when something is wrong."""
    asked = body_of(request)
    scene, page = asked.get("scene"), asked.get("page", "")
    if not isinstance(scene, str) or not 1 <= len(scene) <= 32:
        raise Refused(40169, "invalid length for scene")
    if SCENE_CHARACTERS.fullmatch(scene) is None:
        raise Refused(40129, "invalid scene")
    if scene.startswith("scancode_time"):
        raise Refused(85096, "not allow include scancode_time field")
    if not isinstance(page, str) or page.startswith("/") or "?" in page:
        raise Refused(41030, "invalid page")
    width = asked.get("width", 430)
    if not isinstance(width, int) or not 280 <= width <= 1280:
        raise Refused(40097, "invalid args")
    if asked.get("env_version", "release") not in ("release", "trial", "develop"):
        raise Refused(40097, "invalid args")
    code = segno.make(f"https://weixin.invalid/{world.numbers.appid}/{page}?scene={scene}", error="m")
    image = io.BytesIO()
    code.save(image, kind="png", scale=max(1, width // code.symbol_size()[0]))
    return Response(body=image.getvalue(), content_type="image/png")


def check_text(world: World, request: Request) -> Response:
    """POST /wxa/msg_sec_check, version 2: by the word list above."""
    asked = body_of(request)
    if asked.get("version") != 2:
        raise Refused(40097, "invalid args")
    if asked.get("scene") not in (1, 2, 3, 4):
        raise Refused(40129, "invalid scene")
    content = asked.get("content")
    if not isinstance(content, str) or not content:
        raise Refused(44004, "empty content")
    if len(content) > 2500:
        raise Refused(45002, "content size out of limit")
    shopper = world.store.shoppers.get(asked.get("openid"))
    if shopper is None:
        raise Refused(40003, "invalid openid")
    if shopper.seen_at < world.now() - ACTIVE_S:
        raise Refused(61010, "code is expired")
    text = " ".join(str(asked.get(name, "")) for name in ("title", "nickname", "signature", "content"))
    found = [(word, *verdict) for word, verdict in WORDS.items() if word in text]
    found.sort(key=lambda hit: hit[1] != "risky")
    keyword, suggest, label = found[0] if found else ("", "pass", 100)
    detail = {"strategy": "content_model", "errcode": 0, "suggest": suggest, "label": label, "prob": 90}
    return ok(
        trace_id=secrets.token_hex(12),
        result={"suggest": suggest, "label": label},
        detail=[{**detail, "keyword": keyword}],
    )


def rank_user(world: World, request: Request) -> Response:
    """POST /wxa/getuserriskrank: nobody is risky, but for whom the fault ``user_risk`` says otherwise."""
    asked = body_of(request)
    if asked.get("appid") != world.numbers.appid:
        raise Refused(40013, "invalid appid")
    if asked.get("scene") not in (0, 1, 2):
        raise Refused(40129, "invalid scene")
    if not asked.get("client_ip"):
        raise Refused(40097, "invalid args")
    shopper = world.store.shoppers.get(asked.get("openid"))
    if shopper is None:
        raise Refused(40003, "invalid openid")
    if shopper.seen_at < world.now() - ACTIVE_S:
        raise Refused(61010, "code is expired")
    fault = world.faults.take("user_risk")
    return ok(
        risk_rank=int(fault.settings.get("rank", 4)) if fault else 0, unoin_id=int(secrets.token_hex(4), 16)
    )


def check_picture(world: World, request: Request) -> Response:
    """POST /wxa/media_check_async, version 2: the verdict follows by push. The sandbox does not fetch the picture.

    All pictures pass, but those for which tests have ordered another verdict (control API: media).
    """
    asked = body_of(request)
    if asked.get("version") != 2 or asked.get("media_type") not in (1, 2):
        raise Refused(40097, "invalid args")
    if asked.get("scene") not in (1, 2, 3, 4):
        raise Refused(40129, "invalid scene")
    if not str(asked.get("media_url", "")).startswith(("http://", "https://")):
        raise Refused(44002, "invalid media_url")
    shopper = world.store.shoppers.get(asked.get("openid"))
    if shopper is None:
        raise Refused(40003, "invalid openid")
    if shopper.seen_at < world.now() - ACTIVE_S:
        raise Refused(61010, "code is expired")
    trace_id = secrets.token_hex(12)
    suggest, label = world.media_verdicts.popleft() if world.media_verdicts else ("pass", 100)
    if suggest != "lost":
        found = {"suggest": suggest, "label": label}
        detail = {"strategy": "content_model", "errcode": 0, **found, "prob": 90}
        content = {
            "appid": world.numbers.appid,
            "trace_id": trace_id,
            "version": 2,
            "errcode": 0,
            "errmsg": "ok",
        }
        if suggest == "unfetched":  # -1008 as an unsigned number, as WeChat may write it
            content |= {"errcode": 4294966288, "errmsg": "download error"}
        else:
            content |= {"result": found, "detail": [detail]}
        pushes.announce(world, event="wxa_media_check", openid=shopper.openid, content=content)
    return ok(trace_id=trace_id)


def new_code(world: World, *, kind: str, openid: str, phone: str = "") -> str:
    """Make a single-use code that lives 5 minutes, as wx.login or the phone button would."""
    code = Code(
        value=f"0{secrets.token_urlsafe(24)}", kind=kind, openid=openid, made_at=world.now(), phone=phone
    )
    return world.store.codes.keep(code).value


def _use(world: World, kind: str, value: object) -> Code:
    code = world.store.codes.get(value)
    expired = code is not None and code.made_at + CODE_LIFE_S <= world.now()
    if code is None or code.kind != kind or code.used or expired:
        raise Refused(40029, "invalid code")
    return world.store.codes.keep(replace(code, used=True))


def _require_account(world: World, appid: object, secret: object) -> None:
    if not appid:
        raise Refused(41002, "appid missing")
    if appid != world.numbers.appid:
        raise Refused(40013, "invalid appid")
    if not secret:
        raise Refused(41004, "appsecret missing")
    if secret != world.numbers.app_secret:
        raise Refused(40125, "invalid appsecret")


OPEN_ROUTES = [
    Route("POST", "/cgi-bin/stable_token", stable_token),
    Route("GET", "/sns/jscode2session", jscode2session),
]
ROUTES = [
    Route("POST", "/wxa/business/getuserphonenumber", get_phone_number),
    Route("POST", "/wxa/getwxacodeunlimit", get_unlimited_code),
    Route("POST", "/wxa/msg_sec_check", check_text),
    Route("POST", "/wxa/media_check_async", check_picture),
    Route("POST", "/wxa/getuserriskrank", rank_user),
]
