"""The web server's worker, taught to refuse what is no request in the contract's error form instead of HTML."""

from __future__ import annotations

import json
import secrets
from typing import Any

from gunicorn.http.errors import (
    ConfigurationProblem,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
)
from gunicorn.util import write_nonblock

from config.deploy.self_service import SelfService, read_away


class Gathered:
    """A socket that keeps an answer's head until the first piece of its body, and sends both at once.

    gunicorn sends them one after the other, which wakes the proxy twice, and makes each thread wait twice for its turn.
    Whatever else is done with the socket comes after what it has kept.
    """

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._kept: bytes | None = b""

    def sendall(self, data: bytes) -> None:
        """Keep the first piece, send it with the second, and the others as they come."""
        if self._kept is None:
            self._sock.sendall(data)
        elif self._kept:
            data, self._kept = self._kept + data, None
            self._sock.sendall(data)
        else:
            self._kept = data

    def flush(self) -> None:
        """Send what is kept, and keep nothing more."""
        if self._kept:
            self._sock.sendall(self._kept)
        self._kept = None

    def __getattr__(self, name: str) -> Any:
        self.flush()
        return getattr(self._sock, name)


class ShopWorker(SelfService):
    """SelfService, but what gunicorn refuses before the shop sees it (a search of 10,000 characters, an address in Chinese
    letters as they are) is answered 414, 431 or 400 as JSON, and a body that nobody read does not cut its answer off.
    Everything else is gunicorn's own, but for an answer's head that goes with its body (Gathered)."""

    def handle_request(self, req: Any, conn: Any) -> Any:
        plain = conn.sock
        conn.sock = gathered = Gathered(plain)
        try:
            goes_on = super().handle_request(req, conn)
            gathered.flush()
        finally:
            conn.sock = plain
        if not goes_on:
            # Closing a socket with unread bytes resets it, and the 413 on its way is lost.
            read_away(conn)
        return goes_on

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        if isinstance(exc, LimitRequestLine):
            self._refuse(client, "414 URI Too Long", "uri_too_long", "请求内容过长")
        elif isinstance(exc, LimitRequestHeaders):
            self._refuse(client, "431 Request Header Fields Too Large", "headers_too_large", "请求头过大")
        elif isinstance(exc, ParseException) and not isinstance(exc, ConfigurationProblem):
            # Letters in an address that are none there, a header that is none, a body without an end.
            self._refuse(client, "400 Bad Request", "invalid", "提交的内容有误")
        else:
            super().handle_error(req, client, addr, exc)

    def _refuse(self, client: Any, status: str, code: str, message: str) -> None:
        request_id = secrets.token_hex(16)
        self.log.warning("%s refused: %s", request_id, code)
        body = {"code": code, "message": message, "details": {}, "request_id": request_id}
        content = json.dumps(body, ensure_ascii=False).encode()
        head = (
            f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(content)}\r\n\r\n"
        )
        try:
            write_nonblock(client, head.encode() + content)
        except OSError:
            self.log.debug("%s: the caller left before the refusal", request_id)
