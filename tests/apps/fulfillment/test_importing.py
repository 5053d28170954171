"""Tracking numbers from a file: carriers as people write them, all parcels or none, and the same file twice."""

from __future__ import annotations

from typing import Any

import pytest

from apps.base.filled_sheets import Sheet
from apps.fulfillment import number_files
from apps.fulfillment.carriers_named import Named
from apps.fulfillment.models import Carrier, Parcel
from apps.fulfillment.number_files import Row
from apps.fulfillment.services import importing
from apps.fulfillment.services.importing import Imported
from apps.orders.models import Order
from apps.wechat.sandbox.carriers import CARRIERS
from mall.errors import Faulty
from tests.apps.fulfillment import make

pytestmark = pytest.mark.django_db


def row(
    number: int, order: Order, tracking_no: str, sku: str = "", units: int | None = None, **said: Any
) -> Row:
    return Row(number, order.order_no, said.get("carrier", "中通"), tracking_no, sku, units)


def take_in(*rows: Row) -> Imported:
    return importing.carry_out(sheet=Sheet(list(rows), []), operator=make.operator(), at=make.AT)


def refused(*rows: Row) -> list[str]:
    """What is wrong with these rows; nothing has left."""
    before = Parcel.objects.count()
    with pytest.raises(Faulty) as refusal:
        take_in(*rows)
    assert Parcel.objects.count() == before
    return [fault.text for fault in refusal.value.faults]


def codes(order: Order) -> list[str]:
    return [line.sku.code for line in order.lines.order_by("id")]


def test_each_carrier_is_found_by_the_names_that_people_give_it() -> None:
    named = Named(Carrier(code=code, name=name) for code, name in CARRIERS.items())
    written = {
        "SF": "顺丰 sf ＳＦ 顺丰速运 顺丰快递 顺丰速递 顺丰速运有限公司 SF-Express 顺丰（陆运）",
        "ZTO": "中通 中通快递 中通速递 zto ZTO-Express",
        "YTO": "圆通 圆通速递 圆通快递",
        "STO": "申通 申通快递",
        "YUNDA": "韵达 韵达快递 韵达速递 YD",
        "JTSD": "极兔 极兔速递 极兔快递 J&T J&TExpress",
        "EMS": "EMS ems 邮政EMS 邮政特快专递",
        "YZPY": "邮政 中国邮政 邮政快递包裹 邮政快递",
        "JD": "京东 京东快递 京东物流 JDL",
        "DBL": "德邦 德邦快递 德邦物流",
        "SFWL": "顺丰快运",
        "ZTOKY": "中通快运",
    }
    assert {code: {named.code_of(name) for name in names.split()} for code, names in written.items()} == {
        code: {code} for code in written
    }
    assert [named.code_of(name) for name in ("", "快递", "闪送", "顺 风", "=SF")] == [None] * 5
    # Where WeChat's list was not fetched yet, a company that is not on it is none of those that are.
    assert Named([Carrier(code="SF", name="顺丰速运")]).code_of("顺丰快运") is None


def test_a_files_parcels_leave_and_the_same_file_sends_nothing_twice() -> None:
    first, second = make.paid_order(2), make.paid_order(1, 1)
    rows = [row(2, first, "ZT0000001"), row(3, second, "ZT0000002"), row(4, second, "ZT0000002")]
    assert take_in(*rows) == Imported(sent=2, known=0)
    assert take_in(*rows) == Imported(sent=0, known=3)
    assert set(Order.objects.values_list("status", flat=True)) == {"SHIPPED"}
    assert [parcel.lines.count() for parcel in Parcel.objects.order_by("id")] == [1, 2]


def test_an_order_leaves_in_the_parcels_that_a_file_says() -> None:
    order = make.paid_order(3, 1)
    cup, pot = codes(order)
    take_in(
        row(2, order, "ZT0000001", cup, 2),
        row(3, order, "ZT0000001", pot),
        row(4, order, "ZT0000002", cup, 1),
    )
    packed = [
        sorted(parcel.lines.values_list("quantity", flat=True)) for parcel in Parcel.objects.order_by("id")
    ]
    assert (packed, Order.objects.get().status) == ([[1, 2], [1]], "SHIPPED")


