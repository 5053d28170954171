"""What every campaign must keep before it is saved, and how it gets from a draft to its end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from apps.bargain import services as bargains
from apps.campaigns import admission
from apps.campaigns import services as campaigns
from apps.campaigns.models import CampaignColumns
from apps.campaigns.states import LIFECYCLE, Approval, State
from apps.catalog.models import Product
from apps.flashsale import services as flashsale
from apps.groupbuy import services as groupbuy
from apps.presale import services as presales
from apps.promotions import services as promotions
from mall.errors import Faulty, NotFound
from mall.lifecycle import MoveRefused
from tests.apps.bargain import make as runs
from tests.apps.campaigns import make
from tests.apps.campaigns.make import HOUR, NOW
from tests.apps.flashsale import make as flashes
from tests.apps.groupbuy import make as groups
from tests.apps.presale import make as plans

MOMENT = timedelta(microseconds=1)


class Plain(CampaignColumns):
    """A campaign of no room, which is never saved."""

    class Meta(CampaignColumns.Meta):
        app_label = "nowhere"  # of no room: nobody counts it among the shop's tables
        managed = False


def plain(approval: str = Approval.APPROVED) -> Plain:
    return Plain(title="活动", starts_at=NOW, ends_at=NOW + HOUR, approval=approval)


def test_a_window_backwards_a_late_preheat_and_an_unknown_extra_are_told_at_once():
    found = campaigns.faults_of(
        starts_at=NOW, ends_at=NOW, preheat_at=NOW + HOUR, combines=["coupon", "luck"]
    )
    assert [(fault.field, fault.text) for fault in found] == [
        ("ends_at", "结束时间必须晚于开始时间"),
        ("preheat_at", "预热开始不能晚于活动开始"),
        ("combines", "没有这种可同享的优惠：luck"),
    ]


@pytest.mark.django_db
def test_a_price_lies_above_nothing_and_below_the_list_price():
    sku = make.sku(price_fen=100_00)

    def why(price_fen: int, *, free: bool = False) -> list[str]:
        return [
            fault.text.split("）")[1]
            for fault in campaigns.price_faults({sku.pk: price_fen}, sold=[], free=free)[0]
        ]

    assert why(0) == ["活动价必须大于 0"]
    assert why(0, free=True) == []
    assert why(1) == why(99_99) == []
    assert why(100_00) == ["活动价必须低于原价 ¥100.00"]
    assert campaigns.price_faults({-1: 1}, sold=[])[0][0].text == "没有这个商品规格：-1"


@pytest.mark.django_db
def test_the_price_floor_warns_or_refuses_as_it_is_set():
    sku = make.sku(price_fen=100_00, cost_fen=50_00)
    assert campaigns.price_faults({sku.pk: 50_00}, sold=[]) == ([], [])
    faults, warnings = campaigns.price_faults({sku.pk: 49_99}, sold=[])
    assert (faults, len(warnings)) == ([], 1)
    assert "低于底价 ¥50.00" in warnings[0]
    promotions.set_floor(mode="REFUSE")
    faults, warnings = campaigns.price_faults({sku.pk: 49_99}, sold=[])
    assert ([fault.field for fault in faults], warnings) == (["skus"], [])


@pytest.mark.django_db
@pytest.mark.parametrize(
    "limit, quota, fault, warning",
    [
        (None, None, "", ""),
        (4, 100, "", ""),
        (1, 100, "2 件起购，每人限购 1 件，没有人能下单", ""),
        (None, 1, "2 件起购，活动数量 1 件，没有人能下单", ""),
        (3, 100, "", "按 2 的倍数购买，每人限购 3 件中有 1 件买不到"),
        (4, 101, "", "按 2 的倍数购买，活动数量 101 件中有 1 件买不到"),
    ],
)
def test_goods_that_are_sold_in_pairs_need_room_for_a_pair(
    limit: int | None, quota: int | None, fault: str, warning: str
):
    sku = make.sku()
    Product.objects.update(min_quantity=2, quantity_step=2)
    sold = [campaigns.Sold([sku.pk], limit, quota, "goods")]
    faults, warnings = campaigns.price_faults({sku.pk: 1_00}, sold=sold)
    named = f"「{Product.objects.get().title}」"
    assert [(found.field, found.text) for found in faults] == ([("goods", named + fault)] if fault else [])
    assert warnings == ([named + warning] if warning else [])


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["group_buy", "flash_sale", "bargain", "presale"])
def test_no_kind_of_campaign_is_saved_or_approved_that_nobody_could_order_of(kind: str):
    sku = groups.goods(200_00)

    def made(code: str) -> Callable[[], object]:
        """Save one of a unit each; what is answered approves it."""
        if kind == "group_buy":
            row, _ = groupbuy.CAMPAIGNS.save(groups.draft(sku, code=code, limit_per_member=1), at=NOW)
            return lambda: groupbuy.CAMPAIGNS.approve(row, late=True, at=NOW)
        if kind == "flash_sale":
            session = flashsale.CAMPAIGNS.save(flashes.draft(sku, code=code, limit=1), at=NOW).row
            return lambda: flashsale.CAMPAIGNS.approve(session, late=True, at=NOW)
        if kind == "bargain":
            bargain = bargains.CAMPAIGNS.save(runs.draft(sku, code=code), at=NOW).row
            return lambda: bargains.CAMPAIGNS.approve(bargain, late=True, at=NOW)
        presale = presales.CAMPAIGNS.save(plans.draft(sku, code=code, quota=1), at=NOW).row
        return lambda: presales.CAMPAIGNS.approve(presale, late=True, at=NOW)

    approve = made("BEFORE")
    Product.objects.update(min_quantity=2)
    for call in (approve, lambda: made("AFTER")):
        with pytest.raises(Faulty) as refused:
            call()
        assert "没有人能下单" in refused.value.faults[0].text


@pytest.mark.parametrize(
    "after, state",
    [(-MOMENT, State.UPCOMING), (0 * HOUR, State.LIVE), (HOUR - MOMENT, State.LIVE), (HOUR, State.ENDED)],
)
def test_a_campaign_is_live_in_its_half_open_window(after: timedelta, state: State):
    assert plain().state_at(NOW + after) == state


def test_each_way_of_not_being_open_says_so():
    admission.check_open(plain(), at=NOW)
    for row, at, refusal in [
        (plain(Approval.DRAFT), NOW, NotFound),
        (plain(), NOW - MOMENT, admission.NotStarted),
        (plain(), NOW + HOUR, admission.Ended),
        (plain(Approval.PAUSED), NOW, admission.Ended),
        (plain(Approval.STOPPED), NOW, admission.Ended),
    ]:
        with pytest.raises(refusal):
            admission.check_open(row, at=at)


def test_a_stopped_campaign_never_comes_back():
    with pytest.raises(MoveRefused):
        LIFECYCLE.target(move="resume", current=Approval.STOPPED)
