"""What waits for operators is counted by indexes that hold little else: each page of the admin does it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.aftersales import story
from apps.desk import cockpit
from apps.members.services import sessions
from apps.messaging.services import cards
from apps.payments.models import Notification, Refund
from apps.wechat.pushed import CardFailed
from config import sidebar
from config.navigation import GROUPS
from tests.admin import shop
from tests.apps.desk.many import read_whole_by

pytestmark = pytest.mark.django_db

# A row for each job, each promise, each journey, each shop and each SKU.
_FEW = {"base_jobrun", "base_reckoning", "journeys_journey", "stores_place", "inventory_stock", "catalog_sku"}


def whole(asked: Any) -> set[str]:
    """The tables that grow and that any of the statements reads from end to end."""
    told = [one["sql"] for one in asked.captured_queries if one["sql"].startswith(("SELECT", "UPDATE"))]
    assert told
    return {table for text in told for table in read_whole_by(text)} - _FEW


def test_no_page_reads_a_table_that_grows_for_its_sidebar() -> None:
    asking = tuple(place for _, places in GROUPS for place in places if place.waiting is not None)
    with CaptureQueriesContext(connection) as asked:
        sidebar._counted(asking, mine=None)
    assert whole(asked) == set()


def test_the_first_page_counts_what_waits_by_indexes() -> None:
    with CaptureQueriesContext(connection) as asked:
        cockpit.waiting(at=shop.NOW, operator=User(is_superuser=True))
    assert whole(asked) == set()


def test_what_wechat_said_of_a_refund_is_found_by_its_number(django_user_model: Any) -> None:
    for number, kind in (
        ("RF1", "REFUND.SUCCESS"),
        ("RF2", "REFUND.SUCCESS"),
        ("RF1", "TRANSACTION.SUCCESS"),
    ):
        Notification.objects.create(
            notify_id=f"{number}:{kind}",
            event_type=kind,
            resource={"out_refund_no": number},
            received_at=shop.NOW,
        )
    with CaptureQueriesContext(connection) as asked:
        heard = story._heard([Refund(refund_no="RF1")])
    assert [one.what for one in heard] == ["通知 REFUND.SUCCESS"]
    assert whole(asked) == set()


def test_what_may_not_be_asked_again_is_forgotten_without_reading_what_was() -> None:
    with CaptureQueriesContext(connection) as asked:
        sessions.forget_dead(at=shop.NOW + timedelta(days=1))
    assert "members_spentrefresh" not in whole(asked)


def test_a_card_that_wechat_did_not_show_is_found_by_wechats_number() -> None:
    said = CardFailed(
        openid="o",
        at=shop.NOW,
        notify_code="4200001",
        notify_type=2011,
        card_status=1,
        fail_ret=-10001,
        fail_msg="system error",
    )
    with CaptureQueriesContext(connection) as asked:
        cards.fail_as_wechat_says(said=said, at=shop.NOW)
    assert whole(asked) == set()
