"""Campaigns as data: what a file says is made through the rooms' own services, all of it or nothing."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.coupons.models import Template
from apps.distribution.services import rules
from tests.apps.catalog import make

pytestmark = pytest.mark.django_db

COUPON = {
    "code": "SPRING-10",
    "title": "春茶满百减十",
    "kind": "THRESHOLD",
    "threshold_fen": 100_00,
    "off_fen": 10_00,
    "total": 500,
    "per_member": 2,
    "valid_days": 7,
    "claimable": True,
}


def load(said: Any, tmp_path: Path) -> tuple[Any, list[str]]:
    """What loading prints, and its faults."""
    file = tmp_path / "campaigns.json"
    file.write_text(said if isinstance(said, str) else json.dumps(said), encoding="utf-8")
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("load_campaigns", str(file), stdout=out, stderr=err)
    except CommandError:
        assert out.getvalue() == ""
        return None, err.getvalue().splitlines()
    return json.loads(out.getvalue()), err.getvalue().splitlines()


def dump() -> Any:
    out = io.StringIO()
    call_command("dump_campaigns", stdout=out)
    return json.loads(out.getvalue())


def test_a_coupon_is_made_live_and_a_second_file_changes_the_same_one(tmp_path: Path):
    printed, _ = load({"coupons": [COUPON]}, tmp_path)
    row = Template.objects.get()
    assert printed == {"coupons": {"SPRING-10": row.pk}}
    assert (row.status, row.quota, row.visible) == ("LIVE", 500, True)
    again, _ = load({"coupons": [COUPON | {"total": 600}]}, tmp_path)
    assert again == printed
    assert Template.objects.get().quota == 600


def test_a_coupon_for_single_skus_is_made_and_dumped_as_such(tmp_path: Path):
    sku = make.sku()
    load({"coupons": [COUPON | {"scope": {"sku_ids": [sku.pk]}}]}, tmp_path)
    row = Template.objects.get()
    assert (row.scope, [one.pk for one in row.skus.all()]) == ("SKUS", [sku.pk])
    assert dump()["coupons"][0]["scope"]["sku_ids"] == [sku.pk]


def test_what_is_dumped_loads_as_it_was(tmp_path: Path):
    load({"coupons": [COUPON]}, tmp_path)
    written = dump()
    assert written["coupons"] == [
        COUPON | {"scope": {"product_ids": [], "sku_ids": [], "category_ids": [], "brand_ids": []}}
    ]
    printed, faults = load(written, tmp_path)
    assert (list(printed["coupons"]), faults) == (["SPRING-10"], [])
    assert dump() == written


def test_every_fault_is_told_with_its_place_and_nothing_is_made(tmp_path: Path):
    wrong = {
        "coupons": [
            COUPON,
            COUPON | {"code": "B", "off_fen": "10", "colour": "red"},
            COUPON | {"code": "C", "kind": "PERCENT", "off_fen": None, "off_bp": None},
            COUPON,
        ],
        "lucky": [],
    }
    printed, faults = load(wrong, tmp_path)
    assert printed is None
    assert "coupons[1].off_fen: 应为整数" in faults
    assert "coupons[1].colour: 没有这一项" in faults
    assert "lucky: 没有这一部分" in faults
    assert "coupons[3]: 编码 SPRING-10 出现了两次" in faults
    assert any(fault.startswith("coupons[2]") for fault in faults)
    assert Template.objects.count() == 0


@pytest.mark.parametrize(
    "said, fault",
    [
        ("{", "不是 JSON"),
        pytest.param("[" * 100_000, "不是 JSON", id="deep"),
        ("[]", "应为一个对象"),
        ('{"coupons": {}}', "coupons: 应为列表"),
        ('{"coupons": [1]}', "coupons[0]: 应为对象"),
    ],
)
def test_what_is_no_such_file_is_refused(said: str, fault: str, tmp_path: Path):
    printed, faults = load(said, tmp_path)
    assert printed is None
    assert fault in faults[0]


def test_times_need_an_offset(tmp_path: Path):
    timed = {key: value for key, value in COUPON.items() if key != "valid_days"}
    timed |= {"starts_at": "2026-11-28T10:00:00", "ends_at": "2026-12-28T10:00:00+08:00"}
    assert load({"coupons": [timed]}, tmp_path)[1][0].startswith("coupons[0].starts_at: 时间须带时区")


@pytest.mark.parametrize(
    "said, fault",
    [
        ({"starts_at": 1_795_890_851}, "时间应为带时区的 ISO 8601 文字"),
        ({"starts_at": "0001-01-01T00:00:00+10:00"}, "时间应在 2000 年到 2199 年之间"),
        ({"starts_at": "9999-12-31T23:59:59Z"}, "时间应在 2000 年到 2199 年之间"),
        ({"title": "\u200b"}, "不能为空"),
        ({"kind": "PERCENT", "off_bp": 1_000, "threshold_fen": 0}, "此类型的优惠券不使用这一项"),
    ],
)
def test_what_would_break_the_shop_or_be_dropped_in_silence_is_told(
    said: dict[str, Any], fault: str, tmp_path: Path
):
    printed, faults = load({"coupons": [COUPON | said]}, tmp_path)
    assert printed is None
    assert fault in faults[0]


def test_a_name_that_is_said_twice_is_a_fault(tmp_path: Path):
    assert "「coupons」出现了两次" in load('{"coupons": [], "coupons": []}', tmp_path)[1][0]


def test_signs_that_nobody_sees_are_not_kept_in_a_title(tmp_path: Path):
    load({"coupons": [COUPON | {"title": "春\u0000茶\u202e"}]}, tmp_path)
    assert Template.objects.get().name == "春茶"


WINDOW = {"starts_at": "2026-11-28T10:00:00+08:00", "ends_at": "2026-12-28T10:00:00+08:00"}
NOBODYS = 987_654_321
UNKNOWN: dict[str, dict[str, Any]] = {
    "group_buys": {
        **WINDOW,
        "skus": [
            {"sku_id": NOBODYS, "tiers": [{"size": 2, "price_fen": 30_00}, {"size": 3, "price_fen": 20_00}]}
        ],
    },
    "flash_sales": {
        **WINDOW,
        "goods": [{"sku_id": NOBODYS, "price_fen": 9_00, "quota": 5, "limit_per_member": 1}],
        "combines": [],
    },
    "bargains": {**WINDOW, "sku_id": NOBODYS, "floor_fen": 9_00, "helpers": 3},
    "presales": {
        "deposit_from": WINDOW["starts_at"],
        "deposit_until": WINDOW["ends_at"],
        "ships_by": "2027-01-01T10:00:00+08:00",
        "skus": [{"sku_id": NOBODYS, "price_fen": 9_00, "quota": 5}],
    },
}


@pytest.mark.parametrize("part", UNKNOWN)
def test_goods_that_nobody_knows_are_one_fault(part: str, tmp_path: Path):
    printed, faults = load({part: [{"code": "A", "title": "春茶", **UNKNOWN[part]}]}, tmp_path)
    assert printed is None
    assert (len(faults), faults[0].endswith(f"没有这个商品规格：{NOBODYS}")) == (1, True), faults


def test_each_of_several_goods_that_nobody_knows_is_one_fault(tmp_path: Path):
    (sku,) = UNKNOWN["group_buys"]["skus"]
    said = {
        **UNKNOWN["group_buys"],
        "code": "A",
        "title": "春茶",
        "skus": [sku, {**sku, "sku_id": NOBODYS + 1}],
    }
    assert load({"group_buys": [said]}, tmp_path)[1] == [
        f"group_buys[0].skus: 没有这个商品规格：{sku_id}" for sku_id in (NOBODYS, NOBODYS + 1)
    ]


def test_rates_are_warned_of_as_their_pages_warn_and_are_taken_all_the_same(tmp_path: Path) -> None:
    product, other = make.product(), make.product()
    goods = [
        {"product_id": product.pk, "first_bp": 1000, "second_bp": 499},
        {"product_id": other.pk, "first_bp": 1000, "second_bp": 500},
    ]
    said = {"commission": {"rates_bp": {"first": 3000, "second": 1}, "goods": goods, "ceiling_bp": 4000}}
    printed, told = load(said, tmp_path)
    assert list(printed) == ["commission"]
    assert told == [
        f"提醒 commission.rates_bp: {rules.warnings_of_rates(3000, 1)[0]}",
        f"提醒 commission.goods[0]: {rules.warnings_of_rates(1000, 499)[0]}",
    ]
    assert load({"commission": {"rates_bp": {"first": 2000, "second": 1000}}}, tmp_path)[1] == []
    # What is refused warns of nothing.
    _, told = load({"commission": {**said["commission"], "freeze_days": 999}}, tmp_path)
    assert [line.partition(":")[0] for line in told] == ["commission.freeze_days"]
