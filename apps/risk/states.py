"""What is noticed about members, what counts against a reward, and where a look at one stands."""

from __future__ import annotations

from typing import Final

from django.db.models import TextChoices

from mall.lifecycle import Lifecycle, Move


class Trait(TextChoices):
    """By what two members can be told to be one person: each is kept as a keyed digest only."""

    PHONE = "PHONE", "手机号"
    ADDRESS = "ADDRESS", "收货地址"
    PAYER = "PAYER", "微信支付账户"
    DEVICE = "DEVICE", "设备"
    NETWORK = "NETWORK", "网络地址"


class Clue(TextChoices):
    """What may count against a reward; each has a rule that operators edit."""

    SAME_PHONE = "SAME_PHONE", "手机号相同"
    SAME_ADDRESS = "SAME_ADDRESS", "收货地址相同"
    SAME_PAYER = "SAME_PAYER", "微信支付账户相同"
    SAME_DEVICE = "SAME_DEVICE", "设备相同"
    DEVICE_BURST = "DEVICE_BURST", "同一设备多个账号"
    NETWORK_BURST = "NETWORK_BURST", "同一网络集中注册"
    RING = "RING", "互相邀请"
    HELP_RING = "HELP_RING", "反复互相帮砍"
    HELP_BURST = "HELP_BURST", "帮砍过于集中"
    SELF_PURCHASE = "SELF_PURCHASE", "疑似小号自购"
    REFUNDS = "REFUNDS", "得奖后退款"
    WECHAT_RANK = "WECHAT_RANK", "微信用户风险等级"


# They count only beside a clue of another kind: a whole town may share a network address, and nobody is judged by
# WeChat's automatic opinion alone (个人信息保护法 Art. 24).
NEVER_ALONE: Final = frozenset({Clue.NETWORK_BURST, Clue.WECHAT_RANK})


class Verdict(TextChoices):
    """Where a look at a reward stands."""

    CLEAR = "CLEAR", "未命中"
    HELD = "HELD", "待核实"
    RELEASED = "RELEASED", "已放行"
    REJECTED = "REJECTED", "已驳回"
    LAPSED = "LAPSED", "已失效"


LIFECYCLE: Final = Lifecycle(
    "risk_look",
    initial=Verdict.HELD,
    moves={
        "release": Move({Verdict.HELD}, Verdict.RELEASED),
        "reject": Move({Verdict.HELD}, Verdict.REJECTED),
        # There is nothing to decide any more: the order went back, or what was won is over.
        "lapse": Move({Verdict.HELD}, Verdict.LAPSED),
    },
    final={Verdict.RELEASED, Verdict.REJECTED, Verdict.LAPSED},
    labels={name: label for name, label in Verdict.choices if name != Verdict.CLEAR},
)
