"""Board 6: which rooms hold personal data, and which tables hold none, for a reason that can be read here.

How a room exports and erases, how long it keeps what and why stands in its ``apps/<room>/personal.py``; the whole
table is printed by ``manage.py show_personal_data``. Rooms erase in this order: the upper storeys first, and
orders before members, as everybody locks them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from apps.aftersales import personal as aftersales
from apps.audiences import personal as audiences
from apps.bargain import personal as bargain
from apps.base.personal import Room
from apps.campaigns import personal as campaigns
from apps.cardkeys import personal as cardkeys
from apps.carts import personal as carts
from apps.checkout import personal as checkout
from apps.complaints import personal as complaints
from apps.content import personal as content
from apps.coupons import personal as coupons
from apps.deadlines import personal as deadlines
from apps.distribution import personal as distribution
from apps.flashsale import personal as flashsale
from apps.fulfillment import personal as fulfillment
from apps.groupbuy import personal as groupbuy
from apps.invoices import personal as invoices
from apps.journeys import personal as journeys
from apps.members import personal as members
from apps.messaging import personal as messaging
from apps.orders import personal as orders
from apps.packets import personal as packets
from apps.payments import personal as payments
from apps.pickup import personal as pickup
from apps.points import personal as points
from apps.presale import personal as presale
from apps.promotions import personal as promotions
from apps.referrals import personal as referrals
from apps.risk import personal as risk
from apps.shares import personal as shares
from apps.support import personal as support
from apps.wallet import personal as wallet
from apps.wechat import personal as wechat

BOARD: Sequence[Room] = (
    journeys.ROOM,
    invoices.ROOM,
    support.ROOM,
    complaints.ROOM,
    aftersales.ROOM,
    content.ROOM,
    audiences.ROOM,
    checkout.ROOM,
    packets.ROOM,
    referrals.ROOM,
    distribution.ROOM,
    wallet.ROOM,
    bargain.ROOM,
    presale.ROOM,
    deadlines.ROOM,
    points.ROOM,
    coupons.ROOM,
    flashsale.ROOM,
    cardkeys.ROOM,
    pickup.ROOM,
    fulfillment.ROOM,
    payments.ROOM,
    groupbuy.ROOM,
    risk.ROOM,
    orders.ROOM,
    campaigns.ROOM,
    carts.ROOM,
    shares.ROOM,
    messaging.ROOM,
    promotions.ROOM,
    wechat.ROOM,
    members.ROOM,
)

_GOODS = "about goods"
_OFFER = "what the shop offers, to nobody in particular"
_SETTING = "a setting of the shop"
_BOOK = "how many goods, by order number"
_MACHINE = "about the machine: errors are told without rows (base.faults)"

# Tables about nobody, and why. None of them may point to a member or to a row on the board, nor have a column
# of free form (tests/architecture/test_personal.py) that is not named in NOT_PERSONAL or PLAIN.
NOBODYS: Mapping[str, str] = {
    "base.Version": _MACHINE,
    "base.Pulse": _MACHINE,
    "base.JobRun": _MACHINE,
    "books.Bill": "sums of a day",
    "books.BillLine": "numbers and amounts of WeChat's bill; its openid is not kept",
    "books.JournalEntry": "what happened, by numbers of orders and documents",
    "books.JournalLine": "sums",
    "books.BookDay": "a day",
    "books.CostRate": _SETTING,
    "books.Case": "a payment or refund by its number; explained in the shop's own words",
    "books.Remedy": "what is done about a difference, in the shop's own words",
    "base.Reckoning": "sums that differ, by numbers of orders, accounts and stock rows",
    "base.AuditEntry": "what operators did; what tells of a person is not quoted (base.audit)",
    "outbox.Announcement": "news names rows by their numbers (mall.events) and is forgotten after 30 days",
    "outbox.Delivery": _MACHINE,
    "messaging.Rules": _SETTING,
    "messaging.Template": "WeChat's templates, by WeChat's numbers",
    "messaging.SceneSetting": _SETTING,
    "messaging.Content": "texts that operators wrote, to nobody in particular",
    "messaging.Broadcast": "a mass send; whom it means by name stands in BroadcastTarget",
    "members.Level": _SETTING,
    "members.Group": "the name of a group; who is in it stands in Membership",
    "members.Document": "texts that the shop publishes",
    "catalog.Category": _GOODS,
    "catalog.Brand": _GOODS,
    "catalog.GuaranteeLabel": _GOODS,
    "catalog.Product": _GOODS,
    "catalog.ProductImage": _GOODS,
    "catalog.Sku": _GOODS,
    "stores.Place": "the shop's own places",
    "stores.PlaceStaff": "which operators work where",
    "inventory.Stock": _GOODS,
    "inventory.Hold": _BOOK,
    "inventory.StockEntry": _BOOK,
    "cardkeys.CardBatch": "a file of goods, and which operator brought it",
    "promotions.LevelPrice": _OFFER,
    "promotions.MemberDay": _OFFER,
    "promotions.Campaign": _OFFER,
    "promotions.Promotion": _OFFER,
    "promotions.PromotionSku": _OFFER,
    "promotions.PriceFloor": _SETTING,
    "promotions.SimulationRun": "sums over many orders",
    "campaigns.SkuWindow": _OFFER,
    "campaigns.Quota": _OFFER,
    "bargain.Bargain": _OFFER,
    "presale.Presale": _OFFER,
    "deadlines.DeadlineRules": _SETTING,
    "deadlines.ShopDay": _SETTING,
    "deadlines.Promise": _OFFER,
    "risk.Policy": _SETTING,
    "risk.Rule": _SETTING,
    "referrals.Referral": _OFFER,
    "referrals.Tier": _OFFER,
    "audiences.Tag": "a word; who bears it stands in TagMark",
    "audiences.RfmRules": _SETTING,
    "audiences.Reckoning": "sums over all members",
    "audiences.Segment": "the name of conditions; who is meant is asked each time",
    "audiences.SegmentVersion": "conditions, not whom they mean",
    "audiences.VersionTag": "which conditions ask for which tag",
    "audiences.SegmentSize": "sums over all members",
    "invoices.InvoiceRules": _SETTING,
    "journeys.Journey": "what shall happen to whoever meets its trigger; who did stands in Participation",
    "journeys.JourneyVersion": "the same as it was put in force",
    "packets.PacketRule": _OFFER,
    "distribution.Rules": _SETTING,
    "distribution.PromoterLevel": _SETTING,
    "distribution.RateRule": _SETTING,
    "distribution.Material": "texts and pictures for all promoters",
    "distribution.Contest": _OFFER,
    "distribution.Prize": _OFFER,
    "presale.Good": _OFFER,
    "shares.LiveCard": "how many are in a group, by its number",
    "flashsale.Session": _OFFER,
    "flashsale.Good": _OFFER,
    "flashsale.Plan": _OFFER,
    "flashsale.PlanGood": _OFFER,
    "fulfillment.FreightTemplate": _SETTING,
    "fulfillment.FreightZone": _SETTING,
    "fulfillment.ProductFreight": _SETTING,
    "fulfillment.Carrier": "companies",
    "fulfillment.PackingOption": _OFFER,
    "fulfillment.WaybillAccount": "the shop's own accounts with couriers",
    "groupbuy.GroupBuy": _OFFER,
    "groupbuy.Price": _OFFER,
    "coupons.Template": _OFFER,
    "coupons.CodeBatch": _OFFER,
    "coupons.IssueJob": "an operator's issue to many; who gets it stands in IssueTarget",
    "coupons.PassTries": "wrong codes typed by an operator",
    "pickup.PickupTries": "wrong codes typed by an operator",
    "pickup.SlotTemplate": _SETTING,
    "pickup.SlotClosing": _SETTING,
    "pickup.SlotDay": "how many seats of a time are taken",
    "points.Rules": _SETTING,
    "points.InteractionRule": _SETTING,
    "points.PointsGood": _OFFER,
    "points.GivenBack": "shares of refunds, by order number",
    "wallet.Pack": _OFFER,
    "storefront.Shop": _SETTING,
    "carts.WishRules": _SETTING,
    "content.ReviewRules": _SETTING,
    "aftersales.AfterSaleRules": _SETTING,
    "aftersales.AfterSaleReason": _SETTING,
    "support.Survey": "questions to everybody",
    "support.Question": "questions to everybody",
}

# Columns of those tables that sound as if they told of a person, or hold JSON, and what they hold instead. A column that
# does not needs no reason: it is named in PLAIN.
NOT_PERSONAL: Mapping[str, str] = {
    "base.AuditEntry.changes": "columns of rows, without those that the board names (base.audit)",
    "outbox.Announcement.payload": "numbers of rows (mall.events)",
    "groupbuy.GroupBuy.combines": "kinds of offers",
    "catalog.Product.detail_html": "what operators write about goods",
    "catalog.Product.attributes": "of goods",
    "catalog.Product.options": "of goods",
    "catalog.Product.search_words": "words of titles",
    "catalog.Sku.option_values": "of goods",
    "members.Document.body": "a text for everybody",
    "messaging.Template.keywords": "what WeChat calls the parts of a template",
    "messaging.SceneSetting.text": "a text for everybody",
    "messaging.SceneSetting.fields": "texts for everybody",
    "messaging.Content.text": "a text for everybody",
    "messaging.Content.fields": "texts for everybody",
    "stores.Place.phone": "the shop's own",
    "stores.Place.detail": "the shop's own",
    "stores.PlaceStaff.note": "when and as what an operator works",
    "stores.Place.hours": "when the shop is open",
    "stores.Place.delivery_area": "where the shop's riders go",
    "storefront.Shop.service_phone": "the shop's own",
    "distribution.Material.body": "a text for everybody",
    "referrals.Referral.combines": "kinds of offers",
    "bargain.Bargain.combines": "kinds of offers",
    "presale.Presale.combines": "kinds of offers",
    "promotions.MemberDay.weekdays": "days",
    "promotions.MemberDay.month_days": "days",
    "promotions.Promotion.steps": "thresholds",
    "promotions.Promotion.regions": "names of provinces and cities",
    "promotions.Promotion.excludes": "kinds of offers",
    "promotions.SimulationRun.figures": "sums",
    "promotions.SimulationRun.kept": "counts of gifts and units",
    "flashsale.Session.combines": "kinds of offers",
    "flashsale.Plan.combines": "kinds of offers",
    "flashsale.Plan.weekdays": "days",
    "fulfillment.FreightZone.regions": "names of provinces and cities",
    "fulfillment.PackingOption.text": "a text for everybody",
    "pickup.SlotTemplate.weekdays": "days",
    "pickup.SlotClosing.note": "why the shop is closed",
    "support.Question.text": "the question",
    "invoices.InvoiceRules.provider": "who issues",
    "journeys.Journey.plan": "steps: texts for everybody, figures, ids of rows",
    "journeys.JourneyVersion.plan": "the same",
    "journeys.JourneyVersion.contents": "ids of texts by step",
    "journeys.JourneyVersion.needs": "ids of rows",
    "audiences.SegmentVersion.tree": "conditions: figures, names of regions, ids of rows",
    "audiences.Reckoning.sizes": "sums",
    "support.Question.options": "what can be chosen",
}

# Their other columns of free form, which hold what their names say: words and marks of the shop's own.
PLAIN: Mapping[str, str] = {
    "base.Version": "token",
    "base.JobRun": "error",
    "deadlines.ShopDay": "day note",
    "deadlines.Promise": "ships_on",
    "base.Reckoning": "title lines",
    "books.Bill": "day digest last_error reconciled_at",
    "books.BillLine": "said our_no wechat_no paid_no",
    "books.Case": "day number evidence note",
    "books.Remedy": "reason",
    "books.JournalEntry": "day number occurred_at posted_at",
    "books.JournalLine": "day",
    "books.BookDay": "day",
    "books.CostRate": "since",
    "base.AuditEntry": "action subject note kind key once",
    "outbox.Announcement": "kind",
    "outbox.Delivery": "listener last_error",
    "referrals.Referral": "code title watch_kind",
    "packets.PacketRule": "title",
    "members.Level": "name",
    "messaging.Rules": "quiet_from quiet_until",
    "messaging.Template": "template_id title",
    "messaging.SceneSetting": "scene title sms_template sms_values",
    "messaging.Content": "title page",
    "messaging.Broadcast": "token",
    "members.Group": "code name note",
    "members.Document": "version",
    "catalog.Category": "name icon path",
    "catalog.Brand": "name logo",
    "catalog.GuaranteeLabel": "name explanation",
    "catalog.Product": "title subtitle cover video",
    "catalog.ProductImage": "image",
    "catalog.Sku": "code image",
    "stores.Place": "name province city district latitude longitude",
    "inventory.StockEntry": "reason",
    "promotions.MemberDay": "name",
    "promotions.Campaign": "name",
    "promotions.Promotion": "label",
    "promotions.SimulationRun": "error",
    "campaigns.SkuWindow": "kind label title",
    "campaigns.Quota": "kind key",
    "bargain.Bargain": "code title",
    "presale.Presale": "code title",
    "shares.LiveCard": "kind subject path fault",
    "flashsale.Session": "code title day",
    "flashsale.Plan": "code title starts from_day until_day problem",
    "fulfillment.FreightTemplate": "name",
    "fulfillment.Carrier": "code name",
    "fulfillment.PackingOption": "name image",
    "pickup.SlotTemplate": "starts_at ends_at",
    "pickup.SlotClosing": "day",
    "pickup.SlotDay": "day",
    "fulfillment.WaybillAccount": "biz_id service_name",
    "groupbuy.GroupBuy": "code title",
    "coupons.Template": "code name note",
    "coupons.CodeBatch": "name token",
    "coupons.IssueJob": "reason token",
    "points.PointsGood": "title",
    "wallet.Pack": "title",
    "storefront.Shop": "name logo notice",
    "support.Survey": "title introduction",
    "aftersales.AfterSaleReason": "code label",
    "distribution.PromoterLevel": "name",
    "distribution.Rules": "watermark",
    "distribution.Material": "title picture",
    "distribution.Contest": "title",
    "audiences.Tag": "name note followed_on",
    "journeys.Journey": "code title note hears swept_on paused_for",
    "audiences.Segment": "name note broken counted_on",
    "audiences.SegmentSize": "day",
    "audiences.RfmRules": "own_days own_orders own_money_fen",
    "audiences.Reckoning": "day days orders money_fen",
}
