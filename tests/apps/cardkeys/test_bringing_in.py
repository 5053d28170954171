"""Cards are brought in by a file: all or none, each once, sealed, with as many units in stock."""

from __future__ import annotations

import io

import openpyxl
import pytest
from django.conf import settings
from django.test.utils import override_settings

from apps.base import sealed
from apps.cardkeys import card_files
from apps.cardkeys import selectors as card_facts
from apps.cardkeys import services as cardkeys
from apps.cardkeys.models import CardBatch, CardKey
from apps.catalog import services as catalog
from apps.catalog.rules import ProductInvalid
from apps.inventory import selectors as stock_facts
from apps.inventory import services as inventory
from mall.errors import Faulty
from tests.apps.cardkeys import make
from tests.apps.checkout import make as counter
from tests.apps.fulfillment import make as fulfillment
from tests.apps.inventory import make as stocks

pytestmark = pytest.mark.django_db

TEXT = "商品编码,卡号（必填）,卡密\nVIP-1,A001,rose 1\nVIP-1,A002,rose=2\n"


def workbook(text: str) -> bytes:
    book = openpyxl.Workbook()
    for line in text.splitlines():
        book.worksheets[0].append(line.split(","))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def bring(content: bytes) -> cardkeys.Imported:
    return cardkeys.bring_in(rows=card_files.read(content), operator=fulfillment.operator(), at=make.NOW)


def refused(content: bytes) -> list[str]:
    with pytest.raises(Faulty) as faulty:
        bring(content)
    return [fault.text for fault in faulty.value.faults]


def test_the_same_cards_in_any_kind_of_file_come_once_with_their_units() -> None:
    sku = make.goods(cards=0, code="VIP-1")
    first = bring(TEXT.encode("gbk"))
    assert (first.new, first.known) == (2, 0)
    for again in (TEXT.encode(), TEXT.encode("utf-16"), workbook(TEXT)):
        done = bring(again)
        assert (done.new, done.known, done.batch) == (0, 2, None)
    assert (CardBatch.objects.count(), stock_facts.available([sku.pk])) == (1, {sku.pk: 2})
    assert [card_facts.secret_of(card) for card in CardKey.objects.order_by("id")] == ["rose 1", "rose=2"]
    assert list(card_facts.unbalanced()) == []


@pytest.mark.parametrize(
    "said", ["@Tea2026", "=rose+", "-K7Q", "+K7Q/9x", "＠茶", "12E34567", "4930182E77310295"]
)
def test_a_secret_that_looks_like_a_formula_or_a_rewritten_number_is_kept_as_it_stands(said: str) -> None:
    make.goods(cards=0, code="VIP-1")
    text = f"商品编码,卡号,卡密\nVIP-1,A001,{said}\n"
    book = openpyxl.Workbook()
    for line in text.splitlines():
        book.worksheets[0].append(line.split(","))
    book.worksheets[0]["C2"].data_type = "s"  # what is typed into a cell of texts
    file = io.BytesIO()
    book.save(file)
    assert [bring(content).new for content in (text.encode(), file.getvalue())] == [1, 0]
    assert card_facts.secret_of(CardKey.objects.get()) == said


def test_two_cards_in_one_cell_are_refused_and_never_joined() -> None:
    make.goods(cards=0, code="VIP-1")
    # A quotation mark that nobody closed swallows the rows behind it.
    swallowed = 'VIP-1,A001,"rose 1\nVIP-1,A002,rose 2\n'
    for rows in ('VIP-1,A001,"rose 1\nrose 2"\n', 'VIP-1,"A001\rA002",rose\n', swallowed):
        (said,) = refused(f"商品编码,卡号,卡密\n{rows}".encode())
        assert said.startswith("第 2 行：卡号或卡密中有换行，请每行只填一张")
    assert not CardKey.objects.exists()


def test_the_same_file_brings_nothing_twice_after_a_buyer_was_erased() -> None:
    sku = make.goods(cards=0, code="VIP-1")
    bring(TEXT.encode())
    order = counter.order(counter.buyer()[0], None, [(sku, 1)])
    counter.pay(order)
    assert cardkeys.erase_secrets(order_nos=[order.order_no]) == 1
    done = bring(f"{TEXT}VIP-1,A003,rose 3\n".encode())
    assert (done.new, done.known) == (1, 2)
    assert list(card_facts.unbalanced()) == []


