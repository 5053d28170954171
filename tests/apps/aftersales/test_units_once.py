"""A unit is given for once: what an operator refunds, what applications have, what the shop refunds by rule beside them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.aftersales import application_selectors as application_facts
from apps.aftersales import invariants
from apps.aftersales import services as aftersales
from apps.aftersales.models import AfterSale, AfterSaleLine
from apps.aftersales.planning import Wish
from apps.aftersales.services import bounds, deciding, refunding, sending, sweeping
from apps.catalog.models import Sku
from apps.inventory.models import Stock
from apps.members.models import Level
from apps.orders.models import Order, OrderLine, OrderRefund
from mall.lifecycle import MoveRefused
from tests.admin import refunding as page_of
from tests.admin import shop
from tests.apps.aftersales import apply, make
from tests.apps.checkout import make as counter
from tests.apps.content.make import photo
from tests.apps.fulfillment import make as fulfillment

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def faults() -> list[str]:
    return [*invariants.asked_beyond_left(), *invariants.sent_beyond_left()]


def by_rule(order: Order, units: dict[Sku, int], *, token: str = "rule") -> OrderRefund:
    """What the shop refunds without anybody deciding: a delay's answer, an order that nobody fetched."""
    return refunding.refund(
        order_no=order.order_no,
        wish=Wish(units={make.line(order, sku).pk: some for sku, some in units.items()}),
        reason="无法按时发货，买家选择退款",
        token=token,
        approved=True,
        operator=None,
        at=apply.LATER + HOUR,
    )


def refund_past_the_services(order: Order, sku: Sku, units: int) -> None:
    """Rows as they were left before refunds looked at applications."""
    OrderLine.objects.filter(order=order, sku=sku).update(refunded=units)


def dispatch(row: AfterSale, *, at: Any = apply.LATER) -> AfterSale:
    fulfillment.carriers()
    return sending.dispatch(
        after_sale_no=row.after_sale_no,
        carrier_code="SF",
        tracking_no="SF99887766",
        operator=apply.head(),
        at=at,
    )


def said(row: AfterSale) -> str:
    return row.steps.order_by("-id")[0].note


@pytest.mark.parametrize("kind", ["REFUND", "RETURN", "EXCHANGE", "RESHIP"])
def test_an_operator_refunds_no_unit_that_an_open_application_has(kind: str) -> None:
    order, (cup,) = apply.received((1999, 3))
    row = apply.applied(order, {cup: 2}, kind)
    with pytest.raises(bounds.UnitsAsked) as refused:
        make.refund(order, {cup: 2})
    assert (row.after_sale_no in refused.value.text, list(refused.value.details)) == (
        True,
        [f"units_{make.line(order, cup).pk}"],
    )
    assert not OrderRefund.objects.exists()
    make.refund(order, {cup: 1})
    assert (apply.fresh(row).status, faults()) == ("APPLIED", [])
    deciding.refuse(after_sale_no=row.after_sale_no, reason="已退款", operator=apply.head(), at=apply.LATER)
    make.refund(order, {cup: 2})


def test_goods_that_came_back_for_an_exchange_are_not_paid_for_as_well() -> None:
    order, (cup,) = apply.received((1999, 1))
    row = apply.arrive(apply.send_back(apply.approve(apply.applied(order, {cup: 1}, "EXCHANGE"))))
    with pytest.raises(bounds.UnitsAsked):
        make.refund(order, {cup: 1})
    apply.inspect(row, {cup: 1})
    with pytest.raises(bounds.UnitsAsked):
        make.refund(order, {cup: 1})
    dispatch(row)
    # The new unit is the buyer's, and goes back as the old one would have: once.
    make.refund(order, {cup: 1}, at=apply.LATER + HOUR)
    with pytest.raises(refunding.OrderNotRefundable):
        make.refund(order, {cup: 1})
    assert faults() == []


def test_a_full_refund_is_refused_while_an_application_is_open() -> None:
    order, (cup, pot) = apply.bought((1999, 1), (2999, 1))
    row = apply.applied(order, {cup: 1})
    with pytest.raises(bounds.UnitsAsked, match=row.after_sale_no):
        aftersales.refund_unshipped(
            order_no=order.order_no, reason="缺货", operator=apply.head(), at=apply.LATER
        )
    apply.approve(row)
    assert make.refund(order, {pot: 1}).amount_fen == 2999


