"""A loopback server that answers what a test tells it: the answers no sandbox would give, byte for byte."""

from __future__ import annotations

import base64
import functools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from apps.wechat.sandbox.identity import Identity


@dataclass(frozen=True)
class Heard:
    """One request as it arrived."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))


@dataclass
class Reply:
    """One answer. ``after_s`` waits before it; ``drop`` closes the connection without any."""

    body: bytes = b"{}"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    after_s: float = 0.0
    drop: bool = False


class Script:
    """The answers still to be given, and the requests heard so far."""

    def __init__(self) -> None:
        self.replies: deque[Reply | Callable[[Heard], Reply]] = deque()
        self.heard: list[Heard] = []
        self.base = ""

    def say(self, *replies: Reply | Callable[[Heard], Reply]) -> None:
        self.replies.extend(replies)

    def paths(self) -> list[str]:
        return [one.target.partition("?")[0] for one in self.heard]


class _Handler(BaseHTTPRequestHandler):
    script: Script

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        heard = Heard(self.command, self.path, dict(self.headers), self.rfile.read(length))
        self.script.heard.append(heard)
        reply = self.script.replies.popleft()
        if callable(reply):
            reply = reply(heard)
        time.sleep(reply.after_s)
        if reply.drop:
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    do_GET = do_POST = _answer  # noqa: N815 - names of the base class

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gave up is what some tests want."""


@contextmanager
def serving() -> Iterator[Script]:
    """Serve on a free port of loopback while the block runs."""
    script = Script()
    server = _Quiet(("127.0.0.1", 0), type("Handler", (_Handler,), {"script": script}))
    script.base = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@functools.cache  # loading checks the key's primes, which takes longer than most tests
def platform_key(file: Path) -> RSAPrivateKey:
    key = load_pem_private_key(file.read_bytes(), password=None)
    assert isinstance(key, RSAPrivateKey)
    return key


def signed_headers(
    identity: Identity, body: bytes, *, timestamp: int | None = None, nonce: str = "ABCDEF0123456789"
) -> dict[str, str]:
    """Return the five headers with which WeChat Pay signs ``body``, written down from its document."""
    stamp = str(int(time.time()) if timestamp is None else timestamp)
    text = f"{stamp}\n{nonce}\n".encode() + body + b"\n"
    signature = platform_key(identity.platform_key_file).sign(text, PKCS1v15(), SHA256())
    return {
        "Content-Type": "application/json; charset=utf-8",
        "Wechatpay-Timestamp": stamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": identity.numbers.public_key_id,
        "Wechatpay-Signature": base64.b64encode(signature).decode(),
        "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
    }


def signed(identity: Identity, body: bytes, *, status: int = 200) -> Reply:
    """Return an answer as WeChat Pay signs it."""
    return Reply(body=body, status=status, headers=signed_headers(identity, body))
