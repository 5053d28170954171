"""Writing a pre-sale: what is refused and where, what is filled in, what files say, what the forms take."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.campaigns import services as campaigns
from apps.campaigns.models import Quota, SkuWindow
from apps.desk import campaign_file
from apps.presale import selectors as presale_facts
from apps.presale import services as presales
from apps.presale.drafts import GoodDraft
from apps.presale.models import Good, Presale
from apps.presale.services import PresaleRefused
from tests.apps.bargain import make as bargains
from tests.apps.checkout import make as counter
from tests.apps.presale import make
from tests.apps.presale.make import BALANCE_FROM, BALANCE_UNTIL, DAY, HOUR, NOW

pytestmark = pytest.mark.django_db


def test_without_a_ship_by_date_it_is_seventy_two_hours_after_the_last_payment() -> None:
    assert make.presale().ships_by == BALANCE_UNTIL + timedelta(hours=72)
    assert make.presale(whole=True).ships_by == NOW + 2 * HOUR + timedelta(hours=72)


def test_a_deposit_without_a_worth_is_worth_itself_and_a_whole_payment_has_no_balance() -> None:
    row = make.presale(deposit_worth_fen=None)
    assert (row.deposit_worth_fen, row.growth_fen) == (20_00, 0)
    whole = make.presale(deposit_fen=None, deposit_worth_fen=None)
    assert (whole.balance_from, whole.balance_until) == (None, None)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"deposit_fen": 0}, "deposit_fen"),
        ({"deposit_fen": None}, "deposit_fen"),
        ({"deposit_worth_fen": 19_99}, "deposit_worth_fen"),
        ({"balance_from": None}, "balance_from"),
        ({"balance_until": None}, "balance_until"),
        ({"balance_from": NOW - HOUR}, "balance_from"),
        ({"balance_until": BALANCE_FROM}, "balance_until"),
        ({"balance_from": NOW, "balance_until": NOW + HOUR}, "balance_until"),
        ({"ships_by": BALANCE_UNTIL - HOUR}, "ships_by"),
        ({"ends_at": NOW}, "ends_at"),
        ({"deposit_worth_fen": 160_00}, "skus"),
        ({"quota": 0}, "skus"),
        ({"price_fen": 300_00}, "skus"),
        ({"goods": []}, "skus"),
        ({"combines": ["gold"]}, "combines"),
        ({"code": ""}, "code"),
    ],
)
def test_each_thing_that_is_wrong_is_told_at_its_field(said: dict[str, Any], field: str) -> None:
    with pytest.raises(PresaleRefused) as refused:
        presales.CAMPAIGNS.save(make.draft(**said), at=NOW)
    assert field in {fault.field for fault in refused.value.faults}
    assert Presale.objects.count() == 0


def test_the_goods_are_of_one_product_and_named_once() -> None:
    tea = make.tea()
    for skus in ([tea, make.tea()], [tea, tea]):
        with pytest.raises(PresaleRefused) as refused:
            presales.CAMPAIGNS.save(make.draft(*skus), at=NOW)
        assert {fault.field for fault in refused.value.faults} == {"skus"}


def test_a_presale_may_cost_what_the_goods_cost_anyway() -> None:
    assert make.presale(price_fen=200_00, deposit_worth_fen=20_00).approval == "APPROVED"


def test_a_ship_by_date_far_off_is_told_and_more_than_fifteen_days_is_told_of_wechat() -> None:
    far = presales.CAMPAIGNS.save(make.draft(ships_by=BALANCE_UNTIL + 4 * DAY), at=NOW).warnings
    farther = presales.CAMPAIGNS.save(make.draft(ships_by=NOW + 20 * DAY), at=NOW).warnings
    assert ["微信报备" in text for text in (*far, *farther)] == [False, True]
    assert presales.CAMPAIGNS.save(make.draft(), at=NOW).warnings == []


def test_one_sku_is_in_one_campaign_at_a_time() -> None:
    sku = make.tea()
    make.presale(sku)
    with pytest.raises(campaigns.SkuTaken) as refused:
        bargains.bargain(sku, starts_at=NOW + HOUR, ends_at=NOW + 3 * HOUR, at=NOW)
    assert "预售「明前龙井预售」" in refused.value.faults[0].text


def test_an_approved_one_speaks_for_its_skus_at_the_price_with_the_deposits_worth() -> None:
    row = make.presale()
    window = SkuWindow.objects.get()
    assert (window.label, window.price_fen, window.activity_id) == ("预售", 130_00, str(row.pk))


def test_a_change_keeps_id_goods_and_quota_and_refuses_to_take_what_orders_have() -> None:
    counter.freight(0)
    sku = make.tea()
    row = make.presale(sku, quota=10)
    make.order(row, units=4)
    draft = presales.CAMPAIGNS.draft_of(row)
    assert draft.goods == [GoodDraft(sku_id=sku.pk, price_fen=160_00, quota=10)]
    less = replace(draft, goods=[GoodDraft(sku_id=sku.pk, price_fen=170_00, quota=3)])
    with pytest.raises(campaigns.QuotaTooSmall):
        presales.CAMPAIGNS.save(less, at=NOW)
    other = make.tea()
    gone = replace(draft, goods=[GoodDraft(sku_id=other.pk, price_fen=160_00, quota=3)])
    with pytest.raises(PresaleRefused, match="已有订单的规格不能移除"):
        presales.CAMPAIGNS.save(gone, at=NOW)
    more = replace(draft, goods=[GoodDraft(sku_id=sku.pk, price_fen=170_00, quota=12)])
    assert presales.CAMPAIGNS.save(more, at=NOW).row.pk == row.pk
    assert (Good.objects.get().price_fen, Quota.objects.get().quota) == (170_00, 12)


def test_a_copy_is_a_draft_that_says_the_same() -> None:
    row = make.presale()
    copied = presales.CAMPAIGNS.copy(row, code="COPY", at=NOW)
    assert presales.CAMPAIGNS.copy(row, code="COPY", at=NOW) == copied
    assert (copied.approval, copied.deposit_fen) == ("DRAFT", 20_00)
    assert [(good.price_fen, Quota.objects.get(key=good.key).quota) for good in copied.goods.all()] == [
        (160_00, 100)
    ]


def entry(sku_id: int, **said: Any) -> dict[str, Any]:
    return {
        "code": "SPRING",
        "title": "明前龙井",
        "skus": [{"sku_id": sku_id, "price_fen": 160_00, "quota": 10}],
        "deposit_fen": 2000,
        "deposit_worth_fen": 5000,
        "deposit_from": "2026-11-28T10:00:00+08:00",
        "deposit_until": "2026-11-28T12:00:00+08:00",
        "balance_from": "2026-11-29T10:00:00+08:00",
        "balance_until": "2026-12-01T10:00:00+08:00",
        "ships_by": "2026-12-04T10:00:00+08:00",
        "deposit_refundable": True,
        **said,
    }


def load(*entries: dict[str, Any]) -> dict[str, Any]:
    return campaign_file.load(json.dumps({"presales": entries}), at=NOW)


def test_a_file_makes_one_changes_it_and_says_it_again() -> None:
    sku = make.tea()
    printed = load(entry(sku.pk))
    row = Presale.objects.get()
    assert printed == {"presales": {"SPRING": row.pk}}
    assert (row.approval, row.deposit_refundable, row.starts_at) == ("APPROVED", True, NOW)
    assert load(entry(sku.pk, deposit_refundable=False)) == printed
    row.refresh_from_db()
    assert not row.deposit_refundable
    (written,) = campaign_file.dump()["presales"]
    assert {**written, "deposit_refundable": True} == {
        **entry(sku.pk),
        **{name: written[name] for name in written if name.endswith(("_from", "_until", "_by"))},
        "combines": [],
    }
    assert load(written) == printed


def test_a_whole_payment_needs_neither_deposit_nor_balance_in_a_file() -> None:
    said = entry(make.tea().pk, deposit_fen=None, deposit_worth_fen=None)
    for name in ("balance_from", "balance_until", "ships_by", "deposit_refundable"):
        del said[name]
    load(said)
    assert Presale.objects.get().deposit_fen is None


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({"deposit_until": "2026-11-28T09:00:00+08:00"}, "presales[0].deposit_until"),
        ({"skus": [{"sku_id": 1, "price_fen": 1, "quota": 0}]}, "presales[0].skus[0].quota"),
        ({"colour": "red"}, "presales[0].colour"),
        ({"deposit_from": "2026-11-28T10:00:00"}, "presales[0].deposit_from"),
        ({"balance_from": None}, "presales[0].balance_from"),
    ],
)
def test_a_fault_of_a_file_is_told_with_its_place(said: dict[str, Any], place: str) -> None:
    with pytest.raises(campaign_file.FileRefused) as refused:
        load(entry(make.tea().pk, **said))
    assert place in {fault.field for fault in refused.value.faults}
    assert Presale.objects.count() == 0


def typed(sku_code: str, **said: Any) -> dict[str, Any]:
    return {
        "title": "明前龙井",
        "code": "SPRING",
        "starts_at_0": "2026-11-28",
        "starts_at_1": "10:00",
        "ends_at_0": "2026-11-28",
        "ends_at_1": "12:00",
        "balance_from_0": "2026-11-29",
        "balance_from_1": "10:00",
        "balance_until_0": "2026-12-01",
        "balance_until_1": "10:00",
        "plan": f"{sku_code}：160.00，10",
        "deposit_fen": "20",
        "deposit_worth_fen": "50",
        **said,
    }


def test_operators_write_one_in_a_form_and_read_its_rule_and_what_it_costs(admin_client: Client) -> None:
    sku = make.tea()
    sent = admin_client.post("/admin/presale/presale/add/", typed(sku.code), follow=True)
    row = Presale.objects.get()
    # The message names what was saved.
    told = "".join(str(one) for one in sent.context["messages"])
    assert f'/admin/presale/presale/{row.pk}/change/">{row.title}</a>' in told
    assert (row.deposit_fen, row.ships_by) == (20_00, BALANCE_UNTIL + timedelta(hours=72))
    page = admin_client.get(f"/admin/presale/presale/{row.pk}/change/").content.decode()
    assert "每件定金 ¥20.00（抵 ¥50.00）" in page
    assert "原价 ¥200.00，预售价 -¥70.00，实付 ¥130.00；其中定金 ¥20.00，其余为尾款" in page
    assert f"{sku.code}：160.00，10" in page


@pytest.mark.parametrize(
    ("goods", "said"),
    [
        ("TEA", "无法识别"),
        ("TEA：a，1", "价格应为元"),
        ("NOBODY：1.00，1", "没有这个商家编码"),
    ],
)
def test_a_line_that_nobody_can_read_is_told(admin_client: Client, goods: str, said: str) -> None:
    sent = admin_client.post("/admin/presale/presale/add/", typed("x", plan=goods))
    assert said in sent.context["adminform"].form.errors["plan"][0]
    assert Presale.objects.count() == 0


def test_what_the_service_refuses_is_told_at_its_field(admin_client: Client) -> None:
    said = typed(make.tea().code, deposit_worth_fen="10", balance_until_0="2026-11-20")
    form = admin_client.post("/admin/presale/presale/add/", said).context["adminform"].form
    assert set(form.errors) == {"deposit_worth_fen", "balance_until"}


def test_goods_arrive_by_a_button_that_names_what_is_wanted(admin_client: Client) -> None:
    counter.freight(0)
    row = make.presale()
    order = make.paid(row, units=3)
    page_of_order = reverse("admin:orders_order_change", args=[order.pk])
    assert "商品未到货，到货后才能发货" in admin_client.get(page_of_order).content.decode()
    door = reverse("admin:presale_presale_arrive", args=[row.pk])
    page = admin_client.get(door)
    code = make.skus_of(row)[0].code
    assert f"{code}：3" in page.content.decode()
    token = page.context["form"].initial.get("token") or page.context["form"]["token"].value()
    said = {"place": make.place().pk, "units": f"{code}：2", "token": str(token)}
    told = admin_client.post(door, said, follow=True).content.decode()
    assert "还有 1 单因数量不足未配到" in told
    admin_client.post(door, {**said, "units": "MORE：2"})
    assert presale_facts.wanted_of(row.pk) == {make.skus_of(row)[0].pk: 3}


def test_pause_resume_and_stop_follow_the_campaign(anyone: Any) -> None:
    row = make.live()
    at = timezone.now()
    presales.CAMPAIGNS.pause(row, at=at)
    assert anyone.call("GET", "/presales").json()["results"] == []
    presales.CAMPAIGNS.resume(row, at=at)
    assert [one["id"] for one in anyone.call("GET", "/presales").json()["results"]] == [row.pk]
    presales.CAMPAIGNS.stop(row, at=at)
    assert anyone.call("GET", f"/presales/{row.pk}").json()["state"] == "ENDED"


def test_the_rule_says_the_years_that_balances_and_goods_come_in(admin_client: Client) -> None:
    later = NOW.replace(year=2197)
    row = make.presale(balance_from=later, balance_until=later + DAY)
    page = admin_client.get(reverse("admin:presale_presale_change", args=[row.pk])).text
    for moment in (row.balance_from, row.balance_until, row.ships_by):
        assert f"{timezone.localtime(moment):2197-%m-%d %H:%M}" in page
