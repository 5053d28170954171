"""`make manual`: takes the pictures of the operators' manual in a shop of its own, with Playwright and a Chromium."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from config.local import shop
from config.local.places import ROOT, Problem, take_slot
from config.local.story import Story

if TYPE_CHECKING:
    from playwright.sync_api import Page

PICTURES_IN = ROOT / "docs" / "operators" / "images"
_SIZE = (1180, 760)
# Pages of the admin hold few colours; so many are enough for all of them and their small pictures.
_COLOURS = 96
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_WITHIN_MS = 30_000


@dataclass(frozen=True)
class Picture:
    """One picture: where to go, what to type there, and what to press before it is taken.

    ``path`` is a page, or a list whose first row's page ``of_first`` is meant (``change/``, ``ship/``, …); ``{paid}`` and
    ``{received}`` stand for the numbers of two orders. ``fields`` are typed or chosen by name, ``press`` is the
    label of a button, ``show`` a text that is scrolled to.
    """

    name: str
    path: str
    of_first: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    press: str = ""
    show: str = ""


PICTURES = (
    Picture("today", "/admin/"),
    Picture("products", "/admin/catalog/product/"),
    Picture("product-prices", "/admin/catalog/product/", "change/", show="商家编码"),
    Picture(
        "stock-in",
        "/admin/inventory/stock/receive-any/",
        fields=(("code", "CP-TAOZHUANG-1"), ("quantity", "20"), ("reason", "供应商到货 单号 8812")),
    ),
    Picture("orders", "/admin/orders/order/"),
    Picture("order", "/admin/orders/order/?q={paid}", "change/"),
    Picture("ship", "/admin/orders/order/?q={paid}", "ship/", fields=(("tracking_no", "SF1234567890123"),)),
    Picture(
        "refund", "/admin/orders/order/?q={received}", "refund-part/", fields=(("reason", "杯口有磕碰"),)
    ),
    Picture(
        "promotion",
        "/admin/promotions/promotion/add/",
        fields=(("label", "春茶节满减"),),
    ),
    Picture("calendar", "/admin/campaigns/skuwindow/"),
    Picture("group-buy", "/admin/groupbuy/groupbuy/", "change/"),
    Picture("groups", "/admin/groupbuy/group/"),
    Picture("flash-sale", "/admin/flashsale/session/", "change/"),
    Picture("bargain", "/admin/bargain/bargain/", "change/"),
    Picture("bargain-runs", "/admin/bargain/run/"),
    Picture("presale", "/admin/presale/presale/", "change/"),
    Picture("arrive", "/admin/presale/presale/", "arrive/"),
    Picture("coupon", "/admin/coupons/template/", "change/"),
    Picture("coupon-issue", "/admin/coupons/template/", "issue/", fields=(("reason", "春茶上新"),)),
    Picture("till", "/admin/coupons/storeuse/till/", fields=(("goods_fen", "128"), ("receipt_no", "A0187"))),
    Picture(
        "wallet-pack",
        "/admin/wallet/pack/add/",
        fields=(("title", "充500送50"), ("principal_fen", "500"), ("bonus_fen", "50")),
    ),
    Picture("member", "/admin/members/member/", "change/"),
    Picture("segment", "/admin/audiences/segment/", "change/"),
    Picture("reviews", "/admin/content/review/?status__exact=HELD"),
    Picture("deadlines", "/admin/deadlines/deadline/?standing=open"),
    Picture(
        "put-off",
        "/admin/orders/order/?q={paid}",
        "put-off/",
        fields=(("reason", "缺货"), ("note", "茶园因雨推迟采摘，抱歉。")),
    ),
    Picture("delay", "/admin/deadlines/delay/", "change/"),
    Picture("slots", "/admin/pickup/slottemplate/"),
    Picture("slot-orders", "/admin/pickup/slotseat/?coming=yes"),
    Picture("packing", "/admin/fulfillment/packingoption/", "change/"),
    Picture("counter", "/admin/pickup/pickup/add/", fields=(("code", "38172946"),)),
    Picture("after-sales", "/admin/aftersales/aftersale/"),
    Picture("after-sale", "/admin/aftersales/aftersale/?todo=yes", "change/"),
    Picture("inspect", "/admin/aftersales/aftersale/?status__exact=RETURNED", "inspect/"),
    Picture("complaint", "/admin/complaints/complaint/?waiting=yes", "change/"),
    Picture("invoice-issue", "/admin/invoices/invoice/?todo=issue", "issue/"),
    Picture("cases", "/admin/books/case/?status__exact=OPEN"),
    Picture("case", "/admin/books/case/?status__exact=OPEN", "change/"),
    Picture("months", "/admin/books/journalentry/months/"),
)


def draw(environ: Mapping[str, str] = os.environ) -> int:
    """Run a shop with an order that was paid and one that was received and complained of; write every picture anew."""
    browser = _browser()
    try:
        from playwright.sync_api import sync_playwright  # -- installed for this verb only
    except ImportError:
        raise Problem("Playwright is missing; `make manual` installs it") from None
    slot = take_slot("manual")
    try:
        with (
            shop.running(slot, environ={**environ, "WALLET_ENABLED": "1"}) as running,
            sync_playwright() as play,
        ):
            received = Story(running.addresses, check=running.check)
            numbers = {"received": received.tell()}
            received.complain("收到时杯盖碎了，申请退款。")
            numbers["paid"] = Story(running.addresses, check=running.check).tell(until="paid")
            options = ["--no-sandbox"] if os.geteuid() == 0 else []
            opened = play.chromium.launch(executable_path=browser, args=options)
            page = opened.new_page(
                viewport={"width": _SIZE[0], "height": _SIZE[1]}, locale="zh-CN", timezone_id="Asia/Shanghai"
            )
            page.set_default_timeout(_WITHIN_MS)
            _log_in(page, running)
            PICTURES_IN.mkdir(parents=True, exist_ok=True)
            for picture in PICTURES:
                _take(page, picture, at=running.addresses.shop, numbers=numbers)
            opened.close()
    finally:
        slot.release()
    return 0


def _browser() -> str:
    """Return the path of a Chromium on this machine."""
    found = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        raise Problem(
            "no Chromium on PATH; on Debian: apt install chromium fonts-noto-cjk fonts-noto-color-emoji"
        )
    return found


def _log_in(page: Page, running: shop.Shop) -> None:
    page.goto(f"{running.addresses.shop}/admin/login/")
    page.fill("input[name=username]", running.addresses.operator)
    page.fill("input[name=password]", running.addresses.password)
    page.click("button[type=submit]")
    page.wait_for_url("**/admin/")


def _take(page: Page, picture: Picture, *, at: str, numbers: Mapping[str, str]) -> None:
    """Go there, do what the picture says, and write it."""
    listed = picture.path.format(**numbers)
    _go(page, at + listed)
    if picture.of_first:
        base = listed.partition("?")[0]
        links = page.eval_on_selector_all("a[href]", "all => all.map(a => a.getAttribute('href'))")
        rows = (re.match(rf"{re.escape(base)}\d+/", link) for link in links)
        first = next((row.group() for row in rows if row), None)
        if first is None:
            raise Problem(f"the picture {picture.name} needs a row on {listed}, and there is none")
        _go(page, f"{at}{first}{picture.of_first}")
    for name, value in picture.fields:
        _enter(page, name, value)
    if picture.press:
        page.get_by_role("button", name=picture.press).click()
        page.wait_for_load_state("networkidle")
    if picture.show:
        page.get_by_text(picture.show).first.scroll_into_view_if_needed()
    _write(page.screenshot(), PICTURES_IN / f"{picture.name}.png")
    print(f"Took {picture.name}.", flush=True)


def _go(page: Page, address: str) -> None:
    answered = page.goto(address)
    if answered is None or not answered.ok:
        raise Problem(f"{address} answered {answered.status if answered else 'nothing'}")
    page.wait_for_load_state("networkidle")


def _enter(page: Page, name: str, value: str) -> None:
    field = page.locator(f"[name='{name}']").first
    if field.evaluate("element => element.tagName") == "SELECT":
        field.select_option(label=value)
    else:
        field.fill(value)


def _write(screenshot: bytes, path: Path) -> None:
    """Write a PNG of few colours: a quarter of the size, and letters as sharp as before."""
    with Image.open(BytesIO(screenshot)) as taken:
        taken.convert("RGB").quantize(_COLOURS).save(path, optimize=True)
