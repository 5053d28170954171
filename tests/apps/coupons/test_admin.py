"""The operators' pages of coupons: forms that refuse with reasons, buttons that call services."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from apps.base.models import AuditEntry
from apps.coupons.models import Code, CodeBatch, Coupon, IssueJob, PromoCode, Template
from apps.coupons.services import codes
from apps.coupons.services import jobs as issues
from apps.members.models import Group
from apps.members.services import groups
from tests.apps.catalog.make import product
from tests.apps.coupons.make import AT, coupon, template
from tests.apps.members import make

pytestmark = pytest.mark.django_db
BASE = "/admin/coupons/"
ADD = f"{BASE}template/add/"


def typed(**figures: Any) -> dict[str, Any]:
    return {
        "name": "满50减10",
        "kind": "THRESHOLD",
        "threshold_fen": "50",
        "off_fen": "10",
        "combines": "on",
        "scope": "ALL",
        "channel": "BOTH",
        "valid_days": "7",
        "per_member": "1",
        "occasion": "NONE",
        "visible": "on",
        **figures,
    }


def moment(name: str, day: str) -> dict[str, str]:
    return {f"{name}_0": day, f"{name}_1": "00:00:00"}


def said(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_template_is_typed_in_yuan_and_starts_as_a_draft(admin_client: Client):
    answer = admin_client.post(ADD, typed(quota="100"))
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    row = Template.objects.get()
    assert (row.threshold_fen, row.off_fen, row.valid_days, row.quota) == (5000, 1000, 7, 100)
    assert row.status == "DRAFT"


def test_a_discount_is_typed_as_it_is_said(admin_client: Client):
    admin_client.post(ADD, typed(kind="PERCENT", off_bp="8.5", cap_fen="20"))
    row = Template.objects.get()
    assert (row.off_bp, row.cap_fen, row.off_fen) == (1500, 2000, None)


@pytest.mark.parametrize(
    ("figures", "reason"),
    [
        ({"off_fen": ""}, "请填写减免金额"),
        ({"off_fen": "60"}, "优惠金额不能超过门槛金额"),
        ({"off_fen": "0"}, "优惠券金额必须大于 0"),
        ({"off_fen": "-5"}, "请填写金额"),
        ({"off_fen": "１０"}, "请填写金额"),
        ({"threshold_fen": ""}, "没有门槛请选择"),
        ({"kind": "PERCENT"}, "请填写折扣"),
        ({"kind": "PERCENT", "off_bp": "85"}, "请填写 0 到 10 之间的折扣"),
        ({"kind": "PERCENT", "off_bp": "9", "cap_fen": "0"}, "最高优惠金额必须大于 0"),
        ({"kind": "FREIGHT", "scope": "PRODUCTS"}, "运费券针对整单运费"),
        ({"kind": "LOTTERY"}, "LOTTERY"),
        ({"scope": "PRODUCTS"}, "请至少选择一项适用商品"),
        ({"scope": "BRANDS"}, "请至少选择一项适用商品"),
        ({"valid_days": ""}, "请填写有效期起止时间，或领取后有效天数"),
        ({"valid_days": "0"}, "领取后有效天数应为 1 到 3650"),
        ({"valid_days": "1.5"}, "输入整数"),
        (moment("valid_from", "2026-01-01"), "只能选一种"),
        (
            {"valid_days": "", **moment("valid_from", "2026-01-02"), **moment("valid_until", "2026-01-02")},
            "有效期结束必须晚于开始",
        ),
        (
            {**moment("claim_from", "2026-01-02"), **moment("claim_until", "2026-01-01")},
            "领取结束时间必须晚于领取开始时间",
        ),
        (
            {
                "valid_days": "",
                **moment("valid_from", "2026-01-01"),
                **moment("valid_until", "2026-01-02"),
                **moment("claim_from", "2026-01-03"),
            },
            "领取开始时优惠券已过期",
        ),
        ({"per_member": "0"}, "每人限领至少 1 张"),
        ({"quota": "-1"}, "最小为 0。"),
        ({"occasion": "ORDER_GIFT"}, "请填写订单满额"),
        (
            {"name": "", **moment("claim_from", "2026-01-02"), **moment("claim_until", "2026-01-01")},
            "请填写此项",
        ),
        (moment("claim_from", "0001-01-01"), "年份应在 1900 年之后"),
        (moment("claim_until", "0202-01-01"), "年份应在 1900 年之后"),
    ],
)
def test_what_nobody_could_explain_is_refused_with_the_reason(
    admin_client: Client, figures: dict[str, Any], reason: str
):
    answer = admin_client.post(ADD, typed(**figures))
    assert answer.status_code == 200
    assert reason in said(answer)
    # What the service says in words, the database's constraint does not say once more without.
    assert "约束" not in said(answer) and "互相矛盾" not in said(answer)
    assert not Template.objects.exists()


def test_figures_of_another_kind_and_goods_outside_the_scope_are_not_kept(admin_client: Client):
    answer = admin_client.post(
        ADD, typed(kind="NO_THRESHOLD", off_bp="nonsense", cap_fen="5", products=[product().pk])
    )
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    row = Template.objects.get()
    assert (row.threshold_fen, row.off_bp, row.cap_fen, row.products.count()) == (0, None, None, 0)


def test_a_template_goes_live_and_is_stopped_by_button(admin_client: Client):
    row = template(live=False)
    for button, status in (("stop", "DRAFT"), ("publish", "LIVE"), ("stop", "STOPPED"), ("publish", "LIVE")):
        assert admin_client.get(f"{BASE}template/{row.pk}/{button}/").status_code == 200
        answer = admin_client.post(f"{BASE}template/{row.pk}/{button}/", follow=True)
        assert answer.status_code == (409 if status == "DRAFT" else 200)
        row.refresh_from_db()
        assert row.status == status
        assert ("草稿尚未上线" in said(answer)) == (status == "DRAFT")
    assert "已上线" in said(answer)


def test_what_a_coupon_is_worth_stands_still_once_one_was_issued(admin_client: Client):
    row = template(quota=5)
    coupon(of=row)
    page = f"{BASE}template/{row.pk}/change/"
    assert admin_client.post(page, typed(off_fen="20", quota="9")).status_code == 302
    row.refresh_from_db()
    assert (row.off_fen, row.quota) == (1000, 9)
    answer = admin_client.post(page, typed(quota="0"))
    assert "发放总量不能少于已发放的 1 张" in said(answer)


def test_a_mass_issue_by_typed_numbers_and_an_uploaded_file(admin_client: Client, admin_user: User):
    row, one, two = template(), make.member(), make.member()
    upload = SimpleUploadedFile("名单.csv", f"\ufeff{two.public_id},小王\r\nNOBODY,x\r\n".encode())
    form = {
        "audience": "LIST",
        "numbers": one.public_id,
        "upload": upload,
        "reason": "周年庆",
        "token": str(uuid4()),
    }
    page = f"{BASE}template/{row.pk}/issue/"
    asked = admin_client.post(page, form)
    assert "2 人，每人一张" in said(asked) and "1 个，不发放" in said(asked)
    assert not IssueJob.objects.exists()
    # The browser does not send the file again: it waits under a token.
    again = dict(asked.context["typed"])
    assert "upload" not in again
    answer = admin_client.post(page, {**again, "step": "confirm"}, follow=True)
    assert "已开始发放，共 2 人，1 个编号无法识别" in said(answer)
    job = IssueJob.objects.get()
    assert job.operator == admin_user
    issues.advance_due(at=AT)
    assert set(Coupon.objects.values_list("member_id", flat=True)) == {one.pk, two.pk}
    assert "2 / 2（100%）" in said(admin_client.get(f"{BASE}issuejob/"))


def test_a_mass_issue_to_a_group(admin_client: Client):
    row, one, _ = template(), make.member(), make.member()
    club = Group.objects.create(name="茶友会")
    groups.add(group_id=club.pk, member_numbers=[one.public_id], at=AT)
    form = {"audience": "GROUP", "group": club.pk, "reason": "茶会", "token": str(uuid4())}
    asked = admin_client.post(f"{BASE}template/{row.pk}/issue/", form)
    assert "1 人，每人一张" in said(asked) and "茶友会" in said(asked)
    answer = admin_client.post(f"{BASE}template/{row.pk}/issue/", {**form, "step": "confirm"}, follow=True)
    assert "已开始发放，共 1 人" in said(answer) and "茶友会" in said(answer)
    issues.advance_due(at=timezone.now())
    assert Coupon.objects.get().member == one


def test_a_freight_coupon_is_kept_for_the_mini_program_whatever_was_chosen(admin_client: Client):
    answer = admin_client.post(ADD, typed(kind="FREIGHT", channel="STORE", threshold_fen="", off_fen="6"))
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert Template.objects.get().channel == "ONLINE"


def test_a_template_is_kept_for_a_group_in_the_admin(admin_client: Client):
    club = Group.objects.create(name="茶友会")
    admin_client.post(ADD, typed(groups=[club.pk]))
    assert list(Template.objects.get().groups.all()) == [club]


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"audience": "LEVEL", "reason": "x"}, "请选择会员等级"),
        ({"audience": "GROUP", "reason": "x"}, "请选择会员分组"),
        ({"audience": "LIST", "reason": "x"}, "请填写会员编号或上传文件"),
        ({"audience": "LIST", "numbers": "NOBODY", "reason": "x"}, "没有符合条件的会员"),
        ({"audience": "ALL"}, "请填写此项"),
        ({"audience": "MARS", "reason": "x"}, "MARS"),
        ({"audience": "", "reason": "x"}, "请填写此项"),
    ],
)
def test_a_mass_issue_to_nobody_is_refused_with_the_reason(admin_client: Client, form, reason):
    answer = admin_client.post(
        f"{BASE}template/{template().pk}/issue/", {**form, "token": str(uuid4()), "step": "confirm"}
    )
    assert answer.status_code in {200, 409}
    assert reason in said(answer)
    assert not IssueJob.objects.exists()


def test_a_mass_issue_is_stopped_by_button(admin_client: Client):
    make.member()
    job = issues.start(
        template_id=template().pk, audience="ALL", reason="误点", operator=None, at=timezone.now()
    )
    admin_client.get(f"{BASE}issuejob/{job.pk}/stop/")
    job.refresh_from_db()
    assert job.status == "RUNNING"
    admin_client.post(f"{BASE}issuejob/{job.pk}/stop/")
    job.refresh_from_db()
    assert job.status == "STOPPED"


def test_codes_are_ordered_made_and_exported_with_an_audit_entry(admin_client: Client):
    row = template(quota=20)
    form = {"name": "展会", "size": "12", "token": str(uuid4())}
    for _ in range(2):
        assert admin_client.post(f"{BASE}template/{row.pk}/make-codes/", form).status_code == 302
    codes.make_due()
    batch = CodeBatch.objects.get()
    answer = admin_client.get(f"{BASE}codebatch/{batch.pk}/export/")
    lines = b"".join(answer.streaming_content).decode().split()  # type: ignore[attr-defined]
    assert lines[1:] == [f"{code}," for code in Code.objects.order_by("pk").values_list("code", flat=True)]
    entry = AuditEntry.objects.get(action="导出兑换码")
    assert (entry.action, entry.subject) == ("导出兑换码", f"兑换码批次 {batch.pk}")
    more = {**form, "token": str(uuid4())}
    again = admin_client.post(f"{BASE}template/{row.pk}/make-codes/", more)
    assert again.status_code == 409
    assert "优惠券已领完" in said(again)


def test_a_coupon_is_read_with_its_moves_and_taken_away_by_button(admin_client: Client):
    row = coupon()
    page = f"{BASE}coupon/{row.pk}/revoke/"
    assert "请填写此项" in said(admin_client.post(page, {"reason": ""}))
    assert admin_client.post(page, {"reason": "刷单收回"}).status_code == 302
    row.refresh_from_db()
    assert row.status == "REVOKED"
    shown = said(admin_client.get(f"{BASE}coupon/{row.pk}/change/"))
    assert "刷单收回" in shown
    assert admin_client.post(f"{BASE}coupon/{row.pk}/change/", {"status": "AVAILABLE"}).status_code == 403


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"code": "小王"}, "推广码应为 4 到 20 位字母或数字"),
        ({"code": "AB-C"}, "推广码应为 4 到 20 位字母或数字"),
        ({"code": "wang-2026"}, "推广会员和员工请选择其中一个"),
        ({"code": "WANG2026", "promoter": "NOBODY"}, "没有这个编号的会员"),
    ],
)
def test_a_promo_code_that_nobody_could_tell_or_that_is_nobodys_is_refused(admin_client, form, reason):
    answer = admin_client.post(f"{BASE}promocode/add/", {"template": template().pk, **form})
    assert reason in said(answer)
    assert not PromoCode.objects.exists()


def test_a_promo_code_is_kept_as_members_will_type_it(admin_client: Client):
    form = {"template": template().pk, "code": "wang-2026", "promoter": make.member().public_id}
    assert admin_client.post(f"{BASE}promocode/add/", {**form, "enabled": "on"}).status_code == 302
    assert PromoCode.objects.get().code == "WANG2026"
    again = admin_client.post(f"{BASE}promocode/add/", form)
    assert "这个推广码已被使用" in said(again)


@pytest.mark.parametrize("page", ["template", "coupon", "issuejob", "codebatch", "promocode"])
def test_a_long_list_takes_no_more_statements_than_a_short_one(
    admin_client: Client, page: str, django_assert_max_num_queries: Any
):
    for number in range(12):
        row = template(f"券{number}")
        coupon(of=row)
        PromoCode.objects.create(code=f"CODE{number}", template=row, promoter=make.member())
        codes.create_batch(template_id=row.pk, name="批", size=1, operator=None, at=AT)
        issues.start(template_id=row.pk, audience="ALL", reason="x", operator=None, at=AT)
    with django_assert_max_num_queries(15):
        assert admin_client.get(f"{BASE}{page}/").status_code == 200


def test_an_operator_who_may_only_look_can_do_nothing(client: Client):
    looker = User.objects.create_user("looker", is_staff=True)
    looker.user_permissions.set(
        Permission.objects.filter(content_type__app_label="coupons", codename__startswith="view_")
    )
    client.force_login(looker)
    row, mine = template(live=False), coupon()
    batch = codes.create_batch(template_id=mine.template_id, name="批", size=1, operator=None, at=AT)
    for path in (
        *(f"template/{row.pk}/{act}/" for act in ("publish", "issue", "make-codes")),
        f"coupon/{mine.pk}/revoke/",
        f"codebatch/{batch.pk}/export/",
    ):
        assert client.post(f"{BASE}{path}").status_code == 403, path
    assert client.get(f"{BASE}template/").status_code == 200