def test_the_refund_page_tells_of_it_before_and_refuses_at_the_field(admin_client: Client) -> None:
    order, (cup, _) = apply.received((1999, 2), (2999, 1))
    row = apply.applied(order, {cup: 2}, "EXCHANGE")
    asked = page_of.text(admin_client.get(page_of.at(order)))
    assert ("处理中的售后" in asked, row.after_sale_no in asked) == (True, True)
    refused = page_of.filled(admin_client, order, **{f"units_{cup.pk}": "1"})
    assert refused.status_code == 409
    (error,) = refused.context["form"].errors[f"units_{make.line(order, cup).pk}"]
    assert ("请在该申请上处理" in error, "最多可退 0 件" in error) == (True, True)


def test_the_page_of_a_full_refund_tells_of_it_too(admin_client: Client) -> None:
    order, (cup,) = apply.bought((1999, 1))
    row = apply.applied(order, {cup: 1})
    assert row.after_sale_no in page_of.text(admin_client.get(page_of.at(order, "refund")))
    refused = admin_client.post(page_of.at(order, "refund"), {"reason": "缺货"})
    assert (refused.status_code, row.after_sale_no in page_of.text(refused)) == (409, True)
    assert not OrderRefund.objects.exists()


def test_what_the_shop_refunds_by_rule_ends_the_application_with_true_words() -> None:
    order, (cup, pot) = apply.bought((1999, 1), (2999, 1))
    row = apply.applied(order, {cup: 1})
    by_rule(order, {cup: 1})
    ended = apply.fresh(row)
    assert (ended.status, ended.ended_at is not None, said(row)) == (
        "CANCELLED",
        True,
        "申请的商品已另行退款（无法按时发货，买家选择退款），售后已关闭",
    )
    assert apply.applied(order, {pot: 1}).status == "APPLIED"
    assert faults() == []


def test_a_group_that_failed_closes_what_its_buyer_had_asked_for() -> None:
    order, (cup,) = apply.bought((1999, 2))
    row = apply.applied(order, {cup: 1})
    aftersales.refund_unshipped(
        order_no=order.order_no, reason="拼团未成团，自动退款", operator=None, at=apply.LATER
    )
    assert (apply.fresh(row).status, sweeping.run_deadlines(at=apply.LATER + 99 * HOUR)) == ("CANCELLED", 0)


def test_what_is_left_of_it_is_asked_for_still_and_for_no_more_than_it_is_worth() -> None:
    order, (cup,) = apply.bought((2000, 3))
    row = apply.applied(order, {cup: 2})
    by_rule(order, {cup: 2})
    lowered = apply.fresh(row)
    assert (lowered.status, lowered.amount_fen, row.lines.get().gone, row.lines.get().quantity) == (
        "APPLIED",
        2000,
        1,
        2,
    )
    assert ("1 件已另行退款" in said(row), apply.moves(row)) == (True, ["apply", "lower"])
    assert (apply.approve(row).amount_fen, make.fresh(order).refunded_fen, faults()) == (2000, 6000, [])


def test_an_exchange_holds_and_sends_what_is_left_of_it() -> None:
    order, (cup,) = apply.received((2000, 3))
    row = apply.approve(apply.applied(order, {cup: 3}, "EXCHANGE"))
    by_rule(order, {cup: 1})
    assert Stock.objects.get(sku=cup).held == 2
    apply.arrive(row)
    with pytest.raises(apply.returning.FindingInvalid):
        apply.inspect(row, {cup: 4})
    apply.inspect(row, {cup: 1})
    assert Stock.objects.get(sku=cup).held == 1
    dispatch(row)
    stock = Stock.objects.get(sku=cup)
    # 97 were left, one came back and one left anew.
    assert (stock.on_hand, stock.held, faults()) == (97, 0, [])


def test_an_exchange_whose_units_are_all_gone_frees_what_it_held_and_closes_where_nothing_comes() -> None:
    order, (cup, _) = apply.received((2000, 1), (2999, 1))
    row = apply.approve(apply.applied(order, {cup: 1}, "EXCHANGE"))
    by_rule(order, {cup: 1})
    assert (apply.fresh(row).status, Stock.objects.get(sku=cup).held) == ("CANCELLED", 0)


