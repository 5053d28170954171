"""One calendar over everything that runs for a time: what meets the month, for whom it is to be seen."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.bargain import services as bargains
from apps.campaigns.models import SkuWindow
from apps.desk import calendar
from tests.apps.bargain import make as bargain
from tests.apps.flashsale import make as flash
from tests.apps.promotions import make as promotions

pytestmark = pytest.mark.django_db
PAGE = "/admin/campaigns/skuwindow/"
NOVEMBER = date(2026, 11, 1)
# Midnight of the first of December in Shanghai.
DECEMBER = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)


def bars(month: date = NOVEMBER, *, but: str = "") -> list[tuple[str, str, int, int]]:
    """Kind, phase and days of what meets the month; rights to see everything ``but`` one."""
    found = calendar.bars(month, allowed=lambda needed: needed != but, at=bargain.NOW)
    return [(bar.entry.kind, bar.entry.phase, bar.first, bar.last) for bar in found]


def test_what_meets_the_month_stands_there_by_its_beginning_on_the_days_that_it_covers() -> None:
    bargain.bargain(ends_at=bargain.NOW + timedelta(days=30))
    flash.session(flash.goods(50_00), starts_at=bargain.NOW + bargain.HOUR, ends_at=DECEMBER)
    promotions.promotion(label="双十一满减")
    assert bars() == [("满减", "已结束", 23, 24), ("砍价", "进行中", 28, 31), ("秒杀", "预热中", 28, 31)]
    assert bars(date(2026, 12, 1)) == [("砍价", "进行中", 1, 29)]
    assert bars(date(2026, 10, 1)) == []


def test_drafts_stand_there_too_and_what_may_not_be_seen_does_not() -> None:
    bargain.bargain(approved=False)
    promotions.promotion()
    assert bars() == [("满减", "已结束", 23, 24), ("砍价", "草稿", 28, 29)]
    assert bars(but="bargain.view_bargain") == [("满减", "已结束", 23, 24)]


def test_the_page_shows_a_month_with_links_and_takes_any_month_for_this_one(admin_client: Client) -> None:
    row = bargain.bargain()
    shown = admin_client.get(PAGE, {"month": "2026-11"}).content.decode()
    assert f"/admin/bargain/bargain/{row.pk}/change/" in shown
    assert "2026 年 11 月" in shown
    assert "这个月没有活动" in admin_client.get(PAGE, {"month": "2031-05"}).content.decode()
    for nonsense in ("2026-13", "x", "2026-1"):
        assert admin_client.get(PAGE, {"month": nonsense}).status_code == 200


def test_a_moment_of_another_year_tells_its_year(admin_client: Client) -> None:
    bargain.bargain(starts_at=DECEMBER, ends_at=DECEMBER + timedelta(days=365))
    shown = " ".join(admin_client.get(PAGE, {"month": "2026-12"}).content.decode().split())
    assert "12-01 00:00 至 2027-12-01 00:00" in shown


def test_it_asks_equally_often_for_one_and_for_ten(admin_client: Client) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert admin_client.get(PAGE, {"month": "2026-11"}).status_code == 200
        return len(seen)

    bargain.bargain()
    asked()
    few = asked()
    for _ in range(9):
        bargain.bargain()
    assert asked() == few


def test_a_month_is_narrowed_to_one_kind_and_a_kind_that_it_has_not_narrows_nothing(
    admin_client: Client,
) -> None:
    bargain.bargain(title="陶壶砍到99", ends_at=bargain.NOW + timedelta(hours=9))
    flash.session(flash.goods(50_00), title="十点秒杀", ends_at=DECEMBER)

    def titles(kind: str) -> list[str]:
        page = admin_client.get(PAGE, {"month": "2026-11", "kind": kind}).content.decode()
        return [title for title in ("陶壶砍到99", "十点秒杀") if title in page]

    assert titles("") == ["陶壶砍到99", "十点秒杀"]
    assert titles("秒杀") == ["十点秒杀"]
    assert titles("砍价") == ["陶壶砍到99"]
    assert titles("拼团") == ["陶壶砍到99", "十点秒杀"]


def test_a_month_is_narrowed_to_where_things_stand_and_its_entries_lead_to_their_buttons(
    admin_client: Client,
) -> None:
    draft = bargain.bargain(title="还是草稿", approved=False, ends_at=DECEMBER)
    row = bargain.bargain(title="陶壶砍到99", ends_at=DECEMBER)
    page = admin_client.get(PAGE, {"month": "2026-11", "phase": "草稿"}).content.decode()
    assert ("还是草稿" in page, "陶壶砍到99" in page) == (True, False)
    assert f"/admin/bargain/bargain/{draft.pk}/copy/" in page
    both = admin_client.get(PAGE, {"month": "2026-11", "phase": "草稿", "kind": "砍价"}).content.decode()
    assert "kind=%E7%A0%8D%E4%BB%B7&amp;phase=%E8%8D%89%E7%A8%BF" in both

    def buttons(*, at: datetime, but: str = "") -> list[list[str]]:
        found = calendar.bars(NOVEMBER, allowed=lambda needed: needed != but, at=at)
        return [[button.title for button in bar.entry.buttons] for bar in found]

    assert buttons(at=bargain.NOW) == [["批准", "复制"], ["暂停", "复制"]]
    assert buttons(at=bargain.NOW, but="bargain.change_bargain") == [["复制"], ["复制"]]
    assert buttons(at=DECEMBER) == [["复制"], ["复制"]]
    bargains.CAMPAIGNS.pause(row, at=bargain.NOW)
    assert buttons(at=bargain.NOW) == [["批准", "复制"], ["恢复", "复制"]]


def test_every_kind_of_window_leads_to_its_campaign() -> None:
    row, session = bargain.bargain(), flash.session(flash.goods(50_00))
    found = [
        calendar.campaign_page(kind=window.kind, activity_id=window.activity_id)
        for window in SkuWindow.objects.order_by("kind")
    ]
    assert found == [
        f"/admin/bargain/bargain/{row.pk}/change/",
        f"/admin/flashsale/session/{session.pk}/change/",
    ]
    assert calendar.campaign_page(kind="bargain", activity_id="0") is None


def test_who_may_not_see_it_is_turned_away(client: Client) -> None:
    client.force_login(User.objects.create_user("仓库", is_staff=True))
    assert client.get(PAGE).status_code == 403
