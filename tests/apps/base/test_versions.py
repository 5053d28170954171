"""What is kept in a process is as new as the last commit, whoever wrote it, and costs nothing while nobody writes."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction

from apps.base import versions
from apps.base.models import Version
from apps.members import selectors as member_facts
from apps.members.models import Level
from tests.apps.members import make
from tests.conftest import Shopper

pytestmark = pytest.mark.django_db


def token(topic: str) -> str:
    return versions.current()[topic]


def names() -> list[str]:
    return [level.name for level in member_facts.levels()]


def test_whatever_writes_a_table_renews_the_token_of_its_topic():
    seen = [token("levels")]
    level = make.level(rank=1, name="茶友")
    seen.append(token("levels"))
    Level.objects.filter(pk=level.pk).update(free_postage=True)
    seen.append(token("levels"))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE members_level SET rank = 2")
    seen.append(token("levels"))
    level.delete()
    seen.append(token("levels"))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE members_level CASCADE")
    seen.append(token("levels"))
    assert len(set(seen)) == 6


def test_a_topic_is_left_alone_by_what_belongs_to_another():
    before = token("promotions")
    make.level(rank=1, name="茶友")
    assert token("promotions") == before


def test_what_is_kept_is_read_again_when_its_topic_was_written_and_only_then(django_assert_num_queries: Any):
    level = make.level(rank=1, name="茶友")
    assert names() == ["茶友"]
    with django_assert_num_queries(1):  # the tokens
        assert names() == ["茶友"]
    Level.objects.filter(pk=level.pk).update(name="银叶")
    assert names() == ["银叶"]


def test_what_was_kept_of_a_transaction_that_was_rolled_back_is_never_seen_again():
    make.level(rank=1, name="茶友")
    with transaction.atomic():
        make.level(rank=2, name="银叶")
        assert names() == ["茶友", "银叶"]
        transaction.set_rollback(True)
    assert names() == ["茶友"]
    make.level(rank=3, name="金叶")
    assert names() == ["茶友", "金叶"]


def test_a_topic_without_a_row_is_not_kept():
    make.level(rank=1, name="茶友")
    Version.objects.filter(topic="levels").delete()
    assert names() == ["茶友"]
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE members_level DISABLE TRIGGER USER")
    Level.objects.update(name="银叶")
    assert names() == ["银叶"]


def test_a_request_reads_the_tokens_once_and_the_next_one_anew(django_assert_num_queries: Any):
    level = make.level(rank=1, name="茶友")
    shopper = Shopper(make.access_token(make.member(level=level)))
    assert shopper.call("GET", "/me").json()["level"]["name"] == "茶友"
    with django_assert_num_queries(1):
        assert shopper.call("GET", "/me").json()["level"]["name"] == "茶友"
    Level.objects.update(name="银叶")
    assert shopper.call("GET", "/me").json()["level"]["name"] == "银叶"
    assert not versions.known()


def test_whoever_reads_them_once_goes_by_them_until_the_end():
    with versions.once():
        assert names() == []
        make.level(rank=1, name="银叶")
        assert names() == []
    assert names() == ["银叶"]
