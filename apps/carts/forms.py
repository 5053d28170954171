"""What operators type of favourites and of what is back."""

from __future__ import annotations

from typing import Any

from apps.base.forms import PercentField, RuledForm
from apps.carts.models import WishRules
from apps.carts.services import ruling


class WishRulesForm(RuledForm):
    """The one row of rules."""

    drop_bp = PercentField(
        label="降价达到（%）",
        min_bp=100,
        max_bp=9_000,
        help_text="收藏的商品比收藏时或上次提醒时至少降这么多才提醒，每次降价提醒一次",
    )

    class Meta:
        model = WishRules
        fields = ["drop_bp", "told_per_unit", "pause_minutes"]

    def check(self, row: Any) -> None:
        ruling.check(row)
