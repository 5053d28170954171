"""One rulebook for coupon templates: what the form refuses the service refuses, with the same words at the same field."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.base.models import AuditEntry
from apps.catalog import scopes
from apps.coupons.drafts import TemplateDraft, plain_fields
from apps.coupons.models import Template
from apps.coupons.services import templates
from mall.errors import NotFound
from tests.apps.catalog.make import product
from tests.apps.coupons.make import AT, coupon, template
from tests.apps.coupons.test_admin import ADD, moment, typed
from tests.apps.members import make as members

pytestmark = pytest.mark.django_db


def day(number: int) -> datetime:
    """Midnight of a day of January 2026 in Shanghai."""
    return datetime(2025, 12, 31, 16, tzinfo=UTC) + timedelta(days=number - 1)


def draft(**figures: Any) -> TemplateDraft:
    """What ``typed`` says, as a program says it: 满50减10, good for 7 days."""
    plain = {} if "kind" in figures else {"kind": "THRESHOLD", "threshold_fen": 5000, "off_fen": 1000}
    return TemplateDraft(**{"name": "满50减10", "valid_days": 7, "visible": True, **plain, **figures})


def of_row(row: Template) -> TemplateDraft:
    plain = {name: getattr(row, name) for name in plain_fields()}
    return TemplateDraft(template_id=row.pk, goods=scopes.of_row(row), **plain)


# (what an operator types, what a program says, the field, the reason)
REFUSED: list[tuple[dict[str, Any], dict[str, Any], str, str]] = [
    ({"off_fen": ""}, {"off_fen": None}, "", "请填写减免金额"),
    ({"off_fen": "60"}, {"off_fen": 6000}, "", "优惠金额不能超过门槛金额"),
    ({"off_fen": "0"}, {"off_fen": 0}, "", "优惠券金额必须大于 0"),
    ({"threshold_fen": ""}, {"threshold_fen": 0}, "", "没有门槛请选择"),
    ({"name": "长" * 31}, {"name": "长" * 31}, "name", "30"),
    ({"kind": "PERCENT"}, {"kind": "PERCENT"}, "", "请填写折扣"),
    (
        {"kind": "PERCENT", "off_bp": "9", "cap_fen": "0"},
        {"kind": "PERCENT", "off_bp": 1000, "cap_fen": 0},
        "",
        "最高优惠金额必须大于 0",
    ),
    (
        {"kind": "FREIGHT", "scope": "PRODUCTS"},
        {"kind": "FREIGHT", "channel": "ONLINE", "goods": scopes.Goods(kind="PRODUCTS")},
        "",
        "运费券针对整单运费",
    ),
    ({"scope": "PRODUCTS"}, {"goods": scopes.Goods(kind="PRODUCTS")}, "", "请至少选择一项适用商品"),
    ({"scope": "BRANDS"}, {"goods": scopes.Goods(kind="BRANDS")}, "", "请至少选择一项适用商品"),
    ({"valid_days": ""}, {"valid_days": None}, "valid_until", "请填写有效期起止时间，或领取后有效天数"),
    ({"valid_days": "0"}, {"valid_days": 0}, "valid_days", "领取后有效天数应为 1 到 3650"),
    ({"valid_days": "3651"}, {"valid_days": 3651}, "valid_days", "领取后有效天数应为 1 到 3650"),
    (moment("valid_from", "2026-01-01"), {"valid_from": day(1)}, "valid_days", "只能选一种"),
    (
        {"valid_days": "", **moment("valid_from", "2026-01-02"), **moment("valid_until", "2026-01-02")},
        {"valid_days": None, "valid_from": day(2), "valid_until": day(2)},
        "valid_until",
        "有效期结束必须晚于开始",
    ),
    (
        {**moment("claim_from", "2026-01-02"), **moment("claim_until", "2026-01-01")},
        {"claim_from": day(2), "claim_until": day(1)},
        "claim_until",
        "领取结束时间必须晚于领取开始时间",
    ),
    (
        {
            "valid_days": "",
            **moment("valid_from", "2026-01-01"),
            **moment("valid_until", "2026-01-02"),
            **moment("claim_from", "2026-01-03"),
        },
        {"valid_days": None, "valid_from": day(1), "valid_until": day(2), "claim_from": day(3)},
        "claim_from",
        "领取开始时优惠券已过期",
    ),
    ({"per_member": "0"}, {"per_member": 0}, "per_member", "每人限领至少 1 张"),
    ({"quota": "-1"}, {"quota": -1}, "quota", "最小为 0。"),
    ({"occasion": "ORDER_GIFT"}, {"occasion": "ORDER_GIFT"}, "gift_from_fen", "请填写订单满额"),
]


@pytest.mark.parametrize(("as_typed", "as_said", "field", "reason"), REFUSED, ids=[row[3] for row in REFUSED])
def test_form_and_service_refuse_the_same_with_the_same_words_at_the_same_field(
    admin_client: Client, as_typed: dict[str, Any], as_said: dict[str, Any], field: str, reason: str
) -> None:
    with pytest.raises(templates.TemplateRefused) as refused:
        templates.save(draft(**as_said), at=AT)
    assert [fault.field for fault in refused.value.faults if reason in fault.text] == [field]

    answer = admin_client.post(ADD, typed(**as_typed))
    assert answer.status_code == 200
    shown = answer.context["adminform"].form.errors
    assert reason in "".join(shown.get(field or "__all__", ()))
    assert not Template.objects.exists()


@pytest.mark.parametrize(
    ("as_said", "field", "reason"),
    [
        ({"kind": "LOTTERY"}, "kind", "LOTTERY"),
        ({"goods": scopes.Goods(kind="PRODUCTS", ids=frozenset({9}))}, "products", "商品不存在：9"),
        ({"kind": "FREIGHT", "channel": "BOTH"}, "channel", "运费券只能线上使用"),
        ({"off_bp": 1500}, "off_bp", "此类型的优惠券不使用这一项"),
        ({"gift_from_fen": 1}, "gift_from_fen", "此类型的优惠券不使用这一项"),
        ({"level_ids": [9]}, "levels", "会员等级不存在"),
        ({"group_ids": [9]}, "groups", "会员分组不存在"),
    ],
)
def test_what_no_form_can_say_is_refused_to_a_program(
    db: None, as_said: dict[str, Any], field: str, reason: str
) -> None:
    with pytest.raises(templates.TemplateRefused) as refused:
        templates.save(draft(**as_said), at=AT)
    [found] = refused.value.faults
    assert (found.field, reason in found.text) == (field, True)
    assert not Template.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"off_fen": 2000}, "off_fen"),
        ({"valid_days": 8}, "valid_days"),
        ({"combines": False}, "combines"),
        ({"channel": "STORE"}, "channel"),
    ],
)
def test_what_a_coupon_is_worth_stands_still_for_programs_too_once_one_was_issued(
    db: None, change: dict[str, Any], field: str
) -> None:
    row = template()
    coupon(of=row)
    with pytest.raises(templates.TemplateRefused) as refused:
        templates.save(replace(of_row(row), **change), at=AT)
    assert [fault.field for fault in refused.value.faults] == [field]
    goods = replace(of_row(row), goods=scopes.meant(product_ids=[product().pk]))
    with pytest.raises(templates.TemplateRefused) as refused:
        templates.save(goods, at=AT)
    assert [fault.field for fault in refused.value.faults] == ["scope"]


def test_fewer_than_were_issued_cannot_be_the_quota(db: None) -> None:
    row = template(quota=5)
    coupon(of=row)
    with pytest.raises(templates.TemplateRefused) as refused:
        templates.save(replace(of_row(row), quota=0), at=AT)
    assert [fault.field for fault in refused.value.faults] == ["quota"]
    assert templates.save(replace(of_row(row), quota=1, name="满50减10 限量"), at=AT).issued == 1


def test_a_draft_is_made_published_changed_in_place_and_its_operator_is_written_down(
    admin_user: User,
) -> None:
    gold = members.level("金卡", rank=2)
    made = templates.save(draft(level_ids=[gold.pk]), at=AT, operator=admin_user)
    assert (made.status, [level.pk for level in made.levels.all()]) == ("DRAFT", [gold.pk])
    templates.publish(template_id=made.pk)
    changed = replace(of_row(Template.objects.get()), name="满50减15", off_fen=1500)
    templates.save(changed, at=AT, operator=admin_user)
    row = Template.objects.get()
    assert (row.pk, row.status, row.off_fen, row.levels.count()) == (made.pk, "LIVE", 1500, 0)
    assert list(AuditEntry.objects.order_by("pk").values_list("action", "note")) == [
        ("新建优惠券模板", ""),
        ("修改优惠券模板", "名称、减免金额（分）"),
    ]


def test_a_template_that_is_not_there_cannot_be_changed(db: None) -> None:
    with pytest.raises(NotFound):
        templates.save(draft(template_id=9), at=AT)
    assert not Template.objects.exists()