def test_neither_approval_nor_look_nor_parcel_is_for_units_that_are_gone() -> None:
    order, (cup, pot, pan) = apply.received((2000, 1), (2999, 1), (3999, 1))
    asked = apply.applied(order, {cup: 1}, "RETURN")
    came = apply.arrive(apply.approve(apply.applied(order, {pot: 1}, "EXCHANGE")))
    due = apply.approve(apply.applied(order, {pan: 1}, "RESHIP"))
    for sku in (cup, pot, pan):
        refund_past_the_services(order, sku, 1)
    with pytest.raises(bounds.UnitsGone):
        apply.approve(asked)
    with pytest.raises(bounds.UnitsGone):
        apply.inspect(came, {pot: 1})
    with pytest.raises(bounds.UnitsGone):
        dispatch(due)
    assert (Stock.objects.get(sku=pot).on_hand, len(faults())) == (99, 3)


def test_what_was_stuck_before_is_closed_by_its_clock() -> None:
    order, (cup,) = apply.bought((2000, 1))
    row = apply.applied(order, {cup: 1})
    refund_past_the_services(order, cup, 1)
    Order.objects.filter(pk=order.pk).update(status="REFUNDED")
    sweeping.run_deadlines(at=apply.LATER + 48 * HOUR)
    assert (apply.fresh(row).status, apply.moves(row)) == ("CANCELLED", ["apply", "lapse"])


def test_a_parcel_for_units_that_had_been_refunded_is_found() -> None:
    order, (cup,) = apply.received((2000, 1))
    row = apply.approve(apply.applied(order, {cup: 1}, "RESHIP"))
    dispatch(row)
    make.refund(order, {cup: 1}, at=apply.LATER + HOUR)
    assert faults() == []
    AfterSale.objects.filter(pk=row.pk).update(dispatched_at=apply.LATER + 2 * HOUR)
    line = make.line(order, cup)
    assert faults() == [f"{row.after_sale_no} sent 1 of line {line.pk} anew, 1 had been refunded"]


def test_a_unit_that_was_missing_twice_is_found() -> None:
    order, (cup,) = apply.received((2000, 1))
    row = dispatch(apply.approve(apply.applied(order, {cup: 1}, "RESHIP")))
    AfterSaleLine.objects.filter(after_sale=row).update(quantity=2)
    assert f"line {make.line(order, cup).pk} of 1 was sent anew 2 times" in faults()


def test_the_shops_head_reads_why_silence_did_not_approve() -> None:
    """The unit that was asked for was refunded in another's place, and nothing left since: not 「申请后商品已发出」."""
    order, (cup,) = apply.bought((2000, 3))
    make.ship(order, {cup: 2})
    row = apply.applied(order, {cup: 1})
    assert row.unsent == 1
    make.refund(order, {cup: 1}, at=apply.LATER + HOUR)
    sweeping.run_deadlines(at=apply.LATER + 48 * HOUR)
    assert (apply.fresh(row).status, said(row)) == (
        "APPLIED",
        "无法自动同意：申请后未发出的商品已另行退款，余下的早已发出，请与买家确认后再处理",
    )


# One person, in parts


def test_a_second_person_is_needed_for_the_sum_of_what_one_refunds() -> None:
    apply.rules(second_person_above_fen=10000)
    order, (cup,) = apply.received((2999, 6))
    make.refund(order, {cup: 3})
    other, _ = User.objects.get_or_create(username="另一位")
    for who in (None, other):
        with pytest.raises(aftersales.TwoPeopleNeeded):
            make.refund(order, {cup: 3}, operator=who)
    row = apply.applied(order, {cup: 3})
    assert apply.approve(row).waits_for_second
    second = User.objects.create_superuser("复核")
    assert apply.approve(row, operator=second).status == "APPROVED"


def test_the_whole_refund_counts_what_was_refunded_before() -> None:
    apply.rules(second_person_above_fen=10000)
    order, (cup,) = apply.bought((2999, 6))
    make.refund(order, {cup: 3})
    with pytest.raises(aftersales.TwoPeopleNeeded):
        aftersales.refund_unshipped(
            order_no=order.order_no, reason="缺货", operator=apply.head(), at=apply.LATER
        )


def test_approvals_in_parts_count_before_their_money_goes_and_what_two_approved_does_not() -> None:
    apply.rules(second_person_above_fen=5000)
    order, (cup, pot, pan) = apply.received((2999, 1), (2999, 1), (1999, 1))
    apply.approve(apply.applied(order, {cup: 1}, "RETURN"))
    row = apply.applied(order, {pot: 1}, "RETURN")
    assert apply.approve(row).waits_for_second
    with pytest.raises(deciding.SecondPersonNeeded):
        apply.approve(row)
    apply.approve(row, operator=User.objects.create_superuser("复核"))
    apply.inspect(apply.arrive(row), {pot: 1})
    assert application_facts.by_one_fen(order) == 2999
    assert make.refund(order, {pan: 1}).amount_fen == 1999


