"""A server that went away while a session was written is no fault of the operator's: 503, and not Django's 400."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import DatabaseError, OperationalError
from django.test import Client

pytestmark = pytest.mark.django_db


def answered(monkeypatch: pytest.MonkeyPatch, fault: Exception) -> int:
    """The status of a page whose session cannot be written for this reason."""
    User.objects.create_superuser("店长")
    client = Client()
    client.force_login(User.objects.get())
    session = client.session
    session["door_seen"] = 0
    session.save()

    def fails(self: Session, *args: Any, **kwargs: Any) -> None:
        raise fault

    monkeypatch.setattr(SessionStore, "modified", True, raising=False)
    monkeypatch.setattr(Session, "save", fails)
    return client.get("/admin/orders/order/").status_code


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (OperationalError("server closed the connection"), 503),
        (DatabaseError("did not affect any rows"), 400),
    ],
)
def test_a_session_that_could_not_be_written_is_told_by_what_was_in_the_way(
    monkeypatch: pytest.MonkeyPatch, fault: Exception, status: int
) -> None:
    assert answered(monkeypatch, fault) == status
