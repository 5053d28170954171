"""A small HTTP/1.1 server on 127.0.0.1: one thread per connection, kept alive."""

from __future__ import annotations

import logging
import socket
import time
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from apps.wechat.sandbox import doors
from apps.wechat.sandbox.wire import Request, Response, as_json
from apps.wechat.sandbox.world import World

LONGEST_BODY = 2_000_000
logger = logging.getLogger("sandbox")


class Server(ThreadingHTTPServer):
    """Listens on loopback only; ``world`` is what it serves."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, world: World, *, port: int) -> None:
        self.world = world
        super().__init__(("127.0.0.1", port), _Connection)

    @cached_property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Connection(BaseHTTPRequestHandler):
    """Turns bytes into a Request and a Response into bytes."""

    protocol_version = "HTTP/1.1"
    server_version = "nginx"
    sys_version = ""
    timeout = 120
    server: Server

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal() or int(length) > LONGEST_BODY:
            self.close_connection = True
            self._send(as_json({"error": "a Content-Length of at most 2 MB is needed"}, status=411))
            return
        request = Request(
            method=self.command,
            target=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(length)),
        )
        try:
            response = doors.answer(self.server.world, request)
        except Exception:
            # A bug of the sandbox must not look like WeChat's answer: it gets a status of its own.
            logger.exception("%s %s", request.method, request.path)
            response = as_json({"error": "the sandbox itself failed; see its log"}, status=599)
        if response.hang_s is not None:
            time.sleep(response.hang_s)
            self.close_connection = True
            return
        self._send(response)

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = _serve  # noqa: N815 - names of the base class

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        if response.status != 204:
            self.send_header("Content-Type", response.content_type)
            self.send_header("Content-Length", str(len(response.body)))
        for name, value in response.headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if response.status != 204:
            self.wfile.write(response.body)

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent: the page shows every call, and a log on the terminal would repeat secrets."""
