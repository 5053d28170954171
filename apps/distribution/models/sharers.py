"""Members as sharers: what operators look at to see who might promote. No table of its own."""

from __future__ import annotations

from apps.members.models import Member


class Sharer(Member):
    """A member who shares; what came of it is read (``apps.distribution.sharers``), nothing is kept."""

    class Meta:
        proxy = True
        verbose_name = verbose_name_plural = "活跃分享者"
