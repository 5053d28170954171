"""What operators type of the rules of packets."""

from __future__ import annotations

from apps.base.forms import RuledForm
from apps.packets import services as packets
from apps.packets.models import PacketRule


class PacketRuleForm(RuledForm):
    """One rule; the service says what is wrong with it."""

    class Meta:
        model = PacketRule
        fields = [
            "title",
            "enabled",
            "starts_at",
            "ends_at",
            "buyers",
            "order_from_fen",
            "least_fen",
            "most_fen",
            "friends",
            "hours",
            "opens_per_day",
            "coupon",
        ]

    def check(self, row: PacketRule) -> None:
        packets.check_rule(row)
