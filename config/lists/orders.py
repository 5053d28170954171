"""Orders, by when they leave, and what comes after the sale."""

from __future__ import annotations

from django.db.models.functions import Now

from apps.aftersales import application_selectors as application_facts
from apps.complaints import selectors as complaint_facts
from apps.deadlines import selectors as deadline_facts
from apps.desk import cockpit
from apps.invoices import selectors as invoice_facts
from apps.orders.states import DeliveryKind, Status
from apps.pickup import selectors as pickup_facts
from apps.pickup.states import PickupStatus
from config.lists.place import SHOP_OF_ITS_ORDER, SHOP_OF_ORDER, Groups, Place

_BURNING = "standing=open"
_PRESSING = "standing=pressing"
_TO_SHIP = f"status__exact={Status.PAID}&delivery_by={DeliveryKind.EXPRESS}"
_TO_RIDE = f"status__exact={Status.PAID}&delivery_by={DeliveryKind.CITY}"
_TO_PREPARE = f"status__exact={PickupStatus.WAITING}"
_COMING = "coming=yes"
_AFTER_SALES_TO_DO = "todo=yes"
_ESCALATED = "escalated=yes"
_WAITING_COMPLAINTS = "waiting=yes"
_TO_ISSUE = "todo=issue"
_RED_LETTERS = "todo=red"

GROUPS: Groups = [
    (
        "订单",
        [
            Place("全部订单", "receipt_long", "orders.Order"),
            Place(
                "待发货", "local_shipping", "orders.Order", _TO_SHIP, cockpit.waiting_to_ship, SHOP_OF_ORDER
            ),
            Place("自提单", "storefront", "pickup.Pickup"),
            Place(
                "待备货自提", "inventory", "pickup.Pickup", _TO_PREPARE, pickup_facts.to_prepare, "place_id"
            ),
            Place("待配送", "moped", "orders.Order", _TO_RIDE, cockpit.waiting_for_rider, SHOP_OF_ORDER),
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
                SHOP_OF_ITS_ORDER,
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
                SHOP_OF_ITS_ORDER,
            ),
            Place(
                "升级的售后",
                "priority_high",
                "aftersales.AfterSale",
                _ESCALATED,
                application_facts.escalated,
                SHOP_OF_ITS_ORDER,
            ),
            Place("微信投诉", "feedback", "complaints.Complaint"),
            Place(
                "待回复投诉",
                "sms_failed",
                "complaints.Complaint",
                _WAITING_COMPLAINTS,
                complaint_facts.waiting,
                f"payment__{SHOP_OF_ITS_ORDER}",
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
                SHOP_OF_ITS_ORDER,
            ),
            Place(
                "待登记红字发票",
                "undo",
                "invoices.Invoice",
                _RED_LETTERS,
                invoice_facts.waiting_for_red_letter,
                SHOP_OF_ITS_ORDER,
            ),
            Place("发票抬头", "badge", "invoices.InvoiceTitle"),
            Place("发票规则", "rule", "invoices.InvoiceRules"),
        ],
    ),
]
