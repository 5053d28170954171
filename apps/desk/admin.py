"""Where Django's admin finds the pages that show several rooms: one module each."""

from apps.desk import member_page, order_page, points_page, product_page, promotion_page, recharge_page

__all__ = ["member_page", "order_page", "points_page", "product_page", "promotion_page", "recharge_page"]
