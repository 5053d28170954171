"""Promoters of the demo shop: a team that brought customers, commissions in each state, a debt, a withdrawal."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction

from apps.base import numbers
from apps.catalog.models import Sku
from apps.demo import levels, past_orders
from apps.distribution import selectors as promoter_facts
from apps.distribution.models import Commission, Material, Promoter, PromoterLevel, RateRule, Rules
from apps.distribution.services import (
    bindings,
    commissions,
    holds,
    ledger,
    promoters,
    rules,
    settlement,
    takebacks,
    withdrawals,
)
from apps.members.models import Member
from apps.orders import services as orders
from apps.orders.models import Order
from apps.orders.services import Effects, Refunded
from apps.wechat.pay.transfers import Transfer

_SKU: Final = "GW-SANCAI-1"
_DEARER: Final = "CP-TAOZHUANG-1"
# Numbers of shoppers that nobody else in the demo shop has.
_FIRST: Final = 31


def fill(*, at: datetime) -> None:
    """Set the programme up, bring a team together and let it earn; nothing where anybody promotes already."""
    skus = {sku.code: sku for sku in Sku.objects.filter(code__in=[_SKU, _DEARER]).select_related("product")}
    if len(skus) < 2 or Promoter.objects.exists() or Rules.objects.exists():
        return
    began = at - timedelta(days=40)
    with transaction.atomic():
        _set_up(skus[_DEARER], at=began)
        people = [
            levels.shopper(name, number=number, at=began)
            for number, name in enumerate(("苏晚晴", "何知秋", "罗一帆", "叶子", "江遥"), start=_FIRST)
        ]
        head, second, *customers = people
        for each in (head, second):
            promoters.appoint(member_id=each.pk, note="演示", at=began)
        promoters.apply(member=customers[2], agreement_version=None, at=at)
        upper, lower = Promoter.objects.get(member=head), Promoter.objects.get(member=second)
        bindings.bind_by_code(member_id=second.pk, code=upper.code, at=began)
        for customer in customers:
            bindings.bind_by_code(member_id=customer.pk, code=lower.code, at=began)
        _earn(customers, skus, at=at)
        promoters.review_levels(at=at)


def _set_up(dearer: Sku, *, at: datetime) -> None:
    rules.save_rules(Rules(pk=1, first_bp=1200, second_bp=300))
    rules.save_level(PromoterLevel(name="普通推客", rank=1))
    rules.save_level(
        PromoterLevel(
            name="金牌推客", rank=2, min_orders=3, min_amount_fen=30_000, first_bp=1500, second_bp=300
        )
    )
    rules.save_rate(RateRule(product=dearer.product, first_bp=1800, second_bp=200), at=at)
    rules.save_material(
        Material(title="陶装上新", body="景德镇手工陶装，杯杯不同，送人自用都好看。", product=dearer.product)
    )


def _earn(customers: list[Member], skus: dict[str, Sku], *, at: datetime) -> None:
    """Orders that were received before, lately, not yet; one whose commission was rejected; a refund after a withdrawal."""
    one, two, _ = customers
    both = [sku.pk for sku in skus.values()]
    # In the order of time, after all other orders of the demo shop's past.
    available = past_orders.received(member=one, sku_ids=both, received_at=at - timedelta(days=2))
    frozen = past_orders.received(member=two, sku_ids=both[:1], received_at=at - timedelta(days=1))
    pending = past_orders.paid(member=one, sku_ids=both[1:], at=at - timedelta(hours=5))
    rejected = past_orders.paid(member=two, sku_ids=both[1:], at=at - timedelta(hours=3))
    for order in (available, frozen, pending, rejected):
        commissions.accrue(order_no=order.order_no, at=order.paid_at or at)
    for order, days in ((available, 1), (frozen, 15)):
        _freeze_for(days)
        commissions.freeze(order_no=order.order_no, at=order.received_at or at)
    settlement.settle_due(at=at)
    suspected = list(Commission.objects.filter(order_no=rejected.order_no).values_list("pk", flat=True))
    holds.hold(commission_ids=suspected, reasons=["收货手机号与推客相同"])
    holds.reject(commission_ids=suspected[:1], reason="用小号自购", at=at)
    _owe(available, at=at)


def _freeze_for(days: int) -> None:
    """Have what is received from now on wait so long: the first order's time is over though it is two days old."""
    row = promoter_facts.rules()
    row.freeze_days = days
    rules.save_rules(row)


def _owe(order: Order, *, at: datetime) -> None:
    """All was taken out, then a line went back: what it had earned is owed. One has the money, the other must confirm."""
    earned = Commission.objects.filter(order_no=order.order_no)
    for commission in earned.order_by("promoter_id", "-level").distinct("promoter_id"):
        _withdraw(commission.promoter, arrives=commission.level == 1, at=at)
    locked = orders.lock(order_no=order.order_no)
    line = locked.lines.order_by("id")[0]
    orders.record_refund(
        order=locked,
        refund_no=numbers.dated("RO", at=at),
        token=f"demo:{locked.order_no}",
        lines=[Refunded(line_id=line.pk, units=1, units_sent=1, restocked=0, amount_fen=line.payable_fen)],
        shipping_fen=0,
        # WeChat never heard of the demo's past orders, so it has nothing to give back.
        balance_fen=line.payable_fen,
        effects=Effects(),
        reason="演示：杯口有裂纹",
        operator=None,
        at=at,
    )
    takebacks.take_back(order_no=locked.order_no, at=at)
    _ask_for_more(Promoter.objects.get(account__withdrawing_fen__gte=1), at=at)


def _ask_for_more(promoter: Promoter, *, at: datetime) -> None:
    """A reward for a tasting, of which more is asked for than goes out without a look."""
    ledger.adjust(
        promoter_id=promoter.pk,
        change_fen=60_000,
        business_key="demo:tasting",
        reason="线下品鉴会奖励",
        operator=None,
        at=at,
    )
    withdrawals.request(
        member=promoter.member, amount_fen=50_000, idempotency_key=f"demo-more-{promoter.pk}", at=at
    )


def _withdraw(promoter: Promoter, *, arrives: bool, at: datetime) -> None:
    """Take out all that is available, as if WeChat had been told and had answered so.

    Beside the sandbox, which knows the promoters, what does not arrive is really handed over by the bell, so that its
    user can confirm it there; where it might be the real WeChat, it only looks so.
    """
    row = withdrawals.request(
        member=promoter.member,
        amount_fen=promoter.account.available_fen,
        idempotency_key=f"demo-{promoter.pk}",
        at=at - timedelta(hours=1),
    )
    if settings.WECHAT_SANDBOX and not arrives:
        return
    transfer = Transfer(
        out_bill_no=row.withdrawal_no,
        state="SUCCESS" if arrives else "WAIT_USER_CONFIRM",
        transfer_bill_no=numbers.digits(28),
        package_info=None if arrives else f"demo{numbers.word(24)}",
        fail_reason=None,
        amount_fen=row.amount_fen,
        openid=row.openid,
        mchid=None,
        appid=None,
    )
    withdrawals.learn(transfer=transfer, at=at)
