"""发货信息 as the sandbox plays it: every rule of an upload, one re-ship, receipt and settlement."""

from __future__ import annotations

from typing import Any

import pytest

from apps.wechat.sandbox.control import ControlRefused, Sandbox
from tests.wechat.sandbox.merchant import Json, Merchant

UPLOAD = "/wxa/sec/order/upload_shipping_info"
GET = "/wxa/sec/order/get_order"
SF_PARCEL = {
    "tracking_no": "SF123",
    "express_company": "SF",
    "item_desc": "茶杯*1",
    "contact": {"receiver_contact": "138****1234"},
}
ZTO_PARCEL = {"tracking_no": "7712", "express_company": "ZTO", "item_desc": "茶杯*1"}


@pytest.fixture
def paid(sandbox: Sandbox, merchant: Merchant) -> Json:
    """The upload of an order that 小明 has paid: one parcel by SF."""
    openid = sandbox.login("小明").openid
    transaction_id = sandbox.pay(openid, merchant.prepaid_params(openid, "SO20250101"))
    return {
        "order_key": {"order_number_type": 2, "transaction_id": transaction_id},
        "logistics_type": 1,
        "delivery_mode": 1,
        "shipping_list": [SF_PARCEL],
        "upload_time": "2025-01-01T13:29:35.120+08:00",
        "payer": {"openid": openid},
    }


def _later(upload: Json, minute: int, *parcels: Json, **changed: Any) -> Json:
    when = f"2025-01-01T14:{minute:02}:00.000+08:00"
    return upload | {"upload_time": when, "shipping_list": list(parcels)} | changed


def _code(merchant: Merchant, upload: Json) -> int:
    return int(merchant.post(UPLOAD, upload).json()["errcode"])


def _order(merchant: Merchant, upload: Json) -> Json:
    asked = {"transaction_id": upload["order_key"]["transaction_id"]}
    return dict(merchant.post(GET, asked).json()["order"])


def test_a_parcel_is_told_and_the_order_is_shipped(merchant: Merchant, paid: Json) -> None:
    assert _order(merchant, paid)["order_state"] == 1
    assert _code(merchant, paid) == 0
    order = _order(merchant, paid)
    assert (order["order_state"], order["merchant_trade_no"], order["paid_amount"]) == (2, "SO20250101", 1200)
    assert (order["shipping"]["finish_shipping"], order["shipping"]["finish_shipping_count"]) == (True, 1)
    assert order["shipping"]["shipping_list"][0]["tracking_no"] == "SF123"


def test_the_merchant_s_own_number_names_the_payment_too(merchant: Merchant, paid: Json) -> None:
    key = {"order_number_type": 1, "mchid": merchant.numbers.mchid, "out_trade_no": "SO20250101"}
    assert _code(merchant, paid | {"order_key": key}) == 0


@pytest.mark.parametrize(
    ("changed", "errcode"),
    [
        ({"order_key": {"order_number_type": 3}}, 268485194),
        ({"order_key": {"order_number_type": 2}}, 268485195),
        ({"order_key": {"order_number_type": 1, "out_trade_no": "SO20250101"}}, 268485196),
        ({"order_key": {"order_number_type": 1, "mchid": "1900000001"}}, 268485197),
        ({"order_key": {"order_number_type": 2, "transaction_id": "4200"}}, 10060001),
        ({"logistics_type": 9}, 10060005),
        ({"delivery_mode": 3}, 268485224),
        ({"delivery_mode": 2, "logistics_type": 4, "is_all_delivered": True}, 10060006),
        ({"delivery_mode": 2}, 10060007),
        ({"shipping_list": SF_PARCEL}, 47001),
        ({"shipping_list": []}, 268485228),
        ({"shipping_list": [SF_PARCEL, ZTO_PARCEL]}, 268485228),
        ({"delivery_mode": 2, "is_all_delivered": True, "shipping_list": []}, 47001),
        ({"delivery_mode": 2, "is_all_delivered": True, "shipping_list": [ZTO_PARCEL] * 16}, 10060024),
        ({"shipping_list": [ZTO_PARCEL | {"item_desc": " "}]}, 10060008),
        ({"shipping_list": [ZTO_PARCEL | {"item_desc": "茶" * 121}]}, 10060009),
        ({"shipping_list": [ZTO_PARCEL | {"tracking_no": ""}]}, 268485226),
        ({"shipping_list": [ZTO_PARCEL | {"express_company": ""}]}, 268485227),
        ({"shipping_list": [ZTO_PARCEL | {"express_company": "X" * 129}]}, 10060025),
        ({"shipping_list": [ZTO_PARCEL | {"tracking_no": "7" * 129}]}, 10060026),
        ({"shipping_list": [ZTO_PARCEL | {"express_company": "PIGEON"}]}, 10060014),
        ({"shipping_list": [SF_PARCEL | {"contact": {}}]}, 10060014),
        ({"shipping_list": [SF_PARCEL | {"contact": {"receiver_contact": "13800001234"}}]}, 10060014),
        ({"upload_time": "2025-01-01T13:29:35+08:00"}, 268485216),
        ({"upload_time": "2025-13-01T13:29:35.120+08:00"}, 268485216),
        ({"payer": {"openid": "oNobody"}}, 10060031),
    ],
)
def test_an_upload_that_breaks_a_rule_is_refused_with_its_code(
    sandbox: Sandbox, merchant: Merchant, paid: Json, changed: Json, errcode: int
) -> None:
    assert _code(merchant, paid | changed) == errcode
    assert sandbox.shipments() == []


def test_pickup_needs_no_waybill(merchant: Merchant, paid: Json) -> None:
    assert _code(merchant, paid | {"logistics_type": 4, "shipping_list": [{"item_desc": "茶杯"}]}) == 0


