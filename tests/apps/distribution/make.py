"""Plain makers for tests of distribution: promoters, customers, orders that earn."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any

from django.db import transaction

from apps.distribution.models import Account, Bond, Commission, Promoter, RateRule, Rules, Withdrawal
from apps.distribution.services import bindings, commissions, ledger, promoters, rules, takebacks, withdrawals
from apps.distribution.states import EntryKind
from apps.fulfillment.services import receipt
from apps.members.models import Member
from apps.orders.models import Order
from apps.orders.states import Actor
from apps.shares import cards
from apps.shares import services as shares
from apps.shares.models import Share
from apps.wechat.pay.transfers import Transfer
from tests.apps.aftersales import make as sale
from tests.apps.checkout import make as counter
from tests.apps.fulfillment import make as fulfillment
from tests.apps.members import make as members

NOW = counter.NOW
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
EARLIER = NOW - HOUR
LATER = NOW + HOUR

member = members.member


def set_rules(**columns: Any) -> Rules:
    """Ten per cent and five, five days frozen, first touch for ever, if nothing else is said."""
    plain = {"first_bp": 1000, "second_bp": 500, "freeze_days": 5, "valid_days": 0, "protect_days": 0}
    return rules.save_rules(Rules(pk=1, **{**plain, **columns}))


def promoter(owner: Member | None = None, *, at: Any = EARLIER) -> Promoter:
    """An active promoter."""
    return promoters.appoint(member_id=(owner or member()).pk, at=at)


def share(of: Promoter, *, at: Any = EARLIER) -> Share:
    """A promoter's share of themselves."""
    kind = cards.kind_of("promoter")
    card = cards.find(kind, "me", member_id=of.member_id, at=at)
    return shares.open_share(member_id=of.member_id, kind=kind, card=card, at=at)


def come(visitor: Member, by: Promoter, *, at: Any = EARLIER) -> None:
    """Somebody comes by a promoter's share."""
    shares.note_visit(token=share(by, at=at).token, visitor_id="", member=visitor, at=at)


def bound_to(visitor: Member) -> Promoter | None:
    """Whose customer somebody is, whether or not it is still valid."""
    bond = Bond.objects.select_related("promoter").filter(member=visitor).first()
    return bond.promoter if bond else None


def bind(visitor: Member, to: Promoter, *, at: Any = EARLIER) -> Bond:
    """Bind by the promoter's code."""
    return bindings.bind_by_code(member_id=visitor.pk, code=to.code, at=at)


def chain() -> tuple[Promoter, Promoter, tuple[Member, Any]]:
    """A brought B, B brought C: A and B promote, C buys."""
    first, second = promoter(), promoter()
    buyer = counter.buyer()
    bind(second.member, first)
    bind(buyer[0], second)
    return first, second, buyer


def paid(buyer: tuple[Member, Any], wanted: Any, **more: Any) -> Order:
    """An order that was paid, and what it earns is written."""
    order = sale.paid(buyer, wanted, **more)
    commissions.accrue(order_no=order.order_no, at=NOW)
    return order


def receive(order: Order, *, at: Any = LATER) -> None:
    """The buyer has it, and the after-sales window runs."""
    sale.ship(order)
    receipt.confirm(order_no=order.order_no, actor=Actor.MEMBER, at=at)
    commissions.freeze(order_no=order.order_no, at=at)


def refund(order: Order, units: Any, *, at: Any = LATER, **more: Any) -> None:
    """So many units go back, and what they earned is taken back."""
    sale.refund(order, units, at=at, **more)
    takebacks.take_back(order_no=order.order_no, at=at)


def amounts(of: Promoter) -> list[int]:
    """All rows of a promoter in the order in which they were written."""
    return list(Commission.objects.filter(promoter=of).order_by("id").values_list("amount_fen", flat=True))


def money(of: Promoter) -> dict[str, int]:
    """What is not 0 of a promoter's account, by name."""
    account = Account.objects.get(promoter=of)
    sums = {name: getattr(account, f"{name}_fen") for name in SUMS}
    return {name: fen for name, fen in sums.items() if fen}


SUMS = ("pending", "frozen", "available", "withdrawing", "withdrawn", "debt")


def give(to: Promoter, fen: int, *, key: str = "gift:1", at: Any = NOW) -> None:
    """Money that may be withdrawn, booked by an operator."""
    ledger.adjust(
        promoter_id=to.pk,
        change_fen=fen,
        business_key=key,
        reason="测试",
        operator=fulfillment.operator(),
        at=at,
    )


def rate(*, first_bp: int = 1000, second_bp: int = 0, **scope: Any) -> RateRule:
    """A rate of a product or a category."""
    return rules.save_rate(RateRule(first_bp=first_bp, second_bp=second_bp, **scope), at=NOW)


def earned(by: Promoter, order: Order, *, buyer: Member) -> Commission:
    """A commission of an order's first line that a refund took a tenth of, as if ``buyer`` had bought it."""
    line = order.lines.order_by("id")[0]
    key = f"{order.order_no}:{line.pk}:1"
    row = Commission.objects.create(
        promoter=by,
        buyer=buyer,
        line=line,
        order_no=order.order_no,
        level=1,
        business_key=key,
        base_fen=1000,
        rate_bp=1000,
        amount_fen=100,
        refunded_fen=100,
        taken_back_fen=10,
        rate_source="推客规则",
        at=NOW,
    )
    back = Commission.objects.create(
        promoter=by,
        buyer=buyer,
        line=line,
        order_no=order.order_no,
        level=1,
        of=row,
        business_key=f"back:{key}",
        base_fen=-100,
        rate_bp=1000,
        amount_fen=-10,
        rate_source="推客规则",
        reason="退款扣回",
        at=NOW,
    )
    with transaction.atomic():
        account = ledger.locked(promoter_id=by.pk)
        for change_fen, kind, of in ((100, EntryKind.ACCRUE, row), (-10, EntryKind.TAKE_BACK, back)):
            ledger.book(
                account,
                ledger.Change(pending_fen=change_fen),
                kind=kind,
                business_key=f"{of.business_key}:made",
                commission=of,
                at=NOW,
            )
    return row


def owe(who: Promoter, fen: int) -> None:
    """A debt, as a refund leaves it after the money was withdrawn."""
    with transaction.atomic():
        account = ledger.locked(promoter_id=who.pk)
        change = ledger.loss(account, amount_fen=fen)
        ledger.book(account, change, kind=EntryKind.TAKE_BACK, business_key=f"owed:{fen}", at=NOW)


_keys = count(1)


def withdraw(who: Promoter, fen: int, *, key: str = "", real_name: str = "", at: Any = NOW) -> Withdrawal:
    """A withdrawal asked for; under a key of its own unless one is named."""
    return withdrawals.request(
        member=who.member,
        amount_fen=fen,
        real_name=real_name,
        idempotency_key=key or f"withdraw-{next(_keys)}",
        at=at,
    )


def told(row: Withdrawal, state: str, **said: Any) -> Transfer:
    """What WeChat says of a withdrawal."""
    plain: dict[str, Any] = {
        "out_bill_no": row.withdrawal_no,
        "transfer_bill_no": "1330",
        "package_info": None,
        "fail_reason": None,
        "amount_fen": row.amount_fen,
        "openid": row.openid,
        "mchid": None,
        "appid": None,
    }
    return Transfer(state=state, **plain | said)


def story(row: Withdrawal) -> list[tuple[str, str]]:
    """The steps of a withdrawal and how it stood behind each."""
    return list(row.history.values_list("step", "to_status"))
