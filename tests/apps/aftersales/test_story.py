"""The whole story of a refund on one page, from the shopper's wish to the money's arrival."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from apps.aftersales import story
from apps.aftersales.services import deciding
from apps.payments.models import Notification, Refund
from tests.apps.aftersales import apply

pytestmark = pytest.mark.django_db


def test_a_refunds_story_has_the_wish_the_decision_every_step_at_wechat_and_its_news(
    admin_client: Any,
) -> None:
    order, (cup,) = apply.bought((1999, 1))
    row = apply.applied(order, {cup: 1}, text="不想要了")
    deciding.answer(
        after_sale_no=row.after_sale_no, text="马上办理", token="t", operator=apply.head(), at=apply.LATER
    )
    row = apply.approve(row)
    assert row.refund is not None
    apply.wechat_says("ABNORMAL")
    number = Refund.objects.get().refund_no
    Notification.objects.create(
        notify_id="N1",
        event_type="REFUND.ABNORMAL",
        resource={"out_refund_no": number},
        received_at=apply.LATER,
    )
    apply.wechat_says("SUCCESS")

    told = [one.what.split(" · ")[-1] for one in story.of(row.refund)]

    assert set(told) >= {
        "提交申请",
        "留言",
        "同意申请",
        "办理退款",
        "发起退款",
        "退款异常",
        "通知 REFUND.ABNORMAL",
        "已到账",
        "完成",
    }
    page = admin_client.get(reverse("admin:orders_orderrefund_change", args=[row.refund.pk])).content.decode()
    for word in ("马上办理", "退款异常", number, row.after_sale_no):
        assert word in page
