"""What was announced, and its deliveries, are found by the number that a caller can say."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.outbox import selectors as outbox_facts
from apps.outbox.models import Announcement, Delivery
from tests.admin import shop

pytestmark = pytest.mark.django_db

LISTS = ("/admin/outbox/announcement/", "/admin/outbox/delivery/")


def told(**payload: object) -> Delivery:
    news = Announcement.objects.create(kind="OrderPaid", payload=payload, announced_at=shop.NOW)
    return Delivery.objects.create(
        announcement=news, listener="apps.checkout.handlers.tell_on_order_paid", due_at=shop.NOW
    )


def found(page: Client, address: str, asked: str) -> set[int]:
    """The announcements that the list shows, or whose deliveries it shows."""
    rows = page.get(address, {"q": asked}).context["cl"].result_list
    return {row.announcement_id if isinstance(row, Delivery) else row.pk for row in rows}


@pytest.mark.parametrize("address", LISTS)
def test_news_is_found_by_a_number_that_it_tells_of_or_by_its_own(page: Client, address: str) -> None:
    one, other = told(order_no="SO77A", member_id=7), told(order_no="SO88B", refund_nos=["RF99C"])
    ours, theirs = one.announcement_id, other.announcement_id

    for asked in ("SO77A", "so77a", "SO77", f"#{ours}", str(ours), " SO77A "):
        assert found(page, address, asked) == {ours}, asked
    assert found(page, address, "RF99C") == {theirs}
    # What a value is called, its middle, and what is no number of ours find nothing.
    for asked in ("order_no", "77A", "SO99", "9" * 30, "%", '"', "$asked", "🍵"):
        assert found(page, address, asked) == set(), asked


@pytest.mark.parametrize("address", LISTS)
def test_the_newest_news_is_read_for_a_number_and_not_all_of_it(
    page: Client, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_facts, "SEARCHED", 2)
    old, *new = [told(order_no="SO77A").announcement_id for _ in range(3)]

    assert found(page, address, "SO77A") == set(new)
    assert found(page, address, f"#{old}") == {old}
