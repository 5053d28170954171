"""Consent comes before personal data: to the text in force, written down once, taken back as easily."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from apps.members.models import Consent, Document, Member
from apps.members.services import consents
from tests.apps.members import make
from tests.conftest import Shopper

pytestmark = pytest.mark.django_db

ShopperOf = Callable[[Member], Shopper]


def agree(shopper: Shopper, version: Any = "1.0", document: Any = "privacy") -> Any:
    return shopper.call("POST", "/me/consents", {"document": document, "version": version})


def test_consent_to_the_version_in_force_is_written_down(shopper_of: ShopperOf) -> None:
    make.privacy("1.0")

    answer = agree(shopper_of(make.member()))

    assert answer.status_code == 201
    assert (answer.json()["document"], answer.json()["version"]) == ("privacy", "1.0")
    assert Consent.objects.get().act == "GIVEN"


def test_agreeing_again_adds_no_second_row(shopper_of: ShopperOf) -> None:
    make.privacy("1.0")
    me = shopper_of(make.member())

    answers = [agree(me) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert len({answer.json()["given_at"] for answer in answers}) == 1
    assert Consent.objects.count() == 1


@pytest.mark.parametrize("version", ["0.9", "2.0", "1", "1.0.0", "１.0"])
def test_another_version_is_refused_and_the_answer_names_the_one_in_force(
    shopper_of: ShopperOf, version: str
) -> None:
    make.privacy("0.9", at=make.AT - timedelta(days=300))
    make.privacy("1.0")

    answer = agree(shopper_of(make.member()), version)

    assert (answer.status_code, answer.json()["code"]) == (400, "document_version_invalid")
    assert answer.json()["details"] == {"document": "privacy", "current_version": "1.0"}
    assert Consent.objects.count() == 0


def test_a_document_that_does_not_exist_has_no_version_to_agree_to(shopper_of: ShopperOf) -> None:
    answer = agree(shopper_of(make.member()), document="terms")

    assert answer.status_code == 400
    assert answer.json()["details"] == {"document": "terms", "current_version": None}


def test_a_draft_is_not_in_force_until_it_is_published(shopper_of: ShopperOf) -> None:
    make.privacy("1.0")
    Document.objects.create(kind="privacy", version="2.0", body="草稿", published_at=None)

    assert agree(shopper_of(make.member()), "2.0").status_code == 400
    assert agree(shopper_of(make.member()), "1.0").status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"document": "privacy"},
        {"document": "privacy", "version": 1.0},
        {"document": ["privacy"], "version": "1.0"},
        {"document": "privacy", "version": None},
        {"document": "privacy", "version": "1.0\x00"},
        {"document": "x" * 10_000, "version": "1.0"},
    ],
)
def test_a_malformed_consent_is_refused(shopper_of: ShopperOf, body: dict[str, Any]) -> None:
    make.privacy("1.0")

    assert shopper_of(make.member()).call("POST", "/me/consents", body).status_code == 400
    assert Consent.objects.count() == 0


def test_a_new_version_asks_for_consent_again() -> None:
    member = make.member()
    make.privacy("1.0")
    consents.give(member=member, document="privacy", version="1.0", at=make.AT)
    consents.require_privacy(member=member)

    make.privacy("2.0", at=make.AT + timedelta(days=1))

    with pytest.raises(consents.ConsentRequired) as refusal:
        consents.require_privacy(member=member)
    assert refusal.value.details == {"document": "privacy", "current_version": "2.0"}


def test_withdrawing_deletes_what_was_collected_and_consent_may_be_given_again(
    shopper_of: ShopperOf,
) -> None:
    make.privacy("1.0")
    member = make.member(phone="13800000000", avatar_url="https://cdn.example.com/a.png")
    me = shopper_of(member)
    agree(me)

    assert me.call("DELETE", "/me/consents/privacy").status_code == 204

    member.refresh_from_db()
    assert (member.phone, member.nickname, member.avatar_url) == ("", "", "")
    assert list(Consent.objects.order_by("id").values_list("act", flat=True)) == ["GIVEN", "WITHDRAWN"]
    with pytest.raises(consents.ConsentRequired):
        consents.require_privacy(member=member)
    assert agree(me).status_code == 201
    consents.require_privacy(member=member)


def test_withdrawing_twice_writes_one_row(shopper_of: ShopperOf) -> None:
    make.privacy("1.0")
    me = shopper_of(make.member())
    agree(me)

    answers = [me.call("DELETE", "/me/consents/privacy").status_code for _ in range(2)]

    assert answers == [204, 204]
    assert Consent.objects.filter(act="WITHDRAWN").count() == 1


def test_withdrawing_covers_every_version_that_was_agreed_to(shopper_of: ShopperOf) -> None:
    member = make.member()
    for days, version in enumerate(["1.0", "2.0"]):
        make.privacy(version, at=make.AT + timedelta(days=days))
        consents.give(member=member, document="privacy", version=version, at=make.AT)

    shopper_of(member).call("DELETE", "/me/consents/privacy")

    assert Consent.objects.filter(act="WITHDRAWN").count() == 2


def test_what_is_no_document_cannot_be_withdrawn(shopper_of: ShopperOf) -> None:
    assert shopper_of(make.member()).call("DELETE", "/me/consents/nonsense").status_code == 404


def test_one_members_consent_is_not_anothers(shopper_of: ShopperOf) -> None:
    make.privacy("1.0")
    agree(shopper_of(make.member()))

    with pytest.raises(consents.ConsentRequired):
        consents.require_privacy(member=make.member())


def test_everybody_may_read_the_text_in_force(anyone: Shopper) -> None:
    make.privacy("1.0")

    answer = anyone.call("GET", "/documents/privacy")

    assert (answer.status_code, answer.json()["version"]) == (200, "1.0")
    assert answer.json()["body"] == "我们如何保护您的信息"
    assert anyone.call("GET", "/documents/terms").status_code == 404


def test_the_ledger_of_consents_takes_no_change_and_no_deletion() -> None:
    make.privacy("1.0")
    given = consents.give(member=make.member(), document="privacy", version="1.0", at=make.AT)

    with pytest.raises(DatabaseError), transaction.atomic():
        Consent.objects.filter(pk=given.pk).update(act="WITHDRAWN")
    with pytest.raises(DatabaseError), transaction.atomic():
        Consent.objects.filter(pk=given.pk).delete()
    assert Consent.objects.get().act == "GIVEN"
