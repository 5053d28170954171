"""What coupons say on shared pages: what a member holds; giving one as compensation, to a member or for an order."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from apps.base.admin import with_way
from apps.base.asking import Asking
from apps.base.parts import Button, Fact, Part
from apps.coupons import selectors as coupon_facts
from apps.coupons.states import CouponStatus
from apps.members.models import Member
from apps.orders.models import Order


def _held(member: Member) -> SafeString:
    at = timezone.now()
    usable = coupon_facts.list_of_member(member=member, status=CouponStatus.AVAILABLE, at=at)
    return with_way(f"{usable.count()} 张可用", "coupons_coupon", member__id__exact=member.pk)


def _to_member(page: Asking, request: HttpRequest, member: Member) -> HttpResponse:
    return _to_the_page(member=member.public_id)


def _for_order(page: Asking, request: HttpRequest, order: Order) -> HttpResponse:
    return _to_the_page(member=order.member.public_id, order_no=order.order_no)


def _to_the_page(**known: str) -> HttpResponse:
    """Go to the page that gives a coupon, with what is known filled in."""
    return redirect(f"{reverse('admin:coupons_coupon_compensate')}?{urlencode(known)}")


def _paid(order: Order) -> bool:
    return order.paid_at is not None


HELD: Final = Part(
    room="coupons",
    facts=[
        Fact(
            name="coupons_held",
            label="优惠券",
            under="资产与消费",
            needs="coupons.view_coupon",
            shown=_held,
        )
    ],
    buttons=[
        Button(
            name="compensate",
            title="补偿发券",
            path="compensate",
            needs="coupons.compensate_coupon",
            icon="volunteer_activism",
            press=_to_member,
        )
    ],
)
COMPENSATION: Final = Part(
    room="coupons",
    buttons=[
        Button(
            name="compensate",
            title="补偿发券",
            path="compensate",
            needs="coupons.compensate_coupon",
            icon="volunteer_activism",
            press=_for_order,
            usable=_paid,
        )
    ],
)
