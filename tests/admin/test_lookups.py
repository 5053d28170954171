"""What a page masks cannot be asked out of a list either: not by a filter in the address, the search or the order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.options import ModelAdmin
from django.contrib.auth.models import User
from django.db.models import Field, JSONField, Model
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse

from apps.base.admin import EditableAdmin, declared_lookups
from apps.campaigns.models import SkuWindow
from config.personal import BOARD
from tests.admin import shop
from tests.apps.members import make
from tests.apps.wallet import make as wallet

pytestmark = pytest.mark.django_db

REGISTERED = list(admin.site._registry.values())
# Columns about a person that pages show as they are; all others are masked or not shown.
_SHOWN = {
    "members.Member.nickname",
    "content.Review.text",
    "content.Review.reply",
    "orders.Order.remark",
    "points.CheckIn.on",
    # Where somebody lives, no closer than the district.
    "members.Address.province",
    "members.Address.city",
    "members.Address.district",
}
MASKED = {
    f"{holding.model}.{column}" for room in BOARD for holding in room.holdings for column in holding.personal
} - _SHOWN | {"payments.Payment.prepay_id", "auth.User.password"}


def named(page: ModelAdmin) -> str:
    return page.model._meta.label


def columns_on(model: type[Model], path: str) -> Iterator[str]:
    """The columns over which a path of look-ups leads, as ``app.Model.column``; a key inside JSON ends it."""
    for step in path.lstrip("=^@").split("__"):
        try:
            field: Any = model._meta.get_field(step)
        except Exception:
            return
        yield f"{model._meta.label}.{step}"
        if not field.is_relation:
            return
        model = field.related_model


def masked_on(page: ModelAdmin, path: str) -> bool:
    return bool(MASKED & set(columns_on(page.model, path)))


def fields_of(model: type[Model]) -> Iterator[tuple[str, Field]]:
    """Every column of a model and of what it points to, by its path."""
    for field in model._meta.concrete_fields:
        yield field.name, field
        if field.is_relation:
            for inner in field.related_model._meta.concrete_fields:
                yield f"{field.name}__{inner.name}", inner


def questions(model: type[Model]) -> Iterator[str]:
    """Ways of asking a column bit by bit."""
    for path, field in fields_of(model):
        deeper = [f"{path}__phone", f"{path}__detail"] if isinstance(field, JSONField) else []
        for name in (path, *deeper):
            for how in ("startswith", "regex", "gt"):
                yield f"{name}__{how}"


@pytest.mark.parametrize("page", REGISTERED, ids=named)
def test_a_list_answers_no_question_but_those_of_its_filters(page: ModelAdmin, rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = User(is_superuser=True, is_staff=True)
    assert isinstance(page, EditableAdmin)
    assert [asked for asked in questions(page.model) if page.lookup_allowed(asked, "1", request)] == []


@pytest.mark.parametrize("page", REGISTERED, ids=named)
def test_no_filter_search_or_order_leads_over_what_is_masked(page: ModelAdmin, rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = User(is_superuser=True, is_staff=True)
    declared = declared_lookups(page, request)
    assert [path for path in declared if masked_on(page, path) and not path.endswith("__isempty")] == []
    # Whole numbers only: whoever knows one may look whose it is.
    parts = [path for path in page.get_search_fields(request) if not path.startswith("=")]
    assert [path for path in parts if masked_on(page, path)] == []
    ordered = [
        str(getattr(getattr(page, name, None), "admin_order_field", None) or name).lstrip("-")
        for name in page.get_list_display(request)
        if isinstance(name, str)
    ]
    assert [path for path in ordered if masked_on(page, path)] == []


def test_the_rule_would_see_a_phone_that_is_searched_in_parts() -> None:
    page = admin.site._registry[wallet.Account]
    assert masked_on(page, "member__phone")
    assert masked_on(page, "=member__phone")
    assert not masked_on(page, "member__nickname")


@pytest.mark.parametrize(
    "asked",
    [
        "members/member/?phone__startswith=1",
        "members/member/?openid__startswith=o",
        "members/member/?addresses__detail__contains=1",
        "orders/order/?address__detail__startswith=x",
        "orders/order/?member__phone__startswith=1",
        "payments/payment/?prepay_id__startswith=w",
        "wechat/pushmessage/?content__FromUserName__startswith=o",
        "members/exportrequest/?file__contains=x",
        "auth/user/?password__startswith=m",
    ],
)
def test_an_operator_who_asks_all_the_same_is_refused(page: Client, asked: str) -> None:
    make.member(phone="13800000000")
    assert page.get(f"/admin/{asked}").status_code == 400


def test_every_filter_that_a_list_offers_still_works(page: Client, manager: User, rf: RequestFactory) -> None:
    def asked(link: str) -> HttpRequest:
        request = rf.get(f"/admin/{link}")
        request.user = manager
        request.session = page.session
        return request

    shop.fill(3, operator=manager)
    for registered in REGISTERED:
        address = reverse(f"admin:{registered.opts.app_label}_{registered.opts.model_name}_changelist")
        listed = page.get(address)
        # A table of one row has no list, and the windows of campaigns are shown as a calendar.
        if listed.status_code == 302 or registered.model is SkuWindow:
            continue
        for spec in listed.context["cl"].filter_specs:
            for choice in spec.choices(listed.context["cl"]):
                link = choice.get("query_string")
                if link is not None:
                    # The rows are read, and not drawn: they were above.
                    narrowed = registered.changelist_view(asked(link))
                    assert narrowed.status_code == 200, (address, link)
                    assert len(narrowed.context_data["cl"].result_list) <= registered.list_per_page


def test_links_from_other_pages_still_lead_to_the_narrowed_list(page: Client) -> None:
    member = make.member()
    for name in ("orders/order", "coupons/coupon", "points/account", "wallet/account"):
        assert page.get(f"/admin/{name}/?member__id__exact={member.pk}").status_code == 200
    assert page.get("/admin/members/member/?memberships__group__id__exact=1").status_code == 200
    assert (
        page.get(
            "/admin/orders/order/?paid_at__gte=2026-01-01T00:00Z&paid_at__lt=2026-02-01T00:00Z"
        ).status_code
        == 200
    )
    assert page.get("/admin/orders/order/?created_at__year=2026&created_at__month=3").status_code == 200


@pytest.mark.parametrize("address", ["wallet/account", "wallet/recharge", "members/member"])
def test_a_wallet_is_found_by_the_whole_number_or_its_last_four_digits_and_by_no_other_part(
    operator_with: Callable[..., Client], address: str, settings: Any
) -> None:
    settings.WALLET_ENABLED = True
    member = make.member("林小满", phone="13800001234")
    wallet.Account.objects.create(member=member)
    if address == "wallet/recharge":
        wallet.placed(member)
    app, _, model = address.partition("/")
    clerk = operator_with(f"{app}.view_{model}")

    def found(asked: str) -> int:
        return clerk.get(f"/admin/{address}/?q={asked}").context["cl"].result_count

    assert [found(asked) for asked in ("13800001234", "1234")] == [1, 1]
    assert [found(part) for part in ("1380", "0001", "234", "01234", "3800001234")] == [0, 0, 0, 0, 0]