def test_an_order_is_shipped_again_only_once(merchant: Merchant, paid: Json) -> None:
    assert _code(merchant, paid) == 0
    assert _code(merchant, paid) == 10060023
    assert _code(merchant, paid | {"shipping_list": [ZTO_PARCEL]}) == 10060014  # not later than the first
    assert _code(merchant, _later(paid, 1, ZTO_PARCEL)) == 0
    assert _order(merchant, paid)["shipping"]["finish_shipping_count"] == 2
    assert _code(merchant, _later(paid, 2, SF_PARCEL)) == 10060003


def test_a_split_order_is_shipped_when_its_last_parcel_is(merchant: Merchant, paid: Json) -> None:
    split = paid | {"delivery_mode": 2, "is_all_delivered": False}
    assert _code(merchant, split) == 0
    assert (_order(merchant, paid)["order_state"], _order(merchant, paid)["shipping"]["finish_shipping"]) == (
        1,
        False,
    )
    assert _code(merchant, _later(split, 1, ZTO_PARCEL, is_all_delivered=True)) == 0
    order = _order(merchant, paid)
    assert (order["order_state"], len(order["shipping"]["shipping_list"])) == (2, 2)
    another = ZTO_PARCEL | {"tracking_no": "7713"}
    assert _code(merchant, _later(split, 2, another)) == 10060002


def test_a_payment_can_be_unknown_for_a_while(sandbox: Sandbox, merchant: Merchant, paid: Json) -> None:
    sandbox.fault("shipping_unknown", times=2)
    assert [_code(merchant, paid) for _ in range(3)] == [10060001, 10060001, 0]


def test_a_refunded_order_is_not_shipped_but_a_partly_refunded_one_is(
    sandbox: Sandbox, merchant: Merchant, paid: Json
) -> None:
    transaction_id = paid["order_key"]["transaction_id"]
    merchant.refund(transaction_id, "RF1", 200)
    assert _code(merchant, paid) == 0
    merchant.refund(transaction_id, "RF2", 1000)
    assert _code(merchant, _later(paid, 1, ZTO_PARCEL)) == 10060004
    assert _order(merchant, paid)["order_state"] == 5


def test_the_shopper_confirms_receipt_and_the_money_is_settled(
    sandbox: Sandbox, merchant: Merchant, paid: Json
) -> None:
    transaction_id = paid["order_key"]["transaction_id"]
    with pytest.raises(ControlRefused):
        sandbox.confirm_receipt(transaction_id)
    merchant.post(UPLOAD, paid)
    sandbox.confirm_receipt(transaction_id)
    assert _order(merchant, paid)["order_state"] == 3
    sandbox.wait(lambda: [row for row in sandbox.shipments() if row["order_state"] == 4])
    assert _code(merchant, _later(paid, 1, ZTO_PARCEL)) == 10060004


def test_the_reminder_to_confirm_comes_once_after_shipping(merchant: Merchant, paid: Json) -> None:
    path = "/wxa/sec/order/notify_confirm_receive"
    asked = {"transaction_id": paid["order_key"]["transaction_id"], "received_time": 4102444800}
    assert merchant.post(path, asked).json()["errcode"] == 10060028
    merchant.post(UPLOAD, paid)
    assert merchant.post(path, asked | {"received_time": 1}).json()["errcode"] == 10060030
    assert merchant.post(path, asked).json()["errcode"] == 0
    assert merchant.post(path, asked).json()["errcode"] == 10060029


def test_orders_are_listed_by_state_in_pages(sandbox: Sandbox, merchant: Merchant, paid: Json) -> None:
    openid = sandbox.login("小红").openid
    sandbox.pay(openid, merchant.prepaid_params(openid, "SO20250102"))
    merchant.post(UPLOAD, paid)
    path = "/wxa/sec/order/get_order_list"
    first = merchant.post(path, {"page_size": 1}).json()
    second = merchant.post(path, {"page_size": 1, "last_index": first["last_index"]}).json()
    numbers = [page["order_list"][0]["merchant_trade_no"] for page in (first, second)]
    assert (numbers, first["has_more"], second["has_more"]) == (["SO20250101", "SO20250102"], True, False)
    to_ship = merchant.post(path, {"order_state": 1}).json()["order_list"]
    assert [order["openid"] for order in to_ship] == [openid]


def test_the_couriers_have_wechat_s_ids(merchant: Merchant) -> None:
    path = "/cgi-bin/express/delivery/open_msg/get_delivery_list"
    listed = {
        row["delivery_id"]: row["delivery_name"] for row in merchant.post(path, {}).json()["delivery_list"]
    }
    assert len(listed) >= 40
    assert (listed["SF"], listed["ZTO"], listed["JD"]) == ("顺丰速运", "中通快递", "京东快递")


def test_a_waybill_is_traced_for_its_own_shopper(sandbox: Sandbox, merchant: Merchant, paid: Json) -> None:
    path = "/cgi-bin/express/delivery/open_msg/trace_waybill"
    asked = {
        "openid": paid["payer"]["openid"],
        "trans_id": paid["order_key"]["transaction_id"],
        "waybill_id": "SF123",
        "goods_info": {"detail_list": [{"goods_name": "茶杯"}]},
    }
    assert merchant.post(path, asked).json()["waybill_token"]
    assert merchant.post(path, asked | {"openid": "oNobody"}).json()["errcode"] == 9300534


def test_the_mini_program_is_under_trade_management(merchant: Merchant) -> None:
    asked = {"appid": merchant.numbers.appid}
    assert merchant.post("/wxa/sec/order/is_trade_managed", asked).json()["is_trade_managed"] is True
    jump = merchant.post("/wxa/sec/order/set_msg_jump_path", {"path": "pages/order/detail"})
    assert jump.json()["errcode"] == 0
