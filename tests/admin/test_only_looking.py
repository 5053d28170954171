"""Who may only look, and who finds a field fixed, reads it as its form says it: Chinese, yuan, percentages, names."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db.models import Model
from django.test import Client, RequestFactory

from apps.catalog.models import Product
from apps.coupons.models import Template
from apps.fulfillment.models import FreightZone
from apps.journeys.models import Journey
from apps.orders.models import Order
from apps.points.models import Rules
from apps.promotions.models import MemberDay, PriceFloor, Promotion
from apps.risk.models import Policy
from apps.stores.models import Place
from tests.admin import shop
from tests.admin.test_chinese import _HAN, _LABELS
from tests.apps.coupons import make as coupons
from tests.apps.promotions import make as promotions

_KNOWN = {*_LABELS, "R · F · M"}
# What systems say to each other, shown to who looks for a fault.
_RAW = {"outbox.Announcement", "payments.Notification", "wechat.PushMessage"}
# ``[{``, ``[[``, ``["``, ``{"``: also where the page sets it apart by colours.
_CODE = re.compile(r"\[\s*[\[{'\"]|\{\s*['\"]|^[\[{]$")
# A moment as Python writes it, which is not Shanghai's.
_UTC = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d(\.\d+)?)?\+00:00")


@pytest.fixture
def looker(page: Client) -> Client:
    """Somebody who may look at everything and change nothing."""
    operator = User.objects.create_user("财务", is_staff=True)
    operator.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    page.force_login(operator)
    return page


class _Labels(HTMLParser):
    """The labels of a page, the heads of its tables among them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"label", "th"}:
            self._open = True
            self.found.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"label", "th"}:
            self._open = False

    def handle_data(self, data: str) -> None:
        if self._open:
            self.found[-1] += data


def labels(text: str) -> set[str]:
    """The words of a page's labels."""
    reader = _Labels()
    reader.feed(text)
    return {label.strip() for label in reader.found} - {""}


def address(row: Model) -> str:
    """The page of a row."""
    return f"/admin/{row._meta.app_label}/{row._meta.model_name}/{row.pk}/change/"


def faults(answer: Any, *, raw: bool) -> list[str]:
    """What of a page nobody can read."""
    named = labels(answer.content.decode())
    found = [label for label in named if not _HAN.search(label) and label not in _KNOWN]
    found += [label for label in named if "（分）" in label or "万分比" in label]
    found += [said for said in shop.shown(answer) if _UTC.search(said)]
    return found if raw else found + [said for said in shop.shown(answer) if _CODE.search(said)]


def undefined(text: str) -> set[str]:
    """What the conditions of a page's fields are about, and its data do not know."""
    data = re.search(r"x-data='(\{.*?\})'", text)
    conditions = re.findall(r'x-show="([a-z_]+ [!=]= [^"]+)"', unescape(text))
    return {name for one in conditions for name in re.findall(r"([a-z_]+) [!=]=", one)} - {
        *(json.loads(data[1]) if data else {})
    }


def ways_to_type(model: type[Model]) -> set[str]:
    """What the forms of a page say below fields that who may change it types."""
    page: Any = admin.site._registry[model]
    said = set()
    for part in (page, *(rows(model, admin.site) for rows in page.inlines)):
        fields = {column.name: column for column in part.model._meta.fields} | part.form.declared_fields
        said |= {str(one.help_text) for name, one in fields.items() if name not in part.readonly_fields}
    return said - {""}


def fill(operator: User) -> None:
    """A shop with something in its lists, and offers of several kinds with figures in them."""
    shop.fill(1, operator=operator)
    promotions.promotion("STEP_PRICE", steps=[[100, 4_000]], rise_bp=1_250, rise_hours=2)
    MemberDay.objects.create(name="会员日", weekdays=[3], points_bp=20_000)
    PriceFloor.objects.get_or_create(pk=1, defaults={"above_cost_bp": 1_000})
    Rules.objects.get_or_create(pk=1)
    Product.objects.update(attributes=[{"name": "材质", "value": "陶瓷"}])
    FreightZone.objects.update(regions=["新疆维吾尔自治区", "西藏自治区"])


