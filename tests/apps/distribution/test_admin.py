"""Operators' pages of promoters: forms in yuan and per cent, warnings, sheets that nothing runs, roles."""

from __future__ import annotations

import pytest
from django.utils import timezone

from apps.distribution.models import Contest, Prize, RateRule, Rules
from apps.members.models import Group, Member, Membership
from apps.shares import services as shares
from config.roles import ROLES
from tests.apps.checkout import make as counter
from tests.apps.distribution import make
from tests.apps.shares import make as shared

pytestmark = pytest.mark.django_db

RULES = {
    "first_bp": "12",
    "second_bp": "2.5",
    "ceiling_bp": "30",
    "freeze_days": "15",
    "joining": "on",
    "needs_review": "on",
    "join_by_spending_fen": "",
    "binding_mode": "last",
    "valid_days": "30",
    "protect_days": "7",
    "withdraw_min_fen": "5",
    "withdraw_max_per_day": "3",
    "review_above_fen": "200",
    "second_person_above_fen": "1000",
}
PAGE = "/admin/distribution/rules/1/change/"


def test_rules_are_typed_in_per_cent_and_yuan_and_the_unusual_is_told(admin_client):
    answer = admin_client.post(PAGE, RULES, follow=True)
    row = Rules.objects.get()
    assert (row.first_bp, row.second_bp, row.withdraw_min_fen, row.binding_mode) == (1200, 250, 500, "last")
    assert "一级与二级合计 14.50%，通常为 15.00% 到 30.00%" in answer.content.decode()


def test_rules_above_the_ceiling_are_refused_at_the_page(admin_client):
    answer = admin_client.post(PAGE, {**RULES, "second_bp": "18.01"})
    assert "合计不得超过佣金上限" in answer.content.decode()
    assert Rules.objects.count() == 0


def test_a_rate_is_of_a_product_or_of_a_category_and_not_of_both(admin_client):
    cup = counter.goods(1000)
    typed = {"product": cup.product_id, "category": "", "level": "", "first_bp": "15", "second_bp": "5"}
    both = {**typed, "category": cup.product.category_id}
    assert (
        "请选择商品或类目中的一项"
        in admin_client.post("/admin/distribution/raterule/add/", both).content.decode()
    )
    admin_client.post("/admin/distribution/raterule/add/", typed)
    assert RateRule.objects.values_list("first_bp", "second_bp").get() == (1500, 500)
    again = admin_client.post("/admin/distribution/raterule/add/", typed)
    assert "同一商品（或类目）对同一等级只能有一条比例" in again.content.decode()


def test_a_contest_is_typed_with_its_prizes_a_line_each(admin_client):
    typed = {
        "title": "双十二冲榜",
        "starts_at_0": "2026-12-01",
        "starts_at_1": "00:00",
        "ends_at_0": "2026-12-13",
        "ends_at_1": "00:00",
        "wait_days": "7",
        "enabled": "on",
        "prizes": "1 500\n2-3 200\n4-10 50.5",
        "winners-TOTAL_FORMS": "0",
        "winners-INITIAL_FORMS": "0",
    }
    wrong = admin_client.post("/admin/distribution/contest/add/", {**typed, "prizes": "第一名 五百"})
    assert "看不懂" in wrong.content.decode()
    admin_client.post("/admin/distribution/contest/add/", typed)
    row = Contest.objects.get()
    found = Prize.objects.filter(contest=row).values_list("first_place", "last_place", "reward_fen")
    assert list(found) == [(1, 1, 50_000), (2, 3, 20_000), (4, 10, 5_050)]
    page = admin_client.get(f"/admin/distribution/contest/{row.pk}/change/").content.decode()
    assert "4-10 50.50" in page


def test_sheets_keep_numbers_as_texts_and_run_nothing(admin_client):
    make.set_rules()
    counter.freight(0)
    promoter, buyer = make.promoter(make.member("=HYPERLINK(1)")), counter.buyer()
    make.bind(buyer[0], promoter)
    order = make.paid(buyer, [(counter.goods(1000), 1)])
    Member.objects.filter(pk=promoter.member_id).update(public_id="00123456")
    report = b"".join(admin_client.get("/admin/distribution/promoter/export-csv/").streaming_content).decode()
    assert "'=HYPERLINK(1)" in report
    assert "00123456\t" in report
    assert ",10.00,1.00,0.00,1.00,10.00," in report  # brought, earned, taken back, net, return
    rows = b"".join(admin_client.get("/admin/distribution/commission/export-csv/").streaming_content).decode()
    assert order.order_no in rows


def test_the_most_active_sharers_stand_by_their_groups(admin_client):
    make.set_rules()
    at = timezone.now()
    busy, quiet = make.member("茶山阿远"), make.member("老徐")
    row = Group.objects.create(name="茶友群", code="tea")
    Membership.objects.create(group=row, member=busy, added_at=at)
    for owner, visitors in ((busy, 3), (quiet, 1)):
        share = shared.share(owner, at=at)
        for _ in range(visitors):
            shares.note_visit(token=share.token, visitor_id="", member=make.member(), at=at)
    told = b"".join(admin_client.get("/admin/distribution/sharer/export-csv/").streaming_content).decode()
    lines = told.splitlines()[1:]
    assert [line.split(",")[0] for line in lines] == ["茶友群", ""]
    assert [line.split(",")[3:] for line in lines] == [
        ["3", "0", "0", "0", "0.00"],
        ["1", "0", "0", "0", "0.00"],
    ]


def test_the_page_of_a_promoter_draws_two_levels(admin_client):
    make.set_rules()
    first, second, buyer = make.chain()
    Member.objects.filter(pk=second.member_id).update(nickname="何知秋")
    Member.objects.filter(pk=buyer[0].pk).update(nickname="罗一帆")
    page = admin_client.get(f"/admin/distribution/promoter/{first.pk}/change/").content.decode()
    assert "何知秋" in page
    assert "└ 罗一帆" in page


def test_money_is_for_the_bookkeeper_and_people_for_marketing():
    may = {
        role: {name for name in found if name.startswith("distribution.")} for role, found in ROLES.items()
    }
    assert {"distribution.adjust_account", "distribution.judge_commission"} <= may["财务"]
    assert "distribution.appoint_promoter" not in may["财务"]
    assert {"distribution.appoint_promoter", "distribution.bind_promoter"} <= may["运营"]
    assert may["运营"].isdisjoint({"distribution.adjust_account", "distribution.judge_commission"})
    assert may["仓库"] == set()
    assert {name.partition("_")[0] for name in may["客服"]} == {"distribution.view"}
