"""What shares do about news: pictures are made and cards told a moment after somebody asked."""

from __future__ import annotations

from datetime import datetime

from apps import outbox
from apps.shares import services as shares
from mall.events import LiveCardChanged, ShareWanted


@outbox.outside_transaction
def draw_on_share_wanted(event: ShareWanted, *, at: datetime) -> None:
    """Make code and poster now; what fails is tried again by the clock."""
    shares.draw(share_id=event.share_id, at=at)


@outbox.outside_transaction
def tell_on_live_card_changed(event: LiveCardChanged, *, at: datetime) -> None:
    """Tell WeChat now; what fails is tried again by the clock."""
    shares.send_news(live_card_id=event.live_card_id, at=at)
