"""The most active sharers: what their shares brought in a period, counted as shares and results count it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.utils import timezone

from apps.bargain import services as bargains
from apps.base.models import AuditEntry
from apps.desk import campaign_results
from apps.distribution import sharers
from apps.distribution.models import Promoter
from apps.members.models import Group, Member, Membership
from apps.shares import cards
from apps.shares import selectors as share_facts
from apps.shares import services as shares
from apps.shares.models import Share
from tests.apps.aftersales import make as sale
from tests.apps.bargain import make as bargain
from tests.apps.checkout import make as counter
from tests.apps.distribution import make
from tests.apps.shares import make as shared

pytestmark = pytest.mark.django_db

NOW = counter.NOW
DAY = timedelta(days=1)
PAGE = "/admin/distribution/sharer/"


def found(*, since: datetime = NOW - 30 * DAY, until: datetime = NOW + DAY) -> dict[str, tuple[Any, ...]]:
    rows = sharers.active(since=since, until=until)
    return {row.nickname: tuple(getattr(row, name) for name in sharers.FIGURES) for row in rows}


def come(share: Share, member: Member | None = None, *, mark: str = "", at: datetime = NOW) -> None:
    shares.note_visit(token=share.token, visitor_id=mark, member=member, at=at)


def bought(share: Share, *, price_fen: int, units: int = 1, postage_fen: int = 0) -> Any:
    """A member who came by the share orders and pays."""
    buyer = counter.buyer()
    come(share, buyer[0], at=NOW - DAY)
    order = sale.paid(buyer, [(counter.goods(price_fen), units)])
    shares.note_order(order_no=order.order_no, member_id=buyer[0].pk, placed_at=NOW)
    shares.note_payment(order_no=order.order_no, paid_at=NOW)
    return order


def test_a_person_is_one_visitor_however_many_days_and_shares_they_came_by():
    owner = make.member("茶山阿远")
    first, second = shared.share(owner), shared.share(owner)
    friend = make.member()
    for share in (first, second):
        for days in range(3):
            come(share, friend, at=NOW - days * DAY)
            come(share, mark="phone-1", at=NOW - days * DAY)
    assert found()["茶山阿远"][0] == 2


def test_who_says_nothing_of_themselves_is_one_a_day():
    share = shared.share(make.member("茶山阿远"))
    for days in (0, 0, 1):
        come(share, at=NOW - days * DAY)
    assert found()["茶山阿远"][0] == 2


def test_revenue_is_what_goods_cost_less_refunds_without_postage():
    counter.freight(800)
    share = shared.share(make.member("茶山阿远"))
    bought(share, price_fen=2_000)
    part, whole = bought(share, price_fen=1_000, units=3), bought(share, price_fen=5_000)
    sale.refund(part, {part.lines.all()[0].sku: 1})
    sale.refund(whole, {whole.lines.all()[0].sku: 1}, shipping_fen=800)
    # 20.00, 30.00 less 10.00, and 50.00 that went back whole.
    assert found()["茶山阿远"] == (3, 3, 3, 3, 4_000)


def test_only_what_lies_in_the_period_counts_and_who_left_is_not_there():
    owner, gone = make.member("茶山阿远"), make.member("老徐")
    for each in (owner, gone):
        come(shared.share(each), make.member(), at=NOW - 3 * DAY)
    Member.objects.filter(pk=gone.pk).update(nickname="", phone="", erased_at=NOW, disabled_at=NOW)
    assert list(found()) == ["茶山阿远"]
    assert found(since=NOW - 3 * DAY) == found(until=NOW - 3 * DAY + timedelta(microseconds=1))
    assert found(since=NOW - 2 * DAY) == {}
    assert found(until=NOW - 3 * DAY) == {}


def test_shares_results_of_a_campaign_and_sharers_tell_the_same_number_of_visitors():
    row = bargain.bargain(at=NOW, starts_at=NOW - 9 * DAY, ends_at=NOW + 9 * DAY)
    owner = make.member("茶山阿远")
    run = bargains.open_run(bargain_id=row.pk, member_id=owner.pk, at=NOW)
    kind = cards.kind_of("bargain")
    card = cards.find(kind, run.bargain_no, member_id=owner.pk, at=NOW)
    share = shares.open_share(member_id=owner.pk, kind=kind, card=card, at=NOW)
    friend = make.member()
    for days in range(3):
        come(share, friend, at=NOW - days * DAY)
        come(share, mark="phone-1", at=NOW - days * DAY)
        come(share, at=NOW - days * DAY)
    told = campaign_results.of(bargains.CAMPAIGNS, [row])[row.pk]
    listed = share_facts.with_funnel().get(pk=share.pk)
    assert {found()["茶山阿远"][0], told.visitors, listed.visitors} == {5}


def test_the_page_lists_groups_and_appoints_who_shares(admin_client):
    make.set_rules()
    at = timezone.now()
    busy, quiet = make.member("茶山阿远"), make.member("老徐")
    group = Group.objects.create(name="茶友群", code="tea")
    Membership.objects.create(group=group, member=busy, added_at=at)
    for owner, number in ((busy, 3), (quiet, 1)):
        share = shared.share(owner, at=at)
        for _ in range(number):
            come(share, make.member(), at=at)
    page = admin_client.get(PAGE).content.decode()
    assert page.index("茶山阿远") < page.index("老徐")
    only = admin_client.get(f"{PAGE}?group={group.pk}&days=7").content.decode()
    assert ("茶山阿远" in only, "老徐" in only) == (True, False)
    assert "老徐" in admin_client.get(f"{PAGE}?group=x&days=x").content.decode()
    admin_client.post(f"{PAGE}{busy.pk}/appoint/", {"level": ""})
    assert Promoter.objects.get().member == busy


def test_the_list_takes_as_many_statements_for_twenty_as_for_two(admin_client, django_assert_max_num_queries):
    at = timezone.now()
    for number in range(20):
        come(shared.share(make.member(f"分享者{number}"), at=at), make.member(), at=at)
    with django_assert_max_num_queries(20):
        assert "分享者19" in admin_client.get(PAGE).content.decode()


def test_its_workbook_opens_and_whoever_takes_it_is_written_down(admin_client):
    at = timezone.now()
    owner = make.member("=HYPERLINK(1)")
    come(shared.share(owner, at=at), make.member(), at=at)
    answer = admin_client.get(f"{PAGE}export/")
    with ZipFile(BytesIO(b"".join(answer.streaming_content))) as book:
        told = book.read("xl/worksheets/sheet1.xml").decode()
    assert ("<t>=HYPERLINK(1)</t>" in told, "<f>" in told) == (True, False)
    assert 'filename="sharers.xlsx"' in answer["Content-Disposition"]
    assert AuditEntry.objects.filter(action="导出活跃分享者").count() == 1


def test_its_export_covers_the_days_that_its_page_shows(admin_client):
    at = timezone.now()
    owner = make.member("上月分享")
    come(shared.share(owner, at=at - 60 * DAY), make.member(), at=at - 60 * DAY)

    def told(days: str) -> str:
        page = admin_client.get(PAGE, {"days": days}).content.decode()
        [address] = set(re.findall(r'href="([^"]*export-csv/[^"]*)"', page))
        return b"".join(admin_client.get(address).streaming_content).decode()

    assert ["上月分享" in told(days) for days in ("30", "90")] == [False, True]
    notes = AuditEntry.objects.filter(action="导出活跃分享者").order_by("id").values_list("note", flat=True)
    assert list(notes) == ["最近 30 天", "最近 90 天"]
