"""What promoting brought in and cost: by promoter, by how the buyer was won, by contest; and as sheets."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from apps.base.models import AuditEntry
from apps.distribution import reports
from apps.distribution.models import Contest, Prize
from apps.distribution.services import commissions, leaderboard
from apps.referrals import reports as referral_reports
from tests.apps.checkout import make as counter
from tests.apps.distribution import make
from tests.apps.distribution.make import DAY, LATER, NOW
from tests.apps.referrals import make as referral

pytestmark = pytest.mark.django_db
WINDOW = {"since": NOW - DAY, "until": NOW + DAY}


@pytest.fixture(autouse=True)
def _rules():
    make.set_rules()
    counter.freight(800)


def figures(line: reports.Line) -> tuple[int, int, int, int, int, str]:
    return (line.orders, line.buyers, line.income_fen, line.commission_fen, line.rewards_fen, line.roi)


def by_promoter(**window) -> dict[str, tuple[int, int, int, int, int, str]]:
    return {line.names[0]: figures(line) for line in reports.by_promoter(**(window or WINDOW))}


def test_10_per_cent_and_5_of_30_yuan_of_which_10_go_back_are_20_yuan_for_3_yuan():
    first, second, buyer = make.chain()
    cup = counter.goods(1000)
    order = make.paid(buyer, [(cup, 3)])
    make.refund(order, {cup: 1})
    assert by_promoter() == {
        second.member.public_id: (1, 1, 2000, 200, 0, "10.00"),
        first.member.public_id: (0, 0, 0, 100, 0, "0.00"),
    }
    lines = reports.by_promoter(**WINDOW)
    assert [line.names[0] for line in lines] == [second.member.public_id, first.member.public_id]
    assert figures(reports.total(lines, names=["合计"])) == (1, 1, 2000, 300, 0, "6.67")


def test_what_went_back_whole_is_no_income_and_no_cost_and_other_days_are_not_counted():
    _, second, buyer = make.chain()
    cup = counter.goods(1000)
    make.refund(make.paid(buyer, [(cup, 1)]), {cup: 1})
    assert by_promoter()[second.member.public_id] == (0, 1, 0, 0, 0, "")
    assert by_promoter(since=NOW + timedelta(seconds=1), until=NOW + DAY) == {}
    assert by_promoter(since=NOW - DAY, until=NOW) == {}


def test_a_buyer_by_a_share_and_one_by_a_code_are_two_channels_and_a_renewal_is_none():
    promoter = make.promoter()
    by_share, by_code = counter.buyer(), counter.buyer()
    make.come(by_share[0], promoter)
    make.bind(by_code[0], promoter)
    cup = counter.goods(1000)
    make.paid(by_share, [(cup, 2)])
    make.paid(by_code, [(cup, 1)])
    found = {line.names[0]: figures(line) for line in reports.by_channel(**WINDOW)}
    assert found == {
        "分享链接（推客）": (1, 1, 2000, 200, 0, "10.00"),
        "推广码": (1, 1, 1000, 100, 0, "10.00"),
    }


def test_a_contest_costs_its_commissions_and_its_rewards():
    _, second, buyer = make.chain()
    make.paid(buyer, [(counter.goods(1000), 2)])
    contest = Contest.objects.create(title="周榜", starts_at=NOW - DAY, ends_at=NOW + DAY, wait_days=0)
    Prize.objects.create(contest=contest, first_place=1, last_place=1, reward_fen=700)
    (before,) = reports.by_contest(**WINDOW)
    assert figures(before) == (1, 1, 2000, 300, 0, "6.67")
    leaderboard.reward_due(at=NOW + DAY)
    (line,) = reports.by_contest(**WINDOW)
    assert figures(line) == (1, 1, 2000, 300, 700, "2.00")
    assert reports.by_contest(since=NOW + DAY, until=NOW + 2 * DAY) == []
    won = by_promoter(since=NOW - DAY, until=NOW + 2 * DAY)[second.member.public_id]
    assert won == (1, 1, 2000, 200, 700, "2.22")


def test_friends_orders_of_50_yuan_won_by_100_points_for_the_inviter_and_9_for_the_friend():
    row = referral.campaign(act="FIRST_ORDER", friend_prize=referral.points(9))
    inviter, friend = referral.member(), referral.buyer("文三路 1 号")
    referral.ordered(inviter, row, friend)
    (line,) = referral_reports.by_campaign(since=NOW - DAY, until=LATER + DAY)
    assert (line.names, figures(line)) == (("请好友喝春茶",), (1, 1, 5000, 0, 109, "45.87"))
    assert referral_reports.by_campaign(since=LATER + DAY, until=LATER + 2 * DAY) == []


def test_the_report_is_a_page_and_its_tables_are_sheets_that_the_log_knows_of(admin_client: Client):
    _, second, buyer = make.chain()
    make.paid(buyer, [(counter.goods(1000), 1)])
    second.member.nickname = "=1+1"
    second.member.save(update_fields=["nickname"])
    period = f"?first={NOW:%Y-%m-%d}&last={NOW:%Y-%m-%d}"
    page = admin_client.get(f"/admin/distribution/promoter/report/{period}").content.decode()
    assert "¥10.00" in page
    assert "推广码" in page
    sheet = admin_client.get(f"/admin/distribution/promoter/report/{period}&sheet=promoters&as=csv")
    head, line, *_ = b"".join(sheet.streaming_content).decode().splitlines()
    assert head.startswith("\ufeff会员编号,昵称,等级,订单,买家,带来收入（元）,佣金（元）")
    assert line.split(",")[1:] == ["'=1+1", "", "1", "1", "10.00", "1.00", "0.00", "1.00", "10.00"]
    assert AuditEntry.objects.get().action == "导出推广报表"


def test_who_may_see_promoters_reads_the_report_and_takes_no_sheet_along(client: Client):
    looker = User.objects.create_user("looker", password="x", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_promoter"))
    client.force_login(looker)
    _, _, buyer = make.chain()
    make.paid(buyer, [(counter.goods(1000), 1)])
    period = f"?first={NOW:%Y-%m-%d}&last={NOW:%Y-%m-%d}"
    page = client.get(f"/admin/distribution/promoter/report/{period}")
    assert "¥10.00" in page.content.decode()
    assert "sheet=" not in page.content.decode()
    assert client.get(f"/admin/distribution/promoter/report/{period}&sheet=promoters").status_code == 403


@pytest.mark.parametrize(
    "period",
    [
        "first=2026-02-30&last=2026-03-01",
        "first=x",
        "first=2026-03-02&last=2026-03-01",
        "first=9999-12-31&last=9999-12-31",
        "first=0001-01-01&last=0001-01-01",
    ],
)
def test_a_period_that_is_none_is_told_and_the_last_thirty_days_are_shown(admin_client: Client, period: str):
    answer = admin_client.get(f"/admin/distribution/promoter/report/?{period}")
    assert answer.status_code == 200
    assert len(list(answer.context["messages"])) == 1


def test_nothing_at_all_is_three_empty_tables():
    assert commissions.accrue(order_no="none", at=NOW) == 0
    assert [reports.by_promoter(**WINDOW), reports.by_channel(**WINDOW), reports.by_contest(**WINDOW)] == [
        []
    ] * 3
    assert figures(reports.total([], names=["合计"])) == (0, 0, 0, 0, 0, "")
