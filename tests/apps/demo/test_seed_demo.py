"""The demo shop: believable, complete, and the same however often it is seeded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db.models import Q
from django.test import Client, override_settings
from django.utils import timezone

from apps.aftersales.models import AfterSale
from apps.aftersales.states import AfterSaleStatus
from apps.bargain import services as bargains
from apps.bargain.models import Bargain
from apps.base import days, invariants
from apps.books import case_selectors as case_facts
from apps.books import journal_selectors as journal_facts
from apps.books import selectors as book_facts
from apps.books.models import JournalEntry
from apps.books.services import journal
from apps.catalog.models import Category, Product, Sku
from apps.content.models import Review
from apps.deadlines import selectors as deadline_facts
from apps.deadlines.models import Delay
from apps.demo import filling, messages, terms
from apps.desk import campaign_results
from apps.distribution.models import Account, Commission, Promoter, Withdrawal
from apps.flashsale import services as flashsale
from apps.flashsale.models import Session
from apps.fulfillment import selectors as parcel_facts
from apps.fulfillment.models import Carrier, FreightTemplate, Trace
from apps.inventory import selectors as stock_facts
from apps.inventory.models import Hold, Stock
from apps.invoices.models import Invoice
from apps.members.models import Document, Level
from apps.messaging import selectors as message_facts
from apps.messaging.models import SceneSetting
from apps.messaging.services import ruling
from apps.orders.models import Order
from apps.pickup.models import Pickup
from apps.points.models import PointsGood
from apps.promotions import selectors as promotion_facts
from apps.promotions.models import Campaign, Promotion
from apps.support.models import Survey
from apps.wallet.models import Pack
from apps.wechat.pay import transfers
from apps.wechat.sandbox.control import Sandbox
from config.local import shop as local_shop
from tests.standing import standing

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures take seconds to draw, more than a transaction may idle: one set for all tests, drawn before them."""
    root = tmp_path_factory.mktemp("media")
    with override_settings(MEDIA_ROOT=root):
        filling.draw()
    return root


@pytest.fixture(scope="module")
def seeded(django_db_setup: None, django_db_blocker: Any, media: Path) -> Iterator[None]:
    """The demo shop, filled once for all tests."""
    with standing(django_db_blocker):
        with override_settings(MEDIA_ROOT=media):
            call_command("seed_demo", verbosity=0)
        yield


@pytest.fixture
def shop(settings: Any, media: Path, seeded: None) -> None:
    settings.MEDIA_ROOT = media


def rows() -> dict[str, int]:
    ours = [model for model in apps.get_models() if model.__module__.startswith("apps.")]
    return {model.__name__: model._default_manager.count() for model in ours}


def test_seeding_twice_changes_nothing_and_keeps_what_the_operator_did(shop: None) -> None:
    before = rows()
    Product.objects.filter(title="手工陶瓷茶杯套装").update(title="本店镇店茶杯", on_sale=False)
    call_command("seed_demo", verbosity=0)
    assert rows() == before
    assert not Product.objects.get(title="本店镇店茶杯").on_sale


def test_the_demo_shop_keeps_every_promise_that_can_be_reckoned_up(shop: None) -> None:
    assert [line for _, line in invariants.broken(invariants.board())] == []


def test_the_demo_shop_has_all_that_a_first_order_needs(shop: None) -> None:
    assert Product.objects.count() >= 30
    assert Category.objects.filter(parent=None).count() >= 3
    assert Category.objects.exclude(parent=None).count() >= 10
    assert Sku.objects.count() > Product.objects.count()
    assert Stock.objects.values("place").distinct().count() == 4
    assert stock_facts.unbalanced() == []
    assert FreightTemplate.objects.filter(is_default=True).count() == 1
    assert FreightTemplate.objects.count() == 2
    assert Level.objects.count() == 4
    assert Pack.objects.filter(enabled=True).count() == 3
    assert Document.objects.get(kind="privacy", version="1.0").published_at is not None
    assert Carrier.objects.filter(code="SF").exists()


def test_the_demo_shop_shows_every_kind_of_promotion_and_a_points_mall(shop: None) -> None:
    assert set(Promotion.objects.values_list("kind", flat=True)) == set(Promotion.Kind.values)
    assert Promotion.objects.filter(member_day__name="周五会员日").count() == 1
    festival = Campaign.objects.get()
    assert festival.preheat_at is not None and festival.preheat_at < festival.starts_at
    assert set(PointsGood.objects.values_list("kind", flat=True)) == {"SKU", "COUPON"}


def test_no_demo_promotion_makes_no_offer(shop: None) -> None:
    at = datetime.now(tz=UTC)
    for promotion in Promotion.objects.all():
        assert promotion_facts.draft(promotion_id=promotion.pk, at=at) is not None, promotion.label


