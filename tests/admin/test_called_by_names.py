"""A row is called by names in titles, the audit log and the question before a deletion, and by no id."""

from __future__ import annotations

import re

from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client

from apps.promotions.models import LevelPrice
from tests.admin import shop

# How a row of each begins or ends; 「小茶」 is who buys there, T… a merchant's code, BRING… a campaign's.
_CALLED = {
    "promotions.LevelPrice": r"等级\d+ · T\d+",
    "inventory.Stock": r"T\d+ · .*仓",
    "points.Account": r"\D+ · \d+ 积分",
    "carts.Favorite": r"小茶 · 手工陶瓷茶杯",
    "carts.StockWish": r"小茶 · T\d+",
    "audiences.TagMark": r"小茶 · 茶会\d+",
    "journeys.Participation": r"\D+.* · 小茶",
    "referrals.Invitation": r"请好友喝春茶：苏晚晴 → \D+",
    "referrals.Reward": r"(积分|优惠券|商品) · \D+",
    "members.GrowthEntry": r"\D+ [+-]\d+",
    "members.Consent": r"小茶 同意 .+",
    "messaging.Message": r"(支付成功|消息) SO.+",
    "messaging.Dispatch": r"支付成功 SO\S+ 订阅消息",
    "books.JournalEntry": r"发货确认收入 SO.+",
    "books.BillLine": r"\d{4}-\d\d-\d\d \S+ 第 1 行",
}


def test_rows_are_called_by_names(manager: User) -> None:
    shop.fill(1, operator=manager)
    called = {}
    for label in _CALLED:
        row = apps.get_model(label)._default_manager.order_by("pk").first()
        called[label] = str(row)
    assert {label: name for label, name in called.items() if not re.fullmatch(_CALLED[label], name)} == {}


def test_a_price_of_a_level_is_asked_about_by_name_before_it_goes(page: Client, manager: User) -> None:
    shop.fill(1, operator=manager)
    price = LevelPrice.objects.get()
    for part in ("change", "delete"):
        asked = page.get(f"/admin/promotions/levelprice/{price.pk}/{part}/").content.decode()
        assert f"{price.level.name} · {price.sku.code}" in asked, part
