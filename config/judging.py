"""Board 9: which rewards can be held for a look: what operators call them, and what letting one go or refusing it means."""

from __future__ import annotations

from collections.abc import Sequence

from apps.risk.board import Kind

# Called in the transaction of the decision; what its room does not hold any more they leave as it is.
KINDS: Sequence[Kind] = (
    Kind(
        name="bargain_help",
        label="帮砍",
        releases="apps.bargain.services.running.release_held",
        rejects="apps.bargain.services.judging.reject_held",
    ),
    Kind(
        name="commission",
        label="佣金",
        releases="apps.distribution.services.looking.release_held",
        rejects="apps.distribution.services.looking.reject_held",
        right="distribution.judge_commission",
    ),
    Kind(
        name="welcome_pack",
        label="新人礼包",
        releases="apps.coupons.services.occasions.release_pack",
        rejects="apps.coupons.services.judging.reject_held",
    ),
    Kind(
        name="first_order_gift",
        label="首单赠券",
        releases="apps.coupons.services.occasions.release_gift",
        rejects="apps.coupons.services.judging.reject_held",
    ),
    Kind(
        name="packet",
        label="立减金",
        releases="apps.packets.services.judging.release_held",
        rejects="apps.packets.services.judging.reject_held",
    ),
    Kind(
        name="referral",
        label="邀请",
        releases="apps.referrals.services.judging.release_held",
        rejects="apps.referrals.services.judging.reject_held",
    ),
    Kind(
        name="journey",
        label="营销旅程的券",
        releases="apps.journeys.services.judging.release_held",
        rejects="apps.journeys.services.judging.reject_held",
    ),
)
