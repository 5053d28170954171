"""The bill of a recharge of stored value: credited once when it is paid, and told to WeChat as what does not travel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlencode

from django.db import transaction as database
from django.urls import reverse

from apps.base import audit, clauses
from apps.base.clauses import Clause
from apps.checkout.bills.kind import By, Kind, Overdue
from apps.fulfillment.services import uploads
from apps.orders.states import Actor
from apps.outbox import services as outbox
from apps.payments.models import Payment
from apps.payments.services import Bill, NotPayable, PaymentExpired, attempts, giving_back
from apps.payments.states import PaymentStatus, SurplusReason
from apps.wallet import selectors as wallet_facts
from apps.wallet import services as wallet
from apps.wallet.models import Recharge
from apps.wallet.services import recharges
from apps.wallet.states import RechargeStatus
from mall import events
from mall.errors import Kind as Fault
from mall.errors import ShopError


class RechargeNotPayable(NotPayable):
    """The recharge is closed, refunded or paid already: there is nothing to pay."""

    code = "recharge_not_payable"
    message = "充值单当前状态无需支付"


class RechargeExpired(PaymentExpired):
    """So little time is left that WeChat would refuse the payment, or the shopper could not finish it."""

    code = "recharge_expired"
    message = "充值单已超过支付时间，请重新充值"


class RechargeBusy(ShopError):
    """The recharge keeps getting new attempts to pay while we try to close it."""

    code = "recharge_busy"
    message = "充值单正在支付中，请稍后再试"
    kind = Fault.CONFLICT


class RechargeBill(Kind):
    """What the shop promised it keeps: an unpaid recharge is credited though its pack ended or the account is full by now.

    Only a closed one, one that is paid already, and any while stored value is switched off are not: that money is
    surplus and goes back whole.
    """

    name = "recharge"
    label = "充值"
    busy = RechargeBusy

    def page(self, bill_no: str) -> str:
        return f"{reverse('admin:wallet_recharge_changelist')}?{urlencode({'q': bill_no})}"

    def ask(self, bill_no: str, *, at: datetime) -> Bill:
        recharge = recharges.lock(recharge_no=bill_no)
        if recharge.status != RechargeStatus.UNPAID:
            raise RechargeNotPayable
        if not wallet_facts.enabled():
            raise wallet.WalletOff
        return Bill(
            kind=self.name,
            no=bill_no,
            amount_fen=recharge.principal_fen,
            openid=recharge.member.openid,
            description=_description(recharge),
            expires_at=recharge.expires_at,
            not_payable=RechargeNotPayable,
            expired=RechargeExpired,
        )

    def waits(self, bill_no: str) -> bool:
        return wallet_facts.recharge_waits_for_money(recharge_no=bill_no)

    def lock(self, bill_no: str) -> bool:
        return recharges.lock(recharge_no=bill_no).status == RechargeStatus.UNPAID

    def why_not(self, bill_no: str, *, paid_at: datetime) -> SurplusReason | None:
        recharge = recharges.lock(recharge_no=bill_no)
        if recharge.status == RechargeStatus.CLOSED:
            return SurplusReason.RECHARGE_LATE
        if recharge.status != RechargeStatus.UNPAID:
            return SurplusReason.DOUBLE
        return None if wallet_facts.enabled() else SurplusReason.WALLET_OFF

    def paid(self, bill_no: str, *, behind: Sequence[Clause] = (), by: Actor, at: datetime) -> None:
        clauses.run(behind)
        entry = recharges.pay(recharge_no=bill_no, at=at)
        news = events.WalletRecharged(recharge_no=bill_no, member_id=entry.account.member_id)
        outbox.publish(news, at=at)

    def console_refunded(self, payment: Payment, *, at: datetime) -> bool:
        """Take out of the account what went back of a recharge.

        The account follows as soon as the refund is heard of, as it does with one of the shop's own: what was spent
        meanwhile is owed. Money that was never credited changes nothing.
        """
        with database.atomic():
            recharges.lock(recharge_no=payment.bill_no)
            payment = attempts.locked(payment_no=payment.payment_no)
            if payment.status != PaymentStatus.CAPTURED or payment.is_surplus:
                return False
            back_fen = giving_back.back_fen_of(payment)
            entry = recharges.take_back(
                recharge_no=payment.bill_no, back_fen=back_fen, cause=f"console:{back_fen}", at=at
            )
            return entry is not None

    def own_numbers(self, *, member_id: int) -> Sequence[str]:
        mine = Recharge.objects.filter(member_id=member_id)
        return list(mine.values_list("recharge_no", flat=True))

    def given_up(self, bill_no: str, *, by: By, at: datetime) -> None:
        recharges.close(recharge_no=bill_no, at=at)
        if by.operator is not None:
            audit.record(operator=by.operator, action="关闭充值单", subject=bill_no, at=at)

    def overdue(self, *, at: datetime, after: tuple[datetime, int] | None, limit: int) -> Sequence[Overdue]:
        rows = wallet_facts.recharges_past_expiry(at=at, after=after)[:limit]
        return [Overdue(*row) for row in rows.values_list("expires_at", "pk", "recharge_no")]

    def upload(self, payment: Payment, *, at: datetime) -> None:
        recharge = wallet_facts.credited(recharge_no=payment.bill_no)
        if recharge is None or payment.transaction_id is None:
            return
        uploads.upload_virtual(
            bill_kind=payment.bill_kind,
            bill_no=payment.bill_no,
            transaction_id=payment.transaction_id,
            openid=recharge.member.openid,
            what=_description(recharge),
            at=at,
        )


def _description(recharge: Recharge) -> str:
    """What the shopper reads in WeChat's bill."""
    return f"储值充值 {recharge.title}"


RECHARGE = RechargeBill()
