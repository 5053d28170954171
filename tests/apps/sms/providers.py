"""Tencent Cloud and Aliyun on loopback, written from their documents: they check signatures, clocks and numbers.

Nothing of the shop's code is used: a mistake in the client's signature must not be repeated here.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
KEY_ID, KEY_SECRET = "AKIDtest", "secret-of-the-test"
APP_ID, SIGN_NAME, TEMPLATE = "1400006666", "茶里茶外", "SMS_1110"
# The template's blanks, as Aliyun names them; Tencent Cloud counts them.
BLANKS = ("name", "order_no")
BLACKLISTED = "13900000000"
A_DAY = 3  # messages to one number


@dataclass
class Providers:
    """Both of them: what they have sent, and what their clock says."""

    base: str = ""
    now: datetime = NOW
    sent: list[dict[str, Any]] = field(default_factory=list)
    heard: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    nonces: set[str] = field(default_factory=set)

    def tencent(self, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        """SendSms 2021-01-11: refusals of the call in Error, of a message in its status; always HTTP 200."""
        wrong = self._tencent_fault(headers, body)
        if wrong:
            return 200, {"Response": {"Error": {"Code": wrong, "Message": "no"}, "RequestId": "r"}}
        asked = json.loads(body)
        (phone,) = asked["PhoneNumberSet"]
        code = self._fault(phone.removeprefix("+86"), "tencent")
        if not re.fullmatch(r"\+861\d{10}", phone):
            code = "InvalidParameterValue.IncorrectPhoneNumber"
        elif (asked["SmsSdkAppId"], asked["SignName"], asked["TemplateId"]) != (APP_ID, SIGN_NAME, TEMPLATE):
            code = "FailedOperation.TemplateIncorrectOrUnapproved"
        elif len(asked["TemplateParamSet"]) != len(BLANKS):
            code = "FailedOperation.TemplateParamSetNotMatchApprovedTemplate"
        serial = "" if code else self._keep(phone, asked["TemplateParamSet"], asked["SessionContext"])
        status = {"SerialNo": serial, "PhoneNumber": phone, "Fee": 0 if code else 1, "IsoCode": "CN"}
        told = {"Code": code or "Ok", "Message": f"{phone} {code}" if code else "send success"}
        return 200, {"Response": {"SendStatusSet": [{**status, **told}], "RequestId": "r"}}

    def _tencent_fault(self, headers: Mapping[str, str], body: bytes) -> str:
        found = re.fullmatch(
            r"TC3-HMAC-SHA256 Credential=([^/]+)/(\d{4}-\d\d-\d\d)/sms/tc3_request, "
            r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})",
            headers.get("authorization", ""),
        )
        if found is None:
            return "AuthFailure.InvalidAuthorization"
        seconds = int(headers["x-tc-timestamp"])
        if found[1] != KEY_ID:
            return "AuthFailure.SecretIdNotFound"
        if abs(self.now.timestamp() - seconds) > 300:
            return "AuthFailure.SignatureExpire"
        if (headers["x-tc-action"], headers["x-tc-version"]) != ("SendSms", "2021-01-11"):
            return "InvalidAction"
        lines = ["POST", "/", ""]
        for name in found[3].split(";"):
            value = headers[name]
            lines.append(f"{name}:{value.lower() if name == 'x-tc-action' else value}")
        lines += ["", found[3], _sha256(body)]
        text = "\n".join(
            [
                "TC3-HMAC-SHA256",
                str(seconds),
                f"{found[2]}/sms/tc3_request",
                _sha256("\n".join(lines).encode()),
            ]
        )
        key = _hmac(_hmac(_hmac(("TC3" + KEY_SECRET).encode(), found[2]), "sms"), "tc3_request")
        return "" if _hmac(key, text).hex() == found[4] else "AuthFailure.SignatureFailure"

    def aliyun(self, headers: Mapping[str, str], query: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """SendSms 2017-05-25: refusals of the gateway are HTTP 400, of the product HTTP 200."""
        wrong = self._aliyun_fault(headers, query, body)
        if wrong:
            return 400, {"Code": wrong, "Message": "no", "RequestId": "r"}
        asked = dict(parse_qsl(query))
        phone = asked["PhoneNumbers"]
        code = self._fault(phone, "aliyun")
        if not re.fullmatch(r"1\d{10}", phone):
            code = "isv.MOBILE_NUMBER_ILLEGAL"
        elif asked["SignName"] != SIGN_NAME:
            code = "isv.SMS_SIGNATURE_ILLEGAL"
        elif asked["TemplateCode"] != TEMPLATE:
            code = "isv.SMS_TEMPLATE_ILLEGAL"
        values = json.loads(asked["TemplateParam"])
        if not code and set(values) != set(BLANKS):
            code = "isv.TEMPLATE_MISSING_PARAMETERS"
        if code:
            return 200, {"Code": code, "Message": f"{phone} {code}", "RequestId": "r"}
        serial = self._keep(f"+86{phone}", list(values.values()), asked.get("OutId", ""))
        return 200, {"Code": "OK", "Message": "OK", "BizId": serial, "RequestId": "r"}

    def _aliyun_fault(self, headers: Mapping[str, str], query: str, body: bytes) -> str:
        found = re.fullmatch(
            r"ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([a-z0-9;-]+),Signature=([0-9a-f]{64})",
            headers.get("authorization", ""),
        )
        if found is None:
            return "IncompleteSignature"
        if found[1] != KEY_ID:
            return "InvalidAccessKeyId.NotFound"
        made = datetime.strptime(headers["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        if abs((self.now - made).total_seconds()) > 900:
            return "InvalidTimeStamp.Expired"
        if (headers["x-acs-action"], headers["x-acs-version"]) != ("SendSms", "2017-05-25"):
            return "InvalidAction.NotFound"
        pairs = sorted(parse_qsl(query, keep_blank_values=True))
        again = "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in pairs)
        lines = ["POST", "/", again, *(f"{name}:{headers[name]}" for name in found[2].split(";"))]
        lines += ["", found[2], _sha256(body)]
        text = f"ACS3-HMAC-SHA256\n{_sha256(chr(10).join(lines).encode())}"
        if _hmac(KEY_SECRET.encode(), text).hex() != found[3]:
            return "SignatureDoesNotMatch"
        if headers["x-acs-signature-nonce"] in self.nonces:
            return "SignatureNonceUsed"
        self.nonces.add(headers["x-acs-signature-nonce"])
        return ""

    def _fault(self, number: str, provider: str) -> str:
        """What is wrong with sending to this number, in the provider's words."""
        words = {
            "tencent": ("FailedOperation.PhoneNumberInBlacklist", "LimitExceeded.PhoneNumberDailyLimit"),
            "aliyun": ("isv.MOBILE_NUMBER_ILLEGAL", "isv.BUSINESS_LIMIT_CONTROL"),
        }
        blacklisted, often = words[provider]
        if number == BLACKLISTED:
            return blacklisted
        return often if sum(one["phone"] == f"+86{number}" for one in self.sent) >= A_DAY else ""

    def _keep(self, phone: str, values: list[str], reference: str) -> str:
        self.sent.append({"phone": phone, "values": values, "reference": reference})
        return f"serial-{len(self.sent)}"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class _Door(BaseHTTPRequestHandler):
    providers: Providers

    def do_POST(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length") or 0))
        self.providers.heard.append((self.path, headers))
        query = self.path.partition("?")[2]
        is_tencent = headers.get("authorization", "").startswith("TC3")
        status, told = (
            self.providers.tencent(headers, body)
            if is_tencent
            else self.providers.aliyun(headers, query, body)
        )
        answer = json.dumps(told, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[Providers]:
    """Serve both on a free port of loopback while the block runs."""
    providers = Providers()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Door", (_Door,), {"providers": providers}))
    server.daemon_threads = True
    providers.base = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield providers
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