def test_every_picture_of_the_demo_shop_is_there(shop: None) -> None:
    for product in Product.objects.prefetch_related("images"):
        for name in (product.cover.name, *(picture.image.name for picture in product.images.all())):
            assert default_storage.size(name) > 2_000


def test_shoppers_find_cups_with_offers_in_stock(shop: None) -> None:
    found = Client().get("/api/v1/products", {"q": "茶杯"}).json()["results"]
    assert found[0]["title"] == "手工陶瓷茶杯套装"
    assert found[0]["in_stock"] is True
    assert "满100减15" in " ".join(found[0]["badges"])
    page = Client().get(f"/api/v1/products/{found[0]['id']}").json()
    assert [sku["price_fen"] for sku in page["skus"]] == [16_800, 16_800, 21_800, 21_800]
    assert len(page["images"]) == 3
    assert "<img" in page["detail_html"]


def test_no_demo_product_is_sold_below_cost_unless_it_is_meant_to_draw_visitors(shop: None) -> None:
    earning = Sku.objects.exclude(product__role=Product.Role.TRAFFIC)
    assert not any(sku.cost_fen is None or sku.cost_fen >= sku.price_fen for sku in earning)
    assert not Sku.objects.filter(~Q(market_price_fen=None), market_price_fen__lte=0).exists()


def test_newcomers_find_reviews_with_replies_and_a_survey(shop: None) -> None:
    (cups,) = Client().get("/api/v1/products", {"q": "茶杯套装"}).json()["results"][:1]
    said = Client().get(f"/api/v1/products/{cups['id']}/reviews").json()["results"]
    assert [row["rating"] for row in said] == [3, 4, 5, 5]
    assert sum(bool(row["reply"]) for row in said) == 3
    assert sum(len(row["pictures"]) for row in said) == 1
    assert Review.objects.filter(status="HELD").count() == 1
    # An application in each state.
    assert sorted(AfterSale.objects.values_list("status", flat=True)) == sorted(AfterSaleStatus.values)
    assert Survey.objects.get().questions.count() == 4
    assert not Order.objects.exclude(status__in=["RECEIVED", "GATHERING", "PAID", "SHIPPED"]).exists()
    assert not Hold.objects.filter(status="HELD").exists()


_DUE = Q(member__nickname="邻居小满")


def test_the_orders_of_the_past_were_placed_one_after_the_other(shop: None) -> None:
    for whose, how_many in (
        # Of reviews, of a group, of promoters' customers, of a flash sale and a bargain, of two who got packets, and one of
        # virtual goods.
        (Q(parcels=None, delivery__isnull=True) & ~_DUE, 8 + 2 + 4 + 4 + 2 + 1),
        # Those of parcels under way, which are days old as well.
        (Q(parcels__isnull=False), 6),
        # Those that are fetched, and those that riders bring.
        (Q(delivery__isnull=False), 3 + 3),
        # Late, due soon, and put off: days old likewise.
        (_DUE, 3),
    ):
        placed = list(Order.objects.filter(whose).order_by("-id").values_list("created_at", flat=True))
        assert len(placed) == how_many
        assert placed == sorted(placed, reverse=True)


def test_three_shops_hand_over_what_lies_there_in_each_state(shop: None) -> None:
    rows = Client().get("/api/v1/places?lat=30.23&lng=120.13").json()["results"]
    assert [row["name"] for row in rows] == ["西湖门店", "滨江门店", "上海静安门店"]
    assert {row.status for row in Pickup.objects.all()} == {"WAITING", "READY", "FETCHED"}


def test_filling_tells_how_far_it_is(shop: None) -> None:
    told: list[tuple[str, int, int]] = []
    terms.agree(at=datetime.now(tz=UTC), tell=lambda what, done, of, which: told.append((what, done, of)))
    assert told == [("terms", place, 10) for place in range(1, 11)]


def test_a_group_of_the_demo_shop_has_one_seat_left(shop: None) -> None:
    (offered,) = Client().get("/api/v1/group-buys").json()["results"]
    (group,) = Client().get(f"/api/v1/group-buys/{offered['id']}/groups").json()["results"]
    assert (group["status"], group["joined"], group["missing"], group["joinable"]) == ("OPEN", 2, 1, True)
    assert [tier["size"] for tier in offered["skus"][0]["tiers"]] == [3, 5]


def test_what_the_activities_of_the_demo_shop_have_sold_is_told_by_their_results(shop: None) -> None:
    session, bargain = Session.objects.get(code="DEMO-LIVE"), Bargain.objects.get(code="DEMO-BARGAIN")
    sold = campaign_results.of(flashsale.CAMPAIGNS, [session])[session.pk]
    assert (sold.placed, sold.paid, sold.buyers, sold.newcomers) == (3, 3, 3, 3)
    assert sold.revenue_fen > sold.discount_fen > 0
    cut = campaign_results.of(bargains.CAMPAIGNS, [bargain])[bargain.pk]
    assert (cut.placed, cut.paid, cut.buyers) == (1, 1, 1)
    assert list(bargain.runs.order_by("id").values_list("status", "helps")) == [("OPEN", 4), ("BOUGHT", 2)]


