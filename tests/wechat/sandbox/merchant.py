"""A merchant written from wechat.md alone: it signs, calls, checks and decrypts without any code of the shop."""

from __future__ import annotations

import base64
import json
import secrets
import time
from functools import cache
from pathlib import Path
from typing import Any

import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from apps.wechat.sandbox.identity import Identity
from tests.wechat.sandbox.doorstep import Arrival

Json = dict[str, Any]


@cache  # checking an RSA key takes longer than most of these tests
def _private_key(file: Path) -> Any:
    return load_pem_private_key(file.read_bytes(), password=None)


class Merchant:
    """Speaks Pay v3 and the mini program API to ``base_url`` with the account's keys."""

    def __init__(self, base_url: str, account: Identity) -> None:
        self.base_url = base_url
        self.numbers = account.numbers
        self._key = _private_key(account.merchant_key_file)
        self._platform: Any = load_pem_public_key(account.platform_public_file.read_bytes())
        self._session = requests.Session()
        self._session.trust_env = False
        self._token = ""

    # Pay v3

    def sign(self, text: str) -> str:
        return base64.b64encode(self._key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()

    def authorization(self, method: str, target: str, body: str, **said: str) -> str:
        """The Authorization header; ``said`` overrides what it names."""
        fields = {
            "mchid": self.numbers.mchid,
            "nonce_str": secrets.token_hex(16),
            "timestamp": str(int(time.time())),
            "serial_no": self.numbers.cert_serial,
        } | said
        text = f"{method}\n{target}\n{fields['timestamp']}\n{fields['nonce_str']}\n{body}\n"
        fields.setdefault("signature", self.sign(text))
        listed = ",".join(f'{name}="{value}"' for name, value in fields.items())
        return f"WECHATPAY2-SHA256-RSA2048 {listed}"

    def call(
        self, method: str, target: str, asked: Json | None = None, *, said: Json | None = None
    ) -> requests.Response:
        """Send one signed call; the answer is returned as it came, unchecked."""
        body = "" if asked is None else json.dumps(asked, ensure_ascii=False)
        headers = {
            "Authorization": self.authorization(method, target, body, **(said or {})),
            "Accept": "application/json",
            "Content-Type": "application/json",
            "Wechatpay-Serial": self.numbers.public_key_id,
        }
        return self._session.request(
            method, self.base_url + target, data=body.encode(), headers=headers, timeout=10
        )

    def is_signed(self, headers: Any, body: bytes) -> bool:
        """Tell whether WeChat signed an answer or a notify."""
        text = f"{headers['wechatpay-timestamp']}\n{headers['wechatpay-nonce']}\n".encode() + body + b"\n"
        try:
            signature = base64.b64decode(headers["wechatpay-signature"])
            self._platform.verify(signature, text, padding.PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, ValueError):
            return False
        return bool(headers["wechatpay-serial"] == self.numbers.public_key_id)

    def open_notify(self, arrival: Arrival) -> Json:
        """Return the decrypted resource of a notify."""
        resource = json.loads(arrival.body)["resource"]
        key = AESGCM(self.numbers.api_v3_key.encode())
        sealed = base64.b64decode(resource["ciphertext"])
        plain = key.decrypt(resource["nonce"].encode(), sealed, resource["associated_data"].encode())
        return dict(json.loads(plain))

    def order(self, openid: str, out_trade_no: str, /, **changed: Any) -> Json:
        """The parameters of an order of 12.00 yuan."""
        return {
            "appid": self.numbers.appid,
            "mchid": self.numbers.mchid,
            "description": "茶杯",
            "out_trade_no": out_trade_no,
            "notify_url": "https://m.example.com/pay/notify",
            "amount": {"total": 1200, "currency": "CNY"},
            "payer": {"openid": openid},
        } | changed

    def prepay(self, openid: str, out_trade_no: str, /, **changed: Any) -> requests.Response:
        return self.call("POST", "/v3/pay/transactions/jsapi", self.order(openid, out_trade_no, **changed))

    def payment_params(self, prepay_id: str) -> dict[str, str]:
        """What wx.requestPayment takes."""
        timestamp, nonce, package = str(int(time.time())), secrets.token_hex(16), f"prepay_id={prepay_id}"
        signature = self.sign(f"{self.numbers.appid}\n{timestamp}\n{nonce}\n{package}\n")
        return {
            "timeStamp": timestamp,
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": signature,
        }

    def prepaid_params(self, openid: str, out_trade_no: str, /, **changed: Any) -> dict[str, str]:
        answer = self.prepay(openid, out_trade_no, **changed)
        assert answer.status_code == 200, answer.text
        return self.payment_params(answer.json()["prepay_id"])

    def query(self, out_trade_no: str) -> Json:
        target = f"/v3/pay/transactions/out-trade-no/{out_trade_no}?mchid={self.numbers.mchid}"
        return dict(self.call("GET", target).json())

    def close(self, out_trade_no: str) -> requests.Response:
        target = f"/v3/pay/transactions/out-trade-no/{out_trade_no}/close"
        return self.call("POST", target, {"mchid": self.numbers.mchid})

    def refund(
        self, transaction_id: str, out_refund_no: str, refund_fen: int, **changed: Any
    ) -> requests.Response:
        asked = {
            "transaction_id": transaction_id,
            "out_refund_no": out_refund_no,
            "amount": {"refund": refund_fen, "total": 1200, "currency": "CNY"},
        }
        return self.call("POST", "/v3/refund/domestic/refunds", asked | changed)

    # mini program

    def token(self, **changed: Any) -> Json:
        asked = {
            "grant_type": "client_credential",
            "appid": self.numbers.appid,
            "secret": self.numbers.app_secret,
        }
        answer = self._session.post(f"{self.base_url}/cgi-bin/stable_token", json=asked | changed, timeout=10)
        return dict(answer.json())

    def session(self, js_code: str, **changed: str) -> Json:
        """jscode2session."""
        query = {
            "appid": self.numbers.appid,
            "secret": self.numbers.app_secret,
            "js_code": js_code,
            "grant_type": "authorization_code",
        }
        answer = self._session.get(f"{self.base_url}/sns/jscode2session", params=query | changed, timeout=10)
        assert answer.status_code == 200
        return dict(answer.json())

    def get(self, path: str, *, token: str | None = None) -> requests.Response:
        """Ask the mini program API with an access token."""
        token = self.token()["access_token"] if token is None else token
        return self._session.get(self.base_url + path, params={"access_token": token}, timeout=10)

    def post(self, path: str, asked: Json, *, token: str | None = None) -> requests.Response:
        """Call the mini program API with an access token."""
        if token is None:
            self._token = self._token or self.token()["access_token"]
            token = self._token
        body = json.dumps(asked, ensure_ascii=False).encode()
        return self._session.post(self.base_url + path, params={"access_token": token}, data=body, timeout=10)
