"""Electronic waybills: the documented body, what is made and known, and a courier that is down."""

from __future__ import annotations

import base64
import json

import pytest

from apps.wechat import errors as wechat_errors
from apps.wechat import express
from apps.wechat.express import Account, Known, Party, Wanted
from tests.wechat.client.scripted import Script
from tests.wechat.client.words import token, told

WANTED = Wanted(
    order_id="WB1",
    openid="oX",
    account=Account("SF", "biz", 0, "标准快递", 10),
    sender=Party("杭州总仓", "0571-88880018", "浙江省", "杭州市", "余杭区", "茶亭路 18 号"),
    receiver=Party("林小茶", "13800000000", "上海市", "上海市", "徐汇区", "衡山路 1 号"),
    goods=[("茶杯", 2), ("茶叶", 1)],
    weight_g=1001,
    page="pages/order/detail?order_no=SO1",
    picture_url="https://shop.example.com/cup.jpg",
)


def test_a_waybill_is_asked_for_as_documented(wechat: Script) -> None:
    wechat.say(token(), told(errcode=0, order_id="WB1", waybill_id="SF123", waybill_data=[]))
    assert express.add(WANTED) == "SF123"
    sent = json.loads(wechat.heard[-1].body)
    assert (sent["order_id"], sent["add_source"], sent["expect_time"]) == ("WB1", 0, 0)
    assert sent["sender"]["tel"] == "0571-88880018"
    assert (sent["receiver"]["mobile"], sent["receiver"]["area"]) == ("13800000000", "徐汇区")
    assert sent["cargo"]["weight"] == 2
    assert sent["cargo"]["detail_list"] == [{"name": "茶杯", "count": 2}, {"name": "茶叶", "count": 1}]
    assert (sent["shop"]["goods_count"], sent["insured"]["use_insured"]) == (3, 0)
    assert sent["service"] == {"service_type": 0, "service_name": "标准快递"}


def test_what_wechat_knows_is_read_and_a_courier_that_is_down_is_no_refusal(wechat: Script) -> None:
    label = base64.b64encode("<p>面单</p>".encode()).decode()
    wechat.say(token(), told(errcode=0, waybill_id="SF123", order_status=1, print_html=label))
    found = express.find(order_id="WB1", openid="oX", carrier_id="SF")
    assert found == Known("SF123", cancelled=True, html="<p>面单</p>")
    assert "waybill_id" not in json.loads(wechat.heard[-1].body)
    for answer, error in (
        ({"errcode": 9300502, "errmsg": "down"}, express.CourierDown),
        ({"errcode": 9300525}, wechat_errors.WechatRefused),
        ({"errcode": 0}, wechat_errors.WechatBadAnswer),
    ):
        wechat.say(told(**answer))
        with pytest.raises(error):
            express.add(WANTED)
    wechat.say(
        told(errcode=0, list=[{"biz_id": "b", "delivery_id": "SF", "status_code": 3}, {"biz_id": "c"}])
    )
    assert express.accounts() == []