def test_neither_silence_nor_trust_approves_what_two_have_to_see_in_sum() -> None:
    apply.rules(second_person_above_fen=5000)
    order, (cup,) = apply.bought((2999, 2))
    make.refund(order, {cup: 1})
    row = apply.applied(order, {cup: 1})
    sweeping.run_deadlines(at=apply.LATER + 48 * HOUR)
    assert (apply.fresh(row).status, apply.fresh(row).escalated_at is not None) == ("APPLIED", True)


def test_a_trusted_members_application_waits_where_two_have_to_see_it() -> None:
    gold = Level.objects.create(name="金卡", rank=9)
    apply.rules(second_person_above_fen=5000, instant_level=gold)
    cup = counter.goods(2999)
    order = make.paid(counter.buyer(level=gold), [(cup, 2)])
    make.refund(order, {cup: 1})
    assert apply.applied(make.fresh(order), {cup: 1}).status == "APPLIED"


# What the warehouse accepts none of


def warehouse(name: str = "cangku") -> User:
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(codename__in=["inspect_aftersale", "view_aftersale", "view_aftersaleline"])
    )
    return User.objects.get(pk=user.pk)


def looked_at(client: Client, row: AfterSale, **typed: Any) -> Any:
    address = f"/admin/aftersales/aftersale/{row.pk}/inspect/"
    hidden = page_of.hidden(client.get(address))
    line = row.lines.get().order_line_id
    return client.post(address, {**hidden, f"accepted_{line}": "0", **typed}, follow=True)


