"""What is sold, what lies where, and every way to sell it."""

from __future__ import annotations

from apps.bargain import selectors as bargain_facts
from apps.distribution import selectors as promoter_facts
from apps.distribution import withdrawal_selectors as withdrawal_facts
from apps.distribution.states import PromoterStatus, WithdrawalStatus
from apps.journeys import selectors as journey_facts
from apps.journeys.states import TaskStatus
from apps.messaging import selectors as message_facts
from apps.messaging.states import DispatchStatus, MessageStatus
from apps.presale import selectors as presale_facts
from apps.presale.states import ReportStatus
from apps.risk import selectors as risk_facts
from apps.risk.states import Verdict
from config.lists.place import SHOP_OF_ITS_ORDER, Groups, Place

_HELD_HELPS = "held__exact=1"
_FAILED_REPORTS = f"status__exact={ReportStatus.FAILED}"
_APPLICATIONS = f"status__exact={PromoterStatus.PENDING}"
_HELD_COMMISSIONS = "held__exact=1"
_OWING = "debt=yes"
_TO_REVIEW = f"status__exact={WithdrawalStatus.REVIEW}"
_HELD_REWARDS = f"verdict__exact={Verdict.HELD}"
_TO_SEND = f"status__exact={MessageStatus.WAITING}"
_BROKEN = f"status__exact={MessageStatus.FAILED}"
_FAILED_WAYS = f"status__exact={DispatchStatus.FAILED}"
_STOPPED = "stopped=yes"
_TO_DO = f"status__exact={TaskStatus.OPEN}"

GROUPS: Groups = [
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
                SHOP_OF_ITS_ORDER,
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
]
