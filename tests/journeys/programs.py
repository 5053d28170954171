"""The shop's programs as processes of their own, on the tests' database: they can lose Redis, and be killed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import requests
from django.db import connection

from apps.wechat.sandbox.control import Sandbox

ROOT = Path(__file__).resolve().parents[2]


def on_the_tests_database() -> dict[str, str]:
    """This process's environment, but with the database of the tests."""
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path="/" + connection.settings_dict["NAME"])
    return {**os.environ, "DATABASE_URL": urlunsplit(database)}


def _environment(wechat: Sandbox, **changed: str) -> dict[str, str]:
    """Likewise, with the sandbox as WeChat."""
    return {
        **on_the_tests_database(),
        "WECHAT_API_BASE": wechat.base_url,
        "WECHATPAY_BASE": wechat.base_url,
        "WECHAT_SANDBOX": "1",
        "DJANGO_SETTINGS_MODULE": "config.settings.prod",
        "ALLOWED_HOSTS": "127.0.0.1",
        "DEBUG": "0",
        **changed,
    }


@contextmanager
def web(wechat: Sandbox, **changed: str) -> Iterator[str]:
    """Run the web server as in production, one process of two threads, and yield its address."""
    with webs(wechat, 1, **changed) as (url,):
        yield url


@contextmanager
def webs(wechat: Sandbox, number: int, **changed: str) -> Iterator[tuple[str, ...]]:
    """Run so many web servers side by side, each of one process, and yield their addresses when all of them answer."""
    with ExitStack() as started:
        urls = tuple(started.enter_context(_started(wechat, **changed)) for _ in range(number))
        for url in urls:
            _await(url)
        yield urls


@contextmanager
def _started(wechat: Sandbox, **changed: str) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    url = f"http://127.0.0.1:{port}"
    own = {"PORT": port, "WEB_CONCURRENCY": "1", "WEB_THREADS": "2", "GUNICORN_LOG_LEVEL": "warning"}
    command = [sys.executable, "-m", "config.deploy.web"]
    environment = _environment(wechat, PUBLIC_BASE_URL=url, **own) | changed
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    try:
        yield url
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


@contextmanager
def worker(
    wechat: Sandbox, *, board: str = "", later: timedelta = timedelta(0), patience: int = 5
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process that delivers what is due in the outbox and ends; it is killed at the end of the block.

    ``later`` is how much time has passed for it; ``patience`` is how many seconds it waits for a row that is locked.
    """
    command = [
        sys.executable,
        "-m",
        "tests.journeys.deliver",
        board,
        f"{later.total_seconds()}",
        f"{patience}",
    ]
    environment = _environment(wechat, DJANGO_SETTINGS_MODULE="config.settings.test")
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait(5)


def _await(url: str) -> None:
    ends = time.monotonic() + 60
    while True:
        try:
            with requests.Session() as session:
                session.trust_env = False
                if session.get(f"{url}/healthz", timeout=2).status_code == 200:
                    return
        except requests.RequestException:
            if time.monotonic() > ends:
                raise
        time.sleep(0.1)
