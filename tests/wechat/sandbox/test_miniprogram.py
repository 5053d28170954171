"""The mini program API as the sandbox plays it: tokens, login, phone numbers, codes, content."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image

from apps.wechat.sandbox.control import Sandbox
from tests.wechat.sandbox.merchant import Json, Merchant

PHONE = "/wxa/business/getuserphonenumber"
QR_CODE = "/wxa/getwxacodeunlimit"
CHECK = "/wxa/msg_sec_check"
SEND = "/cgi-bin/message/subscribe/send"


def test_the_token_stays_until_its_last_five_minutes_and_then_both_are_valid(
    sandbox: Sandbox, merchant: Merchant
) -> None:
    first = merchant.token(force_refresh=True)
    assert (first["expires_in"], merchant.token()["access_token"]) == (7200, first["access_token"])
    sandbox.put_clock_ahead(6800)
    assert merchant.token()["access_token"] == first["access_token"]
    assert merchant.token()["expires_in"] in (399, 400)
    sandbox.put_clock_ahead(6950)
    second = merchant.token()
    assert second["access_token"] != first["access_token"]
    for token in (first, second):
        assert merchant.post(CHECK, {}, token=token["access_token"]).json()["errcode"] == 40097
    sandbox.put_clock_ahead(7201)
    assert merchant.post(CHECK, {}, token=first["access_token"]).json()["errcode"] == 42001
    assert merchant.post(CHECK, {}, token=second["access_token"]).json()["errcode"] == 40097


def test_a_forced_refresh_kills_the_old_token_at_most_20_times_a_day(
    sandbox: Sandbox, merchant: Merchant
) -> None:
    first = merchant.token()["access_token"]
    second = merchant.token(force_refresh=True)["access_token"]
    assert first != second
    assert merchant.post(CHECK, {}, token=first).json()["errcode"] == 42001
    for _ in range(19):
        assert "access_token" in merchant.token(force_refresh=True)
    assert merchant.token(force_refresh=True)["errcode"] == 45009


def test_a_wrong_account_or_token_is_named(sandbox: Sandbox, merchant: Merchant) -> None:
    assert merchant.token(secret="wrong")["errcode"] == 40125
    assert merchant.token(appid="wx0000000000000001")["errcode"] == 40013
    assert merchant.token(grant_type="x")["errcode"] == 40002
    assert merchant.post(CHECK, {}, token="unknown").json()["errcode"] == 40001
    assert merchant.post(CHECK, {}, token="").json()["errcode"] == 41001


def test_a_login_code_works_once_within_five_minutes(sandbox: Sandbox, merchant: Merchant) -> None:
    login = sandbox.login("小明")
    session = merchant.session(login.code)
    assert session["openid"] == login.openid
    assert len(base64.b64decode(session["session_key"])) == 16
    assert "unionid" not in session
    assert merchant.session(login.code)["errcode"] == 40029
    assert merchant.session("invented")["errcode"] == 40029
    late = sandbox.login("小明")
    sandbox.put_clock_ahead(301)
    assert merchant.session(late.code)["errcode"] == 40029


def test_a_nickname_is_always_the_same_shopper(sandbox: Sandbox, merchant: Merchant) -> None:
    before = sandbox.login("小明").openid
    sandbox.reset()
    assert sandbox.login("小明").openid == before
    assert sandbox.login("小红").openid != before
    bound = merchant.session(sandbox.login("小明", with_unionid=True).code)
    assert bound["unionid"] not in ("", bound["openid"])


def test_a_login_needs_the_account_s_secret(sandbox: Sandbox, merchant: Merchant) -> None:
    code = sandbox.login("小明").code
    assert merchant.session(code, secret="wrong")["errcode"] == 40125
    assert "openid" in merchant.session(code)


def test_a_phone_code_works_once_and_only_for_its_shopper(sandbox: Sandbox, merchant: Merchant) -> None:
    xiaoming, xiaohong = sandbox.login("小明"), sandbox.login("小红")
    code = sandbox.phone_code(xiaoming.openid, phone="13800000000")
    assert merchant.post(PHONE, {"code": code, "openid": xiaohong.openid}).json()["errcode"] == 40003
    info = merchant.post(PHONE, {"code": code, "openid": xiaoming.openid}).json()["phone_info"]
    assert (info["purePhoneNumber"], info["countryCode"]) == ("13800000000", "86")
    assert info["watermark"]["appid"] == merchant.numbers.appid
    assert merchant.post(PHONE, {"code": code}).json()["errcode"] == 40029
    assert merchant.post(PHONE, {"code": xiaoming.code}).json()["errcode"] == 40029


def test_a_mini_program_code_is_a_real_picture(merchant: Merchant) -> None:
    answer = merchant.post(QR_CODE, {"scene": "p=12&s=3", "page": "pages/goods/index", "width": 430})
    assert answer.headers["Content-Type"].startswith("image/")
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert 280 <= picture.width == picture.height <= 430


@pytest.mark.parametrize(
    ("wrong", "errcode"),
    [
        ({"scene": ""}, 40169),
        ({"scene": "a" * 33}, 40169),
        ({"scene": None}, 40169),
        ({"scene": "商品=1"}, 40129),
        ({"scene": "a%20b"}, 40129),
        ({"page": "/pages/a"}, 41030),
        ({"page": "pages/a?b=1"}, 41030),
        ({"width": 100}, 40097),
        ({"env_version": "beta"}, 40097),
    ],
)
def test_a_wrong_mini_program_code_is_refused(merchant: Merchant, wrong: Json, errcode: int) -> None:
    assert merchant.post(QR_CODE, {"scene": "p=12"} | wrong).json()["errcode"] == errcode


@pytest.mark.parametrize(
    ("content", "suggest", "label"),
    [("好茶杯", "pass", 100), ("加微信领券", "review", 10001), ("赌博加微信", "risky", 20006)],
)
def test_content_is_judged_by_a_word_list(
    sandbox: Sandbox, merchant: Merchant, content: str, suggest: str, label: int
) -> None:
    openid = sandbox.login("小明").openid
    asked = {"version": 2, "scene": 2, "openid": openid, "content": content}
    assert merchant.post(CHECK, asked).json()["result"] == {"suggest": suggest, "label": label}
    sandbox.put_clock_ahead(2 * 3600 + 10)
    fresh = merchant.token()["access_token"]
    assert merchant.post(CHECK, asked, token=fresh).json()["errcode"] == 61010


def test_hostile_bodies_get_an_errcode(sandbox: Sandbox, merchant: Merchant) -> None:
    for path in (
        SEND,
        CHECK,
        QR_CODE,
        PHONE,
        "/wxa/sec/order/upload_shipping_info",
        "/wxa/sec/order/get_order_list",
    ):
        for asked in (
            {},
            {"touser": [], "code": {}, "openid": [], "scene": {}, "order_key": [], "data": 1},
            {
                "version": 2,
                "scene": 2,
                "content": 5,
                "page_size": "x",
                "pay_time_range": 7,
                "order_key": {"a": 1},
            },
        ):
            answer = merchant.post(path, asked)
            assert answer.status_code == 200
    assert merchant.post("/wxa/nothing", {}).json()["errcode"] == 40066


def test_pictures_are_looked_at_like_wechat_does(sandbox: Sandbox, merchant: Merchant) -> None:
    openid = sandbox.login("小明").openid
    good = {"media_url": "https://a.b/c.jpg", "media_type": 2, "version": 2, "openid": openid, "scene": 2}
    looked = merchant.post("/wxa/media_check_async", good).json()
    assert (looked["errcode"], len(looked["trace_id"])) == (0, 24)
    wrong = {
        "media_url": ("ftp://a.b/c", 44002),
        "version": (1, 40097),
        "media_type": (3, 40097),
        "scene": (5, 40129),
        "openid": ("oNobody", 40003),
    }
    for name, (value, errcode) in wrong.items():
        answer = merchant.post("/wxa/media_check_async", {**good, name: value}).json()
        assert (name, answer["errcode"]) == (name, errcode)
    sandbox.put_clock_ahead(2 * 3600 + 1)
    fresh = merchant.token()["access_token"]  # that of before has expired with the login
    assert merchant.post("/wxa/media_check_async", good, token=fresh).json()["errcode"] == 61010
