"""Forms whose row a service judges tell what is wrong with raw values, and tell each fault once."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from apps.base.admin import EditableAdmin, FixedAdmin
from tests.apps.pickup import make as pickup

pytestmark = pytest.mark.django_db
ADD = "/admin/stores/placestaff/add/"


@pytest.mark.parametrize("named", ["operator", "place"])
@pytest.mark.parametrize("raw", ["x", "2 OR 1=1", "", "999999", "1" * 30, "\x00"])
def test_what_names_no_row_is_a_fault_of_the_field(admin_client: Client, named: str, raw: str) -> None:
    clerk = User.objects.create_user("店员", is_staff=True)
    good = {"operator": clerk.pk, "place": pickup.shop().pk, "note": ""}
    answer = admin_client.post(ADD, {**good, named: raw})
    assert answer.status_code == 200
    assert list(answer.context["adminform"].form.errors) == [named]


def _forms() -> list[tuple[str, list[str]]]:
    """Every page that adds a row, with its fields that choose one."""
    found = []
    for model, page in admin.site._registry.items():
        if not isinstance(page, EditableAdmin) or isinstance(page, FixedAdmin):
            continue
        picks = [field.name for field in model._meta.concrete_fields if field.is_relation and field.editable]
        if picks:
            found.append((f"admin:{model._meta.app_label}_{model._meta.model_name}_add", picks))
    return found


@pytest.mark.parametrize(("page", "names"), _forms(), ids=lambda each: str(each))
def test_every_page_that_picks_rows_comes_back_from_raw_values(
    admin_client: Client, page: str, names: list[str]
) -> None:
    address = reverse(page)
    for raw in ("x", "2 OR 1=1", "\x00", "1" * 30):
        assert admin_client.post(address, dict.fromkeys(names, raw)).status_code in (200, 403), raw


def test_what_must_be_unique_is_told_once(admin_client: Client) -> None:
    clerk, shop = User.objects.create_user("店员", is_staff=True), pickup.shop()
    closed = {"place": shop.pk, "day": "2030-01-01", "note": ""}
    bound = {"operator": clerk.pk, "place": shop.pk, "note": ""}
    for address, sent, said in (
        (ADD, bound, "该操作员已绑定此门店"),
        ("/admin/pickup/slotclosing/add/", closed, "该门店这一天已登记"),
        (
            "/admin/deadlines/shopday/add/",
            {"day": "2030-01-01", "closed": "on", "note": ""},
            "已有相同日期的",
        ),
    ):
        assert admin_client.post(address, sent).status_code == 302
        assert admin_client.post(address, sent).content.decode().count(said) == 1, said
