"""Telling: what is due comes into the inbox, once for ever, while it is true and allowed."""

from __future__ import annotations

import pytest
from django.db import transaction

from apps.base.transactions import NoTransaction
from apps.messaging import services as messaging
from apps.messaging.board import SceneUnknown
from apps.messaging.models import Dispatch, Message
from apps.messaging.states import MessageStatus, Reason
from tests.apps.messaging import make
from tests.apps.messaging.make import DAY, HOUR, NOW

pytestmark = pytest.mark.django_db


def test_what_is_written_is_in_the_inbox_after_a_round() -> None:
    owner = make.member()
    make.is_true("SO1")

    assert make.write(owner, "SO1")
    assert make.tell() == 1

    message = make.the_message(owner)
    assert (message.status, message.ended_at) == (MessageStatus.TOLD, NOW)
    assert message.title == "支付成功"
    assert message.text == "订单 SO1 已支付 ¥128.00。"
    assert message.page == "pages/order/detail?order_no=SO1"
    assert message.reason == Reason.NO_CHANNEL
    assert not Dispatch.objects.exists()


def test_an_occasion_is_told_once_however_often_it_is_announced() -> None:
    owner = make.member()
    make.is_true("SO1")

    assert [make.write(owner), make.write(owner)] == [True, False]
    make.tell()
    assert not make.write(owner, at=NOW + DAY)
    assert make.tell(at=NOW + DAY) == 0
    assert Message.objects.count() == 1


def test_the_same_occasion_of_another_member_or_scene_is_another_one() -> None:
    make.is_true("SO1")
    owner = make.member()

    written = [make.write(owner), make.write(make.member()), make.write(owner, scene="back_in_stock")]

    assert written == [True, True, True]


def test_what_is_due_later_waits() -> None:
    owner = make.member()
    make.is_true("SO1")
    make.write(owner, due_at=NOW + HOUR)

    assert make.tell() == 0
    assert make.tell(at=NOW + HOUR) == 1


def test_nothing_is_written_outside_a_transaction_or_of_an_unknown_scene(transactional_db: None) -> None:
    owner = make.member()
    with pytest.raises(NoTransaction):
        messaging.write(scene="order_paid", member_id=owner.pk, subject="SO1", occasion="SO1", at=NOW)
    with pytest.raises(SceneUnknown), transaction.atomic():
        messaging.write(scene="nonsense", member_id=owner.pk, subject="SO1", occasion="SO1", at=NOW)
    assert not Message.objects.exists()
