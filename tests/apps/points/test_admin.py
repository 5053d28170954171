"""The operators' pages of points: ledgers to read, rules that refuse nonsense, corrections with a reason."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from apps.coupons.services import templates
from apps.points import services as points
from apps.points.models import Account, Entry, InteractionRule, PointsGood, Rules
from tests.apps.catalog import make as catalog
from tests.apps.coupons import make as coupons
from tests.apps.points import make
from tests.apps.points.make import NOW

pytestmark = pytest.mark.django_db
ACCOUNT = "/admin/points/account/"
RULES = {
    "points_per_yuan": 1,
    "growth_per_yuan": 1,
    "expiry": "MONTHS",
    "expiry_months": 6,
    "remind_days": 7,
    "check_in_points": 2,
    "streak_days": 7,
    "streak_bonus": 10,
    "deduction_points_per_yuan": 100,
    "deduction_cap_bp": "50",
}


def correct(page: Client, owner: Any, **typed: Any) -> Any:
    account = Account.objects.get(member=owner)
    always = {"reason": "补偿", "token": str(uuid4()), "step": "confirm"}
    return page.post(f"{ACCOUNT}{account.pk}/correct/", {**always, **typed}, follow=True)


def test_points_are_given_and_taken_by_hand_once_a_page_with_who_and_why(
    admin_client: Client, admin_user: User
) -> None:
    owner, token = make.member(10), str(uuid4())
    for _ in range(2):
        assert "已调整 +50 积分" in correct(admin_client, owner, change=50, token=token).content.decode()
    assert make.standing(owner) == (60, 0)
    entry = Entry.objects.get(kind="GRANT", reason="补偿")
    assert (entry.operator, entry.change) == (admin_user, 50)

    correct(admin_client, owner, change=-70)
    assert make.standing(owner) == (0, 10)


def test_a_correction_is_shown_with_what_the_member_has_and_owes_afterwards_before_it_is_booked(
    admin_client: Client,
) -> None:
    owner = make.member(50)
    for step in ({"step": "preview"}, {"step": ""}):
        facts = dict(correct(admin_client, owner, change=-1_000_000, **step).context["facts"])
        assert (facts["目前余额"], facts["调整后余额"]) == ("50", "0")
        assert (facts["目前欠积分"], facts["调整后欠积分"]) == ("0", "999,950")
        assert facts["原因"] == "补偿"
        assert make.standing(owner) == (50, 0)
        assert not Entry.objects.filter(reason="补偿").exists()


@pytest.mark.parametrize(
    "typed",
    [
        {"change": 0},
        {"change": "1.5"},
        {"change": -1_000_001},
        {"change": 10**30},
        {"change": 5, "reason": " "},
    ],
)
def test_a_senseless_correction_is_refused(admin_client: Client, typed: dict[str, Any]) -> None:
    owner = make.member(10)
    assert correct(admin_client, owner, **typed).status_code == 200
    assert make.standing(owner) == (10, 0)


def test_who_may_only_look_corrects_nothing(client: Client) -> None:
    looker = User.objects.create_user("looker", password="x", is_staff=True)
    looker.user_permissions.add(
        Permission.objects.get(codename="view_account", content_type__app_label="points")
    )
    client.force_login(looker)
    owner = make.member(10)
    assert client.get(ACCOUNT).status_code == 200
    assert correct(client, owner, change=5).status_code == 403
    assert make.standing(owner) == (10, 0)


def test_the_rules_are_one_row_that_shows_what_is_in_force_before_anybody_saved_it(
    admin_client: Client,
) -> None:
    shown = admin_client.get("/admin/points/rules/", follow=True)
    assert shown.redirect_chain == [("/admin/points/rules/1/change/", 302)]
    assert 'name="deduction_points_per_yuan" value="100"' in shown.content.decode()
    assert not Rules.objects.exists()
    assert admin_client.post("/admin/points/rules/1/change/", RULES).status_code == 302
    assert (Rules.objects.get().pk, Rules.objects.get().check_in_points) == (1, 2)
    assert admin_client.get("/admin/points/rules/add/").status_code == 403
    assert (
        admin_client.post("/admin/points/rules/1/change/", {**RULES, "check_in_points": 3}).status_code == 302
    )
    assert Rules.objects.get().check_in_points == 3


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ({"points_per_yuan": 101}, "请填写 0 到 100 之间的整数"),
        ({"deduction_cap_bp": "100.01"}, "请填写 0 到 100 之间的数"),
        ({"expiry_months": 0}, "请填写 1 到 120 之间的整数"),
        ({"streak_days": 1}, "请填写 2 到 31 之间的整数"),
        ({"points_per_yuan": 100}, "等于白送"),
        ({"points_per_yuan": -1}, "最小为"),
    ],
)
def test_rules_that_no_shop_can_mean_are_refused(
    admin_client: Client, typed: dict[str, Any], reason: str
) -> None:
    answer = admin_client.post("/admin/points/rules/1/change/", {**RULES, **typed})
    assert answer.status_code == 200
    assert reason in answer.content.decode()
    assert not Rules.objects.exists()


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ({"kind": "PROFILE", "points": 10, "daily_cap": 1}, "只能奖励一次"),
        ({"kind": "REVIEW", "points": 10, "daily_cap": 0}, "无限刷积分"),
        ({"kind": "REVIEW", "points": 0, "daily_cap": 1}, "必须大于 0"),
        ({"kind": "REVIEW", "points": 1001, "daily_cap": 1}, "不能超过 1000"),
    ],
)
def test_a_reward_without_end_is_refused(admin_client: Client, typed: dict[str, Any], reason: str) -> None:
    answer = admin_client.post("/admin/points/interactionrule/add/", {"growth": 0, "enabled": "on", **typed})
    assert reason in answer.content.decode()
    assert not InteractionRule.objects.exists()


def good(**typed: Any) -> dict[str, Any]:
    window = {
        "starts_at_0": "2026-03-01",
        "starts_at_1": "00:00",
        "ends_at_0": "2026-04-01",
        "ends_at_1": "0:00",
    }
    return {
        "kind": "COUPON",
        "title": "5 元券",
        "points": 500,
        "per_member": 0,
        "position": 0,
        "coupon_template_id": "",
        **window,
        **typed,
    }


def test_a_coupon_and_a_good_are_put_on_the_shelf(admin_client: Client) -> None:
    sku, template = catalog.sku(price_fen=5_000), coupons.template()
    typed = good(kind="SKU", sku=sku.code, money_fen="9.90", coupon_template_id="")
    for filled in (good(coupon_template_id=template.pk), typed):
        assert admin_client.post("/admin/points/pointsgood/add/", filled).status_code == 302
    shelf = PointsGood.objects.order_by("id").values_list("kind", "sku_id", "coupon_template_id", "money_fen")
    assert list(shelf) == [("COUPON", None, template.pk, 0), ("SKU", sku.pk, None, 990)]


def test_a_coupon_is_chosen_by_name_among_those_that_are_issued(admin_client: Client) -> None:
    issued, stopped = coupons.template(name="五元券"), coupons.template(name="停发券")
    templates.stop(template_id=stopped.pk)
    page = admin_client.get("/admin/points/pointsgood/add/").content.decode()
    assert (f"五元券（{issued.pk}）" in page, "停发券" in page) == (True, False)
    refused = admin_client.post("/admin/points/pointsgood/add/", good(coupon_template_id=stopped.pk))
    assert "该优惠券模板不存在或未在发放" in refused.content.decode()
    assert not PointsGood.objects.exists()


def test_a_good_whose_template_was_stopped_can_still_be_changed(admin_client: Client) -> None:
    template = coupons.template()
    row = make.coupon_good(500, coupon_template_id=template.pk)
    templates.stop(template_id=template.pk)
    typed = good(coupon_template_id=row.coupon_template_id, points=600)
    assert admin_client.post(f"/admin/points/pointsgood/{row.pk}/change/", typed).status_code == 302
    row.refresh_from_db()
    assert row.points == 600


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ({"points": 0}, "所需积分必须大于 0"),
        ({"coupon_template_id": ""}, "请选择优惠券模板"),
        ({"money_fen": "5"}, "优惠券只用积分兑换"),
        ({"kind": "SKU"}, "请填写商家编码"),
        ({"kind": "SKU", "sku": "NO-SUCH"}, "没有这个商家编码的 SKU"),
        ({"ends_at_0": "2026-02-01"}, "结束时间必须晚于开始时间"),
    ],
)
def test_a_good_that_is_no_one_thing_is_refused(
    admin_client: Client, typed: dict[str, Any], reason: str
) -> None:
    answer = admin_client.post("/admin/points/pointsgood/add/", good(**typed))
    assert reason in answer.content.decode()
    assert not PointsGood.objects.exists()


@pytest.mark.parametrize(
    "path",
    ["account", "entry", "spending", "checkin", "redemption", "pointsgood", "interactionrule"],
)
def test_every_list_takes_the_same_number_of_statements_for_one_row_and_ten(
    admin_client: Client, path: str, django_assert_max_num_queries: Any
) -> None:
    shelf = make.coupon_good(1)
    make.rules()
    make.interaction()

    def add(number: int) -> None:
        owner = make.member(10)
        make.hold(owner, f"SO{number}", 1)
        points.check_in(member_id=owner.pk, at=NOW)
        points.redeem_coupon(member_id=owner.pk, good_id=shelf.pk, quantity=1, idempotency_key="k", at=NOW)
        make.coupon_good(1)

    def statements() -> int:
        with django_assert_max_num_queries(40) as counted:
            assert admin_client.get(f"/admin/points/{path}/").status_code == 200
        return len(counted)

    add(0)
    statements()  # the first page of a session notes that it was used
    one = statements()
    for number in range(1, 10):
        add(number)
    assert statements() == one


def test_the_figures_are_shown_and_cannot_be_typed(admin_client: Client) -> None:
    owner = make.member(10)
    account = Account.objects.get(member=owner)
    shown = admin_client.get(f"{ACCOUNT}{account.pk}/change/").content.decode()
    assert 'name="balance"' not in shown
    assert admin_client.post(f"{ACCOUNT}{account.pk}/change/", {"balance": 99}).status_code == 403
