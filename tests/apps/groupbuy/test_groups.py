"""A group from its opening to its end: who pays what, when it forms, who gets what back, and who cannot come in."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from apps.aftersales import services as aftersales
from apps.campaigns.models import Quota
from apps.campaigns.services import LimitReached, SoldOut
from apps.checkout import grouping, paying
from apps.groupbuy import personal
from apps.groupbuy import selectors as group_facts
from apps.groupbuy import services as groupbuy
from apps.groupbuy.models import Group, Seat
from apps.inventory import selectors as stock_facts
from apps.orders.models import Order, OrderRefund
from apps.outbox.models import Announcement
from apps.payments.models import Refund
from mall.errors import ShopError
from tests.apps.aftersales import make as refunds
from tests.apps.catalog import make as catalog
from tests.apps.checkout import make as counter
from tests.apps.fulfillment.make import operator
from tests.apps.groupbuy import make
from tests.apps.groupbuy.make import HOUR, NOW
from tests.apps.inventory import make as inventory
from tests.apps.payments import make as payments
from tests.apps.wallet import make as wallets

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


def refused(call: Any) -> tuple[str, dict[str, Any]]:
    with pytest.raises(ShopError) as told:
        call()
    return told.value.code, dict(told.value.details)


def news(order: Order) -> list[str]:
    told = Announcement.objects.filter(payload__order_no=order.order_no).order_by("id")
    return list(told.values_list("kind", flat=True))


def test_three_pay_the_group_price_and_are_formed_with_the_third() -> None:
    cup = make.goods(50_00, units=10)
    row = make.campaign(cup)
    first = make.order(row)
    make.pay(first)
    group = make.group_of(first)
    assert (first.payable_fen, make.statuses(first)) == (39_00, ["GATHERING"])
    assert (group.status, group.joined, group.held, group.ends_at) == ("OPEN", 1, 0, NOW + HOUR)
    assert make.fresh(first).activity["group_no"] == group.group_no

    second = make.joined(group)
    assert make.statuses(first, second) == ["GATHERING", "GATHERING"]
    third = make.joined(group, at=NOW + MINUTE)

    group = make.fresh(group)
    assert (group.status, group.joined, group.formed_at, group.settled_at) == (
        "FORMED",
        3,
        NOW + MINUTE,
        NOW + MINUTE,
    )
    assert make.statuses(first, second, third) == ["PAID"] * 3
    assert news(third) == ["OrderPlaced", "OrderGathered", "OrderPaid"]
    make.post()
    assert OrderRefund.objects.count() == 0
    assert stock_facts.available([cup.pk])[cup.pk] == 7


def test_a_price_that_falls_with_the_fifth_is_returned_to_the_four_before_once() -> None:
    row = make.campaign(make.goods(50_00), make.THREE_OR_FIVE, limit_per_member=2)
    first = make.order(row, quantity=2)
    make.pay(first)
    group = make.group_of(first)
    rest = [make.joined(group) for _ in range(3)]
    fifth = make.joined(group)
    assert [row.payable_fen for row in (first, *rest, fifth)] == [78_00, 39_00, 39_00, 39_00, 35_00]
    make.post()
    make.post()
    made = {refund.order.order_no: refund.goods_fen for refund in OrderRefund.objects.select_related("order")}
    assert made == {
        first.order_no: 8_00,
        **{order.order_no: 4_00 for order in rest},
    }
    assert sorted(refund.amount_fen for refund in Refund.objects.all()) == [4_00, 4_00, 4_00, 8_00]
    assert make.statuses(first, fifth) == ["PAID", "PAID"]


def test_a_formed_group_stays_joinable_for_the_larger_tier_until_its_time_is_over() -> None:
    row = make.campaign(make.goods(50_00), make.THREE_OR_FIVE)
    group = make.opened(row)
    for _ in range(2):
        make.joined(group)
    fourth = make.joined(group)
    assert (fourth.payable_fen, fourth.status, make.fresh(group).settled_at) == (39_00, "PAID", None)
    assert groupbuy.end_due(at=NOW + HOUR) == 1
    assert make.fresh(group).settled_at == NOW + HOUR
    make.post()
    assert OrderRefund.objects.count() == 0  # four reach the price of three, which they paid
    assert refused(lambda: make.order(row, group=group, at=NOW + HOUR))[0] == "group_closed"


def test_whoever_opens_pays_the_leaders_price_and_gets_nothing_back_of_it() -> None:
    row = make.campaign(make.goods(50_00), {1: 30_00, 3: 39_00, 5: 35_00})
    first = make.order(row)
    make.pay(first)
    group = make.group_of(first)
    for _ in range(4):
        make.joined(group)
    make.post()
    assert first.payable_fen == 30_00
    assert [refund.goods_fen for refund in OrderRefund.objects.exclude(order=first)] == [4_00] * 3
    assert not OrderRefund.objects.filter(order=first).exists()


def test_an_expired_group_refunds_who_paid_and_closes_who_did_not() -> None:
    cup = make.goods(50_00, units=10)
    row = make.campaign(cup, quota=5)
    paid = make.order(row)
    make.pay(paid)
    group = make.group_of(paid)
    waiting = make.order(row, group=group)
    assert waiting.expires_at == NOW + 30 * MINUTE
    late = make.order(row, group=group, at=NOW + 45 * MINUTE)
    assert late.expires_at == group.ends_at
    assert Quota.objects.get().taken == 3
    assert groupbuy.end_due(at=NOW + HOUR - SECOND) == 0
    assert groupbuy.end_due(at=NOW + HOUR) == 1
    assert groupbuy.end_due(at=NOW + HOUR) == 0
    make.post(at=NOW + HOUR)
    assert make.statuses(paid, waiting, late) == ["REFUNDED", "CLOSED", "CLOSED"]
    assert [refund.amount_fen for refund in Refund.objects.all()] == [39_00]
    assert (make.fresh(group).status, Quota.objects.get().taken) == ("FAILED", 0)
    assert stock_facts.available([cup.pk])[cup.pk] == 10


def ended_with_unpaid_seats(*minutes: int) -> list[Group]:
    """Groups that end so many minutes after an hour from now, each with one who has not paid."""
    groups = []
    for minute in minutes:
        row = make.campaign(make.goods(50_00), {2: 39_00})
        group = make.opened(row, at=NOW + minute * MINUTE)
        make.order(row, group=group, at=NOW + 50 * MINUTE)
        groups.append(group)
    return groups


def test_a_ring_goes_on_over_all_unpaid_seats_however_few_it_reads_at_once() -> None:
    groups = ended_with_unpaid_seats(0, 1, 1, 2)
    assert grouping.end_due(at=NOW + 2 * HOUR, batch=1) == 4
    assert not Seat.objects.filter(status="HELD").exists()
    assert {make.fresh(group).status for group in groups} == {"FAILED"}


def test_a_group_whose_unpaid_seat_a_ring_did_not_reach_is_not_decided_before_the_next() -> None:
    first, second, third, fourth = ended_with_unpaid_seats(0, 1, 2, 2)
    at = NOW + 2 * HOUR
    assert grouping.end_due(at=at, batch=2, at_most=3) == 2
    assert [make.fresh(group).status for group in (first, second, third, fourth)] == [
        "FAILED",
        "FAILED",
        "OPEN",
        "OPEN",
    ]
    assert grouping.end_due(at=at, batch=2, at_most=3) == 2
    assert make.fresh(fourth).status == "FAILED"


@pytest.mark.parametrize("swept", [False, True])
def test_a_payment_a_second_late_is_refunded_whole_and_the_group_fails_whichever_is_heard_first(
    swept: bool,
) -> None:
    row = make.campaign(make.goods(50_00), {2: 39_00})
    first = make.order(row)
    make.pay(first)
    group = make.group_of(first)
    second = make.order(row, group=group, at=NOW + 50 * MINUTE)
    if swept:
        groupbuy.end_due(at=NOW + HOUR)
    make.pay(second, at=NOW + HOUR + SECOND)
    groupbuy.end_due(at=NOW + HOUR + SECOND)
    assert make.fresh(group).status == "FAILED"
    make.post(at=NOW + HOUR + SECOND)
    assert make.statuses(first, second) == ["REFUNDED", "REFUNDED"]
    assert sorted(refund.amount_fen for refund in Refund.objects.all()) == [39_00, 39_00]
    assert Seat.objects.get(order=second).status == "REFUSED"


def test_the_payment_that_leaves_one_missing_is_news_and_so_it_is_again_when_one_leaves_and_another_comes() -> (
    None
):
    def lacks() -> int:
        return Announcement.objects.filter(kind="GroupLacksOne").count()

    group = make.opened(make.campaign(make.goods(50_00)))
    assert lacks() == 0
    second = make.joined(group)
    assert lacks() == 1
    aftersales.refund_unshipped(order_no=second.order_no, reason="不想要了", operator=None, at=NOW)
    make.joined(make.fresh(group))
    assert lacks() == 2
    make.joined(make.fresh(group))
    assert (lacks(), make.fresh(group).status) == (2, "FORMED")
    make.opened(make.campaign(make.goods(50_00), {2: 39_00}))
    assert lacks() == 3


def late_news(order: Order, *, paid_at: datetime, at: datetime) -> None:
    """WeChat says now that the order was paid then."""
    attempt = payments.attempt(order, at=NOW, amount_fen=order.due_fen)
    said = payments.paid(attempt, success_time=paid_at.isoformat())
    paying.confirm_payment(transaction=said, at=at)


@pytest.mark.parametrize(
    ("paid_at", "ends"),
    [(HOUR - SECOND, ["PAID", "PAID"]), (HOUR, ["REFUNDED", "REFUNDED"])],
)
def test_a_payment_counts_by_when_it_was_made_and_not_by_when_the_shop_hears_of_it(
    paid_at: timedelta, ends: list[str]
) -> None:
    row = make.campaign(make.goods(50_00), {2: 39_00})
    first = make.order(row)
    make.pay(first)
    second = make.order(row, group=make.group_of(first), at=NOW + 50 * MINUTE)
    heard_at = NOW + HOUR + 3 * SECOND
    late_news(second, paid_at=NOW + paid_at, at=heard_at)
    groupbuy.end_due(at=heard_at)
    make.post(at=heard_at)
    assert make.statuses(first, second) == ends


def test_what_was_paid_in_time_after_the_group_was_ended_goes_back_and_nobody_elses_end_changes() -> None:
    row = make.campaign(make.goods(50_00), {2: 39_00})
    first = make.order(row)
    make.pay(first)
    second = make.order(row, group=make.group_of(first), at=NOW + 50 * MINUTE)
    groupbuy.end_due(at=NOW + HOUR)
    late_news(second, paid_at=NOW + HOUR - SECOND, at=NOW + HOUR + SECOND)
    make.post(at=NOW + HOUR + SECOND)
    assert make.statuses(first, second) == ["REFUNDED", "REFUNDED"]


def test_a_payment_a_second_late_ends_nobodys_group_before_who_paid_in_time_is_heard() -> None:
    row = make.campaign(make.goods(50_00), {2: 39_00, 3: 35_00})
    first = make.order(row)
    make.pay(first)
    group = make.group_of(first)
    in_time, too_late = (make.order(row, group=group, at=NOW + 50 * MINUTE) for _ in range(2))
    heard_at = NOW + HOUR + 2 * SECOND
    late_news(too_late, paid_at=NOW + HOUR + SECOND, at=heard_at)
    late_news(in_time, paid_at=NOW + HOUR - SECOND, at=heard_at)
    groupbuy.end_due(at=heard_at)
    make.post(at=heard_at)
    assert make.statuses(first, in_time, too_late) == ["PAID", "PAID", "REFUNDED"]


def test_a_payment_into_a_full_group_is_refunded_whole() -> None:
    """It cannot be placed; should it be there all the same, the group stays as it is."""
    row = make.campaign(make.goods(50_00), {2: 39_00})
    group = make.opened(row)
    second = make.order(row, group=group)
    Group.objects.update(largest=3)
    third = make.order(row, group=group)
    Group.objects.update(largest=2)
    make.pay(second)
    with pytest.raises(groupbuy.GroupFull):
        paying.pay(member=third.member, order_no=third.order_no, at=NOW)
    make.pay(third)
    make.post()
    assert make.statuses(second, third) == ["PAID", "REFUNDED"]
    group = make.fresh(group)
    assert (group.status, group.joined, group.held) == ("FORMED", 2, 0)


def test_unpaid_seats_count_for_fullness_and_not_for_the_price() -> None:
    row = make.campaign(make.goods(50_00), {2: 45_00, 3: 39_00})
    group = make.opened(row)
    second, third = make.order(row, group=group), make.order(row, group=group)
    assert (second.payable_fen, third.payable_fen) == (45_00, 45_00)
    assert refused(lambda: make.order(row, group=group))[0] == "group_full"
    make.counter.close(third)
    fourth = make.order(row, group=group)
    make.pay(second)
    make.pay(fourth)
    make.post()
    assert sorted(refund.goods_fen for refund in OrderRefund.objects.all()) == [6_00] * 3


def test_nobody_has_two_places_in_one_group_and_may_come_back_after_leaving() -> None:
    row = make.campaign(make.goods(50_00))
    who = make.buyer()
    opener = make.order(row, who)
    make.pay(opener)
    group = make.group_of(opener)
    told = refused(lambda: make.order(row, who, group=group))
    assert told == ("group_joined_already", {"order_no": opener.order_no})
    again = make.buyer()
    first = make.order(row, again, group=group)
    assert refused(lambda: make.order(row, again, group=group))[0] == "group_joined_already"
    make.counter.close(first)
    assert make.joined(group, again).status == "GATHERING"


def test_a_leader_who_leaves_hands_on_the_lead_and_the_last_one_ends_it() -> None:
    row = make.campaign(make.goods(50_00))
    leader = make.order(row)
    make.pay(leader)
    group = make.group_of(leader)
    second = make.joined(group)

    def refund(order: Order) -> None:
        aftersales.refund_unshipped(order_no=order.order_no, reason="不想要了", operator=None, at=NOW)

    refund(leader)
    group = make.fresh(group)
    assert (group.leader_id, group.joined, group.status) == (second.member_id, 1, "OPEN")
    refund(second)
    group = make.fresh(group)
    assert (group.joined, group.status) == (0, "FAILED")
    make.post()
    assert Refund.objects.count() == 2


def test_a_refund_after_it_was_formed_changes_nobody_elses_group() -> None:
    row = make.campaign(make.goods(50_00), make.THREE_OR_FIVE)
    leader = make.order(row)
    make.pay(leader)
    group = make.group_of(leader)
    others = [make.joined(group) for _ in range(2)]
    aftersales.refund_unshipped(order_no=leader.order_no, reason="不想要了", operator=None, at=NOW)
    group = make.fresh(group)
    assert (group.status, group.joined, make.statuses(*others)) == ("FORMED", 3, ["PAID", "PAID"])
    make.joined(group)
    make.joined(group)
    make.post()
    assert Refund.objects.filter(payment__order=leader).count() == 1  # and no difference beside


def test_the_limit_counts_all_orders_of_the_member_unpaid_ones_included() -> None:
    row = make.campaign(make.goods(50_00), limit_per_member=2)
    who = make.buyer()
    make.order(row, who)
    group = make.opened(row)
    make.order(row, who, group=group)
    with pytest.raises(LimitReached) as told:
        make.order(row, who)
    assert told.value.details == {"limit": 2, "used": 2}
    assert refused(lambda: make.order(row, quantity=3))[1] == {"limit": 2, "used": 0}


def test_the_quota_is_the_campaigns_whichever_group_takes_it() -> None:
    row = make.campaign(make.goods(50_00), quota=2)
    group = make.opened(row)
    make.order(row, group=group)
    with pytest.raises(SoldOut):
        make.order(row)
    with pytest.raises(SoldOut):
        make.order(row, group=group)


def test_one_joins_until_the_groups_end_also_after_the_campaigns() -> None:
    row = make.campaign(make.goods(50_00), ends_at=NOW + MINUTE)
    assert refused(lambda: make.order(row, at=NOW - SECOND))[0] == "activity_not_started"
    group = make.opened(row)
    assert refused(lambda: make.order(row, at=NOW + MINUTE))[0] == "activity_ended"
    assert make.joined(group, at=NOW + 30 * MINUTE).status == "GATHERING"
    groupbuy.CAMPAIGNS.stop(row, at=NOW + 30 * MINUTE)
    assert make.joined(group, at=NOW + 31 * MINUTE).status == "PAID"


def test_while_it_is_paused_nobody_opens_and_nobody_joins() -> None:
    row = make.campaign(make.goods(50_00))
    group = make.opened(row)
    groupbuy.CAMPAIGNS.pause(row, at=NOW)
    assert refused(lambda: make.order(row))[0] == "activity_ended"
    assert refused(lambda: make.order(row, group=group))[0] == "activity_ended"
    groupbuy.CAMPAIGNS.resume(row, at=NOW)
    assert make.joined(group).status == "GATHERING"


def test_only_newcomers_join_where_the_campaign_says_so() -> None:
    row = make.campaign(make.goods(50_00), newcomers_only=True)
    known = make.buyer(phone="13711112222")
    make.pay(make.counter.order(*known, [(make.goods(1_00), 1)]))
    group = make.opened(row, known)  # whoever opens need not be one

    def join(**columns: Any) -> Any:
        who = make.buyer(**columns)
        return lambda: make.order(row, who, group=group)

    veteran = make.buyer()
    make.pay(make.counter.order(*veteran, [(make.goods(1_00), 1)]))
    neighbour, address = make.buyer()
    address.detail = known[1].detail.replace(" ", "")
    address.save()
    family, theirs = make.buyer()
    theirs.phone = known[1].phone
    theirs.save()
    told = [
        refused(lambda: make.order(row, veteran, group=group)),
        refused(join(phone="13711112222")),
        refused(lambda: make.order(row, (family, theirs), group=group)),
        refused(lambda: make.order(row, (neighbour, address), group=group)),
    ]
    assert told == [
        ("group_newcomers_only", {"reason": by}) for by in ("openid", "phone", "phone", "address")
    ]
    assert make.joined(group, make.buyer(phone="13733334444")).status == "GATHERING"


def test_a_group_keeps_the_terms_that_it_was_opened_with() -> None:
    cup = make.goods(50_00)
    row = make.campaign(cup)
    opener = make.order(row)
    changed = make.draft(cup, {2: 45_00}, row_id=row.pk, code=row.code, minutes_per_group=10)
    groupbuy.CAMPAIGNS.save(changed, at=NOW)
    make.pay(opener)
    group = make.group_of(opener)
    assert (group.size, group.ends_at) == (3, NOW + HOUR)
    assert make.joined(group).payable_fen == 39_00
    assert make.order(row).payable_fen == 45_00


def test_goods_of_another_kind_and_groups_of_another_campaign_are_refused() -> None:
    cup, pot = make.goods(50_00), make.goods(80_00)
    row, other = make.campaign(cup), make.campaign(pot)
    group = make.opened(other)
    assert refused(lambda: make.order(row, sku=pot))[0] == "activity_stands_alone"
    for unknown in (
        group,
        Group(group_no="PT261128ABCDEFGHJKMN"),
        Group(group_no=""),
        Group(group_no="\x00"),
    ):
        assert refused(lambda unknown=unknown: make.order(row, group=unknown))[0] == "activity_not_found"
    groupbuy.CAMPAIGNS.save(make.draft(make.goods(50_00), code="DRAFT"), at=NOW)
    draft = type(row).objects.get(code="DRAFT")
    assert refused(lambda: make.order(draft))[0] == "activity_not_found"
    assert Seat.objects.count() == 1


def test_skus_of_one_product_come_together_each_at_its_price() -> None:
    product = catalog.product(
        skus=[
            catalog.unsaved_sku(price_fen=fen, option_values={"色": color})
            for fen, color in ((50_00, "白"), (60_00, "黑"))
        ],
        options=[{"name": "色", "values": ["白", "黑"]}],
    )
    white, black = product.skus.order_by("price_fen")
    for sku in (white, black):
        inventory.stock(sku, 10)
    row = make.campaign(white, ladders={white.pk: {2: 40_00, 3: 38_00}, black.pk: {2: 50_00, 3: 45_00}})
    group = make.opened(row)
    second = make.joined(group, sku=black)
    third = make.joined(group, sku=black)
    make.post()
    assert (second.payable_fen, third.payable_fen) == (50_00, 45_00)
    assert sorted(refund.goods_fen for refund in OrderRefund.objects.all()) == [2_00, 5_00]


def test_a_refund_of_one_of_two_units_knows_the_difference() -> None:
    row = make.campaign(make.goods(50_00), make.THREE_OR_FIVE)
    first = make.order(row, quantity=2)
    make.pay(first)
    group = make.group_of(first)
    for _ in range(4):
        make.joined(group)
    make.post()
    cup = first.lines.get().sku
    assert refunds.refund(make.fresh(first), {cup: 1}, at=NOW).goods_fen == 35_00
    make.post()
    assert make.fresh(group).joined == 5


def test_an_order_that_stored_value_pays_takes_its_seat_like_any_other(settings: Any) -> None:
    settings.WALLET_ENABLED = True
    row = make.campaign(make.goods(50_00), {2: 39_00}, combines=["balance"])
    group = make.opened(row)
    member, address = make.buyer()
    wallets.funded(100_00, member=member)
    order = make.order(row, (member, address), group=group, use_balance=True)
    assert paying.pay(member=member, order_no=order.order_no, at=NOW) is None
    assert (make.fresh(order).status, make.fresh(group).status) == ("PAID", "FORMED")

    alone = make.order(row, (member, address), use_balance=True)
    paying.pay(member=member, order_no=alone.order_no, at=NOW)
    groupbuy.end_due(at=NOW + HOUR)
    make.post(at=NOW + HOUR)
    (refund,) = OrderRefund.objects.all()
    assert (make.fresh(alone).status, refund.balance_fen, refund.wechat_fen) == ("REFUNDED", 39_00, 0)


def test_an_operator_ends_a_group_that_is_not_formed_and_none_that_is() -> None:
    row = make.campaign(make.goods(50_00), {2: 39_00})
    lonely = make.opened(row)
    groupbuy.end_now(group_no=lonely.group_no, reason="商品有误", operator=operator(), at=NOW)
    make.post()
    assert make.fresh(lonely).status == "FAILED"
    assert Refund.objects.count() == 1
    formed = make.opened(row)
    make.joined(formed)
    with pytest.raises(groupbuy.GroupOver):
        groupbuy.end_now(group_no=formed.group_no, reason="商品有误", operator=operator(), at=NOW)


def test_every_verb_is_safe_to_repeat() -> None:
    row = make.campaign(make.goods(50_00), quota=5)
    group = make.opened(row)
    order = make.order(row, group=group)

    def twice(verb: Any, **said: Any) -> tuple[int, int, int]:
        with transaction.atomic():
            for _ in range(2):
                verb(order_id=order.pk, order_no=order.order_no, at=NOW, **said)
        now = make.fresh(group)
        return now.joined, now.held, Quota.objects.get().taken

    hold = {"member_id": order.member_id, "group_buy_id": row.pk, "group_no": group.group_no, "units": 1}
    assert twice(groupbuy.hold, **hold) == (1, 1, 2)
    assert twice(groupbuy.commit, paid_at=NOW) == (2, 0, 2)
    assert twice(groupbuy.restore, units=1, whole=True, cause="RO1") == (1, 0, 1)
    assert group_facts.paid_orders_of(group.group_no) == [
        Seat.objects.get(group=group, status="PAID").order.order_no
    ]


def test_groups_are_compared_with_their_seats_and_orders(capsys: Any) -> None:
    row = make.campaign(make.goods(50_00), {2: 39_00})
    formed, open_, failing = make.opened(row), make.opened(row), make.opened(row)
    make.joined(formed)
    make.order(row, group=open_)
    call_command("check_groups")
    assert capsys.readouterr().out == "every group equals its seats\n"

    Group.objects.filter(pk=open_.pk).update(joined=2)
    groupbuy.end_now(group_no=failing.group_no, reason="商品有误", operator=operator(), at=NOW)
    with pytest.raises(CommandError):
        call_command("check_groups")
    gathering = Seat.objects.get(group=failing).order.order_no
    assert capsys.readouterr().out.splitlines() == [
        f"{open_.group_no}: counts 2 and 1, has 1 and 1",
        f"{failing.group_no}: FAILED, and {gathering} gathers",
    ]


def test_who_paid_less_than_the_group_reached_gets_nothing_back() -> None:
    cup = make.goods(100_00)
    counter.promotion("STEP_PRICE", steps=[[5, 3000]])  # the first five at ¥70.00
    row = make.campaign(cup, {2: 95_00, 3: 90_00}, combines=["promotions"])
    group = make.opened(row)
    orders = [make.joined(group) for _ in range(2)]
    make.post()
    assert make.fresh(group).joined == 3
    assert [order.payable_fen for order in orders] == [70_00, 70_00]
    assert not Refund.objects.exists()
    assert make.statuses(*orders) == ["PAID", "PAID"]


def test_nobody_is_erased_while_the_price_of_their_group_may_still_fall() -> None:
    row = make.campaign(make.goods(50_00, units=10), {2: 39_00, 4: 35_00})
    who = make.buyer()
    group = make.opened(row, who)
    assert personal.still_open(who[0].person) == []  # the order itself stands in the way
    other = make.joined(group)
    first = Order.objects.get(member=who[0])
    (found,) = personal.still_open(who[0].person)
    assert (found.code, found.numbers, found.settles_itself) == ("groups", (first.order_no,), True)
    refunds.refund(make.fresh(other), {other.lines.get().sku: 1})
    assert personal.still_open(other.member.person) == []
    grouping.end_due(at=NOW + HOUR)
    make.post(at=NOW + HOUR)
    assert personal.still_open(who[0].person) == []


@pytest.mark.parametrize("status", ["", "WAITING", "DEAD"])
def test_nobody_is_erased_between_the_end_of_their_group_and_the_difference(status: str) -> None:
    row = make.campaign(make.goods(50_00, units=10), {2: 39_00, 4: 35_00})
    who = make.buyer()
    group = make.opened(row, who)
    make.joined(group)
    make.post(at=NOW + HOUR)
    grouping.end_due(at=NOW + HOUR)
    news = Announcement.objects.get(kind="GroupSettled")
    if status:
        make.post(at=NOW + HOUR)
        news.deliveries.update(status=status, done_at=None)
    (found,) = personal.still_open(who[0].person)
    assert (found.code, len(found.numbers)) == ("groups", 1)
    news.deliveries.update(due_at=NOW)
    if status != "DEAD":
        make.post(at=NOW + HOUR)
        assert personal.still_open(who[0].person) == []
