"""Settlement: what a received order gives in points and growth, and what a refund takes back of both.

Of what was spent a refund's share is ``part_fen`` of ``whole_fen``, both in the order's goods before points were
deducted, so that an order paid with points alone has shares too. Of what was given it is what was paid for the goods,
of all that the order is settled for: a price that fell afterwards leaves the rest what the rest costs. Shares add up:
after the last part exactly everything that was spent is back and everything that was given is taken back, however
the roundings fell between.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Sum

from apps.base import transactions, versions
from apps.members.services import growth
from apps.orders import selectors as order_facts
from apps.orders.models import Order, OrderLine
from apps.points import lives
from apps.points import selectors as point_facts
from apps.points.models import Account, GivenBack, Settlement, Spending
from apps.points.services import booking, earning, spending
from apps.points.states import EntryKind, SpendingStatus
from apps.promotions import selectors as promotion_facts
from mall import money


class Returned(NamedTuple):
    """What a refund does: points that come back, points taken, the part of those that becomes debt, growth taken."""

    back: int
    taken: int
    short: int
    growth: int


class _Share(NamedTuple):
    """What a refund gave back of an order; None of ``paid_fen`` stands for the same share of all that was paid."""

    part_fen: int
    whole_fen: int
    paid_fen: int | None


class _Received(NamedTuple):
    """What settling many orders reads of each: nothing of what their lines and addresses say."""

    pk: int
    order_no: str
    member_id: int
    paid_at: datetime | None
    level_bp: int | None


def settle(*, order_no: str, at: datetime) -> Settlement:
    """Give what the received order earns: its goods as paid, times the member's level, times the member day.

    Postage earns nothing, nor does what came back because the price fell; the member day is that of the payment.
    Settling again changes nothing.
    """
    order = Order.objects.select_related("member__level").get(order_no=order_no)
    level = order.member.level
    level_bp = level.points_multiplier_bp if level else None
    with transaction.atomic():
        # What came back is read after the lock: whoever had to wait sees what the other did.
        booking.lock(member_id=order.member_id, at=at)
        return earn_for_order(
            order_no=order_no,
            member_id=order.member_id,
            settled_fen=_goods_fen(order) - order_facts.price_back_fen(order),
            multiplier_bp=_multiplier_bp(level_bp, paid_at=order.paid_at or at),
            at=at,
        )


def _goods_fen(order: Order) -> int:
    return int(order.lines.aggregate(sum=Sum("payable_fen", default=0))["sum"])


def settle_many(*, order_nos: Collection[str], at: datetime) -> set[str]:
    """Give what these received orders earn, as ``settle`` does, in the caller's transaction; return those that it left.

    A few statements for all that are plain: of a member who owes no points, has none to expire first and has no other order
    among these; nothing was settled before, or went back. The others are left to ``settle``. Raises PointsInvalid.
    """
    transactions.require()
    rows = Order.objects.filter(order_no__in=order_nos, refunded_fen=0).order_by("-id")
    columns = "pk", "order_no", "member_id", "paid_at", "member__level__points_multiplier_bp"
    by_member = {order.member_id: order for order in map(_Received._make, rows.values_list(*columns))}
    accounts = booking.lock_many(member_ids=by_member.keys())
    # Read after the locks: whoever had to wait sees what the other did.
    told = [order.order_no for order in by_member.values()]
    seen = set(Settlement.objects.filter(order_no__in=told).order_by().values_list("order_no", flat=True))
    seen |= set(GivenBack.objects.filter(order_no__in=told).order_by().values_list("order_no", flat=True))
    fell = Order.objects.filter(order_no__in=told, refunded_fen__gt=0)
    seen |= set(fell.order_by().values_list("order_no", flat=True))
    plain = [
        account
        for account in booking.plain(accounts.values(), at=at)
        if by_member[account.member_id].order_no not in seen
    ]
    if plain:
        _earn_plain(plain, by_member, at=at)
    return set(order_nos) - {by_member[account.member_id].order_no for account in plain}


def _earn_plain(accounts: Sequence[Account], orders: Mapping[int, _Received], *, at: datetime) -> None:
    """Give these locked accounts what the orders, by member, earn: points and growth."""
    lines = OrderLine.objects.filter(order__in=[orders[account.member_id].pk for account in accounts])
    sums = lines.order_by().values_list("order_id").annotate(sum=Sum("payable_fen"))
    paid_fen = dict(sums.values_list("order_id", "sum"))
    earned: dict[int, Settlement] = {}
    with versions.once():
        for account in accounts:
            order = orders[account.member_id]
            earned[account.member_id] = _earned(
                account,
                order_no=order.order_no,
                settled_fen=paid_fen.get(order.pk, 0),
                multiplier_bp=_multiplier_bp(order.level_bp, paid_at=order.paid_at or at),
                at=at,
            )
        expires_at = lives.expiry(point_facts.rules(), at=at)
    Settlement.objects.bulk_create(earned.values())
    points = {member_id: row.points for member_id, row in earned.items() if row.points}
    for each in points.values():
        booking.require_positive(each)
    causes = {
        member_id: booking.Cause(EntryKind.ORDER, f"{earned[member_id].order_no}:earn")
        for member_id in points
    }
    given = [account for account in accounts if account.member_id in points]
    booking.put_many(given, points, causes=causes, expires_at=expires_at, at=at)
    growth.add_many(
        {member_id: (row.growth, f"order:{row.order_no}") for member_id, row in earned.items() if row.growth},
        at=at,
    )


def _multiplier_bp(level_bp: int | None, *, paid_at: datetime) -> int:
    """How often an order's points count: by its member's level, if any, times the member day of its payment."""
    day_bp = promotion_facts.points_multiplier_bp(at=paid_at)
    return money.share_bp(money.WHOLE_BP if level_bp is None else level_bp, bp=day_bp)


def _earned(
    account: Account, *, order_no: str, settled_fen: int, multiplier_bp: int, at: datetime
) -> Settlement:
    """What so much of goods earns by the rules of now, not saved yet."""
    rules = point_facts.rules()
    return Settlement(
        order_no=order_no,
        account=account,
        settled_fen=settled_fen,
        multiplier_bp=multiplier_bp,
        points=_per_yuan(
            amount_fen=money.share_bp(settled_fen, bp=multiplier_bp), rate=rules.points_per_yuan
        ),
        growth=_per_yuan(amount_fen=settled_fen, rate=rules.growth_per_yuan),
        at=at,
    )


@transaction.atomic
def earn_for_order(
    *, order_no: str, member_id: int, settled_fen: int, multiplier_bp: int, at: datetime
) -> Settlement:
    """Give points and growth for ``settled_fen`` of goods, less what was refunded of them before; once an order.

    By the rules' points for each yuan times ``multiplier_bp``, rounded down; growth takes no multiplier.
    """
    account = booking.lock(member_id=member_id, at=at)
    before = Settlement.objects.filter(order_no=order_no).first()
    if before is not None:
        return before
    settlement = _earned(
        account, order_no=order_no, settled_fen=settled_fen, multiplier_bp=multiplier_bp, at=at
    )
    settlement.save()
    points, grown = _left(settlement, _given_back(order_no))
    if points:
        earning.earn(
            member_id=member_id, amount=points, cause=f"{order_no}:earn", kind=EntryKind.ORDER, at=at
        )
    if grown:
        growth.add(member_id=member_id, amount=grown, cause=f"order:{order_no}", at=at)
    return settlement


@transaction.atomic
def give_back_for_refund(
    *,
    order_no: str,
    member_id: int,
    refund_key: str,
    part_fen: int,
    whole_fen: int,
    paid_fen: int | None = None,
    at: datetime,
) -> Returned:
    """Restore the refund's share of what the order spent, and claw back its share of what the order gave.

    ``paid_fen`` is what was paid for the goods that go back; None: the same share of all that was paid. ``refund_key``
    (at most 39 characters) is unique per order: the same refund changes nothing the second time, and then says so by
    zeros. What cannot be clawed back becomes debt (``short``). Before receipt nothing was given yet, and the settlement
    will give less by this share. Raises PointsConflict where the parts exceed the whole.
    """
    account = booking.lock(member_id=member_id, at=at)
    if GivenBack.objects.filter(order_no=order_no, refund_key=refund_key).exists():
        return Returned(0, 0, 0, 0)
    share: dict[str, Any] = {"part_fen": part_fen, "whole_fen": whole_fen, "paid_fen": paid_fen}
    due = due_for_refund(order_no=order_no, member_id=member_id, **share)
    GivenBack.objects.create(order_no=order_no, refund_key=refund_key, **share, at=at)
    if due.back:
        spending.restore(order_no=order_no, points=due.back, cause=refund_key, at=at)
    return _take(account, due, order_no=order_no, refund_key=refund_key, at=at)


def _take(account: Account, due: Returned, *, order_no: str, refund_key: str, at: datetime) -> Returned:
    """Take back what is due of what a settled order gave; return it with what became a debt."""
    if due.taken:
        cause = f"{order_no}:claw:{refund_key}"
        entry = earning.claw_back(member_id=account.member_id, amount=due.taken, cause=cause, at=at)
        due = due._replace(short=entry.debt_change if entry else 0)
    if due.growth:
        growth.add(
            member_id=account.member_id,
            amount=-due.growth,
            cause=f"refund:{order_no}:{refund_key}",
            counts_at=Settlement.objects.values_list("at", flat=True).get(order_no=order_no),
            at=at,
        )
    return due


@transaction.atomic
def settle_for_less(
    *, order_no: str, member_id: int, refund_key: str, back_fen: int, at: datetime
) -> Returned:
    """Take back what a received order gave for ``back_fen`` of the price of goods that the buyer keeps.

    The order is then settled for so much less, and later refunds take their shares of that. The same refund changes
    nothing the second time. Before receipt nothing was given yet: ``settle`` counts what came back.
    """
    account = booking.lock(member_id=member_id, at=at)
    settlement = Settlement.objects.filter(order_no=order_no).first()
    if settlement is None:
        return Returned(0, 0, 0, 0)
    order = Order.objects.get(order_no=order_no)
    others_fen = order_facts.price_back_fen(order, but=refund_key)
    settled_fen = max(0, _goods_fen(order) - others_fen - back_fen)
    if settled_fen >= settlement.settled_fen:
        return Returned(0, 0, 0, 0)
    back = _given_back(order_no)
    points_before, growth_before = _left(settlement, back)
    settlement.points, settlement.growth = _given_for(settlement, settled_fen=settled_fen)
    settlement.settled_fen = settled_fen
    settlement.save(update_fields=["settled_fen", "points", "growth"])
    points_now, growth_now = _left(settlement, back)
    due = Returned(0, points_before - points_now, 0, growth_before - growth_now)
    return _take(account, due, order_no=order_no, refund_key=refund_key, at=at)


def _given_for(settlement: Settlement, *, settled_fen: int) -> tuple[int, int]:
    """The points and growth of a settlement, had it been for so much less: by its rules, or its share if they changed."""
    first, less = (
        _earned(
            settlement.account,
            order_no=settlement.order_no,
            settled_fen=fen,
            multiplier_bp=settlement.multiplier_bp,
            at=settlement.at,
        )
        for fen in (settlement.settled_fen, settled_fen)
    )
    if (first.points, first.growth) == (settlement.points, settlement.growth):
        return less.points, less.growth
    weights = [settled_fen, settlement.settled_fen - settled_fen]
    return money.allocate(settlement.points, weights)[0], money.allocate(settlement.growth, weights)[0]


def due_for_refund(
    *, order_no: str, member_id: int, part_fen: int, whole_fen: int, paid_fen: int | None = None
) -> Returned:
    """What ``give_back_for_refund`` would do for the next ``part_fen``; changes nothing, five queries at most.

    Binding under the account's lock, a preview without it. Raises PointsConflict likewise.
    """
    before = _given_back(order_no)
    after = [*before, _Share(part_fen, whole_fen, paid_fen)]
    after_fen = sum(share.part_fen for share in after)
    if part_fen < 1 or after_fen > whole_fen or any(share.whole_fen != whole_fen for share in before):
        raise booking.PointsConflict(
            "退款比例与订单不一致", details={"part_fen": after_fen, "whole_fen": whole_fen}
        )
    back = 0
    spent = Spending.objects.filter(order_no=order_no, status=SpendingStatus.COMMITTED).first()
    if spent is not None:
        back = max(_share(spent.points, part_fen=after_fen, whole_fen=whole_fen) - spent.restored, 0)
    settlement = Settlement.objects.filter(order_no=order_no).first()
    if settlement is None:
        return Returned(back, 0, 0, 0)
    (points_before, growth_before), (points_after, growth_after) = (
        _left(settlement, shares) for shares in (before, after)
    )
    taken = points_before - points_after
    there = Account.objects.filter(member_id=member_id).values_list("balance", "debt").first() or (0, 0)
    spendable = max(there[0] - there[1] + back, 0)
    return Returned(back, taken, max(taken - spendable, 0), growth_before - growth_after)


def _given_back(order_no: str) -> list[_Share]:
    """What was given back of an order so far."""
    rows = GivenBack.objects.filter(order_no=order_no).order_by("id")
    return list(map(_Share._make, rows.values_list("part_fen", "whole_fen", "paid_fen")))


def _left(settlement: Settlement, back: Sequence[_Share]) -> tuple[int, int]:
    """The points and growth of a settlement without the shares that were given back (``_given_back``)."""
    part_fen, whole_fen = _paid_back(back, settled_fen=settlement.settled_fen)
    points, grown = (
        given - _share(given, part_fen=part_fen, whole_fen=whole_fen)
        for given in (settlement.points, settlement.growth)
    )
    return points, grown


def _paid_back(back: Sequence[_Share], *, settled_fen: int) -> tuple[int, int]:
    """How much of what an order is settled for was paid for goods that went back, and of how much: all with the last."""
    if back and sum(share.part_fen for share in back) == back[0].whole_fen:
        return 1, 1
    paid_fen = sum(
        _share(settled_fen, part_fen=share.part_fen, whole_fen=share.whole_fen)
        if share.paid_fen is None
        else share.paid_fen
        for share in back
    )
    return (min(paid_fen, settled_fen), settled_fen) if settled_fen else (0, 1)


def _share(given: int, *, part_fen: int, whole_fen: int) -> int:
    """The part's share of a number of points or fen, to the nearest one; all of them for the whole."""
    return money.allocate(given, [part_fen, whole_fen - part_fen])[0]


def _per_yuan(*, amount_fen: int, rate: int) -> int:
    """So many points for each yuan, rounded down: one hundredth of the fen, ``rate`` times."""
    return money.share_bp(amount_fen, bp=100 * rate)
