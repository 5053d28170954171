"""Hearing of complaints: by WeChat's call, and by asking every minute. Both only say that there is something to read."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import transaction

from apps.base import days, transactions
from apps.complaints.models import Complaint
from apps.complaints.services import keeping
from apps.payments.services import notifications
from apps.wechat import errors as wechat_errors
from apps.wechat.pay import complaints as wechat_complaints
from apps.wechat.pay import notify
from mall.errors import ShopError

log = structlog.get_logger(__name__)

NOTIFY_PATH: Final = "/wechat/complaints/notify"
# Each minute the days of which complaints may have come, each hour all that WeChat lists at once (30 days): what it told
# while the shop was away, and what the shopper said since about an older one.
_EACH_MINUTE: Final = timedelta(days=1)
_EACH_HOUR: Final = timedelta(days=29)
# 5,000 complaints: who has more has other cares.
_MOST_PAGES: Final = 100
_LEASE: Final = timedelta(minutes=2)
_FIRST_WAIT: Final = timedelta(minutes=1)
_LONGEST_WAIT: Final = timedelta(hours=1)
# After so many questions in a row without an answer a sweep leaves WeChat alone until the next.
_PATIENCE: Final = 3


def hear(*, notification: notify.Notification, at: datetime) -> None:
    """Keep a verified notification, and note which complaint it is about; safe to repeat.

    It says no more than a number, so an old or repeated one harms nothing: what the complaint is, WeChat is asked. When it
    returns, the notification may be answered 2xx. Raises WechatBadAnswer for one without a number.
    """
    kept = notifications.keep(notification=notification, at=at)
    if kept.handled_at is not None or not notification.event_type.startswith(wechat_complaints.EVENT):
        return
    try:
        complaint_id = wechat_complaints.named(notification.resource)
    except ShopError as fault:
        notifications.mark_failed(notification_id=kept.pk, why=str(fault), at=at)
        raise
    keeping.note(complaint_id=complaint_id, at=at)
    notifications.mark_handled(notification_id=kept.pk, at=at)


def poll_due(*, at: datetime) -> int:
    """Ask WeChat for complaints, and read those that are new or changed; return how many were read. The clock's call.

    Those that WeChat told of are read also where its list fails. Raises WechatUnavailable, PayRefused, when that is done.
    """
    transactions.forbid("asking WeChat Pay")
    if not settings.WECHATPAY_COMPLAINTS:
        return 0
    try:
        look_for(back=_EACH_HOUR if at.minute == 0 else _EACH_MINUTE, at=at)
    finally:
        read = read_due(at=at)
    return read


def look_for(*, back: timedelta, at: datetime) -> int:
    """Note the complaints of the days since ``back`` that the shop knows otherwise, or not; return how many.

    Raises WechatUnavailable, PayRefused.
    """
    transactions.forbid("asking WeChat Pay")
    since, until = days.shop_day(at - back), days.shop_day(at)
    found = seen = 0
    for _ in range(_MOST_PAGES):
        page = wechat_complaints.listed(since=since, until=until, offset=seen)
        found += _note_changed(page, at=at)
        seen += page.count
        if not page.count or seen >= page.total:
            return found
    log.error("complaints_too_many", count=seen)
    return found


def _note_changed(page: wechat_complaints.Page, *, at: datetime) -> int:
    known = {
        row.complaint_id: (row.status, row.has_news, row.refunded, row.read_at is not None)
        for row in Complaint.objects.filter(complaint_id__in=[told.complaint_id for told in page.rows])
    }
    changed = [
        told.complaint_id
        for told in page.rows
        if known.get(told.complaint_id) != (told.state, told.has_news, told.refunded, True)
    ]
    for complaint_id in changed:
        keeping.note(complaint_id=complaint_id, at=at)
    return len(changed)


def read_due(*, at: datetime, limit: int = 200) -> int:
    """Ask about the complaints that are due, and keep what WeChat says; return how many. One failure stops no other."""
    transactions.forbid("asking WeChat Pay")
    read = unanswered = 0
    for _ in range(limit):
        row = _take_due(at=at) if unanswered < _PATIENCE else None
        if row is None:
            return read
        try:
            told = wechat_complaints.detail(complaint_id=row.complaint_id)
            said = wechat_complaints.history(complaint_id=row.complaint_id)
        except wechat_errors.WechatRefused as refused:
            log.warning("complaint_refused", complaint_id=row.complaint_id, errcode=refused.errcode)
            _put_off(row, until=None)
        except wechat_errors.WechatUnavailable:
            unanswered += 1
            _put_off(row, until=at + min(_FIRST_WAIT * 2 ** min(row.attempts, 10), _LONGEST_WAIT))
        else:
            unanswered = 0
            keeping.write(complaint_id=row.pk, told=told, said=said, acts_count=row.acts_count, at=at)
            read += 1
    return read


@transaction.atomic
def _take_due(*, at: datetime) -> Complaint | None:
    """Claim one complaint that is due, and commit that; None when there is none."""
    row = (
        Complaint.objects.select_for_update(skip_locked=True, no_key=True)
        .filter(ask_at__lte=at)
        .order_by("ask_at", "id")
        .first()
    )
    if row is not None:
        row.attempts = min(row.attempts + 1, 1000)
        row.ask_at = at + _LEASE
        row.save(update_fields=["attempts", "ask_at"])
    return row


def _put_off(row: Complaint, *, until: datetime | None) -> None:
    """Say when WeChat is asked again, unless a call of WeChat's has said so meanwhile."""
    Complaint.objects.filter(pk=row.pk, ask_at=row.ask_at).update(ask_at=until)


def be_called() -> bool:
    """Have WeChat call the shop about complaints; return whether that was news. Raises WechatUnavailable, PayRefused."""
    transactions.forbid("telling WeChat Pay an address")
    url = f"{settings.PUBLIC_BASE_URL}{NOTIFY_PATH}"
    known = wechat_complaints.notify_address()
    if known == url:
        return False
    wechat_complaints.call_at(url=url, known=bool(known))
    return True
