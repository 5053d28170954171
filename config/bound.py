"""Board 13: what is there for who works at some shops (``stores.PlaceStaff``), whatever they are permitted.

Every table that has a page, or stands on one, is in one of three. What is in none is closed, and a test fails until it is.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

# Rows of their shops' orders, or of their shops, and no others: the admin narrows what it shows and acts on
# (``orders.parts.OfOrders``, ``stores.admin_bound.OfPlaces``). All that is permitted may be done.
NARROWED: Final[Collection[str]] = {
    *("orders.Order", "orders.OrderLine", "orders.OrderRefund", "orders.OrderRefundLine"),
    *("orders.OrderMove", "orders.AddressChange"),
    *("pickup.Pickup", "pickup.SlotSeat", "pickup.SlotTemplate", "pickup.SlotClosing"),
    *("fulfillment.Parcel", "fulfillment.Waybill", "fulfillment.ShippingUpload"),
    *("deadlines.Deadline", "deadlines.Delay"),
    *("aftersales.AfterSale", "aftersales.AfterSaleLine", "aftersales.InsurancePayment"),
    *("complaints.Complaint", "complaints.ComplaintStep", "complaints.ComplaintAct"),
    *("invoices.Invoice", "content.Review", "content.ReviewMove"),
    *("payments.Payment", "payments.Refund", "payments.RefundStep", "payments.RefundEnding"),
    *("presale.Reservation", "presale.Report"),
    *("books.SoldOrder", "books.JournalLine"),
    *("inventory.Stock", "coupons.StoreUse"),
}

# The whole shop's, of no order and of no member: looked at, and changed by who works at all of it.
SEEN: Final[Collection[str]] = {
    *("catalog.Product", "catalog.ProductImage", "catalog.Sku", "catalog.Category", "catalog.Brand"),
    *("catalog.GuaranteeLabel", "stores.Place"),
    *("fulfillment.Carrier", "fulfillment.FreightTemplate", "fulfillment.FreightZone"),
    *("fulfillment.ProductFreight", "fulfillment.PackingOption", "fulfillment.WaybillAccount"),
    *("deadlines.Promise", "deadlines.ShopDay", "deadlines.DeadlineRules"),
    *("aftersales.AfterSaleReason", "aftersales.AfterSaleRules", "invoices.InvoiceRules"),
    "content.ReviewRules",
}

# Everything else, room by room: members and what is theirs, money and books, campaigns, news, the machine.
CLOSED: Final[Collection[str]] = {
    *(
        "auth.User",
        "auth.Group",
        "stores.PlaceStaff",
        "storefront.Shop",
        "support.Survey",
        "support.Question",
    ),
    *("base.AuditEntry", "base.JobRun", "base.Pulse", "base.Reckoning"),
    *("outbox.Announcement", "outbox.Delivery", "wechat.PushMessage", "payments.Notification"),
    *("books.JournalEntry", "books.CostRate", "books.Bill", "books.BillLine", "books.Case"),
    "books.Remedy",
    *("inventory.Hold", "inventory.StockEntry", "cardkeys.CardKey", "cardkeys.CardBatch"),
    *("members.Member", "members.Group", "members.Membership", "members.Level", "members.LevelChange"),
    *("members.GrowthEntry", "members.Document", "members.Consent", "members.Address", "members.Session"),
    *("members.ExportRequest", "members.ErasureRequest", "invoices.InvoiceTitle"),
    *("carts.Favorite", "carts.StockWish", "carts.WishRules"),
    *("audiences.Segment", "audiences.SegmentVersion", "audiences.Tag", "audiences.TagMark"),
    *("audiences.Rfm", "audiences.RfmRules", "audiences.Reckoning"),
    *("journeys.Journey", "journeys.JourneyVersion", "journeys.Participation", "journeys.StepRecord"),
    "journeys.StaffTask",
    *("messaging.Broadcast", "messaging.Message", "messaging.Dispatch", "messaging.Card"),
    *("messaging.Grant", "messaging.GrantEntry", "messaging.Rules", "messaging.SceneSetting"),
    "messaging.Template",
    *("coupons.Template", "coupons.Coupon", "coupons.CouponMove", "coupons.IssueJob", "coupons.CodeBatch"),
    "coupons.PromoCode",
    *("points.Account", "points.Lot", "points.Entry", "points.Spending", "points.CheckIn", "points.Rules"),
    *("points.PointsGood", "points.Redemption", "points.InteractionRule"),
    *("wallet.Account", "wallet.Entry", "wallet.Pack", "wallet.Recharge", "wallet.Spending"),
    *("distribution.Promoter", "distribution.PromoterMove", "distribution.PromoterLevel"),
    *("distribution.Bond", "distribution.BondChange", "distribution.Commission", "distribution.Account"),
    *("distribution.Entry", "distribution.Withdrawal", "distribution.WithdrawalStep", "distribution.Rules"),
    *("distribution.RateRule", "distribution.Material", "distribution.Contest", "distribution.Winner"),
    "distribution.Sharer",
    *("promotions.Promotion", "promotions.Campaign", "promotions.MemberDay", "promotions.LevelPrice"),
    *("promotions.PriceFloor", "promotions.Usage", "promotions.SimulationRun", "campaigns.SkuWindow"),
    *("groupbuy.GroupBuy", "groupbuy.Group", "groupbuy.Seat", "bargain.Bargain", "bargain.Run"),
    *("bargain.Help", "presale.Presale", "flashsale.Session", "flashsale.Good", "flashsale.Plan"),
    *("flashsale.PlanGood", "flashsale.Wait", "flashsale.Reminder"),
    *("shares.Share", "shares.Visit", "shares.ShareOrder", "shares.LiveCard"),
    *("referrals.Referral", "referrals.Tier", "referrals.Invitation", "referrals.Reward", "referrals.Edge"),
    *("packets.PacketRule", "packets.Packet", "packets.Part"),
    *("risk.Look", "risk.Reason", "risk.Rule", "risk.Policy", "risk.Trace"),
}
