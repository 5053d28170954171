"""Plain makers for tests of pre-sales: tea at ¥200.00 for ¥160.00, a deposit of ¥20 worth ¥50, a hundred planned."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from apps.catalog.models import Sku
from apps.checkout import activities, bills, paying, placing, quoting
from apps.checkout.quoting import Choice
from apps.members.models import Address, Member
from apps.orders.models import Order
from apps.payments.models import Payment
from apps.presale import services as presales
from apps.presale.drafts import GoodDraft, PresaleDraft
from apps.presale.models import Presale
from apps.stores.models import Place
from tests.apps.checkout import make as counter
from tests.apps.inventory import make as inventory
from tests.apps.payments import make as payments

NOW = datetime(2026, 11, 28, 2, 0, tzinfo=UTC)  # ten in the morning in Shanghai
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
# By deposit: two hours to order, a day between, two days for the balance.
BALANCE_FROM = NOW + DAY
BALANCE_UNTIL = NOW + 3 * DAY
_codes = count(1)


def tea(*, units: int = 0, **columns: Any) -> Sku:
    """Tea at ¥200.00 that is not here yet, unless so many lie on the shelf."""
    return counter.goods(200_00, units=units, **columns)


def draft(
    *skus: Sku, quota: int = 100, price_fen: int = 160_00, whole: bool = False, **said: Any
) -> PresaleDraft:
    """From now on for two hours; by deposit unless the whole is paid at once."""
    always: dict[str, Any] = {
        "code": f"TEA-{next(_codes)}",
        "title": "明前龙井预售",
        "goods": [GoodDraft(sku_id=sku.pk, price_fen=price_fen, quota=quota) for sku in skus or [tea()]],
        "starts_at": NOW,
        "ends_at": NOW + 2 * HOUR,
    }
    staged: dict[str, Any] = {
        "deposit_fen": 20_00,
        "deposit_worth_fen": 50_00,
        "balance_from": BALANCE_FROM,
        "balance_until": BALANCE_UNTIL,
    }
    return PresaleDraft(**{**always, **({} if whole else staged), **said})


def presale(*skus: Sku, approved: bool = True, at: datetime = NOW, **said: Any) -> Presale:
    """A pre-sale that is approved."""
    row = presales.CAMPAIGNS.save(draft(*skus, **said), at=at).row
    if approved:
        presales.CAMPAIGNS.approve(row, at=at)
        row.refresh_from_db()
    return row


def live(*skus: Sku, **said: Any) -> Presale:
    """One that can be ordered at this moment, whatever the clock says: the doors read it."""
    now = datetime.now(tz=UTC)
    staged = {"balance_from": now + DAY, "balance_until": now + 3 * DAY}
    window = {"starts_at": now - HOUR, "ends_at": now + HOUR, "at": now}
    return presale(*skus, **{**window, **({} if said.get("whole") else staged), **said})


def skus_of(row: Presale) -> list[Sku]:
    """The SKUs of a pre-sale."""
    return [good.sku for good in row.goods.select_related("sku")]


def choice(row: Presale, address: Address, *, units: int = 1, **more: Any) -> Choice:
    """So many units of its first SKU."""
    ticket = activities.read({"kind": "presale", "id": row.pk})
    items = ((skus_of(row)[0].pk, units),)
    return Choice(items=items, address_id=address.pk, activity=ticket, **more)


def order(
    row: Presale,
    buyer: tuple[Member, Address] | None = None,
    *,
    units: int = 1,
    at: datetime = NOW,
    **more: Any,
) -> Order:
    """An unpaid order of it."""
    member, address = buyer or counter.buyer()
    wanted = choice(row, address, units=units, **more)
    seen = quoting.compose(member=member, choice=wanted, at=at)
    return placing.place(
        member=member,
        choice=wanted,
        expected_payable_fen=seen.quote.payable_fen,
        idempotency_key=counter.key(),
        remark="",
        at=at,
    )


def attempt(of: Order, kind: bills.Kind, *, at: datetime = NOW, **columns: Any) -> Payment:
    """An open attempt to pay one of its bills."""
    return payments.attempt(of, at=at, bill_kind=kind.name, amount_fen=kind.owes_fen(of), **columns)


def pay(of: Order, *, at: datetime = NOW) -> Payment:
    """WeChat says that what is due was paid."""
    of.refresh_from_db()
    made = attempt(of, bills.due_of(of), at=at)
    said = payments.paid(made, success_time=at.isoformat())
    settled = paying.confirm_payment(transaction=said, at=at)
    of.refresh_from_db()
    return settled.payment


def pay_balance(of: Order) -> None:
    """WeChat says that the balance was paid, whenever that is."""
    said = payments.paid(attempt(of, bills.BALANCE))
    paying.confirm_payment(transaction=said, at=NOW)


def reserved(row: Presale, *, units: int = 1, at: datetime = NOW, **more: Any) -> Order:
    """An order whose deposit is paid."""
    made = order(row, units=units, at=at, **more)
    pay(made, at=at)
    return made


def paid(row: Presale, *, units: int = 1, **more: Any) -> Order:
    """An order that is paid whole, by deposit and balance."""
    made = reserved(row, units=units, **more)
    pay(made, at=BALANCE_FROM)
    return made


def place() -> Place:
    """Where goods arrive."""
    return inventory.place()


def arrive(row: Presale, units: int, *, at: datetime = NOW, token: str = "") -> presales.Arrived:
    """So many units of its first SKU come."""
    sku = skus_of(row)[0]
    return presales.arrive(
        presale_id=row.pk,
        place_id=place().pk,
        units={sku.pk: units} if units else {},
        token=token or uuid4().hex,
        operator=None,
        at=at,
    )
