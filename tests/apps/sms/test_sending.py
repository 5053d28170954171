"""Sending a short message by either provider, and every way in which it is not sent."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from apps.base.transactions import NoTransaction
from apps.sms import errors as sms_errors
from apps.sms import services as sms
from tests.apps.sms.providers import BLACKLISTED, KEY_SECRET, NOW, TEMPLATE, Providers
from tests.wechat.client.scripted import Reply, Script

PHONE = "13812345678"
VALUES = {"name": "小明 & *~茶", "order_no": "SO20250101"}


def send(**changed: Any) -> sms.Sent:
    asked: dict[str, Any] = {"phone": PHONE, "template": TEMPLATE, "values": VALUES, "at": NOW}
    return sms.send(**asked | changed)


def test_a_message_is_sent_and_can_be_found_again(providers: Providers, provider: str) -> None:
    assert send(reference="send:7") == sms.Sent(provider, "serial-1")
    assert providers.sent == [
        {"phone": f"+86{PHONE}", "values": list(VALUES.values()), "reference": "send:7"}
    ]


@pytest.mark.parametrize("phone", [f"+86{PHONE}", "+86 138-1234-5678", "138 1234 5678"])
def test_a_number_is_brought_to_one_form(providers: Providers, phone: str) -> None:
    send(phone=phone)

    assert providers.sent[0]["phone"] == f"+86{PHONE}"


@pytest.mark.parametrize(
    "phone", ["", "1381234567", "+8612345678901", "12345678901", "+", "电话", "+0123456789"]
)
def test_what_is_no_number_is_refused_before_anybody_is_asked(providers: Providers, phone: str) -> None:
    with pytest.raises(sms_errors.PhoneRefused):
        send(phone=phone)

    assert providers.heard == []


def test_a_number_from_abroad_keeps_its_country() -> None:
    assert sms.e164("+852 5123 4567") == "+85251234567"


def test_nothing_is_sent_where_no_provider_is_set(providers: Providers, settings: Any) -> None:
    settings.SMS_PROVIDER = None

    assert not sms.is_on()
    with pytest.raises(sms_errors.SmsOff):
        send()
    assert providers.heard == []


@pytest.mark.django_db
def test_no_message_is_sent_inside_a_transaction(providers: Providers) -> None:
    with pytest.raises(NoTransaction), transaction.atomic():
        send()
    assert providers.heard == []


# Refused by the providers


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"phone": BLACKLISTED}, sms_errors.PhoneRefused),
        ({"phone": "+85251234567"}, sms_errors.PhoneRefused),
        ({"template": "unknown"}, sms_errors.TextRefused),
        ({"values": {"name": "小明"}}, sms_errors.TextRefused),
    ],
)
def test_a_refusal_is_final_and_says_why(
    providers: Providers, changed: dict[str, Any], error: type[sms_errors.SmsRefused]
) -> None:
    with pytest.raises(sms_errors.SmsRefused) as caught:
        send(**changed)

    assert type(caught.value) is error
    assert caught.value.errcode
    assert changed.get("phone", PHONE)[-8:] not in str(caught.value) + caught.value.errmsg
    assert providers.sent == []


def test_a_number_has_only_so_many_messages_a_day(providers: Providers) -> None:
    for _ in range(3):
        send()
    with pytest.raises(sms_errors.PhoneLimited):
        send()


@pytest.mark.parametrize(
    ("setting", "value"), [("SMS_ACCESS_KEY_ID", "unknown"), ("SMS_ACCESS_KEY_SECRET", "wrong")]
)
def test_a_wrong_key_is_the_operator_s_to_put_right(
    providers: Providers, settings: Any, setting: str, value: str
) -> None:
    setattr(settings, setting, value)

    with pytest.raises(sms_errors.SmsMisconfigured) as caught:
        send()

    assert not caught.value.effect_unknown


def test_a_wrong_clock_is_the_operator_s_to_put_right(providers: Providers) -> None:
    with pytest.raises(sms_errors.SmsMisconfigured):
        send(at=NOW - timedelta(hours=1))


# As the providers say it


def answered(provider: str, code: str) -> Reply:
    """A message refused with this code."""
    tencents = {"Response": {"SendStatusSet": [{"Code": code, "Message": f"+86{PHONE}: no", "SerialNo": ""}]}}
    aliyuns = {"Code": code, "Message": f"{PHONE}: no", "RequestId": "r"}
    return Reply(body=json.dumps(tencents if provider == "tencent" else aliyuns).encode())


CODES = [
    ("tencent", "FailedOperation.ContainSensitiveWord", sms_errors.WordsForbidden, False),
    ("tencent", "FailedOperation.SignatureIncorrectOrUnapproved", sms_errors.TextRefused, False),
    ("tencent", "FailedOperation.InsufficientBalanceInSmsPackage", sms_errors.SmsMisconfigured, False),
    ("tencent", "UnauthorizedOperation.RequestIpNotInWhitelist", sms_errors.SmsMisconfigured, False),
    ("tencent", "RequestLimitExceeded.UinLimitExceeded", sms_errors.SmsBusy, False),
    ("tencent", "LimitExceeded.PhoneNumberThirtySecondLimit", sms_errors.PhoneLimited, False),
    ("tencent", "LimitExceeded.AppMainlandChinaDailyLimit", sms_errors.SmsQuotaUsed, False),
    ("tencent", "FailedOperation.MarketingSendTimeConstraint", sms_errors.SmsBusy, False),
    ("tencent", "InternalError.Timeout", sms_errors.SmsBadAnswer, True),
    ("tencent", "UnsupportedOperation", sms_errors.SmsRefused, False),
    ("aliyun", "isv.SMS_CONTENT_ILLEGAL", sms_errors.WordsForbidden, False),
    ("aliyun", "isv.SMS_SIGNATURE_SCENE_ILLEGAL", sms_errors.TextRefused, False),
    ("aliyun", "isv.AMOUNT_NOT_ENOUGH", sms_errors.SmsMisconfigured, False),
    ("aliyun", "isp.RAM_PERMISSION_DENY", sms_errors.SmsMisconfigured, False),
    ("aliyun", "Throttling.User", sms_errors.SmsBusy, False),
    ("aliyun", "isv.DAY_LIMIT_CONTROL", sms_errors.SmsQuotaUsed, False),
    ("aliyun", "isp.SYSTEM_ERROR", sms_errors.SmsBadAnswer, True),
    ("aliyun", "SignatureNonceUsed", sms_errors.SmsBadAnswer, True),
    ("aliyun", "isv.SOMETHING_NEW", sms_errors.SmsRefused, False),
]


@pytest.mark.parametrize(("provider", "code", "error", "unknown"), CODES, ids=[code for _, code, *_ in CODES])
def test_every_code_is_final_later_or_unknown(
    script: Script, provider: str, code: str, error: type[Exception], unknown: bool
) -> None:
    script.say(answered(provider, code))

    with pytest.raises((sms_errors.SmsRefused, sms_errors.SmsUnavailable)) as caught:
        send()

    assert type(caught.value) is error
    assert getattr(caught.value, "effect_unknown", False) is unknown
    assert code in str(caught.value)
    assert PHONE not in str(caught.value) + getattr(caught.value, "errmsg", "")
    assert len(script.heard) == 1


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=502, body=b"<html>"),
        Reply(body=b"[]"),
        Reply(body=b"{}"),
        Reply(body=b'{"Response": {}}'),
        Reply(body=b'{"Response": {"SendStatusSet": ["x"]}}'),
        Reply(status=302, headers={"Location": "http://127.0.0.1:1/"}),
        Reply(drop=True),
    ],
    ids=["502", "list", "empty", "nothing", "odd", "redirect", "dropped"],
)
def test_an_answer_without_a_form_leaves_it_unknown_whether_anything_was_sent(
    script: Script, reply: Reply
) -> None:
    script.say(reply)

    with pytest.raises(sms_errors.SmsUnavailable) as caught:
        send()

    assert caught.value.effect_unknown
    assert len(script.heard) == 1


def test_a_late_answer_is_a_time_out_of_unknown_effect(script: Script, settings: Any) -> None:
    settings.SMS_TIMEOUT_S = (0.5, 0.1)
    script.say(Reply(after_s=0.3))

    with pytest.raises(sms_errors.SmsTimeout) as caught:
        send()

    assert caught.value.effect_unknown


def test_a_closed_door_is_known_to_have_sent_nothing(script: Script, settings: Any) -> None:
    settings.SMS_BASE = "http://127.0.0.1:9"

    with pytest.raises(sms_errors.SmsDown) as caught:
        send()

    assert not caught.value.effect_unknown


def test_neither_the_number_nor_a_secret_is_logged_or_told(
    providers: Providers, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        send()
        with pytest.raises(sms_errors.TextRefused):
            send(template="unknown")
        settings.SMS_BASE = "http://127.0.0.1:9"
        with pytest.raises(sms_errors.SmsDown) as caught:
            send()

    written = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert "sms_call" in written
    assert "sms_call_failed" in written
    for secret in (PHONE, KEY_SECRET, "SO20250101", "Signature="):
        assert secret not in written
        assert secret not in repr(caught.value) + str(caught.value)
    assert caught.value.__context__ is None
