"""Talking to the mini program's server API: refusals, and answers that nobody would expect."""

from __future__ import annotations

import json
import logging
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from apps.base import exchange
from apps.wechat import codes, login, phone, security, shipping, tokens, updatable
from apps.wechat import errors as wechat_errors
from apps.wechat.pay import client
from apps.wechat.sandbox.identity import Identity
from mall.errors import Kind
from tests.wechat.client.scripted import Reply, Script
from tests.wechat.client.words import send, token, told

# Busy, refused, odd


def test_a_question_is_repeated_while_wechat_is_busy(wechat: Script) -> None:
    busy = told(errcode=-1, errmsg="system error")
    wechat.say(
        token(), busy, busy, told(errcode=0, delivery_list=[{"delivery_id": "SF", "delivery_name": "顺丰"}])
    )

    assert shipping.carriers() == (shipping.Carrier("SF", "顺丰"),)


def test_a_question_is_not_repeated_for_ever(wechat: Script) -> None:
    wechat.say(token(), *[told(errcode=-1) for _ in range(3)])

    with pytest.raises(wechat_errors.WechatBusy):
        shipping.carriers()


def test_a_message_is_not_repeated_when_wechat_is_busy(wechat: Script) -> None:
    wechat.say(token(), told(errcode=-1))

    with pytest.raises(wechat_errors.WechatBusy):
        send()

    assert len(wechat.heard) == 2


def test_chinese_goes_out_as_chinese(wechat: Script) -> None:
    wechat.say(token(), told(errcode=0))

    send()

    assert "茶杯".encode() in wechat.heard[-1].body
    assert json.loads(wechat.heard[-1].body) == {
        "touser": "oX",
        "template_id": "TPL",
        "page": "p?id=9",
        "miniprogram_state": "formal",
        "lang": "zh_CN",
        "data": {"thing1": {"value": "茶杯"}},
    }


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=b"<html>bad gateway</html>", status=502),
        Reply(body=b"<html>captive portal</html>"),
        Reply(body=b"[]"),
        Reply(body=b"\xff\xfe"),
        Reply(body=b"[" * 100_000),
        Reply(body=b'{"errcode":"7"}'),
        Reply(body=b"", status=302, headers={"Location": "http://127.0.0.1:1/"}),
        Reply(body=b"not gzip", headers={"Content-Encoding": "gzip"}),
        Reply(body=b" " * (exchange.MOST_BYTES + 1)),
    ],
    ids=["502", "html", "list", "bytes", "deep", "errcode", "redirect", "gzip", "huge"],
)
def test_an_answer_that_makes_no_sense_is_a_bad_gateway(wechat: Script, reply: Reply) -> None:
    wechat.say(token(), reply)

    with pytest.raises(wechat_errors.WechatBadAnswer) as caught:
        send()

    assert caught.value.kind is Kind.BAD_GATEWAY
    assert caught.value.effect_unknown


# Down and slow


def test_a_closed_port_is_wechat_down_at_once_and_without_effect(account: Identity) -> None:
    started = time.monotonic()

    with pytest.raises(wechat_errors.WechatDown) as caught:
        send()

    assert caught.value.kind is Kind.UNAVAILABLE
    assert not caught.value.effect_unknown
    assert time.monotonic() - started < 3


def test_a_broken_connection_leaves_the_effect_unknown(wechat: Script) -> None:
    wechat.say(token(), Reply(drop=True))

    with pytest.raises(wechat_errors.WechatDown) as caught:
        send()

    assert caught.value.effect_unknown


def test_a_late_answer_is_a_time_out_with_unknown_effect(wechat: Script, settings: Any) -> None:
    settings.WECHAT_TIMEOUT_S = (0.5, 0.2)
    wechat.say(token(), Reply(after_s=0.5))

    with pytest.raises(wechat_errors.WechatTimeout) as caught:
        send()

    assert caught.value.kind is Kind.TIMEOUT
    assert caught.value.effect_unknown


