"""Board 5: the usual roles of a shop and what each may do. ``manage.py make_roles`` makes them.

Money has permissions of its own (refund, price, points, balance, coupons by amount): whoever sends parcels does not
give money back. Who does not fit a role gets single permissions, or a role of their own, on the admin's pages.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cache

from django.apps import apps
from django.utils.functional import SimpleLazyObject

_ACTS = ("view", "add", "change", "delete")


def _see(*labels: str) -> set[str]:
    """To look at all tables of these rooms, or at these tables."""
    return {permission for label in labels for permission in _of(label, ("view",))}


def _run(*labels: str) -> set[str]:
    """To look at, add, change and delete what the pages allow to be."""
    return {permission for label in labels for permission in _of(label, _ACTS)}


def _of(label: str, acts: Iterable[str]) -> set[str]:
    app, _, name = label.partition(".")
    models = [apps.get_model(label)] if name else list(apps.get_app_config(app).get_models())
    return {f"{app}.{act}_{model._meta.model_name}" for model in models for act in acts}


def _everything() -> set[str]:
    """Every permission of the shop's own tables, of operators and of roles."""
    rooms = [config for config in apps.get_app_configs() if config.name.startswith("apps.")]
    own = {
        f"{model._meta.app_label}.{codename}"
        for config in rooms
        for model in config.get_models()
        for codename, _ in model._meta.permissions
    }
    return own | _run(*(config.label for config in rooms), "auth.User", "auth.Group")


_MARKETING = (
    "catalog",
    "carts.WishRules",
    "promotions",
    "coupons.Template",
    "coupons.PromoCode",
    "bargain.Bargain",
    "presale.Presale",
    *("deadlines.DeadlineRules", "deadlines.ShopDay", "deadlines.Promise"),
    *("fulfillment.PackingOption", "pickup.SlotTemplate", "pickup.SlotClosing"),
    "referrals.Referral",
    "packets.PacketRule",
    "risk.Policy",
    "risk.Rule",
    "points.PointsGood",
    "points.Rules",
    "points.InteractionRule",
    "wallet.Pack",
    "groupbuy.GroupBuy",
    "members.Group",
    *("audiences.Segment", "audiences.Tag", "audiences.TagMark", "audiences.RfmRules"),
    *("journeys.Journey", "journeys.StaffTask"),
    "members.Level",
    "content.ReviewRules",
    *("messaging.Rules", "messaging.SceneSetting", "messaging.Template", "messaging.Content"),
    "support",
    *("distribution.Rules", "distribution.PromoterLevel", "distribution.RateRule"),
    *("distribution.Material", "distribution.Contest"),
    *("flashsale.Session", "flashsale.Good", "flashsale.Plan", "flashsale.PlanGood"),
)


