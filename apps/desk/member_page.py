"""The member's page at the desk: what the member holds and has bought, each with the way to where it is told."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.coupons import selectors as coupons
from apps.coupons.states import CouponStatus
from apps.members.admin import MemberAdmin
from apps.members.models import Member
from apps.orders import selectors as orders
from apps.points import selectors as points
from apps.wallet import selectors as wallet
from mall.money import yuan

# Each line with the permission to see it: that of the list that tells more.
_LINES: Final = {
    "bought": "orders.view_order",
    "coupons_held": "coupons.view_coupon",
    "points_held": "points.view_account",
    "stored_value": "wallet.view_account",
}

# Members know nothing of what lies above them; their page is continued here.
admin.site.unregister(Member)


@admin.register(Member)
class CounterMemberAdmin(MemberAdmin):
    """A member's page with what they hold, to read: each line only for those who may see its list."""

    readonly_fields = [*MemberAdmin.readonly_fields, *_LINES]

    def get_fieldsets(self, request: HttpRequest, obj: Member | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        lines = tuple(line for line, permission in _LINES.items() if request.user.has_perm(permission))
        if obj is None or not lines:
            return fieldsets
        return [*fieldsets, ("资产与消费", {"fields": [lines]})]

    @admin.display(description="消费")
    def bought(self, member: Member) -> SafeString:
        mine = orders.bought_by(member=member)
        return _with_way(f"已付款 {mine.orders} 单，共 ¥{yuan(mine.paid_fen)}", "orders_order", member)

    @admin.display(description="优惠券")
    def coupons_held(self, member: Member) -> SafeString:
        at = timezone.now()
        usable = coupons.list_of_member(member=member, status=CouponStatus.AVAILABLE, at=at)
        return _with_way(f"{usable.count()} 张可用", "coupons_coupon", member)

    @admin.display(description="积分")
    def points_held(self, member: Member) -> SafeString:
        mine = points.account_of(member, at=timezone.now())
        owed = f"，欠 {mine.debt}" if mine.debt else ""
        return _with_way(f"{mine.balance}{owed}", "points_account", member)

    @admin.display(description="储值")
    def stored_value(self, member: Member) -> SafeString:
        mine = wallet.balance_of(member)
        told = f"本金 ¥{yuan(mine.principal_fen)}，赠送金 ¥{yuan(mine.bonus_fen)}"
        return _with_way(told, "wallet_account", member)


def _with_way(told: str, page: str, member: Member) -> SafeString:
    """The line with a link to the list that it sums up."""
    address = f"{reverse(f'admin:{page}_changelist')}?member__id__exact={member.pk}"
    return format_html('{} <a href="{}" class="text-link">查看</a>', told, address)
