"""Every refusal of the API has the contract's form, Django's own included."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from apps.base import errors, logs
from apps.members import selectors as member_facts
from apps.members.models import Member
from mall.errors import Kind
from tests.apps.members import make
from tests.conftest import Shopper

pytestmark = pytest.mark.django_db


FORM = {"code", "message", "details", "request_id"}


def test_an_unknown_path_is_404_in_the_contracts_form(anyone: Shopper) -> None:
    answer = anyone.call("GET", "/nothing/here")
    assert answer.status_code == 404
    assert set(answer.json()) == FORM
    assert answer.json()["code"] == "not_found"


def test_the_form_holds_with_debug_on(anyone: Shopper, settings: Any) -> None:
    settings.DEBUG = True
    assert set(anyone.call("GET", "/nothing/here").json()) == FORM


def test_who_is_not_logged_in_is_told_so_with_401(anyone: Shopper) -> None:
    answer = anyone.call("GET", "/me")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_a_wrong_method_is_405(anyone: Shopper) -> None:
    answer = anyone.call("DELETE", "/auth/login")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize(
    "body",
    [
        '{"code":',
        '{"code": NaN}',
        '["code"]',
        '"code"',
        '{"a":1,"a":2}',
        "\xff",
        '{"a":' * 20 + "1" + "}" * 20,
    ],
)
def test_malformed_json_is_400(anyone: Shopper, body: str) -> None:
    answer = anyone.generic(
        "POST", "/api/v1/auth/login", body.encode("latin-1"), content_type="application/json"
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_json")


def test_another_content_type_is_415(anyone: Shopper) -> None:
    answer = anyone.generic(
        "POST", "/api/v1/auth/login", b"code=1", content_type="application/x-www-form-urlencoded"
    )
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    assert answer.json()["message"] == "请以 JSON 格式提交"


def test_a_call_that_takes_a_file_says_in_which_form(shopper_of: Callable[[Member], Shopper]) -> None:
    answer = shopper_of(make.member()).call("POST", "/me/avatar", {"file": "x"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    assert answer.json()["message"] == "请以 multipart/form-data 格式提交"


@pytest.mark.parametrize(("size", "status"), [(500_000, 400), (600_000, 413), (5_000_000, 413)])
def test_a_body_of_more_than_half_a_megabyte_is_refused_unread(
    anyone: Shopper, size: int, status: int
) -> None:
    answer = anyone.call("POST", "/auth/login", {"code": "", "padding": "x" * size})
    assert answer.status_code == status
    assert set(answer.json()) == FORM
    assert answer.json()["code"] == ("too_large" if status == 413 else "invalid")


def many_parts(number: int, *, files: bool) -> bytes:
    head = 'Content-Disposition: form-data; name="a"' + ('; filename="a.png"' if files else "")
    return b"".join(f"--b\r\n{head}\r\n\r\n1\r\n".encode() for _ in range(number)) + b"--b--\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        ("GET", "/orders?" + "&".join(f"a{number}=1" for number in range(1001)), b"", ""),
        ("POST", "/me/avatar", many_parts(1001, files=False), "multipart/form-data; boundary=b"),
        ("POST", "/me/avatar", many_parts(101, files=True), "multipart/form-data; boundary=b"),
        ("POST", "/me/pictures", b"--b\r\n" * 5000, "multipart/form-data; boundary=b"),
    ],
    ids=["questions", "fields", "files", "nothing"],
)
def test_more_fields_or_files_than_are_read_are_400(
    shopper_of: Callable[[Member], Shopper], sent: tuple[str, str, bytes, str]
) -> None:
    method, path, body, content_type = sent
    answer = shopper_of(make.member()).generic(method, f"/api/v1{path}", body, content_type=content_type)
    assert answer.status_code == 400
    assert set(answer.json()) == FORM


def test_too_many_calls_are_429_with_retry_after(anyone: Shopper, settings: Any) -> None:
    rates = {**settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], "login": "2/min"}
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}
    answers = [anyone.call("POST", "/auth/refresh", {"refresh": "x"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert answers[2].json()["code"] == "throttled"
    assert 1 <= int(answers[2]["Retry-After"]) <= 60


def test_a_bug_is_500_in_the_contracts_form_and_tells_nothing(anyone: Shopper, monkeypatch: Any) -> None:
    monkeypatch.setattr(member_facts, "current_document", lambda **_: 1 / 0)
    answer = anyone.call("GET", "/documents/privacy")
    assert answer.status_code == 500
    assert (answer.json()["code"], "ZeroDivision" in answer.content.decode()) == ("internal_error", False)


def test_a_database_that_is_away_is_503(anyone: Shopper, monkeypatch: Any) -> None:
    def away(**_: Any) -> None:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(member_facts, "current_document", away)
    answer = anyone.call("GET", "/documents/privacy")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


def test_a_proper_request_id_is_kept_and_a_strange_one_replaced() -> None:
    client = Client()
    kept = client.get("/api/v1/x", headers={"X-Request-ID": "abc-12345"})
    replaced = client.get("/api/v1/x", headers={"X-Request-ID": "a b\n<script>"})
    assert kept["X-Request-ID"] == kept.json()["request_id"] == "abc-12345"
    assert len(replaced["X-Request-ID"]) == 32


def test_every_kind_of_refusal_has_a_status() -> None:
    assert set(errors.STATUS_OF_KIND) == set(Kind)


def test_log_lines_hold_only_allowed_fields_and_no_personal_text() -> None:
    line = {
        "event": "call of 13812345678 with Bearer abc.def",
        "openid": "oAbcdefghijklmnopqrstuvwxyz1",
        "order_no": "SO1",
        "phone": "13812345678",
    }
    cleaned = logs.mask_personal_text(None, "", logs.only_allowed_fields(None, "", line))
    assert cleaned == {"event": "call of 138****5678 with Bearer ***", "order_no": "SO1"}


def test_a_whole_login_leaves_neither_phone_nor_openid_nor_token_in_the_log(
    anyone: Shopper, wechat: Any, log_lines: StringIO
) -> None:
    make.privacy()
    login = wechat.login("小茶")
    welcome = anyone.call("POST", "/auth/login", {"code": login.code}).json()
    me = Shopper(welcome["access"])
    me.call("POST", "/me/consents", {"document": "privacy", "version": "1.0"})
    assert (
        me.call("POST", "/me/phone", {"code": wechat.phone_code(login.openid, phone="13812345678")}).json()[
            "phone"
        ]
        == "13812345678"
    )
    me.call(
        "POST",
        "/me/addresses",
        {
            "name": "林小茶",
            "phone": "13812345678",
            "province": "浙江省",
            "city": "杭州市",
            "detail": "龙井路 1 号",
        },
    )

    written = log_lines.getvalue()
    assert '"path":"/api/v1/me/phone"' in written
    for secret in (login.openid, welcome["access"], welcome["refresh"], "13812345678", "林小茶", "龙井路"):
        assert secret not in written
