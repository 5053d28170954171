"""Promoters' words and plans of mass issues by their services: one rulebook for forms and programs."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import F

from apps.coupons.models import PromoCode
from apps.coupons.services import jobs as issues
from apps.coupons.services import promo_codes
from mall.errors import Fault, NotFound
from tests.apps.coupons.make import template
from tests.apps.members import make

pytestmark = pytest.mark.django_db


def word(**columns: Any) -> PromoCode:
    return PromoCode(
        **{"code": "chun-2026", "template": template(), "promoter": make.member("小茶"), **columns}
    )


def faults(promo: PromoCode) -> set[str]:
    with pytest.raises(promo_codes.PromoCodeRefused) as refused:
        promo_codes.save(promo)
    return {fault.field for fault in refused.value.faults}


def test_a_word_is_kept_as_members_type_it_and_is_one_persons():
    assert promo_codes.save(word()).code == "CHUN2026"
    assert faults(word()) == {"code"}
    assert faults(word(code="abc")) == {"code"}
    assert faults(word(code="QIU2026", promoter=None)) == {""}
    assert faults(word(code="QIU2026", operator=User.objects.create_user("员工"))) == {""}


def test_whose_redemptions_are_counted_stands_and_their_number_is_left_alone():
    row = promo_codes.save(word())
    PromoCode.objects.filter(pk=row.pk).update(redemptions=F("redemptions") + 3)
    row.enabled = False
    promo_codes.save(row)
    assert PromoCode.objects.values_list("enabled", "redemptions").get(pk=row.pk) == (False, 3)
    row.promoter = make.member("别人")
    assert faults(row) == {"promoter"}


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"audience": "NOBODY"}, Fault("audience", "请选择发放对象")),
        ({"audience": "LEVEL"}, Fault("level", "请选择会员等级")),
        ({"audience": "GROUP"}, Fault("group", "请选择会员分组")),
        ({"audience": "LIST", "listed": False}, Fault("numbers", "请填写会员编号或上传文件")),
    ],
)
def test_a_mass_issue_says_who_is_meant(said: dict[str, Any], fault: Fault):
    with pytest.raises(issues.IssueRefused) as refused:
        issues.check_audience(**said)
    assert refused.value.faults == (fault,)
    with pytest.raises(NotFound):
        issues.check_audience(audience="LEVEL", level_id=999_999)
