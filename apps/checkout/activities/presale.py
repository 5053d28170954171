"""Pre-sales: goods by plan, paid whole, or as a deposit that is worth more than it costs and a balance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from apps.campaigns import admission
from apps.campaigns import services as campaigns
from apps.checkout.activities.campaign import CampaignKind
from apps.checkout.activities.kind import (
    ActivityNotFound,
    Admission,
    Extra,
    StandsAlone,
    Ticket,
    Wanted,
    row_id,
)
from apps.deadlines.services.fixing import Agreed
from apps.members.models import Member
from apps.orders.models import Order
from apps.orders.states import Status
from apps.presale import selectors as presale_facts
from apps.presale import services as presales
from apps.presale import terms as presale_terms
from apps.presale.models import Presale, key_of
from mall.errors import Kind, NotFound, ShopError
from mall.money import priced
from mall.pricing.offers import ActivityPrice
from mall.pricing.quote import Quote
from mall.pricing.scope import Skus

KIND: Final = presales.KIND


class ReducedBelowDeposit(ShopError):
    """What else was taken off leaves no balance; ``details``: ``deposit_fen``, ``payable_fen``."""

    code = "presale_reduced_below_deposit"
    message = "优惠后的金额不足定金，请减少使用的优惠"
    kind = Kind.CONFLICT


@dataclass(frozen=True, slots=True, kw_only=True)
class PresaleAdmission(Admission):
    """Units of a pre-sale, on these terms; ``window`` is when they can be ordered."""

    terms: presale_terms.Terms
    window: tuple[datetime, datetime]

    def finish(self, quote: Quote, *, member: Member, at: datetime) -> Quote:
        """The quote as it is. Raises ReducedBelowDeposit where it leaves nothing to pay after the deposit."""
        if self.first_fen and quote.payable_fen <= self.first_fen:
            raise ReducedBelowDeposit(
                details={"deposit_fen": self.first_fen, "payable_fen": quote.payable_fen}
            )
        return quote

    def stages(self, quote: Quote) -> list[dict[str, Any]]:
        """What is paid first, and what after it."""
        return presale_terms.stages_to_come(self.terms, payable_fen=quote.payable_fen, window=self.window)


class Presales(CampaignKind):
    """``{"kind": "presale", "id": 3}``: goods of it only, any of its SKUs."""

    kind: ClassVar[str] = KIND
    label: ClassVar[str] = presales.LABEL
    waits_in: ClassVar[frozenset[Status]] = frozenset({Status.RESERVED})
    tells: ClassVar[bool] = True

    def read(self, said: Mapping[str, Any]) -> Ticket:
        return Ticket(kind=KIND, id=row_id(said))

    def admit(self, ticket: Ticket, *, member: Member, wanted: Wanted, at: datetime) -> Admission:
        """The goods at their price, less what the deposit is worth beyond it: three statements.

        Raises ActivityNotFound, StandsAlone, NotStarted, Ended, SoldOut.
        """
        try:
            row = presale_facts.told(presale_id=int(ticket.id), at=at)
            admission.check_open(row, at=at)
        except NotFound:
            raise ActivityNotFound from None
        prices_fen = {good.sku_id: good.price_fen - row.growth_fen for good in row.goods.all()}
        units: dict[int, int] = {}
        for sku_id, quantity in wanted.items:
            units[sku_id] = units.get(sku_id, 0) + quantity
        if not units or set(units) - set(prices_fen):
            raise StandsAlone("预售商品须单独下单")
        left = presale_facts.left_of([row])
        for sku_id, quantity in units.items():
            available = left.get(key_of(row.pk, sku_id), 0)
            if quantity > available:
                raise campaigns.SoldOut(details={"sku_id": sku_id, "left": available})
        agreed = presale_terms.of_presale(row, units=sum(units.values()))
        return PresaleAdmission(
            ticket=ticket,
            title=row.title,
            price=ActivityPrice(
                ref=ticket.ref,
                label=_label(row),
                prices_fen=prices_fen,
                scope=Skus(frozenset(prices_fen)),
            ),
            combines=frozenset(map(Extra, row.combines)),
            first_fen=agreed.deposit_fen or 0,
            by_plan=True,
            more=agreed.as_order(),
            terms=agreed,
            window=(row.starts_at, row.ends_at),
        )

    def tell(self, order: Order, *, transaction_id: str, paid_at: datetime, at: datetime) -> bool:
        return presales.report(order=order, transaction_id=transaction_id, paid_at=paid_at, at=at)

    def agreed(self, order: Order) -> Agreed | None:
        """As the order keeps it. WeChat takes it for late fifteen days after the first payment, or as it was told."""
        terms = presale_terms.of_order(order)
        first_paid_at = order.reserved_at or order.paid_at
        if terms is None or first_paid_at is None:
            return None
        return Agreed(terms.ships_by, limit_at=max(terms.ships_by, first_paid_at + presales.UNREPORTED_FOR))

    def stages(self, order: Order, *, at: datetime) -> list[dict[str, Any]]:
        return presale_terms.stages_of(order, at=at)


def report_until(*, order: Order, transaction_id: str, until: datetime, at: datetime) -> bool:
    """Tell WeChat that what a payment paid for leaves as late as ``until``, whatever was bought; say whether it took that.

    WeChat knows no other late parcels than pre-sales (opspecialorder, type 1). Raises WechatUnavailable.
    """
    return presales.report_until(order=order, transaction_id=transaction_id, until=until, at=at)


def _label(row: Presale) -> str:
    """What the price is called in the quote: it says what the deposit is worth."""
    if row.deposit_fen is None or row.deposit_worth_fen is None or not row.growth_fen:
        return presales.LABEL
    return f"预售（定金 {priced(row.deposit_fen)} 抵 {priced(row.deposit_worth_fen)}）"
