"""Applications after the sale, made as plainly as possible."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from apps.aftersales import planning, proposing
from apps.aftersales.models import AfterSale, AfterSaleReason, AfterSaleRules
from apps.aftersales.proposing import Ask
from apps.aftersales.services import applying, deciding, paying_back, returning
from apps.catalog.models import Sku
from apps.orders.models import Order
from apps.payments.models import Refund
from apps.payments.services import refunds
from apps.stores.models import Place
from apps.wechat.pay import facts
from tests.apps.aftersales import make
from tests.apps.checkout import make as counter
from tests.apps.fulfillment import make as fulfillment
from tests.apps.payments import make as payments

NOW, LATER = make.NOW, make.LATER
REASONS = {"REFUND": "CHANGED_MIND", "RETURN": "QUALITY", "EXCHANGE": "SIZE", "RESHIP": "MISSING"}


def reasons() -> None:
    """The reasons of a new shop; tests that empty tables lose those of the migration."""
    for kind, code in REASONS.items():
        AfterSaleReason.objects.get_or_create(kind=kind, code=code, defaults={"label": f"原因{code}"})
    AfterSaleReason.objects.get_or_create(
        kind="RETURN", code="NO_REASON", defaults={"label": "七天无理由退货", "is_no_reason": True}
    )


def rules(**columns: Any) -> AfterSaleRules:
    """The shop's rules, the defaults but for these columns."""
    row, _ = AfterSaleRules.objects.update_or_create(pk=1, defaults=columns)
    return row


def ask(order: Order, units: Mapping[Sku, int], kind: str = "REFUND", **more: Any) -> Ask:
    """What a shopper asks for: so many units of these SKUs, as they were bought."""
    new = more.pop("new", {})
    return Ask(
        kind=kind,
        units={make.line(order, sku).pk: some for sku, some in units.items()},
        reason=more.pop("reason", REASONS[kind]),
        new_skus={make.line(order, old).pk: sku.pk for old, sku in new.items()},
        **more,
    )


def applied(
    order: Order,
    units: Mapping[Sku, int],
    kind: str = "REFUND",
    *,
    key: str = "",
    at: datetime = LATER,
    **more: Any,
) -> AfterSale:
    """An application of the order's buyer."""
    reasons()
    return applying.apply(
        member=order.member,
        order_no=order.order_no,
        ask=ask(order, units, kind, **more),
        idempotency_key=key or counter.key(),
        at=at,
    )


def proposed(
    order: Order, units: Mapping[Sku, int], kind: str = "REFUND", *, at: datetime = LATER, **more: Any
) -> Any:
    """What would be given for it."""
    reasons()
    return proposing.propose(planning.standing_of(make.fresh(order)), ask(order, units, kind, **more), at=at)


def approve(row: AfterSale, *, operator: Any = None, at: datetime = LATER) -> AfterSale:
    """An operator who may do everything says yes, if nobody is named."""
    return deciding.approve(after_sale_no=row.after_sale_no, operator=operator or head(), at=at)


def head() -> Any:
    """The shop's head: who may do everything."""
    who = fulfillment.operator()
    if not who.is_superuser:
        who.is_superuser = True
        who.save(update_fields=["is_superuser"])
    return who


def send_back(row: AfterSale, number: str = "SF1234567890", *, at: datetime = LATER) -> AfterSale:
    """The shopper has sent the goods."""
    return applying.send_back(
        member=row.member, after_sale_no=row.after_sale_no, carrier="顺丰速运", tracking_no=number, at=at
    )


def arrive(row: AfterSale, *, at: datetime = LATER) -> AfterSale:
    """The goods came in at the first place."""
    place = Place.objects.order_by("id").first()
    assert place is not None
    return returning.arrive(after_sale_no=row.after_sale_no, place_id=place.pk, operator=head(), at=at)


def inspect(
    row: AfterSale,
    accepted: Mapping[Sku, int],
    *,
    damaged: Mapping[Sku, int] | None = None,
    at: datetime = LATER,
    **more: Any,
) -> AfterSale:
    """So many units of these SKUs are accepted, of which so many are damaged."""
    order = make.fresh(row.order)
    return returning.inspect(
        after_sale_no=row.after_sale_no,
        found={
            make.line(order, sku).pk: returning.Found(accepted=some, damaged=(damaged or {}).get(sku, 0))
            for sku, some in accepted.items()
        },
        operator=head(),
        at=at,
        **more,
    )


def wechat_says(status: str = "SUCCESS", *, at: datetime = LATER) -> None:
    """WeChat's word about all refunds that are under way, and the news that follows."""
    for refund in Refund.objects.filter(settled_at=None).order_by("id"):
        refunds.apply_result(result=facts.refund(payments.refunded(refund, status=status)), at=at)
        if status == "SUCCESS":
            paying_back.follow_refund(refund_no=refund.refund_no, at=at)


def fresh(row: AfterSale) -> AfterSale:
    """The application as the database has it now."""
    return AfterSale.objects.get(pk=row.pk)


def moves(row: AfterSale) -> list[str]:
    """What happened, in its order."""
    return list(row.steps.order_by("id").values_list("move", flat=True))


def bought(*wanted: tuple[int, int], **more: Any) -> tuple[Order, list[Sku]]:
    """A paid order of goods at these prices and quantities."""
    skus = [counter.goods(price_fen) for price_fen, _ in wanted]
    order = make.paid(
        counter.buyer(), [(sku, units) for sku, (_, units) in zip(skus, wanted, strict=True)], **more
    )
    return order, skus


def received(*wanted: tuple[int, int], at: datetime = NOW) -> tuple[Order, list[Sku]]:
    """Such an order, sent and received."""
    order, skus = bought(*wanted)
    make.ship(order)
    make.receive(order, at=at)
    return make.fresh(order), skus


def each(skus: Iterable[Sku], units: int = 1) -> dict[Sku, int]:
    """So many units of each."""
    return dict.fromkeys(skus, units)
