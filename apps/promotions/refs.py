"""The name of a promotion in a quote: ``promotion:12``, or ``promotion:12@1`` where its price has stages."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_REF: Final = re.compile(r"promotion:([0-9]+)(?:@([0-9]+))?")


class Named(NamedTuple):
    """The promotion that a ref names, and the stage of its price that was quoted (None for most kinds)."""

    promotion_id: int
    stage: int | None


def ref_of(promotion_id: int | str, stage: int | None = None) -> str:
    """The ref of a promotion's offer."""
    return f"promotion:{promotion_id}" if stage is None else f"promotion:{promotion_id}@{stage}"


def read(ref: str) -> Named | None:
    """What a ref of a quote names; None for the ref of a coupon, a level or anything else."""
    match = _REF.fullmatch(ref)
    if match is None:
        return None
    promotion_id, stage = match.groups()
    return Named(int(promotion_id), None if stage is None else int(stage))
