"""Board 10: where each table would lie in a PostgreSQL that Citus spreads over machines: docs/guide/sharding.md.

Nothing reads it while the shop runs. A test holds today's schema to it, so that the step stays as long as it is: a table
that belongs to members says by which column, and whatever must be unique beyond one member says how that would hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_OWN: Final = "member"
_ORDERS: Final = "order.member"

# Rows of one member lie together, distributed by the member: by a column of their own, or by that of the row they hang on,
# which they would have to be given as a column (a distribution column stands in the row itself).
BY_MEMBER: Final[Mapping[str, str]] = {
    "members.GrowthEntry": _OWN,
    "members.LevelChange": _OWN,
    "members.Membership": _OWN,
    "members.Session": _OWN,
    "members.SpentRefresh": "session.member",
    "members.Consent": _OWN,
    "members.Address": _OWN,
    "members.ExportRequest": _OWN,
    "members.ErasureRequest": _OWN,
    "members.Upload": _OWN,
    "promotions.Usage": _OWN,
    "promotions.Tally": _OWN,
    "campaigns.MemberUnits": _OWN,
    "campaigns.Take": _OWN,
    "shares.Share": _OWN,
    "shares.ShareOrder": _OWN,
    "carts.CartItem": _OWN,
    "orders.Order": _OWN,
    "orders.OrderLine": _ORDERS,
    "orders.Reduction": _ORDERS,
    "orders.OrderMove": _ORDERS,
    "orders.OrderRefund": _ORDERS,
    "orders.OrderRefundLine": "refund.order.member",
    "fulfillment.Parcel": _ORDERS,
    "fulfillment.ParcelLine": "parcel.order.member",
    "fulfillment.ShippingUpload": _ORDERS,
    "coupons.CodeTries": _OWN,
    "coupons.Coupon": _OWN,
    "coupons.CouponMove": "coupon.member",
    "coupons.Tally": _OWN,
    "coupons.IssueTarget": _OWN,
    "coupons.StoreUse": "coupon.member",
    "coupons.StorePass": "coupon.member",
    "points.Account": _OWN,
    "points.Entry": "account.member",
    "points.Lot": "account.member",
    "points.Spending": "account.member",
    "points.SpendingPart": "spending.account.member",
    "points.Settlement": "account.member",
    "points.CheckIn": _OWN,
    "points.Redemption": _OWN,
    "wallet.Account": _OWN,
    "wallet.Recharge": _OWN,
    "wallet.Spending": "account.member",
    "wallet.Entry": "account.member",
    "bargain.HelpsOfDay": _OWN,
    "presale.Reservation": _ORDERS,
    "presale.Report": _ORDERS,
    "flashsale.Reminder": _OWN,
    "distribution.Promoter": _OWN,
    "distribution.PromoterMove": "promoter.member",
    "distribution.Bond": _OWN,
    "distribution.BondChange": _OWN,
    # With the buyer, whose order's line it is of; what the promoter has of it lies with the promoter.
    "distribution.Commission": "buyer",
    "distribution.Account": "promoter.member",
    "distribution.Entry": "account.promoter.member",
    "content.Review": _OWN,
    "content.Picture": _OWN,
    "content.ReviewMove": "review.member",
    "support.Response": _OWN,
    "support.Answer": "response.member",
}

# Small, read by every order, written by operators: a copy on each machine (reference tables).
REFERENCE: Final = frozenset(
    {
        "members.Level",
        "members.Group",
        "members.Document",
        "catalog.Category",
        "catalog.Brand",
        "catalog.GuaranteeLabel",
        "catalog.Product",
        "catalog.ProductImage",
        "catalog.Sku",
        "stores.Place",
        "promotions.LevelPrice",
        "promotions.MemberDay",
        "promotions.Campaign",
        "promotions.Promotion",
        "promotions.PromotionSku",
        "promotions.PriceFloor",
        "campaigns.SkuWindow",
        "groupbuy.GroupBuy",
        "groupbuy.Price",
        "fulfillment.FreightTemplate",
        "fulfillment.FreightZone",
        "fulfillment.ProductFreight",
        "fulfillment.Carrier",
        "coupons.Template",
        "coupons.PromoCode",
        "points.Rules",
        "points.InteractionRule",
        "points.PointsGood",
        "wallet.Pack",
        "bargain.Bargain",
        "presale.Presale",
        "presale.Good",
        "flashsale.Plan",
        "flashsale.PlanGood",
        "flashsale.Session",
        "flashsale.Good",
        "distribution.Rules",
        "distribution.RateRule",
        "distribution.PromoterLevel",
        "distribution.Material",
        "distribution.Contest",
        "distribution.Prize",
        "storefront.Shop",
        "content.ReviewRules",
        "support.Survey",
        "support.Question",
        "base.Version",
    }
)

# On one machine, with the reason: what many members take from, what is known by a number before its member is, the machine's
# own books. What members share (a group, a bargain) is decided in one row, and stays in one place with those who share it.
GLOBAL: Final[Mapping[str, str]] = {
    "members.Member": "found by openid and public number before anything is known of them; every shard would copy it",
    "inventory.Stock": "what everybody takes from: one guarded row a SKU and place (ADR 0027)",
    "inventory.Hold": "lies with the stock that it holds, by order number",
    "inventory.StockEntry": "lies with its stock",
    "campaigns.Quota": "what everybody takes from: one guarded row",
    "flashsale.Wait": "a queue across members; the first of all is next",
    "groupbuy.Group": "a group is shared by its members, and formed in one row",
    "groupbuy.Seat": "lies with its group, whose places it counts",
    "bargain.Run": "shared by who helps",
    "bargain.Cut": "lies with its run",
    "bargain.Help": "lies with its run, whose price it lowers",
    "shares.Visit": "of whoever came, known or not, by somebody's share",
    "shares.LiveCard": "of a group",
    "payments.Payment": "found by its number when WeChat calls, of orders and of recharges",
    "payments.Refund": "lies with its payment",
    "payments.RefundEnding": "lies with its payment",
    "payments.Notification": "WeChat's own numbers",
    "points.GivenBack": "by order number, before its account is known",
    "distribution.Winner": "places of a contest, among all promoters",
    "promotions.SimulationRun": "operators' replays",
    "promotions.SimulationTally": "operators' replays, thrown away",
    "coupons.CodeBatch": "a batch of codes",
    "coupons.Code": "found by what somebody types, before it is anybody's",
    "coupons.IssueJob": "an operator's issue",
    "coupons.PassTries": "of operators",
    "outbox.Announcement": "the post: delivered in batches by SKIP LOCKED, pruned after 30 days",
    "outbox.Delivery": "the post",
    "wechat.PushMessage": "WeChat's own numbers",
    "base.Pulse": "the machine's",
    "base.JobRun": "the machine's",
    "base.AuditEntry": "of operators",
}

_RANDOM: Final = "random or hashed from random, so that two are equal no sooner than a key is guessed"
_BY_ORDER: Final = "an order is one member's, so its number in the key is as good as the member"
_ONE_EACH: Final = "hangs on a row of the same shard"
_MOVES: Final = (
    "does not hold by itself, since codes are short; they go to a table of codes on one machine first"
)
_WECHATS: Final = "WeChat's own number, which is given out once"

# Unique in the whole shop today, in tables that would be distributed: Citus keeps a constraint only within a shard, so each
# says why that is enough. What is not enough would have to move to a table of its own on one machine.
ACROSS: Final[Mapping[str, str]] = {
    "campaigns.Take(order_no,quota,verb,cause)": _BY_ORDER,
    "content.Picture(public_id)": _RANDOM,
    "content.Picture(review,position)": _ONE_EACH,
    "content.Picture(trace_id)": _WECHATS,
    "content.Review(line)": _ONE_EACH,
    "coupons.Coupon(public_id)": _RANDOM,
    "coupons.StorePass(code)": _MOVES,
    "distribution.Commission(business_key)": _BY_ORDER,
    "distribution.Commission(line,level)": _ONE_EACH,
    "distribution.Commission(of,refund)": _ONE_EACH,
    "distribution.Promoter(code)": _MOVES,
    "coupons.StoreUse(use_no)": _RANDOM,
    "fulfillment.Parcel(parcel_no)": _RANDOM,
    "fulfillment.ShippingUpload(bill_kind,bill_no)": _BY_ORDER,
    "members.Session(access_hash)": _RANDOM,
    "members.Session(refresh_hash)": _RANDOM,
    "members.SpentRefresh(refresh_hash)": _RANDOM,
    "members.Upload(public_id)": _RANDOM,
    "orders.Order(order_no)": _RANDOM,
    "orders.OrderRefund(refund_no)": _RANDOM,
    "orders.OrderRefund(token)": _RANDOM,
    "points.Redemption(order_no)": _BY_ORDER,
    "points.Redemption(redemption_no)": _RANDOM,
    "points.Settlement(order_no)": _BY_ORDER,
    "points.Spending(order_no)": _BY_ORDER,
    "presale.Report(transaction_id)": _WECHATS,
    "promotions.Usage(order_no,promotion,verb)": _BY_ORDER,
    "shares.Share(token)": _RANDOM,
    "shares.ShareOrder(order_no)": _BY_ORDER,
    "wallet.Recharge(recharge_no)": _RANDOM,
    "wallet.Spending(order_no)": _BY_ORDER,
}
