"""What shoppers are told by itself: each scene from what happens to the words in the inbox, once and while it is true."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import transaction

from apps.carts.models import Favorite, StockWish
from apps.carts.services import favorites, stock_wishes
from apps.catalog import services as catalog
from apps.catalog.models import Sku
from apps.checkout import closing
from apps.coupons import telling as coupon_telling
from apps.flashsale import telling as flash_telling
from apps.flashsale.models import Reminder, Wait
from apps.flashsale.services import reminding
from apps.groupbuy import services as groupbuy
from apps.groupbuy import telling as group_telling
from apps.groupbuy.models import Group
from apps.members.models import Member
from apps.messaging import board
from apps.messaging import services as messaging
from apps.messaging.models import Message
from apps.messaging.services import deciding
from apps.orders import telling as order_telling
from apps.orders.models import Order
from apps.orders.states import Actor
from apps.outbox import services as outbox
from apps.payments.models import Refund
from apps.payments.states import RefundStatus
from apps.points import services as points
from apps.presale import telling as presale_telling
from apps.storefront import telling as goods_telling
from apps.support.models import Response, Survey
from mall import events
from tests.apps.aftersales import make as aftersales
from tests.apps.bargain import make as bargain
from tests.apps.checkout import make as counter
from tests.apps.coupons import make as coupons
from tests.apps.flashsale import make as flash
from tests.apps.fulfillment import make as fulfillment
from tests.apps.groupbuy import make as group_buys
from tests.apps.inventory import make as stocks
from tests.apps.presale import make as presale
from tests.apps.support import make as surveys

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def rounds(at: datetime) -> None:
    """Deliver the news and tell what is due."""
    for _ in range(4):
        outbox.deliver_due(at=at)
    deciding.decide_due(at=at)


def inbox(owner: Member | int, scene: str) -> list[str]:
    """What a member has read of a scene, oldest first."""
    member_id = owner if isinstance(owner, int) else owner.pk
    told = Message.objects.filter(member_id=member_id, scene=scene, status="TOLD").order_by("id")
    return list(told.values_list("text", flat=True))


def reasons(scene: str) -> list[str]:
    """Why messages of a scene were not told."""
    return list(Message.objects.filter(scene=scene, status="DROPPED").values_list("reason", flat=True))


def test_every_scene_has_its_reader_or_waits_for_its_room() -> None:
    without = {scene.name for scene in board.scenes().values() if not scene.reads}
    assert without == set()


def test_a_paid_order_is_told_once_with_its_goods_and_sum() -> None:
    order = fulfillment.paid_order(2, 1, at=counter.NOW)
    rounds(counter.NOW)
    rounds(counter.NOW + MINUTE)
    title = order.lines.all()[0].title
    assert inbox(order.member_id, "order_paid") == [
        f"您的订单 {order.order_no} 已支付 ¥{order.payable_fen // 100}.00，我们会尽快发货。"
    ]
    facts = order_telling.paid(subject=order.order_no, member_id=order.member_id, at=counter.NOW)
    assert facts is not None
    assert facts.values["goods"] == f"{title} 等 3 件"
    for columns, said in (
        ({"delivery": {"kind": "PICKUP"}}, "备好货会通知您到店取货"),
        ({"delivery": {"kind": "CITY"}}, "我们会尽快为您配送"),
        ({"delivery": None, "awaits_goods": True}, "到货后会尽快发货"),
    ):
        Order.objects.filter(pk=order.pk).update(**columns)
        facts = order_telling.paid(subject=order.order_no, member_id=order.member_id, at=counter.NOW)
        assert facts is not None
        assert facts.values["next"] == said


def test_an_order_that_closes_in_ten_minutes_is_told_once_and_not_when_it_was_paid_meanwhile() -> None:
    paid, unpaid = (counter.order(*counter.buyer(), [(counter.goods(), 1)]) for _ in range(2))
    at = unpaid.expires_at - 10 * MINUTE
    assert order_telling.closings(at=at - timedelta(seconds=1)) == []
    assert messaging.announce(order_telling.closings(at=at), at=at) == 2
    assert messaging.announce(order_telling.closings(at=at + MINUTE), at=at + MINUTE) == 0
    counter.pay(paid, at=at)
    deciding.decide_due(at=at)
    assert len(inbox(unpaid.member, "order_closing")) == 1
    assert (inbox(paid.member, "order_closing"), reasons("order_closing")) == ([], ["NOT_TRUE"])


def test_each_parcel_is_told_with_its_number_until_the_order_is_received() -> None:
    order = fulfillment.paid_order(2, at=counter.NOW)
    parcel = fulfillment.parcel(order, at=counter.NOW)
    rounds(counter.NOW)
    assert inbox(order.member_id, "order_shipped") == [
        f"您的订单 {order.order_no} 已由{parcel.carrier.name}发出，单号 {parcel.tracking_no}。"
    ]


def test_a_received_order_is_not_told_that_it_left() -> None:
    order = fulfillment.paid_order(1, at=counter.NOW)
    fulfillment.parcel(order, at=counter.NOW)
    aftersales.receive(order, at=counter.NOW)
    rounds(counter.NOW)
    assert (inbox(order.member_id, "order_shipped"), reasons("order_shipped")) == ([], ["NOT_TRUE"])


def test_a_refund_that_arrived_is_told_to_the_fen() -> None:
    order = fulfillment.paid_order(1, at=counter.NOW)
    payment = order.payments.get()
    refund = Refund.objects.create(
        refund_no="RF260302TEST",
        payment=payment,
        status=RefundStatus.SETTLED,
        amount_fen=1_50,
        reason="漏发一件",
        business_key="test",
        requested_at=counter.NOW,
        due_at=counter.NOW,
        settled_at=counter.NOW,
    )
    with transaction.atomic():
        outbox.publish(events.RefundSettled(refund_no=refund.refund_no), at=counter.NOW)
    rounds(counter.NOW)
    assert inbox(order.member_id, "refund_done") == [f"订单 {order.order_no} 的退款 ¥1.50 已原路退回。"]


def test_who_sat_alone_is_told_of_the_group_that_it_was_to_be_and_of_its_price() -> None:
    row = group_buys.campaign(counter.goods(5000), {2: 4000})
    group_buys.opened(row)
    order = Order.objects.get()
    group = Group.objects.get()
    Group.objects.update(status="FAILED", failed_at=group_buys.NOW)
    facts = group_telling.result(subject=group.group_no, member_id=order.member_id, at=group_buys.NOW)
    assert facts is not None
    assert (facts.values["size"], facts.values["price"], facts.values["result"]) == (2, 4000, "拼团失败")


def test_all_of_a_group_are_told_that_one_is_missing_and_then_that_it_is_formed() -> None:
    row = group_buys.campaign(counter.goods(5000), {3: 4000})
    group = group_buys.opened(row)
    first = Order.objects.get()
    second = group_buys.joined(group)
    rounds(group_buys.NOW)
    for order in (first, second):
        assert len(inbox(order.member_id, "group_missing")) == 1
    group_buys.joined(group)
    rounds(group_buys.NOW)
    results = {text for order in Order.objects.all() for text in inbox(order.member_id, "group_result")}
    title = first.lines.all()[0].sku.product.title
    assert results == {f"您参加的「{title}」3 人团：拼团成功，商品即将发出。"}
    assert Message.objects.filter(scene="group_result", status="TOLD").count() == 3


def test_who_paid_for_a_group_that_failed_is_told_so() -> None:
    row = group_buys.campaign(counter.goods(5000), {3: 4000})
    group = group_buys.opened(row)
    order = Order.objects.get()
    at = group.ends_at
    groupbuy.end_due(at=at)
    rounds(at)
    assert [text[-12:] for text in inbox(order.member_id, "group_result")] == ["拼团失败，款项原路退回。"]


def test_a_flash_sale_is_told_five_minutes_before_and_not_any_more_when_it_was_moved() -> None:
    good = flash.good(starts_at=flash.NOW + HOUR, ends_at=flash.NOW + 2 * HOUR)
    owner = flash.make.buyer()[0]
    reminding.remind(good_id=good.pk, member=owner, at=flash.NOW)
    at = good.session.starts_at - 5 * MINUTE
    assert flash_telling.starts(at=at - timedelta(seconds=1)) == []
    assert messaging.announce(flash_telling.starts(at=at), at=at) == 1
    assert messaging.announce(flash_telling.starts(at=at + MINUTE), at=at + MINUTE) == 0
    later = good.session.starts_at + HOUR
    type(good.session).objects.update(starts_at=later, ends_at=later + HOUR)
    deciding.decide_due(at=at)
    assert (inbox(owner, "activity_start"), reasons("activity_start")) == ([], ["NOT_TRUE"])

    again = later - 5 * MINUTE
    assert messaging.announce(flash_telling.starts(at=again), at=again) == 1
    deciding.decide_due(at=again)
    assert len(inbox(owner, "activity_start")) == 1


def test_a_reminder_that_was_taken_back_is_not_told() -> None:
    good = flash.good(starts_at=flash.NOW + HOUR, ends_at=flash.NOW + 2 * HOUR)
    owner = flash.make.buyer()[0]
    reminding.remind(good_id=good.pk, member=owner, at=flash.NOW)
    at = good.session.starts_at - 5 * MINUTE
    messaging.announce(flash_telling.starts(at=at), at=at)
    Reminder.objects.all().delete()
    deciding.decide_due(at=at)
    assert reasons("activity_start") == ["NOT_TRUE"]


def test_whose_turn_it_is_is_told_until_the_right_is_over() -> None:
    good = flash.good()
    owner = flash.make.buyer()[0]
    until = flash.NOW + 10 * MINUTE
    Wait.objects.create(good=good, member=owner, state="YOURS", queued_at=flash.NOW, until=until)
    news = events.FlashTurnGiven(member_id=owner.pk, good_id=good.pk, until=until.isoformat())
    with transaction.atomic():
        outbox.publish(news, at=flash.NOW)
    rounds(flash.NOW)
    assert len(inbox(owner, "wait_turn")) == 1
    assert flash_telling.turn(subject=str(good.pk), member_id=owner.pk, at=until) is None


def test_a_bargain_at_its_floor_is_told_once_until_it_is_bought() -> None:
    run = bargain.run(bargain.bargain(helpers=1))
    bargain.helped(run)
    rounds(bargain.NOW)
    rounds(bargain.NOW + MINUTE)
    assert len(inbox(run.member_id, "bargain_floor")) == 1


def test_a_balance_is_told_a_day_and_two_hours_before_its_end_and_not_when_it_is_paid() -> None:
    row = presale.presale(presale.tea())
    order = presale.reserved(row)
    until = row.balance_until
    assert until is not None
    for lead in (DAY, 2 * HOUR):
        at = until - lead
        assert messaging.announce(presale_telling.balances(at=at), at=at) == 1
        assert messaging.announce(presale_telling.balances(at=at + MINUTE), at=at + MINUTE) == 0
        deciding.decide_due(at=at)
    assert len(inbox(order.member_id, "balance_due")) == 2
    presale.pay(order, at=until - HOUR)
    assert presale_telling.balance(subject=order.order_no, member_id=order.member_id, at=until - HOUR) is None


def test_a_coupon_is_told_with_three_days_and_with_one_and_never_once_it_is_used() -> None:
    member, _ = counter.buyer()
    template = coupons.template("满50减10", threshold_fen=5000, off_fen=1000)
    coupon = coupons.coupon(member, of=template, at=counter.NOW)
    end = coupon.valid_until
    assert coupon_telling.expirings(at=end - 3 * DAY - timedelta(seconds=1)) == []
    for lead in (3 * DAY, DAY):
        at = end - lead
        assert messaging.announce(coupon_telling.expirings(at=at), at=at) == 1
        assert coupon_telling.expirings(at=at + MINUTE) == []
        deciding.decide_due(at=at)
    assert len(inbox(member, "coupon_expiring")) == 2
    type(coupon).objects.update(status="USED", order_no="SO1")
    assert coupon_telling.expirings(at=end - HOUR) == []


def test_a_coupon_of_a_few_hours_is_told_at_once_and_only_once() -> None:
    member, _ = counter.buyer()
    template = coupons.template("满50减10", threshold_fen=5000, off_fen=1000)
    coupon = coupons.coupon(member, of=template, at=counter.NOW)
    type(coupon).objects.update(valid_until=counter.NOW + 5 * HOUR)
    for _ in range(2):
        messaging.announce(coupon_telling.expirings(at=counter.NOW), at=counter.NOW)
    assert Message.objects.filter(scene="coupon_expiring").count() == 1


def test_points_that_are_spent_meanwhile_are_not_told_to_expire() -> None:
    member, _ = counter.buyer()
    points.earn(member_id=member.pk, amount=320, cause="start", at=counter.NOW)
    lot = member.points_account.lots.get()
    end = counter.NOW + 10 * DAY
    type(lot).objects.update(expires_at=end)
    news = events.PointsExpiring(member_id=member.pk, expires_at=end.isoformat())
    with transaction.atomic():
        outbox.publish(news, at=counter.NOW)
    rounds(counter.NOW)
    assert [text[:12] for text in inbox(member, "points_expiring")] == ["您有 320 积分将于 "]


def test_three_days_after_the_receipt_a_member_is_asked_unless_they_have_answered() -> None:
    surveys.survey()
    first, second = (fulfillment.paid_order(1, at=surveys.NOW) for _ in range(2))
    for order in (first, second):
        fulfillment.parcel(order, at=surveys.NOW)
        aftersales.receive(order, at=surveys.NOW)
    rounds(surveys.NOW)
    assert inbox(first.member_id, "survey") == []
    Response.objects.create(survey=Survey.objects.get(), member=second.member, at=surveys.NOW)
    rounds(surveys.NOW + 3 * DAY)
    assert len(inbox(first.member_id, "survey")) == 1
    assert (inbox(second.member_id, "survey"), reasons("survey")) == ([], ["NOT_TRUE"])


def test_a_cancelled_order_is_told_nothing_more() -> None:
    order = counter.order(*counter.buyer(), [(counter.goods(), 1)])
    at = order.expires_at - 5 * MINUTE
    messaging.announce(order_telling.closings(at=at), at=at)
    closing.close_unpaid(order_no=order.order_no, why="买家取消", actor=Actor.MEMBER, at=at)
    deciding.decide_due(at=at)
    assert reasons("order_closing") == ["NOT_TRUE"]


def reprice(sku: Sku, price_fen: int, *, at: datetime) -> int:
    """Give a SKU another price, and let the sweep look; return how many are to be told."""
    Sku.objects.filter(pk=sku.pk).update(price_fen=price_fen)
    catalog.refresh_product(product_id=sku.product_id)
    told = goods_telling.tell_falls(at=at)
    deciding.decide_due(at=at)
    return told


def test_each_fall_of_a_favourite_s_price_is_told_once_from_where_it_fell() -> None:
    cup, owner = counter.goods(100_00), counter.buyer()[0]
    favorites.add(member=owner, product=cup.product, at=counter.NOW)
    day = iter(range(1, 20))

    def priced(price_fen: int) -> int:
        return reprice(cup, price_fen, at=counter.NOW + next(day) * DAY)

    assert priced(95_01) == 0  # not by 5 %
    assert priced(95_00) == 1
    assert priced(95_00) == 0
    assert priced(90_25) == 1  # by 5 % of what was told last
    # Dearer again, even dearer than it was then: a fall is measured from what it was put at, never from more.
    assert priced(150_00) == 0
    assert priced(96_00) == 0
    assert priced(80_00) == 1
    title = cup.product.title
    assert inbox(owner, "price_drop") == [
        f"您收藏的「{title}」从 ¥100.00 降到 ¥95.00。",
        f"您收藏的「{title}」从 ¥95.00 降到 ¥90.25。",
        f"您收藏的「{title}」从 ¥100.00 降到 ¥80.00。",
    ]


def test_a_second_fall_within_a_day_waits_for_the_day_and_is_told_from_the_first() -> None:
    cup, owner = counter.goods(100_00), counter.buyer()[0]
    favorites.add(member=owner, product=cup.product, at=counter.NOW)
    assert reprice(cup, 90_00, at=counter.NOW) == 1
    assert reprice(cup, 80_00, at=counter.NOW + HOUR) == 0
    assert reprice(cup, 80_00, at=counter.NOW + DAY) == 1
    assert len(inbox(owner, "price_drop")) == 2


@pytest.mark.parametrize("undo", ["dearer", "taken_out", "sold_out", "off_sale"])
def test_a_fall_is_not_told_that_is_none_any_more(undo: str) -> None:
    cup, owner = counter.goods(100_00, units=1), counter.buyer()[0]
    favorites.add(member=owner, product=cup.product, at=counter.NOW)
    type(cup.product).objects.filter(pk=cup.product_id).update(price_fen=90_00)
    assert goods_telling.tell_falls(at=counter.NOW) == 1
    if undo == "dearer":
        type(cup.product).objects.filter(pk=cup.product_id).update(price_fen=96_00)
    elif undo == "taken_out":
        favorites.take_out(member=owner, product_id=cup.product_id)
    elif undo == "sold_out":
        counter.order(*counter.buyer(), [(cup, 1)])
    else:
        catalog.take_off_sale(product_ids=[cup.product_id])
    deciding.decide_due(at=counter.NOW)
    assert (inbox(owner, "price_drop"), reasons("price_drop")) == ([], ["NOT_TRUE"])


def waiting(sku: Sku, members: int) -> list[Member]:
    """So many members who wait for a SKU, the longest first."""
    owners = [counter.buyer()[0] for _ in range(members)]
    for turn, owner in enumerate(owners):
        stock_wishes.ask(member=owner, sku_id=sku.pk, at=counter.NOW + turn * timedelta(seconds=1))
    return owners


def told_back(at: datetime) -> int:
    told = goods_telling.tell_back(at=at)
    deciding.decide_due(at=at)
    return told


def test_what_is_back_is_told_the_longest_waiting_first_and_to_few_for_each_unit() -> None:
    cup = counter.goods(100_00, units=0)
    owners = waiting(cup, 7)
    at = counter.NOW + HOUR
    assert told_back(at) == 0
    stocks.stock(cup, 1)
    assert told_back(at) == 5
    assert [len(inbox(owner, "back_in_stock")) for owner in owners] == [1, 1, 1, 1, 1, 0, 0]
    assert inbox(owners[0], "back_in_stock") == [f"「{cup.product.title}」已到货，现价 ¥100.00。"]
    # The unit is still there when those five have had their time: the next are told, nobody twice.
    assert told_back(at + 29 * MINUTE) == 0
    assert told_back(at + 30 * MINUTE) == 2
    assert told_back(at + 2 * HOUR) == 0
    assert Message.objects.filter(scene="back_in_stock").count() == 7


def test_who_was_to_be_told_of_what_was_gone_again_waits_on_and_keeps_the_place() -> None:
    cup = counter.goods(100_00, units=0)
    (owner,) = waiting(cup, 1)
    at = counter.NOW + HOUR
    stocks.stock(cup, 1)
    assert goods_telling.tell_back(at=at) == 1
    order = counter.order(*counter.buyer(), [(cup, 1)], at=at)
    deciding.decide_due(at=at)
    assert (inbox(owner, "back_in_stock"), reasons("back_in_stock")) == ([], ["NOT_TRUE"])
    counter.close(order, at=at)
    assert told_back(at + HOUR) == 1
    assert len(inbox(owner, "back_in_stock")) == 1


def test_nobody_is_told_of_what_is_back_in_quiet_hours_nor_who_took_it_back() -> None:
    cup = counter.goods(100_00, units=0)
    owner, other = waiting(cup, 2)
    stocks.stock(cup, 9)
    night = counter.NOW + 10 * HOUR  # ten in the evening
    assert told_back(night) == 0
    stock_wishes.take_back(member=other, sku_id=cup.pk)
    assert told_back(night + 11 * HOUR) == 1
    assert (len(inbox(owner, "back_in_stock")), len(inbox(other, "back_in_stock"))) == (1, 0)
    assert StockWish.objects.get().member == owner
    assert not Favorite.objects.exists()
