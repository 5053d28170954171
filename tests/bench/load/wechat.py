"""A WeChat that answers at once, so that logins and payments are measured without its time; and its notifications."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import secrets
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from apps.wechat.sandbox import crypto
from apps.wechat.sandbox.identity import Identity


class Account:
    """The account whose keys the shop checks: it signs as WeChat Pay does."""

    def __init__(self, identity: Identity) -> None:
        self.numbers = identity.numbers
        key = load_pem_private_key(identity.platform_key_file.read_bytes(), password=None)
        assert isinstance(key, rsa.RSAPrivateKey)
        self._key = key

    def signed(self, body: bytes) -> str:
        """The headers of an answer or a notification with this body, each on its line."""
        timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
        text = crypto.answer_text(timestamp=timestamp, nonce=nonce, body=body)
        told = {
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Serial": self.numbers.public_key_id,
            "Wechatpay-Signature": crypto.sign(self._key, text),
            "Wechatpay-Signature-Type": crypto.SIGNATURE_TYPE,
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
        }
        return "".join(f"{name}: {value}\r\n" for name, value in told.items())

    def paid(self, *, payment_no: str, amount_fen: int, openid: str) -> bytes:
        """The whole request by which WeChat tells that a payment came in."""
        content = {
            "appid": self.numbers.appid,
            "mchid": self.numbers.mchid,
            "out_trade_no": payment_no,
            "transaction_id": f"42{uuid.uuid4().int % 10**26:026d}",
            "trade_type": "JSAPI",
            "trade_state": "SUCCESS",
            "trade_state_desc": "支付成功",
            "bank_type": "OTHERS",
            "attach": "",
            "success_time": datetime.now(tz=UTC).isoformat(timespec="seconds"),
            "payer": {"openid": openid},
            "amount": {
                "total": amount_fen,
                "payer_total": amount_fen,
                "currency": "CNY",
                "payer_currency": "CNY",
            },
        }
        nonce = secrets.token_hex(6)
        sealed = crypto.seal_resource(
            api_v3_key=self.numbers.api_v3_key,
            nonce=nonce,
            associated_data="transaction",
            plain=json.dumps(content).encode(),
        )
        resource = {
            "original_type": "transaction",
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": sealed,
            "associated_data": "transaction",
            "nonce": nonce,
        }
        envelope: dict[str, Any] = {
            "id": str(uuid.uuid4()),
            "create_time": content["success_time"],
            "event_type": "TRANSACTION.SUCCESS",
            "resource_type": "encrypt-resource",
            "summary": "支付成功",
            "resource": resource,
        }
        body = json.dumps(envelope).encode()
        head = f"POST /wechat/pay/notify HTTP/1.1\r\nHost: 127.0.0.1\r\n{self.signed(body)}\r\n"
        return head.encode() + body


@contextmanager
def answering(account: Account, port: int) -> Iterator[int]:
    """Answer at this port until the end: a code of wx.login is its openid, and every payment gets a prepay_id.

    The number of the process that does so is yielded.
    """
    process = multiprocessing.get_context("fork").Process(
        target=lambda: asyncio.run(_serve(account, port)), daemon=True
    )
    process.start()
    assert process.pid is not None
    try:
        yield process.pid
    finally:
        process.terminate()
        process.join()


async def _serve(account: Account, port: int) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                length = head.partition("content-length:")[2].partition("\r\n")[0].strip()
                await reader.readexactly(int(length or 0))
                body = json.dumps(_said(head.split(" ", 2)[1])).encode()
                writer.write(f"HTTP/1.1 200 OK\r\n{account.signed(body)}\r\n".encode() + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


def _said(target: str) -> dict[str, Any]:
    """What WeChat says: only what the measures ask is known."""
    asked = urlsplit(target)
    if asked.path == "/sns/jscode2session":
        return {"openid": parse_qs(asked.query)["js_code"][0], "session_key": "bench"}
    if asked.path == "/v3/pay/transactions/jsapi":
        return {"prepay_id": f"wx{secrets.token_hex(17)}"}
    raise ValueError(f"the bench's WeChat does not know {asked.path}")
