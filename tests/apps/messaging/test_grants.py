"""The ledger of grants: one accept is one message, told by the client, by WeChat, or by both."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from apps.members.models import Member
from apps.messaging.models import Grant, GrantEntry, Template
from apps.messaging.services import grants
from apps.messaging.states import GrantChange, Source
from tests.apps.messaging import make
from tests.apps.messaging.make import HOUR, MINUTE, NOW

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


@pytest.fixture
def owner() -> Member:
    return make.member()


@pytest.fixture
def paid() -> Template:
    return make.template()


def client(owner: Member, found: Template, word: str = "accept", *, after: timedelta = timedelta()) -> None:
    grants.note_answers(
        member_id=owner.pk, scene="order_paid", results={found.template_id: word}, at=NOW + after
    )


def event(
    owner: Member, found: Template, word: str = "accept", *, after: timedelta = timedelta(), push: str = "p1"
) -> None:
    grants.note_events(member_id=owner.pk, answers=[(found.template_id, word)], cause=push, at=NOW + after)


def test_an_accept_is_one_message(owner: Member, paid: Template) -> None:
    client(owner, paid)
    assert make.balance(owner, paid) == 1


def test_the_clients_word_and_wechats_event_of_one_accept_count_once(owner: Member, paid: Template) -> None:
    client(owner, paid)
    event(owner, paid, after=59 * SECOND)
    assert make.balance(owner, paid) == 1
    assert list(GrantEntry.objects.order_by("id").values_list("what", flat=True)) == [
        GrantChange.ACCEPTED,
        GrantChange.SAME,
    ]


def test_it_counts_once_whoever_tells_first(owner: Member, paid: Template) -> None:
    event(owner, paid)
    client(owner, paid, after=2 * SECOND)
    assert make.balance(owner, paid) == 1


def test_a_call_that_is_repeated_counts_once(owner: Member, paid: Template) -> None:
    client(owner, paid)
    client(owner, paid, after=SECOND)
    event(owner, paid, after=2 * SECOND)
    client(owner, paid, after=3 * SECOND)
    assert make.balance(owner, paid) == 1


def test_an_event_that_is_delivered_twice_counts_once(owner: Member, paid: Template) -> None:
    event(owner, paid)
    event(owner, paid)
    assert make.balance(owner, paid) == 1


def test_two_accepts_within_a_minute_are_two_when_wechat_says_so(owner: Member, paid: Template) -> None:
    client(owner, paid)
    event(owner, paid, after=SECOND, push="p1")
    client(owner, paid, after=20 * SECOND)
    event(owner, paid, after=21 * SECOND, push="p2")
    assert make.balance(owner, paid) == 2


def test_two_accepts_an_hour_apart_are_two(owner: Member, paid: Template) -> None:
    client(owner, paid)
    client(owner, paid, after=HOUR)
    assert make.balance(owner, paid) == 2


def test_an_event_that_comes_later_than_a_minute_is_another_accept(owner: Member, paid: Template) -> None:
    client(owner, paid)
    event(owner, paid, after=MINUTE + SECOND)
    assert make.balance(owner, paid) == 2


@pytest.mark.parametrize("word", ["reject", "ban"])
def test_a_refusal_takes_back_what_is_left(owner: Member, paid: Template, word: str) -> None:
    client(owner, paid)
    client(owner, paid, after=HOUR)
    client(owner, paid, word, after=2 * HOUR)
    assert make.balance(owner, paid) == 0
    event(owner, paid, "reject", after=3 * HOUR)
    assert make.balance(owner, paid) == 0


def test_a_filtered_template_changes_nothing(owner: Member, paid: Template) -> None:
    client(owner, paid)
    client(owner, paid, "filter", after=HOUR)
    assert make.balance(owner, paid) == 1


def test_each_template_and_member_has_a_balance_of_its_own(owner: Member, paid: Template) -> None:
    other = make.template("T-other")
    grants.note_answers(
        member_id=owner.pk, scene="order_paid", results={"T-paid": "accept", "T-other": "accept"}, at=NOW
    )
    client(make.member(), paid)
    assert (make.balance(owner, paid), make.balance(owner, other)) == (1, 1)


def test_what_cannot_be_is_refused_at_its_template_and_nothing_is_kept(owner: Member, paid: Template) -> None:
    with pytest.raises(grants.GrantsRefused) as refused:
        grants.note_answers(
            member_id=owner.pk,
            scene="order_paid",
            results={"T-paid": "accept", "T-none": "accept", "T-paid2": "perhaps"},
            at=NOW,
        )
    assert set(refused.value.details) == {"results.T-none", "results.T-paid2"}
    assert make.balance(owner, paid) == 0


def test_an_event_of_a_template_that_is_not_the_shops_is_passed_over(owner: Member) -> None:
    grants.note_events(member_id=owner.pk, answers=[("T-none", "accept")], cause="p", at=NOW)
    assert not Grant.objects.exists()


def test_a_grant_is_spent_once_and_given_back_once(owner: Member, paid: Template) -> None:
    client(owner, paid)
    key = {"member_id": owner.pk, "template_id": paid.pk, "at": NOW}

    assert grants.spend(**key, cause="1:1")
    assert not grants.spend(**key, cause="2:1")
    grants.give_back(**key, cause="1:1")
    grants.give_back(**key, cause="1:1")

    assert make.balance(owner, paid) == 1


def test_wechats_word_that_nothing_is_left_holds(owner: Member, paid: Template) -> None:
    make.granted(owner, paid, 3)
    grants.correct(member_id=owner.pk, template_id=paid.pk, cause="1:1", at=NOW)
    assert make.balance(owner, paid) == 0


def test_the_balance_is_the_sum_of_the_ledger(owner: Member, paid: Template) -> None:
    make.granted(owner, paid, 3)
    key = {"member_id": owner.pk, "template_id": paid.pk, "at": NOW}
    grants.spend(**key, cause="1:1")
    event(owner, paid, "reject", after=HOUR)
    client(owner, paid, after=2 * HOUR)
    assert sum(GrantEntry.objects.values_list("change", flat=True)) == make.balance(owner, paid) == 1


def test_no_entry_is_ever_changed(owner: Member, paid: Template) -> None:
    client(owner, paid)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        GrantEntry.objects.update(change=5)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        GrantEntry.objects.all()._raw_delete(using=connection.alias)
    assert GrantEntry.objects.get().source == Source.CLIENT
