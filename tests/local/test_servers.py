"""The servers that `make demo` and `make test` start: private, found again, stopped with their run."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
import time
from urllib.parse import urlsplit

import psycopg2
import pytest
import redis

from tests.local.conftest import Machine, Run


def ports_of(run: Run) -> tuple[int | None, int | None]:
    return urlsplit(run.database_url).port, urlsplit(run.redis_url).port


def await_gone(run: Run, *, seconds: float = 10.0) -> None:
    """Return when nothing listens at the run's addresses any more."""
    deadline = time.monotonic() + seconds
    for port in ports_of(run):
        while answers(port):
            assert time.monotonic() < deadline, f"something still listens on {port}"
            time.sleep(0.05)


def answers(port: int | None) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def sql(run: Run, statement: str) -> list[tuple[object, ...]]:
    connection = psycopg2.connect(run.database_url, connect_timeout=3)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def ping(run: Run) -> bool:
    with redis.Redis.from_url(run.redis_url, socket_timeout=3) as client:
        return bool(client.ping())


def test_both_servers_ask_for_their_password_and_do_what_the_shop_needs(machine: Machine) -> None:
    run = machine.start()
    database, cache = urlsplit(run.database_url), urlsplit(run.redis_url)
    assert database.hostname == cache.hostname == "127.0.0.1"
    assert database.password
    assert cache.password
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(host="127.0.0.1", port=database.port, user="mall", password="wrong", dbname="mall")
    with (
        redis.Redis(host="127.0.0.1", port=cache.port or 0) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()
    assert ping(run)
    for extension in ("pg_trgm", "btree_gist", "unaccent"):
        sql(run, f"CREATE EXTENSION {extension}")
    # Chinese characters are letters here: in a locale where they are not, search would find nothing.
    assert sql(run, "SELECT '手工陶瓷茶杯套装' LIKE '%茶杯%', cardinality(show_trgm('茶杯')) > 0") == [
        (True, True)
    ]


def test_what_postgresql_refuses_is_in_its_log_without_the_values(machine: Machine) -> None:
    run = machine.start()
    sql(run, "CREATE TABLE address (phone text UNIQUE CHECK (length(phone) = 11))")
    sql(run, "INSERT INTO address VALUES ('13800138000')")
    with pytest.raises(psycopg2.errors.UniqueViolation):
        sql(run, "INSERT INTO address VALUES ('13800138000')")
    with pytest.raises(psycopg2.errors.CheckViolation):
        sql(run, "INSERT INTO address VALUES ('138001380001')")
    log = next(machine.state.rglob("postgres.log")).read_text()
    assert "duplicate key" in log
    assert "13800138000" not in log


def test_a_second_start_has_the_same_addresses_and_the_same_data(machine: Machine) -> None:
    first = machine.start()
    sql(first, "CREATE TABLE tea (name text)")
    assert first.stop() == 0
    second = machine.start()
    assert (second.database_url, second.redis_url) == (first.database_url, first.redis_url)
    assert sql(second, "SELECT count(*) FROM tea") == [(0,)]


def test_a_checkout_that_was_deleted_and_made_again_starts_afresh(machine: Machine) -> None:
    first = machine.start()
    sql(first, "CREATE TABLE tea (name text)")
    first.stop()
    shutil.rmtree(machine.state)
    second = machine.start()
    assert sql(second, "SELECT to_regclass('tea')") == [(None,)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_asked_to_end_stops_both_servers(machine: Machine, number: int) -> None:
    run = machine.start()
    assert run.stop(number) == 0
    assert [answers(port) for port in ports_of(run)] == [False, False]


def test_after_a_crash_of_everything_the_servers_come_up_again_with_their_data(machine: Machine) -> None:
    run = machine.start()
    # Disposable servers may lose the last moment's commits unless asked not to.
    sql(run, "SET synchronous_commit = on; CREATE TABLE tea (name text)")
    for pid in (run.process.pid, *run.pids):
        os.kill(pid, signal.SIGKILL)
    run.process.communicate(timeout=5)
    again = machine.start()
    assert sql(again, "SELECT count(*) FROM tea") == [(0,)]
    assert ping(again)


if sys.platform == "linux":  # no other system tells a process of its parent's death

    def test_servers_end_by_themselves_when_their_run_is_killed_outright(machine: Machine) -> None:
        run = machine.start()
        run.stop(signal.SIGKILL)
        await_gone(run)


def test_a_port_that_somebody_took_meanwhile_is_left_to_them(machine: Machine) -> None:
    first = machine.start()
    first.stop()
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", ports_of(first)[0]))
        stranger.listen()
        second = machine.start()
        assert ports_of(second)[0] != ports_of(first)[0]
        assert ports_of(second)[1] == ports_of(first)[1]
        assert sql(second, "SELECT 1") == [(1,)]


def test_a_second_run_at_the_same_time_has_servers_of_its_own(machine: Machine) -> None:
    first, second = machine.start(), machine.start()
    assert {*ports_of(first)} & {*ports_of(second)} == set()
    assert second.stop() == 0
    assert ping(first)
    assert sql(first, "SELECT 1") == [(1,)]


def test_servers_that_the_environment_names_are_used_and_none_is_started(machine: Machine) -> None:
    given = {"DATABASE_URL": "postgres://me:mine@db.invalid/shop", "REDIS_URL": "redis://cache.invalid/0"}
    run = machine.start(**given)
    assert (run.database_url, run.redis_url) == (given["DATABASE_URL"], given["REDIS_URL"])
    assert run.pids == ()


def test_a_server_is_started_for_the_address_that_is_missing(machine: Machine) -> None:
    run = machine.start(DATABASE_URL="postgres://me:mine@db.invalid/shop")
    assert run.database_url == "postgres://me:mine@db.invalid/shop"
    assert len(run.pids) == 1
    assert ping(run)