def test_promoters_have_a_team_and_commissions_in_each_state_and_a_debt(shop: None) -> None:
    rows = Commission.objects.filter(of=None)
    assert set(rows.values_list("status", flat=True)) == {"PENDING", "FROZEN", "AVAILABLE", "CANCELLED"}
    assert set(rows.values_list("level", flat=True)) == {1, 2}
    assert Account.objects.filter(debt_fen__gte=1).count() >= 1
    assert Promoter.objects.filter(status="PENDING").count() == 1
    call_command("check_commissions")


def test_of_three_withdrawals_one_arrived_one_waits_for_a_look_and_one_goes_to_a_wechat_that_knows_its_user(
    shop: None,
) -> None:
    stand = {row.status: row for row in Withdrawal.objects.select_related("promoter__member")}
    assert set(stand) == {"PAYING", "DONE", "REVIEW"}
    waiting = stand["PAYING"]
    assert (waiting.openid, waiting.promoter.member.nickname) in local_shop.PROMOTERS.items()
    assert 10 <= waiting.amount_fen < transfers.NAME_FROM_FEN
    assert waiting.due_at is not None
    call_command("check_withdrawals")


def test_parcels_are_under_way_in_each_state_and_one_stands_still(shop: None) -> None:
    told = Trace.objects.exclude(events=None).values_list("state", flat=True).distinct()
    assert set(told) == {"MOVING", "DELIVERING", "PROBLEM", "SIGNED"}
    assert parcel_facts.standing_still(at=timezone.now()).count() == 1


def test_one_order_is_late_one_is_due_soon_and_one_buyer_is_asked(shop: None) -> None:
    at = timezone.now()
    late = deadline_facts.burning().filter(promised_at__lte=at, limit_at__lte=at)
    assert late.exists()
    assert deadline_facts.pressing(at=at).filter(due_at__gt=at).exists()
    assert Delay.objects.get().status == "ASKED"


def test_the_past_of_the_demo_shop_is_in_its_books_and_every_order_tells_what_it_brought(shop: None) -> None:
    closed = journal_facts.last_closed()
    sold = list(JournalEntry.objects.filter(kind="SALE"))
    assert closed is not None and len(sold) > 5
    end = days.day_window(closed.day)[1]
    first = min(entry.day for entry in sold)
    assert list(journal.differences(first=first, until=end, at=end)) == []
    profits = journal_facts.profits(sold)
    assert all(one.cost_fen > 0 and one.cost_known for one in profits.values())


def test_one_difference_of_the_bills_waits_for_a_word_and_one_to_be_booked(shop: None) -> None:
    word, booking = book_facts.open_cases().order_by("wechat_fen")
    assert (word.kind, word.wechat_fen, word.shop_fen) == ("FUND_OTHER", -3_000_00, None)
    assert (booking.kind, booking.wechat_fen, booking.shop_fen) == ("FUND_OTHER", 8_80, None)
    assert case_facts.bookable(word) is None and case_facts.bookable(booking) is not None
    # Neither is the bill asked for again, nor are days before it.
    assert not book_facts.missing().exists()


def test_one_invoice_waits_for_the_shop_and_one_was_issued(seeded: Any) -> None:
    assert sorted(Invoice.objects.values_list("status", "kind")) == [
        ("APPLIED", "PERSONAL"),
        ("ISSUED", "COMPANY"),
    ]


def test_three_scenes_are_told_by_the_accounts_templates_where_wechat_is_there_and_none_where_it_is_not(
    wechat: Sandbox, settings: Any
) -> None:
    ruling.complete_scenes()
    there, settings.WECHAT_API_BASE = settings.WECHAT_API_BASE, "http://127.0.0.1:9"
    messages.tell_by_templates(at=timezone.now())
    assert not SceneSetting.objects.exclude(template=None).exists()
    settings.WECHAT_API_BASE = there
    messages.tell_by_templates(at=timezone.now())
    told = SceneSetting.objects.exclude(template=None)
    assert set(told.values_list("scene", flat=True)) == {"order_paid", "order_shipped", "coupon_expiring"}
    assert message_facts.unfit_scenes() == {}
    chosen = told.get(scene="order_paid")
    SceneSetting.objects.filter(pk=chosen.pk).update(fields={**chosen.fields, "thing5": "谢谢惠顾"})
    messages.tell_by_templates(at=timezone.now())
    assert told.get(scene="order_paid").fields["thing5"] == "谢谢惠顾"
