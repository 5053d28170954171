"""A button that changes something asks first, acts once, shows what is refused, and is only there for who may press it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils.html import escape

from apps.base.admin import said
from apps.wechat.sandbox.control import Sandbox
from mall.errors import ShopError
from tests.admin.asking import BY_TWO, LOOKING, PAGES, Page

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _all_doors_open(settings: Any, wechat: Sandbox) -> None:
    """Stored value is on, and what calls WeChat is answered by the sandbox."""
    settings.WALLET_ENABLED = True
    settings.WECHAT_WAYBILLS = True


@pytest.fixture(params=sorted(PAGES))
def asks(request: Any) -> Page:
    made: Page = PAGES[request.param]()
    return made


def _hidden(answer: Any) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]+)"(?: value="([^"]*)")?', answer.content.decode())
    return {name: value for name, value in found if name == "seen"}


def test_a_link_that_somebody_follows_changes_nothing(page: Client, asks: Page) -> None:
    before = asks.state()
    answer = page.get(asks.address)
    assert answer.status_code == 200
    assert "确认" in answer.content.decode() or "下一步" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert asks.state() == before


def test_a_button_says_once_that_it_confirms(page: Client) -> None:
    shown = page.get(PAGES["aftersales_aftersale_arrive"]().address).content.decode()
    assert "确认收到退货" in shown
    assert "确认确认" not in shown
    assert "确认验收" in page.get(PAGES["aftersales_aftersale_inspect"]().address).content.decode()


def test_what_is_sent_acts_once_however_often_it_is_sent(page: Client, asks: Page) -> None:
    before = asks.state()
    sent = {**_hidden(page.get(asks.address)), **asks.typed}
    assert page.post(asks.address, sent).status_code == 302
    after = asks.state()
    assert after != before
    assert page.post(asks.address, sent).status_code in {302, 409}
    assert asks.state() == after


def test_who_may_only_look_has_no_button_and_no_page(
    operator_with: Callable[..., Client], asks: Page
) -> None:
    looker, before = operator_with(asks.view), asks.state()
    assert asks.address not in looker.get(asks.shown_on).content.decode()
    assert looker.get(asks.address).status_code == 403
    assert looker.post(asks.address, asks.typed).status_code == 403
    assert asks.state() == before


def test_who_has_the_permission_finds_the_button(operator_with: Callable[..., Client], asks: Page) -> None:
    answer = operator_with(asks.view, asks.permission).get(asks.shown_on)
    assert asks.address in answer.content.decode()


def test_what_the_service_refuses_is_told_on_the_page_with_what_was_typed(page: Client, asks: Page) -> None:
    if asks.spoil is None:
        # Nothing that was typed rightly is refused: what was typed wrongly is, without a trace.
        before = asks.state()
        wrong = dict.fromkeys(asks.typed, "")
        answer = page.post(asks.address, wrong) if asks.typed else page.get(asks.address)
        assert answer.status_code == 200
        assert asks.state() == before
        return
    sent = {**_hidden(page.get(asks.address)), **asks.typed}
    asks.spoil()
    before = asks.state()
    answer = page.post(asks.address, sent)
    assert answer.status_code == 409
    shown = answer.content.decode()
    assert "errornote" in shown
    for name in ("reason", "tracking_no", "text", "name", "amount_fen"):
        if name in asks.typed:
            assert escape(asks.typed[name]) in shown
    assert asks.state() == before


def buttons() -> list[tuple[Any, str, Any]]:
    """Every button of every admin: its admin, its full name, and its method."""
    return [
        (page, button.action_name, button.method)
        for page in admin.site._registry.values()
        for button in (
            *page._get_base_actions_list(),  # type: ignore[attr-defined]
            *page._get_base_actions_detail(),  # type: ignore[attr-defined]
            *page._get_base_actions_row(),  # type: ignore[attr-defined]
            *page._get_base_actions_submit_line(),  # type: ignore[attr-defined]
        )
    ]


def named(permission: str) -> bool:
    app, _, codename = permission.partition(".")
    return Permission.objects.filter(content_type__app_label=app, codename=codename).exists()


def test_every_button_needs_a_permission_that_exists() -> None:
    lacking = {
        name: needed
        for page, name, method in buttons()
        for needed in [list(getattr(method, "allowed_permissions", []))]
        # A word that the page itself explains (one of several rights) instead of one right's name.
        if not needed
        or not all(named(right) or hasattr(type(page), f"has_{right}_permission") for right in needed)
    }
    assert lacking == {}


def test_everything_done_to_chosen_rows_needs_a_permission_that_exists() -> None:
    chosen = {
        f"{page.opts.label}.{name}": getattr(type(page), name, None)
        for page in admin.site._registry.values()
        for name in page.actions or ()
    }
    assert len(chosen) >= 8
    assert [name for name, act in chosen.items() if not named(getattr(act, "needs", ""))] == []


def test_every_button_leads_somewhere_and_is_on_the_list_of_those_that_ask_or_of_those_that_only_show() -> (
    None
):
    leading = set()
    for page, name, _ in buttons():
        if name in {f"catalog_product_save_and_{way}" for way in ("put_on_sale", "take_off_sale")}:
            continue  # they save the page that they stand on
        detail = name in {
            b.action_name for b in (*page._get_base_actions_detail(), *page._get_base_actions_row())
        }
        assert reverse(f"admin:{name}", args=[1] if detail else []).startswith("/admin/")
        leading.add(name)
    assert leading == {*PAGES, *LOOKING, *BY_TWO}


def test_what_is_done_to_chosen_rows_is_offered_only_to_who_may(
    page: Client, operator_with: Callable[..., Client]
) -> None:
    request = RequestFactory().get("/admin/")
    members = next(
        one for model, one in admin.site._registry.items() if model._meta.label == "members.Member"
    )
    looker = operator_with("members.view_member")
    request.user = _user(looker)
    assert set(members.get_actions(request)) & {"disable", "enable"} == set()
    request.user = _user(page)
    assert {"disable", "enable"} <= set(members.get_actions(request))


def _user(client: Client) -> Any:
    from django.contrib.auth.models import User

    return User.objects.get(pk=client.session["_auth_user_id"])


class _Refusing(ShopError):
    code = "refusing"
    message = "今天不行"


def test_a_refusal_behind_any_button_goes_back_to_its_page_and_is_never_a_fault(rf: RequestFactory) -> None:
    told: list[str] = []

    class Someone:
        def message_user(self, request: HttpRequest, text: str, level: int) -> None:
            told.append(text)

        def get_object(self, request: HttpRequest, object_id: str) -> Any:
            return object_id if object_id == "7" else None

        def page_of(self, row: Any) -> str:
            return f"/{row}/change/"

        def list_page(self) -> str:
            return "/list/"

        @said
        def act(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
            raise _Refusing

    from apps.members.models import Member

    one = Someone()
    assert one.act(rf.post("/"), object_id="7")["Location"] == "/7/change/"
    assert one.act(rf.post("/"), "8")["Location"] == "/list/"
    assert one.act(rf.post("/"))["Location"] == "/list/"
    assert one.act(rf.post("/"), Member.objects.all()) is None
    assert told == ["今天不行"] * 4