def test_an_answer_that_drips_is_cut_off(account: Identity, settings: Any) -> None:
    settings.WECHAT_TIMEOUT_S = (0.2, 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
        settings.WECHAT_API_BASE = f"http://127.0.0.1:{server.getsockname()[1]}"
        dripping = pool.submit(drip, server)
        started = time.monotonic()
        with pytest.raises(wechat_errors.WechatTimeout):
            tokens.current()
        assert time.monotonic() - started < 1.5
        dripping.result()


def drip(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        try:
            for _ in range(40):
                connection.sendall(b" ")
                time.sleep(0.05)
        except OSError:
            return


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    wechat: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    wechat.say(token())

    assert tokens.current() == "T1"


def test_credentials_of_a_netrc_never_replace_ours(
    wechat: Script, account: Identity, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    wechat.say(Reply(body=b'{"code":"ORDER_NOT_EXIST"}', status=404))

    with pytest.raises(wechat_errors.PayOrderNotFound):
        client.query(out_trade_no="SO20250101000001")

    assert wechat.heard[0].headers["Authorization"].startswith("WECHATPAY2-SHA256-RSA2048 ")


def test_secrets_are_neither_logged_nor_in_the_error(
    account: Identity, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    with pytest.raises(wechat_errors.WechatUnavailable) as caught:
        login.exchange("the-code-of-a-shopper")

    said = caplog.text + repr(caught.value) + repr(caught.value.__context__)
    assert account.numbers.app_secret not in said
    assert "the-code-of-a-shopper" not in said


def test_tokens_are_not_logged_even_at_debug(wechat: Script, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="urllib3")  # as an operator may, to look for a fault
    wechat.say(token("SECRET-TOKEN"), told(errcode=0), Reply(drop=True))

    send()
    with pytest.raises(wechat_errors.WechatDown):
        send()

    assert caplog.text.count("wechat_call") == 3
    assert "SECRET-TOKEN" not in caplog.text


# Login and phone


def test_a_login_code_becomes_an_openid(wechat: Script, account: Identity) -> None:
    wechat.say(
        told(openid="oX", session_key="c2Vzc2lvbg==", unionid="uX"), told(openid="oX", session_key="a=")
    )

    first, second = login.exchange("code-1"), login.exchange("code-2")

    assert (first.openid, first.unionid, first.session_key) == ("oX", "uX", "c2Vzc2lvbg==")
    assert second.unionid is None
    assert repr(first) == "Login()"
    assert wechat.heard[0].target == (
        f"/sns/jscode2session?appid={account.numbers.appid}&secret={account.numbers.app_secret}"
        "&js_code=code-1&grant_type=authorization_code"
    )


@pytest.mark.parametrize("errcode", [40029, 40163])
def test_a_used_or_wrong_login_code_is_the_shoppers_matter(wechat: Script, errcode: int) -> None:
    wechat.say(told(errcode=errcode, errmsg="invalid code"))

    with pytest.raises(wechat_errors.LoginCodeInvalid) as caught:
        login.exchange("code-1")

    assert (caught.value.code, caught.value.kind) == ("wechat_code_invalid", Kind.INVALID)


@pytest.mark.parametrize("code", ["", " ", "x" * 129, "中文", "a\nb", 7, None, ["x"]])
def test_what_cannot_be_a_code_is_refused_without_asking_wechat(wechat: Script, code: Any) -> None:
    with pytest.raises(wechat_errors.LoginCodeInvalid):
        login.exchange(code)
    with pytest.raises(wechat_errors.PhoneCodeInvalid):
        phone.exchange(code, openid="oX")

    assert wechat.heard == []


@pytest.mark.parametrize(
    "reply",
    [told(errcode=40125), told(errcode=45011), told(openid="oX"), Reply(body=b"?"), Reply(status=500)],
    ids=["secret", "minute quota", "no session key", "nonsense", "500"],
)
def test_whatever_ails_wechat_login_is_unavailable(wechat: Script, reply: Reply) -> None:
    wechat.say(reply)

    with pytest.raises(wechat_errors.WechatUnavailable) as caught:
        login.exchange("code-1")

    assert (caught.value.code, caught.value.kind) == ("wechat_unavailable", Kind.UNAVAILABLE)


def test_a_user_whom_wechat_blocks_is_forbidden(wechat: Script) -> None:
    wechat.say(told(errcode=40226, errmsg="code blocked"))

    with pytest.raises(wechat_errors.UserBlocked):
        login.exchange("code-1")


def phone_answer(account: Identity, **changes: Any) -> Reply:
    facts = {
        "phoneNumber": "+8613800000000",
        "purePhoneNumber": "13800000000",
        "countryCode": 86,
        "watermark": {"timestamp": 1637744274, "appid": account.numbers.appid},
    }
    return told(errcode=0, errmsg="ok", phone_info=facts | changes)


def test_a_phone_code_becomes_a_number(wechat: Script, account: Identity) -> None:
    wechat.say(token(), phone_answer(account))

    number = phone.exchange("code-1", openid="oX")

    assert (number.country_code, number.number) == ("86", "13800000000")
    assert "13800000000" not in repr(number)
    assert json.loads(wechat.heard[-1].body) == {"code": "code-1", "openid": "oX"}


def test_a_phone_answer_for_another_mini_program_is_not_believed(wechat: Script, account: Identity) -> None:
    wechat.say(
        token(), phone_answer(account, watermark={"appid": "wx0"}), phone_answer(account, watermark=None)
    )
    wechat.say(phone_answer(account, purePhoneNumber="call me"), told(errcode=0, phone_info="x"))

    for _ in range(4):
        with pytest.raises(wechat_errors.WechatBadAnswer):
            phone.exchange("code-1", openid="oX")


def test_a_phone_code_of_somebody_else_is_refused(wechat: Script) -> None:
    wechat.say(token(), told(errcode=40029), told(errcode=40003))

    for _ in range(2):
        with pytest.raises(wechat_errors.PhoneCodeInvalid):
            phone.exchange("code-1", openid="oX")


# Codes and content


def test_a_mini_program_code_is_an_image(wechat: Script) -> None:
    wechat.say(token(), Reply(body=b"\xff\xd8picture", headers={"Content-Type": "image/jpeg"}))

    assert codes.unlimited(scene="p=12&s=3", page="pages/goods/index") == b"\xff\xd8picture"
    assert json.loads(wechat.heard[-1].body)["scene"] == "p=12&s=3"


def test_a_refused_mini_program_code_is_not_taken_for_an_image(wechat: Script) -> None:
    wechat.say(token(), told(errcode=41030, errmsg="invalid page"), told(errcode=0))

    with pytest.raises(wechat_errors.WechatRefused, match="41030"):
        codes.unlimited(scene="p=12", page="pages/goods/index")
    with pytest.raises(wechat_errors.WechatBadAnswer):
        codes.unlimited(scene="p=12", page="pages/goods/index")


@pytest.mark.parametrize(
    ("scene", "page"),
    [
        ("", "pages/a"),
        ("x" * 33, "pages/a"),
        ("100%", "pages/a"),
        ("茶", "pages/a"),
        ("a b", "pages/a"),
        ("p=1\n", "pages/a"),
        ("p=1", "/pages/a"),
        ("p=1", "pages/a?x=1"),
    ],
)
def test_a_scene_or_page_that_wechat_would_refuse_is_not_sent(wechat: Script, scene: str, page: str) -> None:
    with pytest.raises(wechat_errors.SceneInvalid):
        codes.unlimited(scene=scene, page=page)

    assert wechat.heard == []


def test_a_text_gets_wechats_verdict(wechat: Script) -> None:
    risky = {"suggest": "risky", "label": 20002}
    wechat.say(token(), told(errcode=0, result=risky, trace_id="t"), told(errcode=0, result={"suggest": "?"}))

    verdict = security.check_text(openid="oX", scene=security.Scene.COMMENT, content="…")
    assert verdict == security.Verdict(security.Suggest.RISKY, 20002, "t")
    with pytest.raises(wechat_errors.WechatBadAnswer):
        security.check_text(openid="oX", scene=security.Scene.COMMENT, content="…")
    with pytest.raises(wechat_errors.ContentTooLong):
        security.check_text(openid="oX", scene=security.Scene.COMMENT, content="茶" * 2501)


def test_a_picture_is_looked_at_later_under_a_trace_id(wechat: Script) -> None:
    wechat.say(token(), told(errcode=0, trace_id="t"), told(errcode=0))

    def check() -> str:
        return security.check_picture(openid="oX", scene=security.Scene.COMMENT, url="https://a.b/c.jpg")

    assert check() == "t"
    with pytest.raises(wechat_errors.WechatBadAnswer):
        check()


@pytest.mark.parametrize(
    ("message", "verdict"),
    [
        ({"errcode": 0, "result": {"suggest": "pass", "label": 100}}, ("pass", 100)),
        ({"errcode": "0", "result": {"suggest": "risky", "label": "20002"}}, ("risky", 20002)),
        ({"result": {"suggest": "review", "label": 10001}}, ("review", 10001)),
        ({"errcode": -1008, "errmsg": "download error"}, ("review", 0)),
        ({"errcode": 4294966288, "result": {"suggest": "pass", "label": 100}}, ("review", 0)),
        ({"errcode": 0, "result": {"suggest": "perhaps"}}, ("review", 0)),
        ({}, ("review", 0)),
    ],
)
def test_what_wechat_found_in_a_picture_is_a_verdict_or_a_persons_to_give(
    message: dict[str, Any], verdict: tuple[str, int]
) -> None:
    found = security.picture_verdict({"trace_id": "t", **message})
    assert (found.suggest, found.label, found.trace_id) == (*verdict, "t")


# Updatable messages


def test_a_card_gets_its_number_by_a_get_with_the_token(wechat: Script) -> None:
    wechat.say(token("t1"), told(errcode=0, activity_id="1031_abc", expiration_time=1764415200))

    made = updatable.create()
    assert made == updatable.Activity("1031_abc", datetime(2025, 11, 29, 11, 20, tzinfo=UTC))
    asked = wechat.heard[-1]
    assert (asked.method, asked.target.partition("?")[0], asked.body) == ("GET", updatable.CREATE, b"")
    assert asked.query == {"access_token": "t1"}


@pytest.mark.parametrize(
    "odd",
    [{}, {"activity_id": "", "expiration_time": 1}, {"activity_id": "a", "expiration_time": "soon"}],
)
def test_a_card_without_a_number_or_an_end_is_a_bad_gateway(wechat: Script, odd: dict[str, Any]) -> None:
    wechat.say(token(), told(errcode=0, **odd))

    with pytest.raises(wechat_errors.WechatBadAnswer):
        updatable.create()


def test_a_rejected_token_is_renewed_for_a_get_too(wechat: Script) -> None:
    wechat.say(
        token("old"),
        told(errcode=42001),
        token("new"),
        told(errcode=0, activity_id="a", expiration_time=1764415200),
    )

    assert updatable.create().activity_id == "a"
    assert wechat.heard[-1].query == {"access_token": "new"}


def test_a_card_is_told_in_strings_as_wechat_documents_it(wechat: Script) -> None:
    wechat.say(token(), told(errcode=0), told(errcode=0))

    updatable.tell_joined(activity_id="a", members=2, limit=3)
    assert json.loads(wechat.heard[-1].body) == {
        "activity_id": "a",
        "target_state": 0,
        "template_info": {
            "parameter_list": [{"name": "member_count", "value": "2"}, {"name": "room_limit", "value": "3"}]
        },
    }
    updatable.tell_begun(activity_id="a", path="pages/group/index?group_no=G1", version="trial")
    assert json.loads(wechat.heard[-1].body)["template_info"]["parameter_list"] == [
        {"name": "path", "value": "pages/group/index?group_no=G1"},
        {"name": "version_type", "value": "trial"},
    ]


@pytest.mark.parametrize("errcode", [47501, 47502, 47504])
def test_a_card_that_takes_no_more_news_is_told_from_other_refusals(wechat: Script, errcode: int) -> None:
    wechat.say(token(), told(errcode=errcode), told(errcode=47503))

    with pytest.raises(updatable.CardOver):
        updatable.tell_joined(activity_id="a", members=2, limit=3)
    with pytest.raises(wechat_errors.WechatRefused, match="47503") as other:
        updatable.tell_begun(activity_id="a", path="pages/a")
    assert not isinstance(other.value, updatable.CardOver)
