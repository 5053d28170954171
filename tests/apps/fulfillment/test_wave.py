"""Waves: what is taken from the shelves and packed, only of what can be sent, and drawn without an accident."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from io import StringIO

import pytest

from apps.fulfillment import printing, wave
from apps.orders.models import Order
from tests.apps.fulfillment import make

pytestmark = pytest.mark.django_db


def pages(pdf: bytes) -> int:
    assert pdf.startswith(b"%PDF-")
    return len(re.findall(rb"/Type /Page\b", pdf))


def bare_slip(place: int) -> wave.Slip:
    """A slip of somebody who bought nothing, for whoever adds what matters."""
    return wave.Slip(
        place=place,
        order_no=f"SO{place}",
        paid_at=None,
        receiver="林小茶",
        phone="",
        address="",
        remark="",
        packed=(),
        sent_before=0,
        together=(),
    )


def test_a_wave_holds_what_is_left_of_orders_that_can_be_sent_the_first_paid_first() -> None:
    late = make.paid_order(2, 1, at=make.AT + timedelta(hours=1))
    early, sent, away, waiting = (make.paid_order(3) for _ in range(4))
    make.parcel(early, quantities={early.lines.get().pk: 1})
    make.parcel(sent)
    Order.objects.filter(pk=waiting.pk).update(awaits_goods=True)
    type(away.member).objects.filter(pk=away.member_id).update(
        erased_at=make.AT, disabled_at=make.AT, nickname="", phone=""
    )
    Order.objects.exclude(pk=late.pk).update(address={**late.address, "name": "别人"})

    slips = wave.slips([order.pk for order in (late, early, sent, away, waiting)])

    assert [(slip.place, slip.order_no, slip.units, slip.sent_before) for slip in slips] == [
        (1, early.order_no, 2, 1),
        (2, late.order_no, 3, 0),
    ]
    assert [slip.together for slip in slips] == [(), ()]
    rows = {row.sku_code: (row.units, row.places) for row in wave.picked(slips)}
    assert rows == {
        early.lines.get().sku.code: (2, ((1, 2),)),
        late.lines.all()[0].sku.code: (2, ((2, 2),)),
        late.lines.all()[1].sku.code: (1, ((2, 1),)),
    }
    with pytest.raises(wave.NothingToPick):
        wave.slips([sent.pk])
    with pytest.raises(wave.WaveTooLarge):
        wave.slips(range(201))


def test_orders_of_one_receiver_are_told_of_each_other() -> None:
    orders = [make.paid_order(1) for _ in range(2)]
    assert [slip.together for slip in wave.slips([order.pk for order in orders])] == [(2,), (1,)]


def test_a_wave_of_two_hundred_is_drawn_with_whatever_people_wrote(log_lines: StringIO) -> None:
    packed = tuple(wave.Packed(f"SKU-{n}", "明前龙井 " * 4, "规格" * 10, n + 1, n == 0) for n in range(3))
    slips = [
        wave.Slip(
            place=place,
            order_no=f"SO260302K7M2P9QRTW{place:02d}",
            paid_at=make.AT,
            receiver="𠮷野家 😀",
            phone="13800000000",
            address="浙江省杭州市西湖区" + "很长的地址" * 20,
            remark="请放门口\n\tمرحبا <b>" * 2,
            packed=packed,
            sent_before=place % 2,
            together=(1, 2),
        )
        for place in range(1, 201)
    ]
    assert pages(printing.packing_slips(slips, at=make.AT)) == 200
    listed = printing.pick_list(wave.picked(slips), slips, at=make.AT)
    assert 5 <= pages(listed) <= 12
    # Letters that the font has not are letters of somebody's name.
    assert log_lines.getvalue() == ""


def test_what_the_font_lacks_is_marked_and_never_left_out() -> None:
    paper = printing._paper("A4")
    assert printing._printable(paper, "𠮷䶮㛃 䶮路𡈽㙓弄 塱埗硚垟嬿龍") == "𠮷䶮㛃 䶮路𡈽㙓弄 塱埗硚垟嬿龍"
    assert printing._printable(paper, "🎂❤️🎉 生日快乐😀") == "〓〓〓 生日快乐〓"
    slip = replace(bare_slip(1), card="生日快乐😀")
    assert printing._is_lacking(paper, slip)
    assert not printing._is_lacking(paper, replace(slip, card="生日快乐"))
    assert printing.packing_slips([slip], at=make.AT).startswith(b"%PDF-")
    paper.fonts["cjk"].ttfont.close()  # a paper that is not put out keeps its file


def test_what_lies_in_a_shop_is_picked_apart_from_what_goes_into_parcels() -> None:
    packed = (wave.Packed("CUP", "杯", "", 2, ""),)

    def slip(place: int, shop: str) -> wave.Slip:
        return replace(bare_slip(place), packed=packed, shop=shop)

    rows = wave.picked([slip(1, ""), slip(2, "西湖门店"), slip(3, ""), slip(4, "滨江门店")])
    assert [(row.shop, row.units, row.places) for row in rows] == [
        ("", 4, ((1, 2), (3, 2))),
        ("滨江门店", 2, ((4, 2),)),
        ("西湖门店", 2, ((2, 2),)),
    ]
    assert pages(printing.pick_list(rows, [slip(1, "")], at=make.AT)) == 1
