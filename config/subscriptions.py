"""Board 2: who hears which news. Left the event, right the listeners by their dotted path.

Whoever renames or moves a listener adds a line to ``MOVED``: mail may wait under the old path, for 20 hours while it is
tried and for ever when it is dead. A line may go when no delivery names its old path any more.
Every path that ever heard news stands in ``tests/architecture/listeners.txt``, so that none is renamed without a line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mall import events

SUBSCRIPTIONS: Mapping[type[events.Event], Sequence[str]] = {
    events.AfterSaleMoved: ["apps.aftersales.handlers.tell_on_after_sale_moved"],
    events.ConsentWithdrawn: [
        "apps.content.handlers.erase_on_consent_withdrawn",
        "apps.distribution.handlers.leave_on_consent_withdrawn",
        "apps.members.handlers.erase_pictures_on_consent_withdrawn",
        "apps.support.handlers.erase_on_consent_withdrawn",
    ],
    events.ConsoleRefunded: [
        "apps.aftersales.handlers.refund_on_console_refunded",
        "apps.checkout.handlers.follow_on_console_refunded",
        "apps.invoices.handlers.follow_on_console_refunded",
    ],
    events.LevelChanged: [
        "apps.journeys.handlers.enter_on_level_changed",
        "apps.messaging.handlers.tell_on_level_changed",
    ],
    events.LateParcelAsked: ["apps.checkout.handlers.tell_on_late_parcel_asked"],
    events.LocalDeliveryBegan: [
        "apps.checkout.handlers.upload_on_local_delivery_began",
        "apps.pickup.handlers.tell_on_local_delivery_began",
    ],
    events.FriendInvited: ["apps.referrals.handlers.count_on_friend_invited"],
    events.GroupFailed: [
        "apps.aftersales.handlers.refund_on_group_failed",
        "apps.checkout.handlers.close_on_group_failed",
        "apps.groupbuy.handlers.tell_on_group_failed",
    ],
    events.GroupFormed: [
        "apps.groupbuy.handlers.form_on_group_formed",
        "apps.groupbuy.handlers.tell_on_group_formed",
    ],
    events.GroupSettled: ["apps.aftersales.handlers.return_on_group_settled"],
    events.MemberRegistered: [
        "apps.coupons.handlers.welcome_on_member_registered",
        "apps.journeys.handlers.enter_on_member_registered",
        "apps.risk.handlers.note_on_member_registered",
    ],
    events.LiveCardChanged: ["apps.shares.handlers.tell_on_live_card_changed"],
    events.GroupLacksOne: ["apps.groupbuy.handlers.tell_on_group_lacks_one"],
    events.BargainAtFloor: ["apps.bargain.handlers.tell_on_bargain_at_floor"],
    events.FlashTurnGiven: ["apps.flashsale.handlers.tell_on_flash_turn_given"],
    events.PointsExpiring: ["apps.points.handlers.tell_on_points_expiring"],
    events.OrderDelayed: ["apps.deadlines.handlers.tell_on_order_delayed"],
    events.OrderPaid: [
        "apps.checkout.handlers.announce_on_order_paid",
        "apps.checkout.handlers.count_sold_on_order_paid",
        "apps.checkout.handlers.promise_on_order_paid",
        "apps.checkout.handlers.tell_on_order_paid",
        "apps.coupons.handlers.reward_on_order_paid",
        "apps.distribution.handlers.accrue_on_order_paid",
        "apps.journeys.handlers.enter_on_order_paid",
        "apps.packets.handlers.make_on_order_paid",
        "apps.risk.handlers.note_on_order_paid",
        "apps.storefront.handlers.note_on_order_paid",
    ],
    events.OrderPlaced: [
        "apps.journeys.handlers.enter_on_order_placed",
        "apps.storefront.handlers.give_to_share_on_order_placed",
    ],
    events.OrderReceived: [
        "apps.checkout.handlers.follow_on_order_received",
        "apps.distribution.handlers.freeze_on_order_received",
        "apps.distribution.handlers.join_on_order_received",
        "apps.journeys.handlers.enter_on_order_received",
        "apps.points.handlers.settle_on_order_received",
        "apps.referrals.handlers.count_on_order_received",
        "apps.support.handlers.ask_on_order_received",
    ],
    events.OrderRefunded: [
        "apps.checkout.handlers.follow_on_order_refunded",
        "apps.deadlines.handlers.end_on_order_refunded",
        "apps.distribution.handlers.take_back_on_order_refunded",
        "apps.invoices.handlers.follow_on_order_refunded",
        "apps.journeys.handlers.enter_on_order_refunded",
        "apps.packets.handlers.take_back_on_order_refunded",
        "apps.referrals.handlers.take_back_on_order_refunded",
    ],
    events.OrderReserved: ["apps.checkout.handlers.tell_on_order_reserved"],
    events.ParcelDelivered: ["apps.fulfillment.handlers.tell_on_parcel_delivered"],
    events.ParcelShipped: [
        "apps.checkout.handlers.follow_on_parcel_shipped",
        "apps.checkout.handlers.upload_on_parcel_shipped",
        "apps.fulfillment.handlers.tell_on_parcel_shipped",
    ],
    events.PhoneBound: [
        "apps.journeys.handlers.enter_on_phone_bound",
        "apps.referrals.handlers.count_on_phone_bound",
    ],
    events.PointsRedeemed: ["apps.coupons.handlers.issue_on_points_redeemed"],
    events.ProfileCompleted: [
        "apps.journeys.handlers.enter_on_profile_completed",
        "apps.points.handlers.reward_on_profile_completed",
    ],
    events.RefundSettled: [
        "apps.aftersales.handlers.finish_on_refund_settled",
        "apps.payments.handlers.tell_on_refund_settled",
    ],
    events.ReviewPublished: [
        "apps.journeys.handlers.enter_on_review_published",
        "apps.points.handlers.reward_on_review_published",
    ],
    events.ReviewWritten: ["apps.content.handlers.check_on_review_written"],
    events.SeatRefused: ["apps.aftersales.handlers.refund_on_seat_refused"],
    events.ShareWanted: ["apps.shares.handlers.draw_on_share_wanted"],
    events.SurplusCaptured: ["apps.payments.handlers.refund_on_surplus_captured"],
    events.SurveyAnswered: [
        "apps.journeys.handlers.enter_on_survey_answered",
        "apps.points.handlers.reward_on_survey_answered",
    ],
    events.UploadAsked: ["apps.checkout.handlers.upload_on_upload_asked"],
    events.WalletRecharged: ["apps.checkout.handlers.upload_on_wallet_recharged"],
    events.OrderClosed: ["apps.journeys.handlers.enter_on_order_closed"],
    events.OrderShipped: [
        "apps.deadlines.handlers.end_on_order_shipped",
        "apps.journeys.handlers.enter_on_order_shipped",
    ],
    events.TagArchived: ["apps.journeys.handlers.stop_on_tag_archived"],
    events.SegmentArchived: ["apps.journeys.handlers.stop_on_segment_archived"],
    events.SegmentBroken: ["apps.journeys.handlers.stop_on_segment_broken"],
    events.WechatPushed: [
        "apps.checkout.handlers.note_settlement_on_wechat_pushed",
        "apps.checkout.handlers.receive_on_wechat_pushed",
        "apps.content.handlers.judge_picture_on_wechat_pushed",
        "apps.fulfillment.handlers.trace_on_wechat_pushed",
        "apps.messaging.handlers.hear_on_wechat_pushed",
    ],
}

# Listeners that moved: the path under which mail may wait, and where its listener is today.
MOVED: Mapping[str, str] = {
    "apps.checkout.handlers.report_on_late_parcel_asked": "apps.checkout.handlers.tell_on_late_parcel_asked",
    "apps.checkout.handlers.report_on_order_paid": "apps.checkout.handlers.tell_on_order_paid",
    "apps.checkout.handlers.report_on_order_reserved": "apps.checkout.handlers.tell_on_order_reserved",
    "apps.checkout.handlers.upload_on_recharge_upload_asked": "apps.checkout.handlers.upload_on_upload_asked",
    "apps.orders.handlers.tell_on_order_paid": "apps.checkout.handlers.announce_on_order_paid",
}

# Listeners that hear nothing while a switch of the settings is off: news then costs no delivery to them.
ONLY_WITH: Mapping[str, str] = {
    "apps.checkout.handlers.follow_on_order_received": "WECHAT_SERVICE_CARDS",
    "apps.checkout.handlers.follow_on_order_refunded": "WECHAT_SERVICE_CARDS",
    "apps.checkout.handlers.follow_on_parcel_shipped": "WECHAT_SERVICE_CARDS",
}

# Listeners that hear nothing while there is no row for whose sake they would: the dotted path of what answers those rows
# (a QuerySet) for the kind of news. Asked in the statement that sorts the mail, so that what is told after such a row is
# there waits for them whenever it is sorted.
_WHILE_A_JOURNEY: Sequence[str] = (
    "apps.journeys.handlers.enter_on_level_changed",
    "apps.journeys.handlers.enter_on_member_registered",
    "apps.journeys.handlers.enter_on_order_closed",
    "apps.journeys.handlers.enter_on_order_paid",
    "apps.journeys.handlers.enter_on_order_placed",
    "apps.journeys.handlers.enter_on_order_received",
    "apps.journeys.handlers.enter_on_order_refunded",
    "apps.journeys.handlers.enter_on_order_shipped",
    "apps.journeys.handlers.enter_on_phone_bound",
    "apps.journeys.handlers.enter_on_profile_completed",
    "apps.journeys.handlers.enter_on_review_published",
    "apps.journeys.handlers.enter_on_survey_answered",
)
ONLY_WHILE: Mapping[str, str] = dict.fromkeys(_WHILE_A_JOURNEY, "apps.journeys.hearing.of")