def test_one_wrong_row_and_nothing_has_left() -> None:
    good, sent, other, split = (make.paid_order(2) for _ in range(4))
    make.parcel(sent)
    Order.objects.filter(pk=other.pk).update(address={**other.address, "name": "别人"})
    unpaid = Order(order_no="SO404")
    (cup,) = codes(split)
    assert refused(
        row(2, good, "ZT0000001"),
        row(3, unpaid, "ZT0000003"),
        row(4, good, "ZT0000001", carrier="闪送"),
        row(5, good, "ZT"),
        row(6, sent, "ZT0000004"),
        row(7, other, "ZT0000001"),
        row(8, split, "ZT0000005", cup, 2),
        row(9, split, "ZT0000006", cup, 1),
    ) == [
        "第 3 行：订单「SO404」不存在",
        "第 4 行：快递公司「闪送」不在列表中，或可能指多家，请按「快递公司」列表中的名称填写",
        "第 5 行：快递单号应为 5 到 64 位字母、数字或短横线，现为「ZT」",
        f"第 6 行：订单 {sent.order_no} 为「待收货」，不能发货",
        "第 7 行：快递单号 ZT0000001 与第 2 行相同，但收货人不同",
        f"第 9 行：订单 {split.order_no} 的发货数量超出未发货数量",
    ]
    assert Order.objects.get(pk=good.pk).status == "PAID"
    assert refused(row(2, good, "ZT0000001"), row(3, good, "ZT0000002")) == [
        f"第 2 行：订单 {good.order_no} 有多个包裹，请在每行填写商品编码和数量"
    ]
    assert refused(row(2, good, "ZT0000001", "NONE", 1)) == ["第 2 行：订单中没有商品编码「NONE」"]
    assert refused(row(2, split, "ZT0000001", cup, 3)) == [f"第 2 行：「{cup}」未发货的只有 2 件"]


def test_two_orders_lie_in_one_parcel_only_if_they_go_to_the_same_person() -> None:
    first, second, third = (make.paid_order(1) for _ in range(3))
    Order.objects.filter(pk=second.pk).update(address=first.address)
    Order.objects.filter(pk=third.pk).update(address={**first.address, "name": "别人"})
    assert take_in(row(2, first, "ZT0000001"), row(3, second, "ZT0000001")) == Imported(sent=2, known=0)
    assert refused(row(2, third, "ZT0000001")) == [
        f"第 2 行：快递单号 ZT0000001 已用于另一收货人的订单 {second.order_no}"
    ]


def test_a_mixed_file_tells_all_its_faults_at_once_by_row_and_nothing_has_left() -> None:
    good, sent, other = (make.paid_order(1) for _ in range(3))
    make.parcel(sent)
    text = "\n".join(
        (
            "订单号,快递公司,快递单号,商品编码,数量",
            f"{good.order_no},中通,ZT0000001,,",
            f"{other.order_no},中通,,,",  # unreadable: no number
            "SO404,中通,ZT0000003,,",  # no such order
            f"{other.order_no},中通,ZT0000004,,2",  # unreadable: units of nothing
            f"{sent.order_no},中通,ZT0000005,,",  # sent before
            f"{other.order_no},闪送,ZT0000006,,",  # no such carrier
            f"{other.order_no},中通,1.23E+12,,",  # unreadable: rewritten
        )
    )
    sheet = number_files.read(text.encode())
    before = Parcel.objects.count()
    for call in (
        lambda: importing.preview(sheet),
        lambda: importing.carry_out(sheet=sheet, operator=make.operator(), at=make.AT),
    ):
        with pytest.raises(Faulty) as refusal:
            call()
        told = [fault.text for fault in refusal.value.faults]
        assert [line.partition("：")[0] for line in told] == [f"第 {number} 行" for number in range(3, 9)]
        assert (told[0], told[1], told[2]) == (
            "第 3 行：缺少快递单号",
            "第 4 行：订单「SO404」不存在",
            "第 5 行：填写数量时请同时填写商品编码",
        )
    assert Parcel.objects.count() == before
    assert Order.objects.get(pk=good.pk).status == "PAID"


def test_of_many_faults_fifty_are_told_and_the_rest_is_counted() -> None:
    text = "订单号,快递公司,快递单号\n" + "SO404,中通,\nSO405,中通,ZT0000001\n" * 40
    with pytest.raises(Faulty) as refusal:
        importing.preview(number_files.read(text.encode()))
    told = [fault.text for fault in refusal.value.faults]
    assert (len(told), told[0], told[-1]) == (51, "第 2 行：缺少快递单号", "另有 30 处错误未列出")
