"""Aliyun SMS (Dysmsapi 2017-05-25): SendSms, signed by ACS3-HMAC-SHA256.

Source: 阿里云 V3 版本请求体&签名机制; 短信服务 SendSms; API 错误码.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, urlsplit

from apps.sms import errors as sms_errors
from apps.sms import street

BASE: Final = "https://dysmsapi.aliyuncs.com"
API: Final = "aliyun SendSms"
_VERSION: Final = "2017-05-25"
_ALGORITHM: Final = "ACS3-HMAC-SHA256"
_MEANINGS: Final[street.Meanings] = (
    ("isv.BUSINESS_LIMIT_CONTROL", sms_errors.PhoneLimited),
    ("isv.DAY_LIMIT_CONTROL", sms_errors.SmsQuotaUsed),
    ("isv.MONTH_LIMIT_CONTROL", sms_errors.SmsQuotaUsed),
    ("Throttling", sms_errors.SmsBusy),
    ("ServiceUnavailable", sms_errors.SmsBusy),
    ("isp.SYSTEM_ERROR", sms_errors.SmsBadAnswer),
    ("InternalError", sms_errors.SmsBadAnswer),
    # The provider has had this very call already: the first one counts.
    ("SignatureNonceUsed", sms_errors.SmsBadAnswer),
    ("isv.AMOUNT_NOT_ENOUGH", sms_errors.SmsMisconfigured),
    ("isv.OUT_OF_SERVICE", sms_errors.SmsMisconfigured),
    ("isv.PRODUCT_UN", sms_errors.SmsMisconfigured),
    ("isv.ACCOUNT_", sms_errors.SmsMisconfigured),
    ("isv.DENY_IP_RANGE", sms_errors.SmsMisconfigured),
    ("isp.RAM_PERMISSION_DENY", sms_errors.SmsMisconfigured),
    ("InvalidAccessKeyId", sms_errors.SmsMisconfigured),
    ("SignatureDoesNotMatch", sms_errors.SmsMisconfigured),
    ("IncompleteSignature", sms_errors.SmsMisconfigured),
    ("InvalidTimeStamp", sms_errors.SmsMisconfigured),
    ("Forbidden", sms_errors.SmsMisconfigured),
    ("isv.MOBILE_", sms_errors.PhoneRefused),
    ("isv.DOMESTIC_NUMBER_NOT_SUPPORTED", sms_errors.PhoneRefused),
    ("isv.SMS_CONTENT_ILLEGAL", sms_errors.WordsForbidden),
    ("isv.BLACK_KEY_CONTROL_LIMIT", sms_errors.WordsForbidden),
    ("isv.SMS_TEMPLATE", sms_errors.TextRefused),
    ("isv.SMS_SIGN", sms_errors.TextRefused),
    ("isv.SIGN_", sms_errors.TextRefused),
    ("isv.TEMPLATE_", sms_errors.TextRefused),
    ("isv.INVALID_", sms_errors.TextRefused),
    ("isv.PARAM_", sms_errors.TextRefused),
)


@dataclass(frozen=True, slots=True)
class Account:
    """AccessKey ID and secret, and the approved signature."""

    key_id: str
    key_secret: str = field(repr=False)
    sign_name: str


def send(
    account: Account,
    *,
    phone: str,
    template: str,
    values: Mapping[str, str],
    at: datetime,
    nonce: str,
    base: str = BASE,
    reference: str = "",
) -> str:
    """Send one message and return its BizId. ``phone`` is E.164 (+86…), ``values`` stand for ${name}.

    ``nonce`` must be a new one for each call; ``reference`` comes back with the provider's reports. Raises SmsRefused
    (final) and SmsUnavailable of several kinds.
    """
    asked = {
        # Numbers of the mainland go without a country code, all others with theirs and without a sign.
        "PhoneNumbers": phone.removeprefix("+86").removeprefix("+"),
        "SignName": account.sign_name,
        "TemplateCode": template,
        "TemplateParam": json.dumps(dict(values), ensure_ascii=False),
        **({"OutId": reference} if reference else {}),
    }
    query = canonical_query(asked)
    headers = {
        "host": urlsplit(base).netloc,
        "x-acs-action": "SendSms",
        "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
        "x-acs-date": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "x-acs-signature-nonce": nonce,
        "x-acs-version": _VERSION,
    }
    signed = authorization(
        key_id=account.key_id, key_secret=account.key_secret, query=query, headers=headers, payload=b""
    )
    answer = street.post(
        base=base, path="/", query=query, headers={**headers, "Authorization": signed}, body=b"", api=API
    )
    told = answer.as_json()
    code = str(told.get("Code") or "") if isinstance(told, dict) else ""
    street.record(api=API, answer=answer, errcode="" if code == "OK" else code or "none")
    if not code:
        raise street.strange(answer, API)
    if code != "OK":
        raise street.error(_MEANINGS, code, str(told.get("Message", "")))
    return str(told.get("BizId", ""))


def canonical_query(asked: Mapping[str, str]) -> str:
    """Return the query as it is signed and sent: sorted by name, percent-encoded as RFC 3986 says."""
    return "&".join(f"{_encoded(name)}={_encoded(asked[name])}" for name in sorted(asked))


def authorization(
    *, key_id: str, key_secret: str, query: str, headers: Mapping[str, str], payload: bytes
) -> str:
    """Return the Authorization of a POST to ``/?query``: all ``headers`` (names in lower case) are signed."""
    names = ";".join(sorted(headers))
    written = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers))
    request = f"POST\n/\n{query}\n{written}\n{names}\n{hashlib.sha256(payload).hexdigest()}"
    text = f"{_ALGORITHM}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = hmac.new(key_secret.encode(), text.encode(), "sha256").hexdigest()
    return f"{_ALGORITHM} Credential={key_id},SignedHeaders={names},Signature={signature}"


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~")
