"""One member on several devices at the same moment. Real threads on real PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet

from apps.members.models import Address, Member, Session
from apps.members.services import addresses, consents, sessions
from apps.outbox.models import Announcement
from apps.wechat.sandbox.control import Sandbox
from tests.apps.members import make
from tests.conftest import Shopper

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def at_once(*jobs: Callable[[], Any]) -> list[Any]:
    """Run the jobs in threads that start together, and return what each returned."""
    gate = Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        try:
            gate.wait()
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as threads:
        return list(threads.map(run, jobs))


def test_two_first_logins_at_once_are_one_member(wechat: Sandbox) -> None:
    codes = [wechat.login("小茶").code for _ in range(6)]

    answers = at_once(
        *[lambda code=code: Shopper().call("POST", "/auth/login", {"code": code}) for code in codes]
    )

    assert [answer.status_code for answer in answers] == [200] * 6
    assert sorted(answer.json()["member"]["is_new"] for answer in answers) == [False] * 5 + [True]
    assert (Member.objects.count(), Session.objects.count()) == (1, 6)
    assert Announcement.objects.filter(kind="MemberRegistered").count() == 1


def test_a_device_that_refreshes_four_times_at_once_goes_on_with_one_pair_of_tokens() -> None:
    for _ in range(5):
        old = sessions.open_session(member=make.member(), at=datetime.now(tz=UTC))

        answers = at_once(
            *[lambda token=old.refresh: Shopper().call("POST", "/auth/refresh", {"refresh": token})] * 4
        )

        assert [answer.status_code for answer in answers] == [200] * 4
        assert len({(answer.json()["access"], answer.json()["refresh"]) for answer in answers}) == 1
        assert Shopper(answers[3].json()["access"]).call("GET", "/me").status_code == 200
        assert (
            Shopper().call("POST", "/auth/refresh", {"refresh": answers[0].json()["refresh"]}).status_code
            == 200
        )
    assert set(Session.objects.values_list("revoked_why", flat=True)) == {""}


def test_without_its_lock_a_device_that_refreshes_at_once_would_be_thrown_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The tests around are worth something: the session's row lock is what keeps an honest client in."""
    locking = QuerySet.select_for_update

    def unlocked(rows: Any, *arguments: Any, **how: Any) -> Any:
        return rows.all() if rows.model is Session else locking(rows, *arguments, **how)

    monkeypatch.setattr(QuerySet, "select_for_update", unlocked)
    for _ in range(20):
        old = sessions.open_session(member=make.member(), at=datetime.now(tz=UTC))
        refresh = lambda token=old.refresh: Shopper().call("POST", "/auth/refresh", {"refresh": token})  # noqa: E731
        answers = at_once(*[refresh] * 4)
        pairs = {
            tuple(sorted(answer.json().items(), key=str)) for answer in answers if answer.status_code == 200
        }
        if [answer.status_code for answer in answers] != [200] * 4 or len(pairs) > 1:
            return
    raise AssertionError("80 refreshes at once, four by four, never met")


def test_two_devices_with_one_refresh_token_at_once_never_leave_two_live_pairs() -> None:
    old = sessions.open_session(member=make.member(), at=datetime.now(tz=UTC))

    def refresh(device: str) -> str:
        try:
            return sessions.refresh(token=old.refresh, device=device, at=datetime.now(tz=UTC)).access
        except sessions.RefreshRefused:
            return ""

    answers = at_once(lambda: refresh("owner's"), lambda: refresh("thief's"))

    # One came first; the other looks like a thief, and nobody can tell who is who: the whole session ends.
    winner = max(answers)
    assert sorted(answers) == ["", winner]
    assert Shopper(winner).call("GET", "/me").status_code == 401
    assert Session.objects.get().revoked_why == "reuse"


def test_logging_out_and_refreshing_at_once_leaves_no_live_token() -> None:
    for _ in range(5):
        old = sessions.open_session(member=make.member(), at=datetime.now(tz=UTC))
        refreshed, left = at_once(
            lambda token=old.refresh: Shopper().call("POST", "/auth/refresh", {"refresh": token}),
            lambda token=old.refresh: Shopper().call("POST", "/auth/logout", {"refresh": token}),
        )

        # Whoever was first wins; the other is told that the token is spent.
        assert sorted([refreshed.status_code, left.status_code]) in ([200, 401], [204, 401])
        assert Shopper(old.access).call("GET", "/me").status_code == 401


def test_eight_new_defaults_at_once_leave_one() -> None:
    member = make.member()
    home = {"name": "林", "phone": "13800000000", "province": "浙江省", "city": "杭州市", "detail": "1 号"}

    at_once(*[lambda: addresses.add(member=member, fields={**home, "is_default": True}) for _ in range(8)])

    assert Address.objects.count() == 8
    assert Address.objects.filter(is_default=True).count() == 1


def test_two_devices_cannot_pass_the_limit_together() -> None:
    member = make.member()
    for _ in range(49):
        make.address(member)
    home = {"name": "林", "phone": "13800000000", "province": "浙江省", "city": "杭州市", "detail": "1 号"}
    token = make.access_token(member)

    answers = at_once(*[lambda: Shopper(token).call("POST", "/me/addresses", home) for _ in range(4)])

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert Address.objects.count() == 50


def test_agreeing_on_four_devices_at_once_is_one_row_of_the_ledger() -> None:
    member = make.member()
    make.privacy("1.0")

    given = at_once(
        *[
            lambda: consents.give(member=member, document="privacy", version="1.0", at=make.AT)
            for _ in range(4)
        ]
    )

    assert len({consent.pk for consent in given}) == 1


def test_consent_taken_back_while_wechat_answers_keeps_the_number_out(wechat: Sandbox) -> None:
    login = wechat.login("小茶")
    member = make.member(openid=login.openid)
    make.privacy("1.0")
    consents.give(member=member, document="privacy", version="1.0", at=make.AT)
    code, token = wechat.phone_code(login.openid), make.access_token(member)
    path = "/wxa/business/getuserphonenumber"
    wechat.fault("delay", path=path, delay_s=1)

    def withdraw() -> None:
        wechat.wait(lambda: [{"struck": True}] if wechat.faults() == [] else [])
        consents.withdraw(member=member, document="privacy", at=make.AT)

    answer, _ = at_once(lambda: Shopper(token).call("POST", "/me/phone", {"code": code}), withdraw)

    assert len(wechat.calls(path)) == 1
    assert (answer.status_code, answer.json()["code"]) == (403, "consent_required")
    assert Member.objects.get().phone == ""
