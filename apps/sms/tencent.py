"""Tencent Cloud SMS: SendSms of version 2021-01-11, signed by TC3-HMAC-SHA256.

Source: 腾讯云 API, 签名方法 v3; 短信 SendSms; 短信错误码.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from apps.sms import errors as sms_errors
from apps.sms import street

BASE: Final = "https://sms.tencentcloudapi.com"
API: Final = "tencent SendSms"
_VERSION: Final = "2021-01-11"
_ALGORITHM: Final = "TC3-HMAC-SHA256"
_JSON: Final = "application/json; charset=utf-8"
_MEANINGS: Final[street.Meanings] = (
    ("AuthFailure", sms_errors.SmsMisconfigured),
    ("UnauthorizedOperation", sms_errors.SmsMisconfigured),
    ("FailedOperation.InsufficientBalanceInSmsPackage", sms_errors.SmsMisconfigured),
    ("InvalidParameterValue.SdkAppIdNotExist", sms_errors.SmsMisconfigured),
    ("RequestLimitExceeded", sms_errors.SmsBusy),
    ("FailedOperation.MarketingSendTimeConstraint", sms_errors.SmsBusy),
    ("LimitExceeded.PhoneNumber", sms_errors.PhoneLimited),
    ("LimitExceeded.DeliveryFrequencyLimit", sms_errors.PhoneLimited),
    ("LimitExceeded", sms_errors.SmsQuotaUsed),
    ("InternalError", sms_errors.SmsBadAnswer),
    ("FailedOperation.PhoneNumber", sms_errors.PhoneRefused),
    ("InvalidParameterValue.IncorrectPhoneNumber", sms_errors.PhoneRefused),
    ("FailedOperation.ContainSensitiveWord", sms_errors.WordsForbidden),
    ("FailedOperation.Signature", sms_errors.TextRefused),
    ("FailedOperation.Template", sms_errors.TextRefused),
    ("InvalidParameterValue.Template", sms_errors.TextRefused),
    ("InvalidParameterValue.ContentLengthLimit", sms_errors.TextRefused),
)


@dataclass(frozen=True, slots=True)
class Account:
    """SecretId and SecretKey, the number of the application (SdkAppId), the approved signature, the region."""

    secret_id: str
    secret_key: str = field(repr=False)
    app_id: str
    sign_name: str
    region: str = "ap-guangzhou"


def send(
    account: Account,
    *,
    phone: str,
    template: str,
    values: Sequence[str],
    at: datetime,
    base: str = BASE,
    reference: str = "",
) -> str:
    """Send one message and return its serial number. ``phone`` is E.164 (+86…), ``values`` stand for {1}, {2}, ….

    ``reference`` comes back with the provider's reports. Raises SmsRefused (final) and SmsUnavailable of several kinds.
    """
    asked = {
        "PhoneNumberSet": [phone],
        "SmsSdkAppId": account.app_id,
        "SignName": account.sign_name,
        "TemplateId": template,
        "TemplateParamSet": list(values),
        "SessionContext": reference,
    }
    body = json.dumps(asked, ensure_ascii=False).encode()
    host = urlsplit(base).netloc
    signed = {"content-type": _JSON, "host": host, "x-tc-action": "sendsms"}
    headers = {
        "Content-Type": _JSON,
        "X-TC-Action": "SendSms",
        "X-TC-Version": _VERSION,
        "X-TC-Region": account.region,
        "X-TC-Timestamp": str(int(at.timestamp())),
        "Authorization": authorization(
            secret_id=account.secret_id,
            secret_key=account.secret_key,
            service="sms",
            headers=signed,
            payload=body,
            at=at,
        ),
    }
    answer = street.post(base=base, path="/", headers=headers, body=body, api=API)
    told = answer.as_json()
    response = told.get("Response") if isinstance(told, dict) else None
    code, sentence, serial = _outcome(response)
    street.record(api=API, answer=answer, errcode="" if code == "Ok" else code or "none")
    if not code:
        raise street.strange(answer, API)
    if code != "Ok":
        raise street.error(_MEANINGS, code, sentence)
    return serial


def authorization(
    *,
    secret_id: str,
    secret_key: str,
    service: str,
    headers: Mapping[str, str],
    payload: bytes,
    at: datetime,
) -> str:
    """Return the Authorization of a POST to ``/``: ``headers`` are those to be signed, in lower case, host among them."""
    day, seconds = f"{at.astimezone(UTC):%Y-%m-%d}", int(at.timestamp())
    names = ";".join(sorted(headers))
    written = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers))
    request = f"POST\n/\n\n{written}\n{names}\n{hashlib.sha256(payload).hexdigest()}"
    scope = f"{day}/{service}/tc3_request"
    text = f"{_ALGORITHM}\n{seconds}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"TC3{secret_key}".encode()
    for part in (day, service, "tc3_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.new(key, text.encode(), "sha256").hexdigest()
    return f"{_ALGORITHM} Credential={secret_id}/{scope}, SignedHeaders={names}, Signature={signature}"


def _outcome(response: Any) -> tuple[str, str, str]:
    """Return code, sentence and serial number: of the call when it failed, else of its only message."""
    if not isinstance(response, dict):
        return "", "", ""
    error, sent = response.get("Error"), response.get("SendStatusSet")
    if isinstance(error, dict):
        return str(error.get("Code", "")), str(error.get("Message", "")), ""
    one = sent[0] if isinstance(sent, list) and sent else None
    if not isinstance(one, dict):
        return "", "", ""
    return str(one.get("Code", "")), str(one.get("Message", "")), str(one.get("SerialNo", ""))
