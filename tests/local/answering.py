"""A web application for tests of the web server: tells which call of a connection it answers, and may be slow to."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from config.deploy.web_worker import ShopWorker


class Hurried(ShopWorker):
    """The shop's worker, less patient with who stops in the middle."""

    stalled_seconds = 1


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """Answer with the path; ``/ends`` ends the thread that answers, ``/slow`` takes half a second."""
    path = environ["PATH_INFO"]
    if path == "/ends":
        raise SystemExit
    if path == "/slow":
        time.sleep(0.5)
    body = path.encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
