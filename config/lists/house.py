"""Money, parcels, and the house itself."""

from __future__ import annotations

from django.db.models.functions import Now

from apps.base import invariants
from apps.books import selectors as book_facts
from apps.books.states import CaseStatus
from apps.fulfillment import selectors as parcel_facts
from apps.payments import selectors as payment_facts
from config.lists.place import SHOP_OF_ITS_ORDER, Groups, Place

_STUCK_REFUNDS = "stuck=yes"
_OPEN_CASES = f"status__exact={CaseStatus.OPEN}"
_STANDING_STILL = "still=yes"

GROUPS: Groups = [
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
                f"payment__{SHOP_OF_ITS_ORDER}",
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
                of_shop=f"parcel__{SHOP_OF_ITS_ORDER}",
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
