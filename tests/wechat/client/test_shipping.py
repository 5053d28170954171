"""Telling WeChat what was shipped: the documented body, and which refusals pass by themselves."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from apps.wechat import errors as wechat_errors
from apps.wechat import shipping
from apps.wechat.shipping import Parcel
from tests.wechat.client.scripted import Script
from tests.wechat.client.words import token, told

AT = datetime(2025, 1, 1, 5, 29, 35, 120_000, tzinfo=UTC)
TOKEN = token()


def upload(*parcels: Parcel, **changes: Any) -> shipping.Uploaded:
    listed = parcels or (Parcel("茶杯*1", "SF123", "SF", "13800001234"),)
    return shipping.upload(
        **{"transaction_id": "4200", "openid": "oX", "parcels": listed, "at": AT} | changes
    )


def test_one_parcel_is_sent_as_documented_with_a_masked_phone(wechat: Script) -> None:
    wechat.say(TOKEN, told(errcode=0, errmsg="ok"))

    assert upload() is shipping.Uploaded.ACCEPTED
    assert json.loads(wechat.heard[-1].body) == {
        "order_key": {"order_number_type": 2, "transaction_id": "4200"},
        "logistics_type": 1,
        "delivery_mode": 1,
        "shipping_list": [
            {
                "tracking_no": "SF123",
                "express_company": "SF",
                "item_desc": "茶杯*1",
                "contact": {"receiver_contact": "138****1234"},
            }
        ],
        "upload_time": "2025-01-01T13:29:35.120+08:00",
        "payer": {"openid": "oX"},
    }


def test_two_parcels_or_the_first_of_more_are_a_split_delivery(wechat: Script) -> None:
    wechat.say(TOKEN, told(errcode=0), told(errcode=0))

    upload(Parcel("茶杯*1", "YT1", "YTO"), Parcel("茶壶*1", "YT2", "YTO"))
    upload(Parcel("茶杯*1", "YT1", "YTO"), all_delivered=False)

    both, first = (json.loads(one.body) for one in wechat.heard[1:])
    assert (both["delivery_mode"], both["is_all_delivered"], len(both["shipping_list"])) == (2, True, 2)
    assert (first["delivery_mode"], first["is_all_delivered"], len(first["shipping_list"])) == (2, False, 1)


def test_a_carrier_that_does_not_need_the_phone_does_not_get_it(wechat: Script) -> None:
    wechat.say(TOKEN, told(errcode=0))

    upload(Parcel("茶杯*1", "YT1", "YTO", "13800001234"))

    assert json.loads(wechat.heard[-1].body)["shipping_list"] == [
        {"item_desc": "茶杯*1", "tracking_no": "YT1", "express_company": "YTO"}
    ]


def test_a_pickup_has_no_tracking_number(wechat: Script) -> None:
    wechat.say(TOKEN, told(errcode=0))

    upload(Parcel("茶" * 121), logistics=shipping.Logistics.PICKUP)

    sent = json.loads(wechat.heard[-1].body)
    assert (sent["logistics_type"], sent["shipping_list"]) == (4, [{"item_desc": "茶" * 120}])


def test_a_phone_is_masked_once_and_stays_masked() -> None:
    assert shipping.masked("13800001234") == "138****1234"
    assert shipping.masked("138****1234") == "138****1234"
    assert shipping.masked("12345678") == "****5678"


@pytest.mark.parametrize("errcode", [10060001, 10060012, 10060019])
def test_what_wechat_cannot_take_yet_is_tried_later(wechat: Script, errcode: int) -> None:
    wechat.say(TOKEN, told(errcode=errcode, errmsg="支付单不存在"))

    with pytest.raises(wechat_errors.ShippingNotYet) as caught:
        upload()

    assert caught.value.errcode == errcode
    assert not caught.value.effect_unknown
    assert len(wechat.heard) == 2  # the back-off is the outbox's


@pytest.mark.parametrize("errcode", [10060002, 10060023])
def test_what_wechat_has_already_is_done(wechat: Script, errcode: int) -> None:
    wechat.say(TOKEN, told(errcode=errcode))

    assert upload() is shipping.Uploaded.ALREADY


@pytest.mark.parametrize("errcode", [10060003, 10060004, 10060031, 268485228])
def test_other_refusals_are_final(wechat: Script, errcode: int) -> None:
    wechat.say(TOKEN, told(errcode=errcode, errmsg="no"))

    with pytest.raises(wechat_errors.WechatRefused, match=str(errcode)):
        upload()


@pytest.mark.parametrize("count", [0, 16])
def test_a_number_of_parcels_that_wechat_does_not_take_is_not_sent(wechat: Script, count: int) -> None:
    with pytest.raises(ValueError, match="1 to 15"):
        shipping.upload(transaction_id="4200", openid="oX", parcels=[Parcel("茶杯")] * count, at=AT)

    assert wechat.heard == []


def test_wechats_view_of_an_order_is_read(wechat: Script) -> None:
    order = {"transaction_id": "4200", "order_state": 2, "shipping": {"finish_shipping": True}}
    wechat.say(TOKEN, told(errcode=0, order=order), told(errcode=10060001))
    wechat.say(told(errcode=0, order={"order_state": {}}), told(errcode=0), told(errcode=0, delivery_list={}))

    seen = shipping.get_order(transaction_id="4200")
    assert (seen.state, seen.finished, seen.in_complaint) == (shipping.OrderState.SHIPPED, True, False)
    with pytest.raises(wechat_errors.ShippingNotYet):
        shipping.get_order(transaction_id="4200")
    for _ in range(2):
        with pytest.raises(wechat_errors.WechatBadAnswer):
            shipping.get_order(transaction_id="4200")
    with pytest.raises(wechat_errors.WechatBadAnswer):
        shipping.carriers()
