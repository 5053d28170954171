"""An operator opens an order, sees why it cost what it cost, and ships it; what cannot be done has no button."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.base.models import AuditEntry
from apps.fulfillment.models import Parcel, ShippingUpload
from apps.fulfillment.services import parcels
from apps.fulfillment.states import UploadStatus
from apps.orders.models import Order
from apps.payments.models import Refund
from tests.admin import shop
from tests.apps.checkout import make as counter
from tests.apps.fulfillment import make

ADDRESS = ["收货人", "林小茶", "手机号", "13800000000", "浙江省", "龙井路 1 号"]
pytestmark = pytest.mark.django_db


def at(order: Order, way: str = "change") -> str:
    return f"/admin/orders/order/{order.pk}/{way}/"


def text(response: Any) -> str:
    return "\n".join(shop.shown(response))


def buttons(page: Client, order: Order) -> set[str]:
    return {str(button["title"]) for button in page.get(at(order)).context["actions_detail"]}


def status(order: Order) -> str:
    return str(Order.objects.get(pk=order.pk).status)


def unpaid() -> Order:
    return counter.order(*counter.buyer(), [(counter.goods(10_000), 1)])


def sent(order: Order, *units: int, carrier: str = "SF", tracking_no: str = "SF1234567890") -> dict[str, Any]:
    """What the browser posts for a parcel with so many units of each line; all that is left if none are said."""
    lines = order.lines.order_by("id").values_list("pk", flat=True)
    chosen = {f"line_{line}": count for line, count in zip(lines, units, strict=False)}
    return {"carrier": carrier, "tracking_no": tracking_no, **chosen}


def test_each_line_s_price_comes_about_step_by_step_and_what_did_not_apply_says_why(page: Client) -> None:
    counter.promotion("PERCENT", label="八折", off_bp=2000)
    counter.promotion(label="满减", steps=[[100_00, 15_00]])
    counter.promotion(label="大额满减", steps=[[300_00, 60_00]])
    elsewhere = counter.goods().product_id
    for label in ("茶壶九折", "茶杯九折"):
        counter.promotion("PERCENT", label=label, off_bp=1000, product_ids=[elsewhere])
    order = counter.order(*counter.buyer(), [(counter.goods(100_00), 2)])
    shown = text(page.get(at(order)))
    # 2 × 100 = 200; 八折 leaves 160, 满100减15 leaves 145.
    for fact in ("¥200.00", "八折 -¥40.00 → ¥160.00", "满减 -¥15.00 → ¥145.00", "¥145.00"):
        assert fact in shown, fact
    assert "大额满减：再买 ¥140.00 可减 ¥60.00" in shown
    assert "茶壶九折、茶杯九折：订单中没有可参加此优惠的商品" in shown


def test_the_page_shows_lines_reductions_payment_parcel_upload_and_history(
    page: Client, manager: User
) -> None:
    counter.promotion(label="春茶节")  # 满100减15
    order = make.paid_order(1, price_fen=10_000)
    make.parcel(order, operator=manager, tracking_no="ZT0000000042")
    shown = text(page.get(at(order)))
    for fact in ("待收货", "¥100.00", "春茶节 -¥15.00", "¥85.00", "已收款", "ZT0000000042", "待上传"):
        assert fact in shown, fact
    for moved in ("下单", "付款", "发货", "商家（店长）"):
        assert moved in shown, moved


def test_the_receiver_is_masked_until_somebody_looks_and_is_written_down(page: Client, manager: User) -> None:
    order = make.paid_order()
    shown = text(page.get(at(order)))
    assert "林** 138****0000 浙江省杭州市西湖区****" in shown
    assert "13800000000" not in shown
    assert "龙井路" not in shown
    assert AuditEntry.objects.count() == 0
    revealed = page.get(at(order, "reveal"))
    assert all(fact in text(revealed) for fact in ADDRESS)
    assert "no-store" in revealed["Cache-Control"]
    entry = AuditEntry.objects.get()
    assert (entry.operator, entry.action, entry.subject) == (manager, "查看收货信息", order.order_no)


def test_only_buttons_that_lead_somewhere_are_shown(page: Client, manager: User) -> None:
    assert buttons(page, unpaid()) == {"关闭订单", "查看完整收货信息"}
    order = make.paid_order()
    assert buttons(page, order) == {
        *("发货", "修改收货信息", "退款", "全额退款", "查看完整收货信息", "补偿发券")
    }
    make.parcel(order)
    assert buttons(page, order) == {"退款", "查看完整收货信息", "补偿发券"}
    ShippingUpload.objects.filter(order=order).update(status=UploadStatus.FAILED)
    assert buttons(page, order) == {"退款", "重新上传发货信息", "查看完整收货信息", "补偿发券"}


def test_the_ship_form_shows_the_address_and_notes_who_saw_it(page: Client, manager: User) -> None:
    order = make.paid_order()
    shown = text(page.get(at(order, "ship")))
    assert "林小茶 13800000000 浙江省 杭州市 西湖区 龙井路 1 号" in shown
    assert [(entry.operator, entry.subject) for entry in AuditEntry.objects.all()] == [
        (manager, order.order_no)
    ]


def test_posting_the_form_ships_all_that_is_left(page: Client, manager: User) -> None:
    order = make.paid_order(2, 1)
    answer = page.post(at(order, "ship"), sent(order), follow=True)
    parcel = Parcel.objects.get(order=order)
    assert f"包裹 {parcel.parcel_no} 已发出" in text(answer)
    assert (status(order), parcel.operator, parcel.carrier.code) == ("SHIPPED", manager, "SF")
    assert sorted(parcel.lines.values_list("quantity", flat=True)) == [1, 2]


def test_an_order_leaves_in_two_parcels(page: Client) -> None:
    order = make.paid_order(2, 1)
    page.post(at(order, "ship"), sent(order, 1, 0))
    assert status(order) == "PAID"
    page.post(at(order, "ship"), sent(order, 1, 1, tracking_no="SF2222222222"))
    assert status(order) == "SHIPPED"
    assert Parcel.objects.filter(order=order).count() == 2


def test_the_same_form_sent_twice_in_a_hurry_ships_once(page: Client) -> None:
    order = make.paid_order(2)
    typed = sent(order)
    for _ in range(2):
        answer = page.post(at(order, "ship"), typed, follow=True)
    assert "只有待发货的订单才能发货" in text(answer)
    assert Parcel.objects.filter(order=order).count() == 1


@pytest.mark.parametrize(
    ("typed", "reason", "answered"),
    [
        ({"carrier": "NOBODY"}, "请选择列表中的快递公司", 200),
        ({"carrier": ""}, "请选择快递公司", 200),
        ({"tracking_no": ""}, "请填写快递单号", 200),
        ({"tracking_no": "单号"}, "快递单号应为 5 到 64 位字母、数字或短横线", 409),
        ({"tracking_no": "S" * 65}, "快递单号最多 64 位", 200),
    ],
)
def test_a_wrong_form_is_refused_with_its_reason(
    page: Client, typed: dict[str, str], reason: str, answered: int
) -> None:
    order = make.paid_order()
    answer = page.post(at(order, "ship"), sent(order) | typed)
    assert answer.status_code == answered
    assert reason in text(answer)
    assert status(order) == "PAID"


@pytest.mark.parametrize(
    ("units", "reason", "answered"),
    [
        ("3", "最多 2 件", 200),
        ("-1", "最小为 0。", 200),
        ("1.5", "输入整数", 200),
        ("一", "输入整数", 200),
        ("0", "发货数量超出未发货数量", 409),
    ],
)
def test_wrong_numbers_of_units_are_refused_with_their_reason(
    page: Client, units: str, reason: str, answered: int
) -> None:
    order = make.paid_order(2)
    line = order.lines.get().pk
    answer = page.post(at(order, "ship"), sent(order) | {f"line_{line}": units})
    assert answer.status_code == answered
    assert reason in text(answer)
    assert status(order) == "PAID"


def test_a_number_that_the_order_has_already_is_refused(page: Client) -> None:
    order = make.paid_order(2)
    page.post(at(order, "ship"), sent(order, 1))
    answer = page.post(at(order, "ship"), sent(order, 1))
    assert parcels.ParcelTwice.message in text(answer)
    assert status(order) == "PAID"


def test_an_unpaid_order_cannot_be_shipped_by_its_address(page: Client) -> None:
    order = unpaid()
    answer = page.post(at(order, "ship"), sent(order), follow=True)
    assert "只有待发货的订单才能发货" in text(answer)
    assert (status(order), Parcel.objects.count()) == ("UNPAID", 0)


def test_a_parcels_number_is_put_right_on_its_own_page(page: Client) -> None:
    order = make.paid_order()
    make.carriers()
    parcel = make.parcel(order)
    way = f"parcels/{parcel.parcel_no}/correct"
    assert at(order, way) in page.get(at(order)).content.decode()
    answer = page.post(at(order, way), sent(order, tracking_no="SF999999"), follow=True)
    assert "快递单号已修改" in text(answer)
    assert Parcel.objects.get().tracking_no == "SF999999"


def test_closing_asks_first_and_names_who_did_it(page: Client, manager: User) -> None:
    order = unpaid()
    assert "此操作不能撤销" in text(page.get(at(order, "close")))
    assert status(order) == "UNPAID"
    page.post(at(order, "close"))
    last = Order.objects.get(pk=order.pk).history.latest("id")
    assert (status(order), last.actor, last.operator, last.note) == (
        "CLOSED",
        "operator",
        manager,
        "商家关闭",
    )


def test_a_paid_order_is_not_closed(page: Client) -> None:
    order = make.paid_order()
    assert "只有待付款的订单可以关闭" in text(page.post(at(order, "close")))
    assert status(order) == "PAID"


def test_a_paid_order_is_refunded_whole_once_after_asking(page: Client, manager: User) -> None:
    order = counter.order(*counter.buyer(), [(counter.goods(5000), 1)])
    counter.pay(order)
    assert "将退还买家 ¥50.00" in text(page.get(at(order, "refund")))
    assert status(order) == "PAID"
    said = text(page.post(at(order, "refund"), {"reason": "买家不想要了"}, follow=True))
    assert "款项将原路退回" in said
    assert (status(order), Refund.objects.get().amount_fen) == ("REFUNDED", 5000)
    assert order.history.latest("id").operator == manager
    assert "无需重复操作" in text(page.post(at(order, "refund"), {"reason": "再点一次"}))
    assert Refund.objects.count() == 1


def test_the_button_of_the_whole_refund_is_there_while_nothing_has_left(page: Client) -> None:
    order = make.paid_order()
    assert "全额退款" in buttons(page, order)
    make.parcel(order)
    assert "全额退款" not in buttons(page, order)


def test_a_gift_and_what_lies_below_cost_are_seen_on_the_page(page: Client) -> None:
    cup, gift = counter.goods(5000), counter.goods(900, title="小茶杯")
    counter.promotion("GIFT", label="送小茶杯", parts=[(4000, gift.pk, 1)])
    order = counter.order(*counter.buyer(), [(cup, 1)])
    Order.objects.filter(pk=order.pk).update(price_warnings=["「茶杯」低于底价"])
    said = text(page.get(at(order)))
    assert "【赠品】小茶杯" in said
    assert "「茶杯」低于底价" in said


def test_what_wechat_refused_is_asked_for_again(page: Client, manager: User) -> None:
    order = shop.shipped_order(operator=manager)
    assert "已排队" in text(page.post(at(order, "upload"), follow=True))
    assert ShippingUpload.objects.get(order=order).status == UploadStatus.WAITING


def test_an_operator_who_may_only_look_has_no_buttons_and_is_refused(
    operator_with: Callable[..., Client],
) -> None:
    order = make.paid_order()
    parcel = make.parcel(order)
    looker = operator_with("orders.view_order")
    assert buttons(looker, order) == set()
    assert "修改单号" not in text(looker.get(at(order)))
    for way in (
        "ship",
        "reveal",
        "close",
        "refund",
        "refund-part",
        "upload",
        f"parcels/{parcel.parcel_no}/correct",
    ):
        assert looker.get(at(order, way)).status_code == 403, way
        assert looker.post(at(order, way)).status_code == 403, way
    assert AuditEntry.objects.count() == 0


def test_an_operator_of_the_warehouse_ships(operator_with: Callable[..., Client]) -> None:
    order = make.paid_order()
    worker = operator_with("orders.view_order", "orders.change_order")
    worker.post(at(order, "ship"), sent(order))
    assert status(order) == "SHIPPED"


def test_who_may_not_see_orders_sees_none(operator_with: Callable[..., Client]) -> None:
    order = make.paid_order()
    stranger = operator_with("catalog.view_product")
    assert stranger.get(at(order)).status_code == 403
    assert stranger.get("/admin/orders/order/").status_code == 403


@pytest.mark.parametrize("number", ["0", "999999", "abc", "9" * 30])
def test_an_order_that_is_not_there_is_no_fault(page: Client, number: str) -> None:
    for way in ("change", "ship", "reveal", "close"):
        answer = page.get(f"/admin/orders/order/{number}/{way}/")
        assert answer.status_code in {302, 404}, way
