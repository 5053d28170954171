"""What is the same in every row of a list, and on every page, is drawn once, and looks as the packages draw it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Model
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.safestring import mark_safe
from unfold.admin import checkbox
from unfold.templatetags import unfold_list

from apps.aftersales.models import AfterSale
from apps.base import admin_drawing
from apps.base.admin import chip
from apps.catalog.models import Product
from apps.members.models import Member
from apps.orders.models import Order
from config import sidebar
from tests.admin import shop
from tests.apps.members import make as members


@pytest.mark.parametrize("key", [1, 1234567890123, "no-row", 'a"><script>'])
def test_a_row_s_box_is_unfold_s_own(key: Any) -> None:
    assert admin_drawing.box(key) == checkbox.render(ACTION_CHECKBOX_NAME, str(key))


def test_the_heads_of_a_list_are_worked_out_once_however_many_rows_it_has(
    page: Client, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    worked_out = unfold_list.label_for_field

    def counted(*args: Any, **kwargs: Any) -> Any:
        asked.append(args[0])
        return worked_out(*args, **kwargs)

    monkeypatch.setattr(unfold_list, "label_for_field", counted)
    for _ in range(5):
        members.member()
    answer = page.get("/admin/members/member/")
    assert len(answer.context["cl"].result_list) == 5
    assert len(asked) == len(answer.context["cl"].list_display)
    assert answer.content.decode().count('data-label="会员编号"') == 5


def test_two_lists_do_not_share_heads(page: Client, manager: User) -> None:
    members.member()
    up, down = (page.get(f"/admin/members/member/?o={way}2").content.decode() for way in ("", "-"))
    assert "sorted ascending" in up
    assert "sorted descending" in down


def test_a_word_on_a_ground_is_drawn_for_what_it_says_and_never_for_another() -> None:
    def drawn(label: Any, colour: str) -> str:
        return render_to_string("unfold/helpers/label.html", {"text": label, "type": colour})

    for label in ("已付款", "<b>", mark_safe("<b>"), "<b>"):
        for colour in ("", "danger"):
            assert chip(label, colour) == drawn(label, colour)


def test_a_place_of_the_sidebar_is_drawn_anew_when_its_number_or_its_mark_changes() -> None:
    def drawn(**changed: Any) -> str:
        place = {
            "title": "待发货",
            "icon": "box",
            "link": "/a?b=1&c=2",
            "active": False,
            "badge": None,
            **changed,
        }
        return str(sidebar._drawn(**place)["html"])

    plain = drawn()
    assert "待发货" in plain
    assert 'href="/a?b=1&amp;c=2"' in plain
    assert "bg-red-100" not in plain
    assert ">7</span>" in drawn(badge="7")
    assert ">8</span>" in drawn(badge="8")
    assert " active" in drawn(active=True)
    assert drawn() == plain


def test_a_page_asks_nothing_twice(page: Client, manager: User) -> None:
    """Templates look several times at what a page shows, and buttons are about the row that it shows."""
    shop.fill(1, operator=manager)
    pages = [f"/admin/{row._meta.app_label}/{row._meta.model_name}/{row.pk}/change/" for row in first_rows()]
    for address in pages:
        assert page.get(address).status_code == 200  # what is asked for once a process
    twice = {}
    for address in pages:
        with CaptureQueriesContext(connection) as asked:
            page.get(address)
        found = Counter(one["sql"] for one in asked)
        twice |= {(address, sql[:200]): times for sql, times in found.items() if times > 1}
    assert twice == {}


def first_rows() -> list[Model]:
    return [one.objects.order_by("pk")[0] for one in (Product, Order, Member, AfterSale)]
