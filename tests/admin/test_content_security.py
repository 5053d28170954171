"""Pages run the shop's own scripts and no others, and nothing that is a member's own is kept on the way."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import unfold
from django.test import Client

from tests.conftest import Shopper

ROOT = Path(__file__).parents[2]
UNFOLD = Path(unfold.__file__).parent
_SPELLINGS = (ROOT / "config/static/shop/alpine_without_eval.js").read_text()
# What Alpine without eval cannot read: statements, functions, new, and what is not in its own data.
_BEYOND = re.compile(r";\s*\S|\bif \(|\bnew |=>|\blocalStorage\b|\bwindow\.|\.(?:value|name) = |\bconst ")
_EXPRESSION = re.compile(r"""\sx-[a-z:.-]+="((?:[^"{]|\{(?!%)|\{%.*?%\})*)\"""", re.DOTALL)
# The beginnings of those that shop/alpine_without_eval.js spells anew.
_SPELLED = {
    "openSearchResults = true; currentIndex = 0",
    "openSearchResults = false; if ($refs.searchInput.",
    "sidebarDesktopOpen = !sidebarDesktopOpen; localSt",
    "if (!$event.metaKey && !$event.ctrlKey) selectIte",
    "if ($el.getElementsByTagName('input')[0].name.inc",
    "items.push({ key: new Date().getTime()})",
    "activeTab && activeTab !== 'general' ? window.loc",
    "activeTab = {% if opts %}getCurrentTab() || '{% t",
    "{ {% if opts %}activeTab: '{% tabs_primary_active",
}


def policy(answer: Any) -> dict[str, str]:
    """The parts of an answer's Content-Security-Policy by their names."""
    parts = (part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";"))
    return {name: (value[0] if value else "") for name, *value in parts}


@pytest.mark.parametrize("address", ["/admin/", "/admin/orders/order/", "/admin/catalog/product/add/"])
def test_a_page_runs_scripts_of_the_shop_only_and_evaluates_none(page: Client, address: str) -> None:
    answer = page.get(address)
    scripts = policy(answer)["script-src"]
    nonce = re.fullmatch(r"'self' 'nonce-([\w-]{22})'", scripts)
    assert nonce is not None
    assert (policy(answer)["object-src"], policy(answer)["base-uri"]) == ("'none'", "'none'")
    html = answer.content.decode()
    inline = [tag for tag in re.findall(r"<script[^>]*>", html) if "src=" not in tag]
    assert [tag for tag in inline if f'nonce="{nonce[1]}"' not in tag and "json" not in tag] == []
    assert re.findall(r"<[^>]+\son(?:click|change|load|submit|error)=", html) == []


def test_no_two_answers_have_the_same_nonce(page: Client) -> None:
    assert len({policy(page.get("/admin/"))["script-src"] for _ in range(3)}) == 3


def test_the_page_of_the_api_has_no_script_of_its_own(client: Client) -> None:
    answer = client.get("/api/docs")
    assert "unsafe" not in policy(answer)["script-src"]
    assert [tag for tag in re.findall(r"<script[^>]*>", answer.content.decode()) if "src=" not in tag] == []


def test_whatever_is_no_page_runs_nothing(client: Client, db: None) -> None:
    for path in ("/api/v1/categories", "/healthz", "/api/schema", "/nowhere"):
        assert policy(client.get(path))["default-src"] == "'none'", path


def test_each_expression_that_needs_eval_has_another_spelling() -> None:
    found = {
        " ".join(expression.split())[:49].strip()
        for file in [*UNFOLD.rglob("*.html"), *(ROOT / "templates").rglob("*.html")]
        if "crispy" not in str(file)
        for expression in _EXPRESSION.findall(file.read_text())
        if _BEYOND.search(expression)
    }
    assert {one[:40] for one in found} - {one[:40] for one in _SPELLED} == set()
    assert "interceptInit" in _SPELLINGS


def test_a_members_answers_are_kept_by_nobody_on_the_way(member_shopper: Shopper) -> None:
    for call in (
        ("GET", "/me"),
        ("GET", "/orders"),
        ("GET", "/cart"),
        ("GET", "/products"),
        ("GET", "/nowhere"),
    ):
        answer = member_shopper.call(*call)
        assert answer["Cache-Control"] == "private, no-store", call


@pytest.fixture
def member_shopper(db: None) -> Shopper:
    from django.utils import timezone

    from apps.members.services import sessions
    from tests.apps.members import make

    return Shopper(sessions.open_session(member=make.member(), at=timezone.now()).access)


def test_an_unknown_host_is_told_so_and_fills_no_log(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    for path in ("/", "/api/v1/products", "/admin/"):
        answer = client.get(path, headers={"Host": "203.0.113.9"})
        assert (answer.status_code, answer.json()["code"]) == (400, "unknown_host")
    assert [record.name for record in caplog.records if record.exc_info or record.levelname == "ERROR"] == []


def test_a_form_that_is_too_large_is_answered_413(page: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = page.post("/admin/catalog/brand/add/", {"name": "茶" * 5000})
    assert (answer.status_code, "过大" in answer.content.decode()) == (413, True)
