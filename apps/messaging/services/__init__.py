"""What writes messages: rooms above say ``write`` and ``write_many``; all else is this room's own.

messaging.write(scene="order_paid", member_id=7, subject=order_no, occasion=order_no, at=at)
"""

from apps.messaging.services.inbox import mark_opened, mark_read
from apps.messaging.services.writing import Draft, announce, withdraw, write, write_many

__all__ = ["Draft", "announce", "mark_opened", "mark_read", "withdraw", "write", "write_many"]
