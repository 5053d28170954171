"""The admin speaks Chinese: every word of the packages it is made of, every label of ours, every page as it is shown."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from gettext import GNUTranslations
from pathlib import Path
from typing import Any

import django
import pytest
import unfold
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client, RequestFactory
from django.utils.translation import trans_real
from django.utils.translation.trans_real import DjangoTranslation

from apps.base.errors import server_error
from apps.fulfillment.models import Carrier
from apps.messaging import board
from apps.orders.states import LIFECYCLE, MOVE_LABELS
from config.navigation import GROUPS
from mall.events import kinds
from tests.admin import messages, shop
from tests.admin.messages import Message

CATALOGUES = Path(__file__).parents[2] / "config" / "locale" / "zh_Hans" / "LC_MESSAGES"
UNFOLD = Path(unfold.__file__).parent
DJANGO = Path(django.__file__).parent
_HAN = re.compile(r"[\u4e00-\u9fff]")
_LATIN = re.compile(r"[A-Za-z0-9_.:/@*-]*[A-Za-z][A-Za-z0-9_.:/@*-]*")
# Numbers, dotted names, addresses, masked numbers, and the random letters of members', promoters' and groups' numbers.
_CODE = re.compile(r"[0-9_.:/@]|\*{4}|^[A-Z]{8,}$|^[A-Za-z]{24,}$")
# What Chinese operators write in Latin letters too, keys of their keyboards, and texts of the tests' own rows.
# Recency, frequency, money are RFM in every language.
_WORDS = {
    "SKU",
    "CSV",
    "openid",
    "unionid",
    "JSON",
    "Control",
    "Mac",
    "Command",
    "HTML",
    "MP4",
    "LDAP",
    "ID",
    "esc",
    "RFM",
    "R",
    "F",
    "M",
}
# Lists of one word each in another language that Chinese people know better than its translation.
_LABELS = {"SKU", "openid", "unionid", "ID"}


def translated(catalogue: DjangoTranslation) -> set[Any]:
    """Return the keys of a merged catalogue."""
    return {key for part in vars(catalogue)["_catalog"]._catalogs for key in part}


def key(message: Message) -> Any:
    """Return the key under which gettext keeps a message; Chinese has one plural form, number 0."""
    name = f"{message.context}\x04{message.singular}" if message.context else message.singular
    return (name, 0) if message.plural else name


def untranslated(wanted: set[Message], catalogue: DjangoTranslation) -> list[str]:
    known = translated(catalogue)
    return sorted(message.singular for message in wanted if key(message) not in known)


def test_every_string_of_unfold_is_translated() -> None:
    wanted = messages.in_package(UNFOLD)
    assert len(wanted) > 150
    assert untranslated(wanted, trans_real.translation("zh-hans")) == []


@pytest.mark.parametrize("part", ["contrib/admin", "contrib/auth", "contrib/messages", "forms", "core", "db"])
def test_every_string_of_django_that_operators_may_meet_is_translated(part: str) -> None:
    assert untranslated(messages.in_package(DJANGO / part), trans_real.translation("zh-hans")) == []


def test_every_string_of_the_admins_scripts_is_translated() -> None:
    wanted = messages.in_scripts(UNFOLD) | messages.in_scripts(DJANGO / "contrib" / "admin")
    assert len(wanted) > 30
    assert untranslated(wanted, DjangoTranslation("zh-hans", domain="djangojs")) == []


def test_the_admins_scripts_are_served_our_words(page: Client) -> None:
    assert json.dumps("选择全部%s") in page.get("/admin/jsi18n/").content.decode()


@pytest.mark.parametrize("domain", ["django", "djangojs"])
def test_the_compiled_catalogue_says_what_the_written_one_says(domain: str) -> None:
    with (CATALOGUES / f"{domain}.mo").open("rb") as compiled:
        spoken = GNUTranslations(compiled)._catalog  # type: ignore[attr-defined]
    said = {name: text for name, text in spoken.items() if name}
    assert said == written(CATALOGUES / f"{domain}.po")


def written(path: Path) -> dict[Any, str]:
    """Read a .po file: message, or (message, 0) for one with a plural, to translation."""
    found: dict[Any, str] = {}
    for entry in path.read_text().split("\n\n"):
        said: dict[str, str] = {}
        part = ""
        for line in entry.splitlines():
            if line.startswith("#"):
                continue
            if not line.startswith('"'):
                part, _, line = line.partition(" ")
            said[part] = said.get(part, "") + ast.literal_eval(line)
        if said.get("msgid"):
            plural = "msgid_plural" in said
            found[(said["msgid"], 0) if plural else said["msgid"]] = said["msgstr[0]" if plural else "msgstr"]
    return found


def test_operators_and_roles_are_called_so_on_their_pages_as_in_the_sidebar(page: Client) -> None:
    named = {"/admin/auth/user/": "操作员", "/admin/auth/user/add/": "操作员", "/admin/auth/group/": "角色"}
    for address, name in named.items():
        answer = page.get(address)
        assert str(answer.context["opts"].verbose_name) == name
        assert "认证和授权" not in answer.content.decode()
    assert "这位操作员不能登录" in page.get("/admin/auth/user/add/").content.decode()


def test_every_model_and_every_field_of_ours_has_a_chinese_name() -> None:
    ours = [model for model in apps.get_models() if model.__module__.startswith("apps.")]
    names = [(model.__name__, str(model._meta.verbose_name)) for model in ours] + [
        (f"{model.__name__}.{field.name}", str(field.verbose_name))
        for model in ours
        if admin.site.is_registered(model)
        for field in model._meta.fields
        if field.name != "id"
    ]
    assert [(where, name) for where, name in names if not _HAN.search(name) and name not in _LABELS] == []


def test_every_move_of_an_order_has_a_chinese_name() -> None:
    # Placing begins its history, and other goods for a line are told in it.
    assert set(MOVE_LABELS) == {"place", "swap", *LIFECYCLE.moves}
    assert all(_HAN.search(label) for label in MOVE_LABELS.values())


def test_every_list_of_the_admin_is_in_the_sidebar() -> None:
    listed = {place.model for _, places in GROUPS for place in places}
    assert listed == {model._meta.label for model in admin.site._registry}


def pages(manager: User) -> list[str]:
    """The addresses of every list, every form to add, and of the first row of every list."""
    request = RequestFactory().get("/admin/")
    request.user = manager
    found = ["/admin/", "/admin/password_change/"]
    for model, model_admin in admin.site._registry.items():
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        found.append(base)
        if model_admin.has_add_permission(request):
            found.append(f"{base}add/")
        if row := model_admin.get_queryset(request).order_by("pk").first():
            found += [f"{base}{row.pk}/change/", f"{base}{row.pk}/history/"]
            if model_admin.has_delete_permission(request, row):
                found.append(f"{base}{row.pk}/delete/")
    return found


def english(texts: list[str]) -> set[str]:
    """Return the English words among texts; codes, addresses and dotted names are none, nor what messages may name."""
    facts = {name.name for scene in board.scenes().values() for name in scene.names}
    data = {*_WORDS, *facts, *kinds(), *Carrier.objects.values_list("code", flat=True)}
    data.update(
        word for name in Carrier.objects.values_list("name", flat=True) for word in _LATIN.findall(name)
    )
    words = {word.strip(".:-") for text in texts for word in _LATIN.findall(text)} - data
    return {word for word in words if len(word) > 1 and not _CODE.search(word)}


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_every_page_renders_in_chinese_with_few_or_no_rows(page: Client, manager: User, rows: int) -> None:
    shop.fill(rows, operator=manager)
    faults = {}
    for address in pages(manager):
        # Rules of which there is one row have no list: the way to them is one step longer.
        response = page.get(address, follow=True)
        if response.status_code != 200:
            faults[address] = str(response.status_code)
        elif found := english(shop.shown(response)):
            faults[address] = ", ".join(sorted(found))
    assert faults == {}


def test_logging_in_and_out_is_chinese(page: Client) -> None:
    assert english(shop.shown(Client().get("/admin/login/"))) == set()
    # 注销 is here that a member is erased.
    home = page.get("/admin/").content.decode()
    assert "退出登录" in home and "注销 <span" not in home
    assert english(shop.shown(page.post("/admin/logout/"))) == set()


def test_a_wrong_password_is_refused_in_chinese(db: None) -> None:
    response = Client().post("/admin/login/", {"username": "店长", "password": "x"})
    assert "用户名或密码不正确" in "".join(shop.shown(response))
    assert english(shop.shown(response)) == set()


def test_what_is_refused_is_refused_in_chinese(page: Client, operator_with: Callable[..., Client]) -> None:
    missing = page.get("/admin/nowhere/")
    assert missing.status_code == 404
    assert "页面不存在" in missing.content.decode()
    forbidden = operator_with().get("/admin/orders/order/")
    assert forbidden.status_code == 403
    assert "没有权限" in forbidden.content.decode()
    stale = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "店长"})
    assert stale.status_code == 403
    assert "页面已过期" in stale.content.decode()
    broken = Client(HTTP_HOST="elsewhere.invalid").get("/admin/")
    assert broken.status_code == 400
    assert "请求的域名无效" in broken.content.decode()


def test_a_fault_of_ours_is_told_in_chinese() -> None:
    answer = server_error(RequestFactory().get("/admin/"))
    assert answer.status_code == 500
    assert "系统开小差了" in answer.content.decode()


def test_a_server_that_is_away_is_told_as_such() -> None:
    try:
        raise OperationalError
    except OperationalError:
        answer = server_error(RequestFactory().get("/admin/"))
    assert answer.status_code == 503
    assert "请稍等片刻" in answer.content.decode()
