"""What may be read from a replica, and what never is; the trial with a real one that lags is tests/ha/replica.py."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connection, transaction

from apps.base import replica, versions
from apps.catalog.models import Brand
from config import databases

ROUTER = replica.Router()


@pytest.fixture
def reading() -> Iterator[None]:
    """As inside of ``read``, where the replica has everything."""
    token = replica._reading.set(True)
    yield
    replica._reading.reset(token)


def test_nothing_is_read_from_the_replica_unless_somebody_asks_for_it() -> None:
    assert (ROUTER.db_for_read(Brand), ROUTER.db_for_write(Brand)) == ("default", "default")


@pytest.mark.usefixtures("reading")
@pytest.mark.django_db(transaction=True)
def test_what_is_read_in_a_transaction_of_the_primary_is_read_there() -> None:
    assert ROUTER.db_for_read(Brand) == "replica"
    with transaction.atomic():
        assert ROUTER.db_for_read(Brand) == "default"
    assert ROUTER.db_for_read(Brand) == "replica"


@pytest.mark.usefixtures("reading")
@pytest.mark.django_db(transaction=True)
def test_rights_are_read_where_they_are_taken_away() -> None:
    assert {ROUTER.db_for_read(model) for model in (User, Group, Permission)} == {"default"}
    assert ROUTER.db_for_read(Brand) == "replica"


@pytest.mark.usefixtures("reading")
@pytest.mark.django_db(transaction=True)
def test_what_is_read_after_a_write_is_read_where_it_was_written() -> None:
    assert ROUTER.db_for_write(Brand) == "default"
    assert ROUTER.db_for_read(Brand) == "default"


@pytest.mark.usefixtures("reading")
@pytest.mark.django_db(transaction=True)
def test_what_is_kept_under_a_token_of_the_primary_is_compiled_from_it() -> None:
    kept = versions.Kept("levels", load=lambda: ROUTER.db_for_read(Brand))
    versions.ALL.remove(kept)  # type: ignore[arg-type]  # a kept value of this test
    assert kept.value() == "default"
    assert ROUTER.db_for_read(Brand) == "replica"


def test_tables_are_made_on_the_primary_only() -> None:
    assert ROUTER.allow_migrate("default", "catalog") is True
    assert ROUTER.allow_migrate("replica", "catalog") is False


@pytest.mark.django_db
def test_a_reader_of_whom_nothing_is_kept_reads_from_the_primary_and_is_kept_from_then_on() -> None:
    assert replica._last_word("members.Member:7") is None
    first = replica._last_word("members.Member:7")
    with connection.cursor() as cursor:
        cursor.execute(replica._NOTE, [replica._place("members.Member:7")])
        cursor.execute("SELECT %s::pg_lsn <= position FROM base_lastword", [first])
        assert cursor.fetchall() == [(True,)]


@pytest.mark.django_db
def test_a_last_word_never_goes_back() -> None:
    place = replica._place("members.Member:7")
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO base_lastword VALUES (%s, 'FFFFFFFF/0')", [place])
        cursor.execute(replica._NOTE, [place])
    assert replica._last_word("members.Member:7") == "FFFFFFFF/0"


@pytest.mark.django_db
def test_a_server_that_is_no_replica_any_more_has_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replica, "ALIAS", "default")
    assert replica._has("0/0") is False


@pytest.mark.parametrize(
    ("url", "hosts", "ports"),
    [
        ("postgres://a:b@one/m", "one", "5432"),
        ("postgres://a:b@one:1,two:2/m?target_session_attrs=read-write", "one,two", "1,2"),
        ("postgres://a:b@[::1]:5433/m", "::1", "5433"),
        ("postgresql://a:p%40ss@one,two:6/m", "one,two", "5432,6"),
    ],
)
def test_an_address_may_name_several_servers(url: str, hosts: str, ports: str) -> None:
    found = databases.read(url)
    assert (found["HOST"], found["PORT"], found["NAME"]) == (hosts, ports, "m")


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("", "must be postgres://user:password@host:port/name"),
        ("postgres://a:b@one,,two/m", "must be postgres://user:password@host:port/name"),
        ("postgres://a:b@one:0/m", "must be postgres://user:password@host:port/name"),
        ("postgres://a:b@one:70000/m", "must be postgres://user:password@host:port/name"),
        ("postgres://a:b@one/", "must be postgres://user:password@host:port/name"),
        ("postgres://a:b@one/m?options=-c%20fsync=off", "takes no options"),
        (
            "postgres://a:b@one,two/m?target_session_attrs=writable",
            "target_session_attrs must be one of any, prefer-standby, primary, read-only, read-write, standby",
        ),
    ],
)
def test_a_faulty_address_is_told(url: str, fault: str) -> None:
    with pytest.raises(ValueError) as refused:
        databases.read(url)
    assert str(refused.value) == fault


def test_the_server_behind_a_pooler_is_asked_for_nothing_at_connecting() -> None:
    assert "options" not in databases.setting("postgres://a:b@c/d", pooled=True)["OPTIONS"]
    assert "lock_timeout=5s" in databases.setting("postgres://a:b@c/d", pooled=False)["OPTIONS"]["options"]
