"""What fits into a template's keyword, and how facts are written: no WeChat, no database."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from apps.messaging import wording
from apps.messaging.board import FactKind, Name

NAMES = (
    Name(name="goods", kind=FactKind.TEXT, label="商品", example="春茶"),
    Name(name="amount", kind=FactKind.FEN, label="金额", example=1_234_500),
)


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("thing1", "二十个字正好二十个字正好二十个字正好二十"),
        ("number2", "12.5"),
        ("letter3", "ABC"),
        ("symbol4", "+-*"),
        ("character_string5", "SO-20250101_#1"),
        ("time6", "15:01"),
        ("time6", "2019年10月1日 15:01"),
        ("time6", "2019年10月1日 15:01~2019年10月2日 09:00"),
        ("date7", "2019年10月1日"),
        ("amount8", "¥12.00"),
        ("amount8", "12元"),
        ("phone_number9", "+86-0766-66888866"),
        ("car_number10", "粤A8Z888挂"),
        ("name11", "张三"),
        ("name11", "Zhang San"),
        ("phrase12", "已发货"),
        ("enum_string13", "仅退款"),
    ],
)
def test_what_wechat_takes(keyword: str, value: str) -> None:
    assert wording.fault_of(keyword, value) is None


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("thing1", "二十五个字二十五个字二十五个字二十五个字二十五个字"),
        ("thing1", ""),
        ("thing1", "  "),
        ("number2", "十二"),
        ("letter3", "A1"),
        ("symbol4", "++++++"),
        ("character_string5", "订单1"),
        ("character_string5", "A" * 33),
        ("time6", "25:01"),
        ("time6", "2019年10月1日"),
        ("date7", "2019-10-01"),
        ("amount8", "12345678901"),
        ("amount8", "一元"),
        ("phone_number9", "123456789012345678"),
        ("car_number10", "粤A8Z888挂挂挂"),
        ("name11", "张三😀"),
        ("name11", "一二三四五六七八九十一"),
        ("phrase12", "已发货了吗呢"),
        ("phrase12", "OK"),
        ("nothing1", "x"),
        ("thing", "x"),
    ],
)
def test_what_wechat_would_refuse(keyword: str, value: str) -> None:
    assert wording.fault_of(keyword, value) is not None


def test_an_enum_takes_the_templates_own_values_only() -> None:
    assert wording.fault_of("enum_string1", "已签收", choices=["已发货", "已签收"]) is None
    assert (
        wording.fault_of("enum_string1", "丢了", choices=["已发货", "已签收"]) == "应为 已发货、已签收 之一"
    )


@pytest.mark.parametrize(
    ("keyword", "text", "goods", "sent"),
    [
        ("thing1", "{goods} 已发货", "明前龙井礼盒装二百五十克", "明前龙井礼盒装二百五十克 已发货"),
        ("thing1", "{goods} 已发货", "明前龙井一级礼盒装二百五十克两罐加赠", "明前龙井一级礼盒装二百五十克两… 已发货"),
        ("thing1", "{goods}", "第一行\n第二行", "第一行 第二行"),
        ("character_string1", "{goods}", "订单 SO1", "SO1"),
        ("name1", "{goods}", "小茶😀", "小茶"),
        ("name1", "{goods}", "一二三四五六七八九十一二", "一二三四五六七八九十"),
        ("phrase1", "{goods}", "已发货 OK", "已发货"),
        ("phrase1", "{goods}", "包裹已经发出", "包裹已经发"),
    ],
)  # fmt: skip
def test_facts_are_cut_and_cleaned_so_that_they_fit(keyword: str, text: str, goods: str, sent: str) -> None:
    assert wording.fitted(keyword, text, {"goods": goods}) == sent
    assert wording.fault_of(keyword, sent) is None


def test_facts_are_written_by_their_kind() -> None:
    at = datetime(2026, 11, 28, 12, 5, tzinfo=UTC)

    def said(kind: FactKind, value: object) -> str:
        return wording.written(Name(name="x", kind=kind, label="x", example=""), value)  # type: ignore[arg-type]

    assert said(FactKind.FEN, 1_234_500) == "¥12345.00"
    assert said(FactKind.TIME, at) == "2026年11月28日 20:05"
    assert said(FactKind.DAY, date(2026, 1, 2)) == "2026年1月2日"
    assert said(FactKind.DAY, datetime(2026, 11, 28, 17, tzinfo=UTC)) == "2026年11月29日"
    assert said(FactKind.NUMBER, 3) == "3"


@pytest.mark.parametrize("text", ["{goods.__class__}", "{nobody}", "{}", "{goods", "goods}", "{{goods}}"])
def test_a_text_names_facts_of_its_scene_and_nothing_else(text: str) -> None:
    assert list(wording.faults_of_text("text", text, NAMES)) != []


def test_a_text_without_names_is_a_text() -> None:
    assert list(wording.faults_of_text("text", "您好，{goods}共{amount}", NAMES)) == []
    assert wording.filled("{goods}共{amount}", wording.examples(NAMES)) == "春茶共¥12345.00"
