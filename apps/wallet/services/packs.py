"""Packs: something is paid, the gift is no more than that, and an account can hold both."""

from __future__ import annotations

from collections.abc import Iterator

from apps.base import judging
from apps.wallet.models import Pack
from apps.wallet.services.crediting import LIMIT_FEN
from mall.errors import Fault, Faulty
from mall.money import yuan


class PackRefused(Faulty):
    """A pack that nobody could explain; ``faults`` say at which field, and why."""

    code = "pack_refused"


def check(pack: Pack) -> None:
    """Hold a new or changed pack against every rule. Raises PackRefused."""
    judging.refuse(PackRefused, pack, _faults(pack))


def save(pack: Pack) -> Pack:
    """Save a new or changed pack. Raises PackRefused."""
    check(pack)
    pack.save()
    return pack


def _faults(pack: Pack) -> Iterator[Fault]:
    if pack.principal_fen < 1:
        yield Fault("principal_fen", "充值金额必须大于 0")
    if pack.bonus_fen < 0:
        yield Fault("bonus_fen", "赠送金额不能为负数")
    elif pack.bonus_fen > pack.principal_fen:
        yield Fault("bonus_fen", "赠送金额不能超过充值金额")
    elif pack.principal_fen + pack.bonus_fen > LIMIT_FEN:
        yield Fault("principal_fen", f"充值与赠送合计不能超过账户限额 {yuan(LIMIT_FEN)} 元")
    if pack.starts_at and pack.ends_at and pack.ends_at <= pack.starts_at:
        yield Fault("ends_at", "结束时间必须晚于开始时间")
