"""Who buys, what they say, and what they hold."""

from __future__ import annotations

from apps.content import selectors as review_facts
from apps.content.states import ReviewStatus
from config.lists.place import SHOP_OF_ITS_ORDER, Groups, Place

_TO_LOOK_AT = f"status__exact={ReviewStatus.HELD}"

GROUPS: Groups = [
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
                f"line__{SHOP_OF_ITS_ORDER}",
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
]
