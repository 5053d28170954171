"""What orders remember: promises with their history, and what was taken back of them."""

from apps.orders.models.history import AddressChange, LineSwap, OrderMove
from apps.orders.models.orders import Order, OrderLine, Reduction
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
