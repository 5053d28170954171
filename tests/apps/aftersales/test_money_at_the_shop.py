"""Money that WeChat sent to the shop's own account: the application waits until somebody has passed it on."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from apps.aftersales import story
from apps.aftersales.services import paying_back
from apps.payments.models import Refund
from apps.payments.services import endings, refunds
from apps.wechat.pay import facts
from apps.wechat.sandbox.control import Sandbox
from tests.apps.aftersales import apply
from tests.apps.payments import make as payments

pytestmark = pytest.mark.django_db


def test_an_application_is_done_when_the_shop_has_passed_the_money_on_and_not_before(
    wechat: Sandbox, shopper_of: Any
) -> None:
    order, (cup,) = apply.bought((1999, 1))
    row = apply.approve(apply.applied(order, {cup: 1}))
    assert row.refund is not None
    apply.wechat_says("ABNORMAL")
    Refund.objects.update(sent_to="MERCHANT_BANK_CARD")
    refund = Refund.objects.get()
    refunds.apply_result(result=facts.refund(payments.refunded(refund)), at=apply.LATER)
    paying_back.follow_refund(refund_no=refund.refund_no, at=apply.LATER)

    def seen() -> tuple[str, str, str, int]:
        shopper = shopper_of(row.member)
        asked = shopper.call("GET", f"/after-sales/{row.after_sale_no}").json()
        bought = shopper.call("GET", f"/orders/{order.order_no}").json()
        return asked["status"], asked["money"], bought["refunds"][0]["status"], bought["money_back_fen"]

    assert seen() == ("APPROVED", "FAILED", "FAILED", 0)

    one, other = User.objects.create_superuser("安娜"), User.objects.create_superuser("贝特")
    number = refund.refund_no
    endings.ask(refund_no=number, way="PAID_OUTSIDE", proof="转账 1000071", operator=one, at=apply.LATER)
    assert seen() == ("APPROVED", "FAILED", "FAILED", 0)
    endings.grant(refund_no=number, operator=other, at=apply.LATER)
    paying_back.follow_refund(refund_no=number, at=apply.LATER)

    assert seen() == ("DONE", "DONE", "DONE", 1999)
    told = [(one.who, one.what.split(" · ")[-1]) for one in story.of(row.refund)]
    assert ("系统", "已退回商户") in told
    assert ("贝特", "同意结案：已线下退款给买家") in told
