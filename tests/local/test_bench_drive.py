"""The benchmark's clients: where only so much can be asked, each thing is asked once, and a wrong answer ends the run."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.bench.load import drive, requests
from tests.bench.load.drive import Load


@contextmanager
def answering(status: str, *, body: bool = True) -> Iterator[tuple[int, list[str]]]:
    """A server that answers everything with one status; yielded are its port and the paths that were asked."""
    paths: list[str] = []
    door = socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        with connection:
            while asked := connection.recv(65536):
                paths.append(asked.decode().split(" ")[1])
                rest = "Content-Length: 2\r\n\r\nok" if body else "\r\n"
                connection.sendall(f"HTTP/1.1 {status}\r\n{rest}".encode())

    def listen() -> None:
        while True:
            try:
                connection, _ = door.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    listening = threading.Thread(target=listen, daemon=True)
    listening.start()
    try:
        yield door.getsockname()[1], paths
    finally:
        door.shutdown(socket.SHUT_RDWR)
        door.close()
        listening.join()


def test_what_can_be_asked_once_is_asked_once() -> None:
    with answering("200 OK") as (port, paths):
        load = Load(port, lambda n: requests.get(f"/{n}"), connections=4, most=25)
        driven = drive.drive(load, seconds=0)
    assert sorted(paths, key=lambda path: int(path[1:])) == [f"/{n}" for n in range(25)]
    assert (driven.answers, len(driven.latencies)) == (25, 25)
    assert driven.rate > 0


def test_an_answer_that_is_not_expected_ends_the_run() -> None:
    with answering("500 Internal Server Error") as (port, _):
        load = Load(port, lambda n: requests.get("/"), (b"201", b"409"), connections=2, most=2)
        with pytest.raises(drive.Refused, match="500"):
            drive.drive(load, seconds=0)


def test_a_refusal_that_is_measured_is_an_answer() -> None:
    with answering("409 Conflict") as (port, _):
        load = Load(port, lambda n: requests.get("/"), (b"409",), connections=2, most=6)
        assert drive.drive(load, seconds=0).answers == 6


def test_an_answer_without_a_body_is_whole_with_its_head() -> None:
    with answering("204 No Content", body=False) as (port, _):
        load = Load(port, lambda n: requests.get("/"), connections=2, most=6)
        assert drive.drive(load, seconds=0).answers == 6


def test_what_is_on_its_way_when_the_time_is_over_is_heard_and_counted_apart() -> None:
    with answering("200 OK") as (port, paths):
        load = Load(port, lambda n: requests.get(f"/{n}"), connections=4)
        driven = drive.drive(load, seconds=0)
    # Each client stops with the first answers it hears; whatever else it asked is answered as well, and none twice.
    assert driven.answers == len(paths) >= 4
    assert len(set(paths)) == len(paths)
    assert 1 <= len(driven.latencies) <= driven.answers