@cache
def _roles() -> dict[str, Collection[str]]:
    orders = _see(
        "orders", "fulfillment", "deadlines", "pickup.Pickup", "pickup.SlotSeat", "pickup.SlotTemplate"
    )
    orders |= {"orders.change_order", "deadlines.offer_delay"}
    return {
        "店长": _everything(),
        "运营": _run(*_MARKETING)
        | _see(
            "orders",
            "inventory",
            "cardkeys",
            "stores",
            "carts.Favorite",
            "carts.StockWish",
            "coupons",
            "points",
            "members",
            "content",
            "fulfillment",
            "campaigns",
            "flashsale",
            "bargain",
            "presale",
            "deadlines",
            "shares",
            "groupbuy",
            "distribution",
            "referrals",
            "packets",
            "risk",
            "audiences",
            "messaging",
            "journeys",
        )
        | {
            "journeys.run_journey",
            "cardkeys.add_cardkey",
            "cardkeys.change_cardkey",
            "audiences.export_segment",
            "risk.judge_look",
            "messaging.send_broadcast",
            "messaging.repeat_message",
            "messaging.repeat_dispatch",
            "bargain.release_help",
            "distribution.appoint_promoter",
            "distribution.bind_promoter",
            "presale.change_report",
            "presale.arrive_presale",
            "deadlines.offer_delay",
            "deadlines.export_deadline",
            "pickup.view_slotseat",
            "groupbuy.end_group",
            "catalog.price_product",
            "coupons.issue_template",
            "content.change_review",
        },
        "客服": orders
        | _see(
            "aftersales",
            "complaints",
            "invoices.Invoice",
            "invoices.InvoiceTitle",
            "carts.Favorite",
            "carts.StockWish",
            "catalog",
            "inventory",
            "cardkeys",
            "members",
            "coupons",
            "points",
            "wallet.Account",
            "content",
            "support",
            "campaigns",
            "promotions.Promotion",
            "promotions.Campaign",
            "flashsale",
            "bargain",
            "presale",
            "shares",
            "groupbuy",
            "referrals",
            *("audiences.Tag", "audiences.TagMark", "audiences.Rfm"),
            "journeys",
            "packets",
            "risk.Look",
            *("messaging.Message", "messaging.Dispatch", "messaging.Grant"),
            *(
                "distribution.Promoter",
                "distribution.Bond",
                "distribution.BondChange",
                "distribution.Commission",
                "distribution.Withdrawal",
            ),
        )
        | {
            "aftersales.change_aftersale",
            "aftersales.approve_aftersale",
            "complaints.answer_complaint",
            "journeys.change_stafftask",
            "audiences.add_tagmark",
            "audiences.delete_tagmark",
            "members.change_member",
            "members.change_erasurerequest",
            "content.change_review",
            "coupons.compensate_coupon",
        },
        "仓库": orders
        | _see(
            "aftersales.AfterSale", "aftersales.AfterSaleLine", "catalog", "inventory", "stores", "presale"
        )
        | {
            "aftersales.inspect_aftersale",
            "presale.arrive_presale",
            "inventory.change_stock",
            "pickup.prepare_pickup",
            "fulfillment.change_carrier",
        },
        # Who stands in a shop: sees what is fetched there, puts it ready and hands it over; no money, no addresses.
        "店员": _see(
            "pickup.Pickup",
            "pickup.SlotSeat",
            "pickup.SlotTemplate",
            "inventory.Stock",
            "stores.Place",
            "catalog.Product",
            "catalog.Sku",
        )
        | {"pickup.prepare_pickup", "pickup.hand_over_pickup"},
        "财务": _see(
            "aftersales",
            "complaints",
            "invoices",
            "orders",
            "books",
            "payments",
            "wallet",
            "points",
            "coupons",
            "members.Member",
            "fulfillment",
            "distribution",
            "referrals",
            "packets",
            "risk",
            "base.AuditEntry",
            "campaigns",
            "promotions",
            "groupbuy",
            "bargain",
            "presale",
            *("flashsale.Session", "flashsale.Good", "flashsale.Plan", "flashsale.PlanGood"),
        )
        | {
            "risk.judge_look",
            "aftersales.change_aftersale",
            "aftersales.approve_aftersale",
            "aftersales.approve_any_aftersale",
            "aftersales.add_insurancepayment",
            "invoices.issue_invoice",
            "invoices.export_invoice",
            "invoices.add_invoicerules",
            "invoices.change_invoicerules",
            "orders.refund_order",
            "books.reconcile_bill",
            "books.settle_case",
            "books.refund_case",
            "books.book_case",
            "books.add_costrate",
            "books.change_costrate",
            "books.export_journalentry",
            "payments.change_refund",
            "payments.end_paid_outside",
            "payments.end_written_back",
            "payments.change_notification",
            "wallet.change_recharge",
            "wallet.recharge_account",
            "wallet.adjust_account",
            "wallet.refund_recharge",
            "points.correct_account",
            "distribution.judge_commission",
            "distribution.adjust_account",
            "distribution.export_commission",
            "distribution.review_withdrawal",
            "distribution.cancel_withdrawal",
            "distribution.export_withdrawal",
            "coupons.compensate_coupon",
            "coupons.compensate_any_coupon",
        },
    }


# Read when it is asked for: the tables are known only once Django is set up.
ROLES: Mapping[str, Collection[str]] = SimpleLazyObject(_roles)  # type: ignore[assignment]  # behaves as what it wraps
