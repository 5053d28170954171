"""Tells WeChat of payments whose goods leave later than fifteen days after them (特殊发货报备), or it counts them as late.

Source: 微信小程序 发货信息管理服务, opspecialorder: to be called right after the payment, once for each.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.base import transactions
from apps.orders.models import Order
from apps.outbox import services as outbox
from apps.presale import terms as presale_terms
from apps.presale.models import Report
from apps.presale.services.saving import UNREPORTED_FOR
from apps.presale.states import ReportStatus
from apps.wechat import errors as wechat_errors
from apps.wechat import shipping
from mall.errors import Kind, NotFound, ShopError
from mall.events import LateParcelAsked


class NothingToReport(ShopError):
    """Only what WeChat refused is reported again."""

    code = "nothing_to_report"
    message = "只有报备失败的记录可以重新报备"
    kind = Kind.CONFLICT


def report(*, order: Order, transaction_id: str, paid_at: datetime, at: datetime) -> bool:
    """Report one of an order's payments; say whether its goods may leave so late that it is to be. Safe to repeat.

    What WeChat refuses is kept as FAILED for a person to see. Raises WechatUnavailable where it is to be said again.
    """
    transactions.forbid("reporting to WeChat")
    agreed = presale_terms.of_order(order)
    if agreed is None or agreed.ships_by - paid_at <= UNREPORTED_FOR:
        return False
    row, _ = Report.objects.get_or_create(
        transaction_id=transaction_id, defaults={"order": order, "delay_to": agreed.ships_by}
    )
    _say(row, at=at)
    return True


def report_until(*, order: Order, transaction_id: str, until: datetime, at: datetime) -> bool:
    """Report that what a payment paid for leaves as late as ``until``; say whether WeChat has taken that. Safe to repeat.

    What was reported stays, unless it leaves later still: then it is told anew. What WeChat refuses is kept as FAILED for
    a person to see. Raises WechatUnavailable where it is to be said again.
    """
    transactions.forbid("reporting to WeChat")
    row, _ = Report.objects.get_or_create(
        transaction_id=transaction_id, defaults={"order": order, "delay_to": until}
    )
    if row.delay_to < until:
        row.delay_to, row.status = until, ReportStatus.WAITING
        row.save(update_fields=["delay_to", "status"])
    return _say(row, at=at)


def report_again(*, report_id: int, at: datetime) -> None:
    """Ask for what WeChat refused once more. Raises NotFound, NothingToReport."""
    with transaction.atomic():
        row = Report.objects.select_for_update().select_related("order").filter(pk=report_id).first()
        if row is None:
            raise NotFound
        if row.status != ReportStatus.FAILED:
            raise NothingToReport
        _write(row, ReportStatus.WAITING)
        outbox.publish(LateParcelAsked(order_no=row.order.order_no), at=at)


def _say(row: Report, *, at: datetime) -> bool:
    """Tell WeChat what waits to be told; say whether it has taken it."""
    if row.status != ReportStatus.WAITING:
        return row.status == ReportStatus.DONE
    try:
        shipping.report_presale(transaction_id=row.transaction_id, delay_to=row.delay_to)
    except wechat_errors.WechatUnavailable as trouble:
        _write(row, ReportStatus.WAITING, error=str(trouble))
        raise
    except wechat_errors.WechatRefused as refused:
        _write(row, ReportStatus.FAILED, error=f"{refused.errcode} {refused.errmsg}")
        return False
    row.reported_at = at
    _write(row, ReportStatus.DONE)
    return True


def _write(row: Report, status: ReportStatus, *, error: str = "") -> None:
    row.status, row.last_error = status, error[:300]
    row.save(update_fields=["status", "last_error", "reported_at"])
