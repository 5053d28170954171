"""What orders remember: promises with their history, and what was taken back of them."""

from apps.orders.models.orders import AddressChange, LineSwap, Order, OrderLine, OrderMove, Reduction
from apps.orders.models.refunds import OrderRefund, OrderRefundLine

__all__ = [
    "AddressChange",
    "LineSwap",
    "Order",
    "OrderLine",
    "OrderMove",
    "OrderRefund",
    "OrderRefundLine",
    "Reduction",
]
