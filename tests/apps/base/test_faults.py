"""A statement that fails names nobody: not in the log, not on a job run, not on a delivery."""

from __future__ import annotations

import ast
import logging
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import structlog
from django.db import DataError, IntegrityError, OperationalError, connection, transaction

from apps.base import faults, jobs
from apps.base.models import JobRun
from apps.members.models import Address, Member
from apps.outbox import services as outbox
from apps.outbox.models import Announcement, Delivery
from mall.events import MemberRegistered
from tests.apps.members import make

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).parents[3]
NAME, PHONE, STREET = "慕容雪见", "13912345678", "听雨巷 77 号"
PERSON = (NAME, PHONE, STREET)


def second_default_address() -> None:
    """A row that the database refuses and repeats in its answer: DETAIL: Key (member_id)=… and the like."""
    owner = Member.objects.first() or make.member()
    row = {"member": owner, "name": NAME, "phone": PHONE, "detail": STREET, "is_default": True}
    with transaction.atomic():
        Address.objects.create(**row)
        Address.objects.create(**row)


def row_without_a_city() -> None:
    """NOT NULL is answered with the whole row."""
    owner = Member.objects.first() or make.member()
    with transaction.atomic():
        Address.objects.create(member=owner, name=NAME, phone=PHONE, detail=STREET, city=None)


def number_that_is_a_name() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT %s::integer", [f"{NAME} {PHONE}"])


def same_openid() -> None:
    with transaction.atomic():
        make.member(NAME, openid=f"{NAME}{PHONE}")
        make.member(NAME, openid=f"{NAME}{PHONE}")


def wrapped() -> None:
    try:
        row_without_a_city()
    except IntegrityError as broken:
        raise RuntimeError(f"could not save: {broken}") from broken


def in_a_group() -> None:
    try:
        row_without_a_city()
    except IntegrityError as broken:
        raise ExceptionGroup("several", [broken]) from None


FAILING = [
    second_default_address,
    row_without_a_city,
    number_that_is_a_name,
    same_openid,
    wrapped,
    in_a_group,
]
each_failure = pytest.mark.parametrize("fails", FAILING, ids=lambda f: f.__name__)


def names_in(text: str) -> list[str]:
    return [word for word in (*PERSON, "DETAIL", "Failing row") if word in text]


def test_the_database_really_repeats_the_row_it_refuses() -> None:
    with pytest.raises(IntegrityError) as broken:
        row_without_a_city()
    assert names_in(str(broken.value)) == [*PERSON, "DETAIL", "Failing row"]


@pytest.mark.parametrize(
    ("fails", "kind", "told"),
    [
        (
            second_default_address,
            IntegrityError,
            "IntegrityError [23505 members_address address_one_default_per_member]",
        ),
        (row_without_a_city, IntegrityError, "IntegrityError [23502 members_address city]"),
        (number_that_is_a_name, DataError, "DataError [22P02]"),
    ],
)
def test_an_error_is_told_by_class_code_table_and_constraint(
    fails: Callable[[], None], kind: type[Exception], told: str
) -> None:
    with pytest.raises(kind) as broken:
        fails()
    assert faults.wording(broken.value) == told


def test_other_errors_keep_their_words_masked() -> None:
    assert faults.wording(ValueError("no such thing")) == "ValueError: no such thing"
    assert faults.wording(KeyError()) == "KeyError"
    assert faults.wording(ValueError(f"call {PHONE}")) == "ValueError: call 139****5678"
    assert faults.wording(OperationalError()) == "OperationalError"


@each_failure
def test_a_log_line_with_the_trace_names_nobody(fails: Callable[[], None], log_lines: StringIO) -> None:
    try:
        fails()
    except Exception:
        structlog.get_logger("apps.test").exception("went_wrong")
    written = log_lines.getvalue()
    assert names_in(written) == []
    assert fails.__name__ in written
    assert "Error [" in written


@each_failure
def test_a_librarys_line_with_the_error_in_its_message_names_nobody(
    fails: Callable[[], None], log_lines: StringIO
) -> None:
    """As Celery's ``Task … raised unexpected: IntegrityError('…')`` with the trace behind it."""
    try:
        fails()
    except Exception as error:
        library = logging.getLogger("celery.app.trace")
        library.error("Task x raised unexpected: %r", error, exc_info=True)
        library.error("Task x raised unexpected: %s", error, exc_info=error)
    assert names_in(log_lines.getvalue()) == []
    assert "raised unexpected" in log_lines.getvalue()


@each_failure
def test_a_job_run_names_nobody(fails: Callable[[], None]) -> None:
    def sweep(at: Any) -> int:
        fails()
        return 0

    with pytest.raises(Exception, match=r".") as broken:
        jobs.run("test.sweep", sweep)
    error = JobRun.objects.get(name="test.sweep").error
    assert names_in(error) == []
    assert error.startswith(type(broken.value).__name__)


_KEPT = {"fails": row_without_a_city}


def listener(event: Any, *, at: Any) -> None:
    _KEPT["fails"]()


BOARD = {MemberRegistered: ["tests.apps.base.test_faults.listener"]}


@pytest.fixture
def board(settings: Any) -> Iterator[None]:
    settings.OUTBOX_SUBSCRIPTIONS = "tests.apps.base.test_faults.BOARD"
    yield
    _KEPT["fails"] = row_without_a_city


@each_failure
def test_a_delivery_names_nobody(fails: Callable[[], None], board: None, log_lines: StringIO) -> None:
    _KEPT["fails"] = fails
    Announcement.objects.create(kind="MemberRegistered", payload={"member_id": 1}, announced_at=make.AT)
    outbox.deliver_due(at=make.AT)
    delivery = Delivery.objects.get()
    assert (delivery.attempts, delivery.status) == (1, "WAITING")
    assert delivery.last_error
    assert names_in(delivery.last_error) == []
    assert names_in(log_lines.getvalue()) == []


def told_by_hand(source: str) -> list[str]:
    """Where the text of an error that may be any error is put into words without ``faults.wording``."""
    found = []
    for handler in ast.walk(ast.parse(source)):
        if not (isinstance(handler, ast.ExceptHandler) and handler.name and handler.type):
            continue
        if not any(
            name in ast.unparse(handler.type) for name in ("Exception", "DatabaseError", "IntegrityError")
        ):
            continue
        for node in ast.walk(ast.Module(body=handler.body, type_ignores=[])):
            if isinstance(node, ast.FormattedValue) and ast.unparse(node.value) == handler.name:
                found.append(ast.unparse(node))
            if isinstance(node, ast.Call) and ast.unparse(node) in {
                f"str({handler.name})",
                f"repr({handler.name})",
            }:
                found.append(ast.unparse(node))
    return found


def test_nobody_puts_an_error_of_any_kind_into_words_by_hand() -> None:
    assert told_by_hand("try:\n  x()\nexcept Exception as e:\n  keep(str(e))") == ["str(e)"]
    assert told_by_hand("try:\n  x()\nexcept Exception as e:\n  keep(f'a {e}')") != []
    files = [path for path in (ROOT / "apps").rglob("*.py") if "sandbox" not in path.parts]
    found = {str(path.relative_to(ROOT)): told_by_hand(path.read_text()) for path in files}
    # ``hearing`` keeps the text of refusals only, which are this shop's own sentences.
    found["apps/checkout/hearing.py"] = []
    assert {path: calls for path, calls in found.items() if calls} == {}
