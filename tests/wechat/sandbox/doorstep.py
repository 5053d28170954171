"""Where the sandbox's notifies and pushes arrive in these tests: a tiny HTTP server that keeps what came."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qsl


@dataclass(frozen=True)
class Arrival:
    """One request as it came; header names are lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


class Doorstep:
    """Answers with ``answers`` in turn, then with 200; a GET echoes ``echostr``."""

    def __init__(self) -> None:
        self.arrived: list[Arrival] = []
        self.answers: list[int] = []
        self.url = ""

    def __enter__(self) -> Doorstep:
        doorstep = self

        class Connection(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                path, _, query = self.path.partition("?")
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                headers = {name.lower(): value for name, value in self.headers.items()}
                arrival = Arrival(self.command, path, dict(parse_qsl(query)), headers, body)
                doorstep.arrived.append(arrival)
                status = doorstep.answers.pop(0) if doorstep.answers else 200
                echo = arrival.query.get("echostr", "").encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(echo)))
                self.end_headers()
                self.wfile.write(echo)

            do_GET = do_POST  # noqa: N815 - the base class names it

            def log_message(self, format: str, *args: object) -> None:
                """Keep the test's output quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Connection)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/notify"
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait_for(self, count: int, *, within_s: float = 5) -> list[Arrival]:
        """Return what arrived once it is at least ``count``."""
        ends = time.monotonic() + within_s
        while len(self.arrived) < count and time.monotonic() < ends:
            time.sleep(0.01)
        assert len(self.arrived) >= count, f"only {len(self.arrived)} of {count} arrived"
        return list(self.arrived)
