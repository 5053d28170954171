"""Board 4: what operators find where, and what waits there for a person. ``sidebar.py`` draws it for who may see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.db.models.functions import Now

from apps.aftersales import application_selectors as application_facts
from apps.bargain import selectors as bargain_facts
from apps.base import invariants
from apps.books import selectors as book_facts
from apps.books.states import CaseStatus
from apps.complaints import selectors as complaint_facts
from apps.content import selectors as review_facts
from apps.content.states import ReviewStatus
from apps.deadlines import selectors as deadline_facts
from apps.desk import cockpit
from apps.distribution import selectors as promoter_facts
from apps.distribution import withdrawal_selectors as withdrawal_facts
from apps.distribution.states import PromoterStatus, WithdrawalStatus
from apps.fulfillment import selectors as parcel_facts
from apps.invoices import selectors as invoice_facts
from apps.journeys import selectors as journey_facts
from apps.journeys.states import TaskStatus
from apps.messaging import selectors as message_facts
from apps.messaging.states import DispatchStatus, MessageStatus
from apps.orders.states import DeliveryKind, Status
from apps.payments import selectors as payment_facts
from apps.pickup import selectors as pickup_facts
from apps.pickup.states import PickupStatus
from apps.presale import selectors as presale_facts
from apps.presale.states import ReportStatus
from apps.risk import selectors as risk_facts
from apps.risk.states import Verdict


class Place(NamedTuple):
    """A list that operators go to: its title, Material symbol, model, and the filter it opens with.

    ``waiting`` gives the rows that wait there for a person: the place bears their number. ``of_shop`` is where each row says
    whose shop's it is: who works at one shop counts its own.
    """

    title: str
    icon: str
    model: str
    query: str = ""
    waiting: Callable[[], QuerySet[Any]] | None = None
    of_shop: str = ""


Groups = Sequence[tuple[str, Sequence[Place]]]


_SHOP_OF_ORDER = "delivery__place_id"
_SHOP_OF_ITS_ORDER = f"order__{_SHOP_OF_ORDER}"
_BURNING = "standing=open"
_PRESSING = "standing=pressing"
_TO_SHIP = f"status__exact={Status.PAID}&delivery_by={DeliveryKind.EXPRESS}"
_TO_RIDE = f"status__exact={Status.PAID}&delivery_by={DeliveryKind.CITY}"
_TO_PREPARE = f"status__exact={PickupStatus.WAITING}"
_COMING = "coming=yes"
_HELD_HELPS = "held__exact=1"
_FAILED_REPORTS = f"status__exact={ReportStatus.FAILED}"
_APPLICATIONS = f"status__exact={PromoterStatus.PENDING}"
_HELD_COMMISSIONS = "held__exact=1"
_OWING = "debt=yes"
_TO_REVIEW = f"status__exact={WithdrawalStatus.REVIEW}"
_HELD_REWARDS = f"verdict__exact={Verdict.HELD}"
_AFTER_SALES_TO_DO = "todo=yes"
_ESCALATED = "escalated=yes"
_WAITING_COMPLAINTS = "waiting=yes"
_TO_ISSUE = "todo=issue"
_RED_LETTERS = "todo=red"
_STUCK_REFUNDS = "stuck=yes"
_OPEN_CASES = f"status__exact={CaseStatus.OPEN}"
_TO_SEND = f"status__exact={MessageStatus.WAITING}"
_BROKEN = f"status__exact={MessageStatus.FAILED}"
_FAILED_WAYS = f"status__exact={DispatchStatus.FAILED}"
_STANDING_STILL = "still=yes"
_STOPPED = "stopped=yes"
_TO_DO = f"status__exact={TaskStatus.OPEN}"
_TO_LOOK_AT = f"status__exact={ReviewStatus.HELD}"

GROUPS: Groups = [
    (
        "订单",
        [
            Place("全部订单", "receipt_long", "orders.Order"),
            Place(
                "待发货", "local_shipping", "orders.Order", _TO_SHIP, cockpit.waiting_to_ship, _SHOP_OF_ORDER
            ),
            Place("自提单", "storefront", "pickup.Pickup"),
            Place(
                "待备货自提", "inventory", "pickup.Pickup", _TO_PREPARE, pickup_facts.to_prepare, "place_id"
            ),
            Place("待配送", "moped", "orders.Order", _TO_RIDE, cockpit.waiting_for_rider, _SHOP_OF_ORDER),
            Place("时段订单", "schedule", "pickup.SlotSeat", _COMING),
            Place("售后退款", "assignment_return", "orders.OrderRefund"),
        ],
    ),
    (
        "发货时限",
        [
            Place("发货时限", "timer", "deadlines.Deadline", _BURNING),
            Place(
                "即将超时",
                "alarm",
                "deadlines.Deadline",
                _PRESSING,
                lambda: deadline_facts.pressing(at=Now()),
                _SHOP_OF_ITS_ORDER,
            ),
            Place("延迟发货", "event_busy", "deadlines.Delay"),
            Place("发货承诺", "event_available", "deadlines.Promise"),
            Place("休息日", "calendar_month", "deadlines.ShopDay"),
            Place("时限规则", "rule", "deadlines.DeadlineRules"),
        ],
    ),
    (
        "售后",
        [
            Place("售后申请", "support_agent", "aftersales.AfterSale"),
            Place(
                "待处理售后",
                "pending_actions",
                "aftersales.AfterSale",
                _AFTER_SALES_TO_DO,
                application_facts.waiting_for_operator,
                _SHOP_OF_ITS_ORDER,
            ),
            Place(
                "升级的售后",
                "priority_high",
                "aftersales.AfterSale",
                _ESCALATED,
                application_facts.escalated,
                _SHOP_OF_ITS_ORDER,
            ),
            Place("微信投诉", "feedback", "complaints.Complaint"),
            Place(
                "待回复投诉",
                "sms_failed",
                "complaints.Complaint",
                _WAITING_COMPLAINTS,
                complaint_facts.waiting,
                f"payment__{_SHOP_OF_ITS_ORDER}",
            ),
            Place("运费险理赔", "shield", "aftersales.InsurancePayment"),
            Place("售后原因", "list_alt", "aftersales.AfterSaleReason"),
            Place("售后规则", "rule", "aftersales.AfterSaleRules"),
        ],
    ),
    (
        "发票",
        [
            Place("全部发票", "receipt_long", "invoices.Invoice"),
            Place(
                "待开票",
                "pending_actions",
                "invoices.Invoice",
                _TO_ISSUE,
                invoice_facts.waiting_to_issue,
                _SHOP_OF_ITS_ORDER,
            ),
            Place(
                "待登记红字发票",
                "undo",
                "invoices.Invoice",
                _RED_LETTERS,
                invoice_facts.waiting_for_red_letter,
                _SHOP_OF_ITS_ORDER,
            ),
            Place("发票抬头", "badge", "invoices.InvoiceTitle"),
            Place("发票规则", "rule", "invoices.InvoiceRules"),
        ],
    ),
    (
        "商品",
        [
            Place("商品", "redeem", "catalog.Product"),
            Place("规格（SKU）", "barcode", "catalog.Sku"),
            Place("类目", "account_tree", "catalog.Category"),
            Place("品牌", "verified", "catalog.Brand"),
            Place("服务保障", "shield", "catalog.GuaranteeLabel"),
            Place("收藏", "favorite", "carts.Favorite"),
            Place("到货提醒", "notification_add", "carts.StockWish"),
            Place("收藏与到货提醒规则", "rule", "carts.WishRules"),
        ],
    ),
    (
        "库存",
        [
            Place("库存", "inventory_2", "inventory.Stock"),
            Place("库存流水", "list_alt", "inventory.StockEntry"),
            Place("库存占用", "lock_clock", "inventory.Hold"),
            Place("待付款占用", "hourglass_top", "orders.OrderLine"),
            Place("卡密", "key", "cardkeys.CardKey"),
            Place("卡密批次", "upload_file", "cardkeys.CardBatch"),
            Place("仓库与门店", "warehouse", "stores.Place"),
            Place("门店店员", "badge", "stores.PlaceStaff"),
        ],
    ),
    (
        "促销",
        [
            Place("促销活动", "sell", "promotions.Promotion"),
            Place("节日活动", "celebration", "promotions.Campaign"),
            Place("会员日", "event_repeat", "promotions.MemberDay"),
            Place("会员价", "loyalty", "promotions.LevelPrice"),
            Place("活动模拟", "query_stats", "promotions.SimulationRun"),
            Place("促销使用流水", "receipt_long", "promotions.Usage"),
            Place("价格底线", "vertical_align_bottom", "promotions.PriceFloor"),
        ],
    ),
    (
        "营销活动",
        [
            Place("活动日历", "calendar_month", "campaigns.SkuWindow"),
            Place("拼团活动", "group_add", "groupbuy.GroupBuy"),
            Place("团", "diversity_3", "groupbuy.Group"),
            Place("砍价活动", "content_cut", "bargain.Bargain"),
            Place("砍价进度", "trending_down", "bargain.Run"),
            Place("预售活动", "event_upcoming", "presale.Presale"),
            Place("预售订单", "pending_actions", "presale.Reservation"),
            Place(
                "特殊发货报备",
                "campaign",
                "presale.Report",
                _FAILED_REPORTS,
                presale_facts.failed_reports,
                _SHOP_OF_ITS_ORDER,
            ),
            Place("帮砍记录", "handshake", "bargain.Help"),
            Place("待核实帮砍", "policy_alert", "bargain.Help", _HELD_HELPS, bargain_facts.held_for_a_person),
            Place("秒杀场次", "bolt", "flashsale.Session"),
            Place("重复秒杀", "event_repeat", "flashsale.Plan"),
            Place("候补", "hourglass_top", "flashsale.Wait"),
            Place("开抢提醒", "notifications_active", "flashsale.Reminder"),
        ],
    ),
    (
        "分享",
        [
            Place("分享", "share", "shares.Share"),
            Place("分享到访", "travel_explore", "shares.Visit"),
            Place("分享订单", "receipt_long", "shares.ShareOrder"),
            Place("动态消息", "dynamic_feed", "shares.LiveCard"),
        ],
    ),
    (
        "邀请",
        [
            Place("邀请活动", "person_add", "referrals.Referral"),
            Place("邀请记录", "diversity_1", "referrals.Invitation"),
            Place("邀请奖励", "featured_seasonal_and_gifts", "referrals.Reward"),
            Place("邀请关系", "account_tree", "referrals.Edge"),
        ],
    ),
    (
        "立减金",
        [
            Place("立减金规则", "redeem", "packets.PacketRule"),
            Place("立减金", "savings", "packets.Packet"),
        ],
    ),
    (
        "风险核实",
        [
            Place("待核实奖励", "policy_alert", "risk.Look", _HELD_REWARDS, risk_facts.waiting),
            Place("奖励核实", "fact_check", "risk.Look"),
            Place("风险规则", "rule", "risk.Rule"),
            Place("扣留标准", "speed", "risk.Policy"),
            Place("风险特征", "fingerprint", "risk.Trace"),
        ],
    ),
    (
        "推客",
        [
            Place("推客", "campaign", "distribution.Promoter"),
            Place(
                "推客申请", "how_to_reg", "distribution.Promoter", _APPLICATIONS, promoter_facts.applications
            ),
            Place("活跃分享者", "record_voice_over", "distribution.Sharer"),
            Place("客户绑定", "link", "distribution.Bond"),
            Place("绑定历史", "history", "distribution.BondChange"),
            Place("佣金", "paid", "distribution.Commission"),
            Place(
                "待核实佣金",
                "policy_alert",
                "distribution.Commission",
                _HELD_COMMISSIONS,
                promoter_facts.held_commissions,
            ),
            Place("推客提现", "payments", "distribution.Withdrawal"),
            Place(
                "待审核提现",
                "pending_actions",
                "distribution.Withdrawal",
                _TO_REVIEW,
                withdrawal_facts.waiting_for_review,
            ),
            Place("推客账户", "account_balance_wallet", "distribution.Account"),
            Place("推客欠款", "money_off", "distribution.Account", _OWING),
            Place("佣金流水", "list_alt", "distribution.Entry"),
            Place("推客规则", "rule", "distribution.Rules"),
            Place("推客等级", "military_tech", "distribution.PromoterLevel"),
            Place("佣金比例", "percent", "distribution.RateRule"),
            Place("榜单活动", "leaderboard", "distribution.Contest"),
            Place("推广素材", "perm_media", "distribution.Material"),
        ],
    ),
    (
        "消息",
        [
            Place("消息场景", "notifications", "messaging.SceneSetting"),
            Place("订阅消息模板", "description", "messaging.Template"),
            Place("群发", "send", "messaging.Broadcast"),
            Place("待发送", "schedule_send", "messaging.Message", _TO_SEND),
            Place("发送记录", "mark_email_read", "messaging.Message"),
            Place("读取出错", "sync_problem", "messaging.Message", _BROKEN, message_facts.broken),
            Place("渠道发送", "outgoing_mail", "messaging.Dispatch"),
            Place("发送失败", "error", "messaging.Dispatch", _FAILED_WAYS, message_facts.failed),
            Place("服务动态", "dynamic_feed", "messaging.Card"),
            Place("订阅授权", "verified_user", "messaging.Grant"),
            Place("消息规则", "rule", "messaging.Rules"),
        ],
    ),
    (
        "自动营销",
        [
            Place("营销旅程", "route", "journeys.Journey"),
            Place("已停下的旅程", "report", "journeys.Journey", _STOPPED, journey_facts.stopped),
            Place("旅程参与", "footprint", "journeys.Participation"),
            Place("跟进任务", "task_alt", "journeys.StaffTask"),
            Place("待跟进", "assignment_ind", "journeys.StaffTask", _TO_DO, journey_facts.to_do),
        ],
    ),
    (
        "优惠券",
        [
            Place("优惠券模板", "confirmation_number", "coupons.Template"),
            Place("会员的券", "local_activity", "coupons.Coupon"),
            Place("门店核销", "point_of_sale", "coupons.StoreUse"),
            Place("批量发放", "send", "coupons.IssueJob"),
            Place("兑换码批次", "qr_code_2", "coupons.CodeBatch"),
            Place("推广码", "record_voice_over", "coupons.PromoCode"),
        ],
    ),
    (
        "会员",
        [
            Place("会员", "group", "members.Member"),
            Place("会员分组", "groups", "members.Group"),
            Place("人群", "filter_alt", "audiences.Segment"),
            Place("会员标签", "sell", "audiences.Tag"),
            Place("会员的标签", "label", "audiences.TagMark"),
            Place("会员分层（RFM）", "stacked_bar_chart", "audiences.Rfm"),
            Place("分层记录", "monitoring", "audiences.Reckoning"),
            Place("RFM 规则", "rule", "audiences.RfmRules"),
            Place("会员等级", "military_tech", "members.Level"),
            Place("等级变更", "moving", "members.LevelChange"),
            Place("成长值流水", "trending_up", "members.GrowthEntry"),
            Place("协议与隐私文件", "policy", "members.Document"),
            Place("同意记录", "fact_check", "members.Consent"),
            Place("个人信息导出", "folder_shared", "members.ExportRequest"),
            Place("注销申请", "person_remove", "members.ErasureRequest"),
        ],
    ),
    (
        "评价",
        [
            Place("全部评价", "reviews", "content.Review"),
            Place(
                "待审核",
                "rate_review",
                "content.Review",
                _TO_LOOK_AT,
                review_facts.waiting_for_a_person,
                f"line__{_SHOP_OF_ITS_ORDER}",
            ),
            Place("评价规则", "rule", "content.ReviewRules"),
        ],
    ),
    (
        "问卷",
        [
            Place("问卷", "ballot", "support.Survey"),
        ],
    ),
    (
        "储值",
        [
            Place("储值账户", "account_balance_wallet", "wallet.Account"),
            Place("充值单", "receipt_long", "wallet.Recharge"),
            Place("充值套餐", "add_card", "wallet.Pack"),
            Place("储值支付", "shopping_bag", "wallet.Spending"),
            Place("储值流水", "list_alt", "wallet.Entry"),
        ],
    ),
    (
        "积分",
        [
            Place("积分账户", "toll", "points.Account"),
            Place("积分流水", "list_alt", "points.Entry"),
            Place("积分抵扣", "lock_clock", "points.Spending"),
            Place("签到记录", "event_available", "points.CheckIn"),
            Place("积分商品", "storefront", "points.PointsGood"),
            Place("兑换记录", "redeem", "points.Redemption"),
            Place("积分规则", "rule", "points.Rules"),
            Place("互动奖励", "emoji_events", "points.InteractionRule"),
        ],
    ),
    (
        "资金",
        [
            Place("支付单", "payments", "payments.Payment"),
            Place("退款单", "currency_exchange", "payments.Refund"),
            Place(
                "待处理退款",
                "money_off",
                "payments.Refund",
                _STUCK_REFUNDS,
                payment_facts.needing_somebody,
                f"payment__{_SHOP_OF_ITS_ORDER}",
            ),
            Place("支付通知", "notifications", "payments.Notification"),
            Place("对账差异", "difference", "books.Case", _OPEN_CASES, waiting=book_facts.open_cases),
            Place("微信账单", "request_quote", "books.Bill", waiting=book_facts.missing),
            Place("账单明细", "list_alt", "books.BillLine"),
            Place("会计凭证", "menu_book", "books.JournalEntry"),
            Place("订单利润", "trending_up", "books.SoldOrder"),
            Place("成本费率", "price_change", "books.CostRate"),
        ],
    ),
    (
        "履约",
        [
            Place("包裹", "package_2", "fulfillment.Parcel"),
            Place(
                "停滞包裹",
                "hourglass_disabled",
                "fulfillment.Parcel",
                _STANDING_STILL,
                waiting=lambda: parcel_facts.standing_still(at=Now()),
                of_shop=f"parcel__{_SHOP_OF_ITS_ORDER}",
            ),
            Place("电子面单", "print", "fulfillment.Waybill"),
            Place("面单账号", "badge", "fulfillment.WaybillAccount"),
            Place("发货信息上传", "cloud_upload", "fulfillment.ShippingUpload"),
            Place("运费模板", "price_change", "fulfillment.FreightTemplate"),
            Place("快递公司", "local_post_office", "fulfillment.Carrier"),
            Place("包装选项", "redeem", "fulfillment.PackingOption"),
            Place("配送与自提时段", "schedule", "pickup.SlotTemplate"),
            Place("时段停约日", "event_busy", "pickup.SlotClosing"),
        ],
    ),
    (
        "系统",
        [
            Place("店铺信息", "storefront", "storefront.Shop"),
            Place("操作员", "badge", "auth.User"),
            Place("角色", "admin_panel_settings", "auth.Group"),
            Place("审计记录", "history_edu", "base.AuditEntry"),
            Place("账目核对", "balance", "base.Reckoning", waiting=invariants.unfulfilled),
            Place("定时任务", "schedule", "base.JobRun"),
            Place("进程心跳", "monitor_heart", "base.Pulse"),
            Place("业务事件", "campaign", "outbox.Announcement"),
            Place("事件投递", "outgoing_mail", "outbox.Delivery"),
            Place("微信推送", "forum", "wechat.PushMessage"),
        ],
    ),
]