def test_the_warehouse_accepts_nothing_with_a_reason_and_pictures_that_the_shopper_sees(
    client: Client, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    order, (cup,) = apply.received((2000, 1))
    row = apply.arrive(apply.send_back(apply.approve(apply.applied(order, {cup: 1}, "EXCHANGE"))))
    who = warehouse()
    client.force_login(who)
    refused = looked_at(client, row)
    assert (refused.status_code, "note" in refused.context["form"].errors) == (409, True)
    picture = SimpleUploadedFile("杯.jpg", photo(), content_type="image/jpeg")
    done = looked_at(client, row, note="杯口已磕碰", picture_1=picture)
    assert ("全部不接受" in page_of.text(done), apply.fresh(row).status) == (True, "REFUSED")
    assert (Stock.objects.get(sku=cup).held, Stock.objects.get(sku=cup).on_hand) == (0, 99)
    told = application_facts.history(application_facts.whole().get(pk=row.pk))[-1]
    assert (told.by, told.move, told.text, len(told.pictures)) == (
        "operator",
        "refuse",
        "验收未通过：杯口已磕碰",
        1,
    )
    assert apply.applied(order, {cup: 1}, "RETURN").status == "APPLIED"


def test_a_part_that_is_accepted_shows_pictures_too(client: Client, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    order, (cup,) = apply.received((2000, 2))
    row = apply.arrive(apply.approve(apply.applied(order, {cup: 2}, "RETURN")))
    client.force_login(warehouse())
    line = row.lines.get().order_line_id
    picture = SimpleUploadedFile("杯.jpg", photo(), content_type="image/jpeg")
    looked_at(client, row, **{f"accepted_{line}": "1"}, note="一件已使用", picture_1=picture)
    shown = {one.move: one for one in application_facts.history(application_facts.whole().get(pk=row.pk))}
    assert ("1/2" in shown["accept"].text, len(shown["accept"].pictures)) == (True, 1)


# Who did what


def test_operators_read_who_of_them_did_each_step_and_shoppers_read_the_shop(admin_client: Client) -> None:
    order, (cup,) = apply.received((2000, 1))
    row = apply.approve(
        apply.applied(order, {cup: 1}, "EXCHANGE"), operator=User.objects.create_superuser("小林")
    )
    whole = application_facts.whole().get(pk=row.pk)
    assert [one.who for one in application_facts.history(whole, inside=True)] == ["买家", "小林"]
    assert [(one.who, one.by) for one in application_facts.history(whole)] == [
        ("买家", "member"),
        ("商家", "operator"),
    ]
    assert "小林" in "".join(shop.shown(admin_client.get(f"/admin/aftersales/aftersale/{row.pk}/change/")))


def on_hand(sku: Sku) -> int:
    return Stock.objects.get(sku=sku).on_hand


@pytest.mark.parametrize("kind", ["RETURN", "EXCHANGE"])
def test_goods_that_came_are_shelved_once_though_their_units_were_refunded_by_rule(kind: str) -> None:
    order, (cup,) = apply.received((1999, 2))
    before, held = on_hand(cup), Stock.objects.get(sku=cup).held
    row = apply.arrive(apply.send_back(apply.approve(apply.applied(order, {cup: 2}, kind))))
    by_rule(order, {cup: 2})
    row = apply.fresh(row)
    assert (row.status, row.is_settled, row.amount_fen, row.refund) == ("RETURNED", True, 0, None)
    assert "验收入库" in said(row)
    # Nothing is held for it any more, and it waits for the one who looks at goods.
    assert Stock.objects.get(sku=cup).held == held
    assert row in application_facts.waiting_for_operator()
    with pytest.raises(bounds.OnlyLooked):
        deciding.refuse(after_sale_no=row.after_sale_no, reason="不收", operator=apply.head(), at=apply.LATER)
    sweeping.run_deadlines(at=apply.LATER + 100 * HOUR)
    sweeping.run_deadlines(at=apply.LATER + 200 * HOUR)
    assert apply.moves(row).count("lower") == 1
    paid = OrderRefund.objects.count()
    apply.inspect(row, {cup: 2}, damaged={cup: 1}, at=apply.LATER + 201 * HOUR)
    row = apply.fresh(row)
    assert (row.status, row.refund, OrderRefund.objects.count()) == ("CANCELLED", None, paid)
    assert (on_hand(cup), "2/2 件" in said(row), faults()) == (before + 1, True, [])
    with pytest.raises(MoveRefused):
        apply.inspect(row, {cup: 2})
    assert on_hand(cup) == before + 1


def test_of_goods_that_came_those_refunded_by_rule_are_shelved_and_the_others_paid_for() -> None:
    order, (cup,) = apply.received((1999, 3))
    before = on_hand(cup)
    row = apply.arrive(apply.send_back(apply.approve(apply.applied(order, {cup: 3}, "RETURN"))))
    by_rule(order, {cup: 1})
    assert (apply.fresh(row).status, apply.fresh(row).amount_fen) == ("RETURNED", 2 * 1999)
    row = apply.inspect(row, {cup: 3})
    assert (row.amount_fen, on_hand(cup), faults()) == (2 * 1999, before + 3, [])


def test_goods_on_their_way_are_awaited_and_forgotten_if_they_never_come() -> None:
    order, (cup, pot) = apply.received((1999, 1), (2999, 1))
    before = on_hand(cup)
    rows = [apply.send_back(apply.approve(apply.applied(order, {sku: 1}, "RETURN"))) for sku in (cup, pot)]
    by_rule(order, {cup: 1, pot: 1})
    assert [apply.fresh(row).status for row in rows] == ["RETURNING"] * 2
    apply.inspect(apply.arrive(rows[0]), {cup: 1})
    assert (apply.fresh(rows[0]).status, on_hand(cup)) == ("CANCELLED", before + 1)
    sweeping.run_deadlines(at=apply.LATER + 24 * 30 * HOUR)
    assert (apply.fresh(rows[1]).status, said(rows[1])) == ("CANCELLED", "未收到寄回的商品，售后已关闭")


def test_the_page_of_such_goods_offers_the_look_alone(admin_client: Client) -> None:
    order, (cup,) = apply.received((1999, 1))
    before = on_hand(cup)
    row = apply.arrive(apply.send_back(apply.approve(apply.applied(order, {cup: 1}, "RETURN"))))
    by_rule(order, {cup: 1})
    page = f"/admin/aftersales/aftersale/{row.pk}"
    shown = admin_client.get(f"{page}/change/").content.decode()
    assert (f"{page}/inspect/" in shown, f"{page}/refuse/" in shown) == (True, False)
    asked = admin_client.get(f"{page}/inspect/")
    assert "其中 1 件已另行退款，只验收入库" in asked.content.decode()
    line = make.line(order, cup).pk
    typed = {f"accepted_{line}": "1", "note": "", "seen": asked.context["seen"]}
    done = admin_client.post(f"{page}/inspect/", typed, follow=True)
    assert "此前已另行退款" in done.content.decode()
    assert on_hand(cup) == before + 1
