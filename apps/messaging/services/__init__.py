"""What writes messages: rooms above say ``write`` and ``write_many``; all else is this room's own.

messaging.write(scene="order_paid", member_id=7, subject=order_no, occasion=order_no, at=at)
"""

from apps.messaging.services.inbox import mark_read
from apps.messaging.services.writing import Draft, withdraw, write, write_many

__all__ = ["Draft", "mark_read", "withdraw", "write", "write_many"]
