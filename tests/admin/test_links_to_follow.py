"""A page and a list lead to no page that who looks may not see, and to all others."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission, User
from django.db.models import Model
from django.test import Client, RequestFactory
from django.utils.safestring import mark_safe

from apps.base.admin_links import followed
from tests.admin import shop

# Pages with columns that point to other rows, drawn by Django and by themselves.
_SHOWN = [
    *(
        "pickup.Pickup",
        "catalog.Product",
        "aftersales.AfterSale",
        "orders.OrderRefund",
        "promotions.Promotion",
    ),
    *("promotions.LevelPrice", "audiences.Segment", "complaints.Complaint", "referrals.Invitation"),
    *("distribution.RateRule", "base.AuditEntry", "invoices.Invoice", "payments.Payment"),
]
# What lies beside the list: leaving, the password, the calendar of an order.
_EVERYBODYS = {("jsi18n", ""), ("logout", ""), ("password_change", "")}


def leads(page: Client, address: str) -> set[tuple[str, str]]:
    """Where the links of a page lead, each as app and model."""
    answer = page.get(address)
    assert answer.status_code == 200, address
    return set(re.findall(r'<a\b[^>]*href="/admin/(\w+)/(\w+)/', answer.content.decode())) - _EVERYBODYS


def places(model: Any) -> list[str]:
    """The list of a model and the page of its first row."""
    base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    return [base, f"{base}{model._default_manager.order_by('pk')[0].pk}/change/"]


def test_who_may_see_one_list_is_led_to_no_other(manager: User, page: Client, bare_pages: None) -> None:
    shop.fill(1, operator=manager)
    models: list[type[Model]] = [apps.get_model(label) for label in _SHOWN]
    led: set[tuple[str, str]] = set()
    strayed = {}
    for model in models:
        own = (model._meta.app_label, str(model._meta.model_name))
        page.force_login(manager)
        led |= {to for address in places(model) for to in leads(page, address) if to != own}
        clerk = User.objects.create_user(f"店员{own}", is_staff=True)
        clerk.user_permissions.set(
            Permission.objects.filter(content_type__app_label=own[0], codename=f"view_{own[1]}")
        )
        page.force_login(clerk)
        for address in places(model):
            if elsewhere := leads(page, address) - {own}:
                strayed[address] = elsewhere
    assert strayed == {}
    # Who may see everything is led there.
    assert {("orders", "order"), ("members", "member"), ("catalog", "category"), ("stores", "place")} <= led


@pytest.mark.parametrize("told", ["<a href='/admin/orders/order/1/change/'>", "1 < 2"])
def test_what_is_no_html_of_ours_is_left_as_it_is(manager: User, told: str) -> None:
    request: Any = RequestFactory().get("/")
    request.user = manager
    assert followed(told, request) is told


def test_which_links_stay_is_known_without_asking(
    db: None, django_assert_num_queries: Callable[[int], Any]
) -> None:
    request: Any = RequestFactory().get("/")
    request.user = User.objects.create_user("客服", is_staff=True)
    request.user.user_permissions.set(Permission.objects.filter(codename="view_order"))
    # What the sidebar has asked by then, of one who may and of one who may not.
    assert request.user.has_perm("orders.view_order")
    assert not request.user.has_perm("members.view_member")
    told = mark_safe(
        '<a href="/admin/orders/order/1/change/">单</a> <a class="text-link" href="/admin/members/member/2/change/">'
        '人 &lt;</a> 3 次 <a href="/admin/members/member/?a=1">查看</a> <a href="/elsewhere/">外</a>'
    )
    with django_assert_num_queries(0):
        shown = followed(told, request)
    assert (
        shown == '<a href="/admin/orders/order/1/change/">单</a> 人 &lt; 3 次  <a href="/elsewhere/">外</a>'
    )
