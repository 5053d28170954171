"""Quiet hours: when the shop leaves members alone, by the Shanghai clock, over midnight too."""

from __future__ import annotations

from datetime import datetime, timedelta

from apps.base import days
from apps.messaging.models import Rules


def ends_at(rules: Rules, *, at: datetime) -> datetime | None:
    """When the quiet hours in which a moment lies end; None for a moment outside of them. Half-open: ``[from, until)``."""
    if rules.quiet_from == rules.quiet_until:
        return None
    there = days.local(at)
    now = there.time().replace(tzinfo=None)
    over_midnight = rules.quiet_from > rules.quiet_until
    if over_midnight:
        inside = now >= rules.quiet_from or now < rules.quiet_until
    else:
        inside = rules.quiet_from <= now < rules.quiet_until
    if not inside:
        return None
    day = there.date() + timedelta(days=1 if over_midnight and now >= rules.quiet_from else 0)
    return days.moment(day, rules.quiet_until)