def test_one_wrong_row_and_nothing_came_and_no_secret_is_quoted() -> None:
    sku = make.goods(cards=0, code="VIP-1")
    make.goods(cards=0, code="VIP-2")
    cup = counter.goods()
    bring(TEXT.encode())
    said = refused(
        (
            "商品编码,卡号,卡密\nVIP-1,B1,new\nVIP-1,B1,other\nVIP-1,A001,changed\n"
            f"VIP-2,A002,rose=2\n{cup.code},B2,x1\nNONE,B3,x2\n"
        ).encode()
    )
    assert said == [
        "第 3 行：卡号「B1」与第 2 行重复",
        "第 4 行：卡号「A001」已导入过，且卡密不同",
        "第 5 行：卡号「A002」的同一张卡密已导入在另一个商品编码下",
        f"第 6 行：「{cup.code}」不是虚拟商品，请先在 SKU 页面设为虚拟商品",
        "第 7 行：没有商品编码「NONE」",
    ]
    assert (CardKey.objects.count(), stock_facts.available([sku.pk])) == (2, {sku.pk: 2})


def test_a_secret_lies_sealed_opens_in_its_own_row_only_and_outlives_a_change_of_keys() -> None:
    make.goods(cards=0, code="VIP-1")
    bring(TEXT.encode())
    one, two = CardKey.objects.order_by("id")
    assert "rose" not in one.sealed
    one.sealed, two.sealed = two.sealed, one.sealed
    with pytest.raises(sealed.Unreadable):
        card_facts.secret_of(one)
    former, today = settings.SECRET_KEY, "another key, brought in today"
    with override_settings(SECRET_KEY=today, SECRET_KEY_FALLBACKS=[]), pytest.raises(sealed.Unreadable):
        card_facts.secret_of(CardKey.objects.get(pk=one.pk))
    with override_settings(SECRET_KEY=today, SECRET_KEY_FALLBACKS=[former]):
        assert (cardkeys.seal_anew(), cardkeys.seal_anew()) == (2, 0)
    with override_settings(SECRET_KEY=today, SECRET_KEY_FALLBACKS=[]):
        assert [card_facts.secret_of(card) for card in CardKey.objects.order_by("id")] == ["rose 1", "rose=2"]


def test_units_come_and_go_with_their_cards_alone() -> None:
    sku = make.goods(cards=3)
    row = stocks.Stock.objects.get(sku=sku)
    told = {"sku_id": sku.pk, "place_id": row.place_id, "reason": "盘点", "operator": None, "at": make.NOW}
    with pytest.raises(inventory.StockOfCards):
        inventory.receive(quantity=1, business_key="x", **told)
    with pytest.raises(inventory.StockOfCards):
        inventory.adjust(change=-1, business_key="y", **told)
    held = counter.order(counter.buyer()[0], None, [(sku, 2)])
    ids = list(CardKey.objects.values_list("pk", flat=True))
    who = fulfillment.operator()
    # Two are promised to an order that may still be paid.
    assert cardkeys.void(card_ids=ids, reason="供应商作废", operator=who, at=make.NOW) == 1
    with pytest.raises(cardkeys.NothingToVoid):
        cardkeys.void(card_ids=ids, reason="供应商作废", operator=who, at=make.NOW)
    counter.pay(held)
    assert sorted(CardKey.objects.values_list("status", flat=True)) == ["SOLD", "SOLD", "VOID"]
    assert list(card_facts.unbalanced()) == []
    CardKey.objects.filter(status="VOID").update(status="AVAILABLE", ended_at=None)
    assert list(card_facts.unbalanced()) == [f"SKU {sku.code} has 1 unsold cards, 0 in stock"]


def test_what_is_virtual_is_settled_before_anything_rests_on_it_and_says_that_it_does_not_go_back() -> None:
    stocked, fresh = counter.goods(), counter.goods(units=0)
    with pytest.raises(catalog.SkuHasHistory):
        catalog.set_virtual(sku_id=stocked.pk, virtual=True)
    with pytest.raises(ProductInvalid, match="数字化商品"):
        catalog.set_virtual(sku_id=fresh.pk, virtual=True)
    sku = make.goods(cards=1)
    with pytest.raises(catalog.SkuHasHistory):
        catalog.set_virtual(sku_id=sku.pk, virtual=False)
    sku.product.returns = "SEVEN_DAYS"
    with pytest.raises(ProductInvalid):
        catalog.save_product(product=sku.product)
