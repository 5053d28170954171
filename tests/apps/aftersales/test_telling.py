"""What shoppers hear of their applications: the shop's replies, and not once for each sentence."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from apps.aftersales.models import AfterSale
from apps.aftersales.services import applying, deciding
from apps.messaging.models import Message
from apps.messaging.states import MessageStatus
from apps.outbox import services as outbox
from tests.apps.aftersales import apply
from tests.apps.messaging import make as messaging

pytestmark = pytest.mark.django_db
LATER = apply.LATER
MINUTE = timedelta(minutes=1)


def reply(row: AfterSale, text: str, *, at: datetime) -> None:
    deciding.answer(after_sale_no=row.after_sale_no, text=text, token=text, operator=apply.head(), at=at)
    outbox.deliver_due(at=at)


def told(row: AfterSale) -> list[Message]:
    return list(Message.objects.filter(subject=f"{row.after_sale_no}@REPLY").order_by("id"))


def waiting() -> AfterSale:
    order, (cup,) = apply.bought((1999, 1))
    row = apply.applied(order, {cup: 1})
    outbox.deliver_due(at=LATER)
    return row


def test_a_reply_reaches_the_shopper_and_the_next_one_only_when_they_have_read_of_it() -> None:
    row = waiting()
    reply(row, "请拍一张照片", at=LATER)
    reply(row, "还有外包装", at=LATER + MINUTE)
    (message,) = told(row)
    messaging.tell(at=LATER + MINUTE)
    message.refresh_from_db()
    assert (message.member_id, message.status) == (row.member_id, MessageStatus.TOLD)
    assert message.text == f"您的售后申请 {row.after_sale_no}：商家已回复。请在售后详情中查看"

    Message.objects.filter(pk=message.pk).update(read_at=LATER + 2 * MINUTE)
    reply(row, "谢谢，已收到", at=LATER + 3 * MINUTE)
    assert len(told(row)) == 2


def test_a_reply_is_told_again_where_the_shopper_has_answered_or_a_day_is_over() -> None:
    row = waiting()
    reply(row, "请拍一张照片", at=LATER)
    applying.say(
        member=row.member, after_sale_no=row.after_sale_no, text="好的", picture_ids=[], at=LATER + MINUTE
    )
    reply(row, "谢谢", at=LATER + 2 * MINUTE)
    assert len(told(row)) == 2
    reply(row, "已经安排", at=LATER + 2 * MINUTE + timedelta(days=1, seconds=1))
    assert len(told(row)) == 3


def test_only_the_shop_is_told_of_what_the_shopper_says() -> None:
    row = waiting()
    applying.say(member=row.member, after_sale_no=row.after_sale_no, text="在吗", picture_ids=[], at=LATER)
    outbox.deliver_due(at=LATER)
    assert told(row) == []
