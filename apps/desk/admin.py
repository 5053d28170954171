"""Where Django's admin finds the pages that show several rooms: one module each."""

from apps.desk import (
    bargain_page,
    bills_page,
    calendar_page,
    flashsale_page,
    group_buy_page,
    member_page,
    order_page,
    points_page,
    presale_page,
    product_page,
    promotion_page,
    recharge_page,
    sku_page,
    unpaid_page,
)

__all__ = [
    "bargain_page",
    "bills_page",
    "calendar_page",
    "flashsale_page",
    "group_buy_page",
    "member_page",
    "order_page",
    "points_page",
    "presale_page",
    "product_page",
    "promotion_page",
    "recharge_page",
    "sku_page",
    "unpaid_page",
]
