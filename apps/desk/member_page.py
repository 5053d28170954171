"""The member's page at the desk: what the member holds and has bought, each with the way to where it is told."""

from __future__ import annotations

from django.contrib import admin

from apps.audiences import parts as audiences
from apps.base.parts import Parted
from apps.coupons import parts as coupons
from apps.distribution import parts as distribution
from apps.journeys import parts as journeys
from apps.members.admin import MemberPage
from apps.members.models import Member
from apps.orders import parts as orders
from apps.points import parts as points
from apps.wallet import parts as wallet


@admin.register(Member)
class MemberAdmin(Parted, MemberPage):
    """Shoppers, continued by the rooms that know more of them."""

    parts = (
        *(orders.BOUGHT, coupons.HELD, points.HELD, wallet.HELD),
        *(distribution.PROMOTES, audiences.STANDS, journeys.WALKS),
    )
