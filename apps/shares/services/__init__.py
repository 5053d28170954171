"""What writes shares: opening one, making its code and poster, noting who came by it, telling cards of a group."""

from apps.shares.services.drawing import draw, draw_due
from apps.shares.services.live_cards import begin_card, send_due, send_news, tell_progress
from apps.shares.services.opening import open_share
from apps.shares.services.visiting import forget_visits, note_order, note_payment, note_visit

__all__ = [
    "begin_card",
    "draw",
    "draw_due",
    "forget_visits",
    "note_order",
    "note_payment",
    "note_visit",
    "open_share",
    "send_due",
    "send_news",
    "tell_progress",
]