def first_rows(operator: User) -> list[Model]:
    """The first row of each list."""
    request: Any = RequestFactory().get("/admin/")
    request.user = operator
    rows = [page.get_queryset(request).order_by("pk").first() for page in admin.site._registry.values()]
    return [row for row in rows if row is not None] + list(Promotion.objects.filter(kind="STEP_PRICE"))


def test_every_page_is_read_in_words_by_who_may_only_look(
    looker: Client, manager: User, bare_pages: None
) -> None:
    fill(manager)
    found = {}
    rows = first_rows(manager)
    for row in rows:
        # What a SKU is reserved for is read on the page of its campaign.
        answer = looker.get(address(row), follow=True)
        assert answer.status_code == 200, address(row)
        assert undefined(answer.content.decode()) == set(), address(row)
        if wrong := faults(answer, raw=row._meta.label in _RAW):
            found[address(row)] = wrong
        if typing := ways_to_type(type(row)) & set(shop.shown(answer)):
            found[address(row)] = sorted(typing)
    assert found == {}
    assert len(rows) > 100


def shown(page: Client, row: Model) -> str:
    """What the page of a row says, its texts side by side."""
    return "|".join(shop.shown(page.get(address(row))))


def test_what_only_the_form_knows_is_said_as_the_form_says_it(looker: Client, manager: User) -> None:
    fill(manager)
    steps = shown(looker, Promotion.objects.get(kind="STEP_PRICE"))
    assert "阶梯价|100-6|" in steps
    assert "每次涨|12.5%|" in steps
    assert "积分倍率|200%|" in shown(looker, MemberDay.objects.get())
    assert "高于成本|10%|" in shown(looker, PriceFloor.objects.get())
    assert "商品参数|材质：陶瓷|" in shown(looker, Product.objects.order_by("pk")[0])
    zone = FreightZone.objects.order_by("pk")[0]
    template = shown(looker, zone.template)
    assert "新疆维吾尔自治区、西藏自治区" in template
    assert "默认模板|是|" in template


def test_a_figure_whose_unit_only_its_label_says_keeps_it(looker: Client, manager: User) -> None:
    shop.fill(1, operator=manager)
    journey = Journey.objects.order_by("pk")[0]
    assert f"对照组（%）|{journey.holdout_percent}|" in shown(looker, journey)


def test_what_a_page_lets_nobody_type_is_explained(page: Client) -> None:
    policy, _ = Policy.objects.get_or_create(pk=1)
    assert "达到此分数的奖励先扣留" in shown(page, policy)


def test_a_moment_that_a_page_works_out_is_shanghai_s(page: Client, manager: User) -> None:
    line = shop.shipped_order(operator=manager).lines.all()[0]
    Order.objects.filter(pk=line.order_id).update(
        expires_at=datetime(2026, 11, 26, 10, 22, 13, 452_049, tzinfo=UTC)
    )
    assert "支付截止|2026-11-26 18:22|" in shown(page, line)


def test_a_password_is_shown_to_nobody(looker: Client, manager: User) -> None:
    clerk = User.objects.create_user("店员", password="kept-for-oneself", is_staff=True)
    assert clerk.password not in looker.get(address(clerk)).content.decode()


def test_what_is_fixed_on_a_page_that_is_edited_is_said_in_words_too(page: Client, manager: User) -> None:
    template = coupons.template(
        kind="PERCENT", threshold_fen=9_900, off_fen=None, off_bp=1_500, cap_fen=2_000
    )
    coupons.coupon(of=template)
    answer = page.get(address(Template.objects.get(pk=template.pk)))
    text = answer.content.decode()
    told = "|".join(shop.shown(answer))
    assert "使用门槛|¥99.00|" in told
    assert "折扣|8.5 折|" in told
    assert "最多减|¥20.00|" in told
    assert faults(answer, raw=False) == []
    # The kind stands still, and Alpine judges by it what is shown: nothing of other kinds.
    assert undefined(text) == set()
    assert json.loads(re.findall(r"x-data='(\{.*?\})'", text)[0])["kind"] == "PERCENT"


def test_an_opening_hour_that_nobody_typed_is_a_dash(looker: Client) -> None:
    place = Place.objects.create(name="分店", priority=9)
    assert "营业时间|—|" in shown(looker, place)
