"""What a journey brought, held against those who got nothing: the difference of two shares, and how sure it is.

Pure whole numbers, in millionths: a share of 12.5 % is 125,000.
"""

from __future__ import annotations

from math import isqrt
from typing import Final, NamedTuple

WHOLE: Final = 1_000_000
# Below this nothing can be said, whatever the interval is: members of each arm, and buyers in both.
FEWEST_MEMBERS: Final = 50
FEWEST_BUYERS: Final = 10
# 1.96 standard deviations hold 95 % of a normal distribution: z and z² in hundredths and ten-thousandths.
_Z: Final = 196
_Z2: Final = 38_416


class Share(NamedTuple):
    """A share with the interval that holds the true one in 95 % of such samples, all in millionths."""

    share: int
    low: int
    high: int


class Lift(NamedTuple):
    """How much more of the treated did it, in millionths (negative: less), with its 95 % interval."""

    lift: int
    low: int
    high: int

    @property
    def proves(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0


def share(did: int, *, of: int) -> Share:
    """The share with Wilson's score interval; ``of`` is at least 1.

    (2x + z² ± z·√(z² + 4x(n − x)/n)) / (2(n + z²)) for x of n. E. B. Wilson, Probable inference, the law of succession, and
    statistical inference, JASA 22 (1927) 209-212; unlike p ± z·√(pq/n) it holds for few members and for shares near 0 and 1.
    """
    # Everything times 10⁴ (as z² is), the root's inside times 10⁸ · 10¹² for six digits behind the point.
    middle = (2 * did * 10_000 + _Z2) * WHOLE
    inside = (_Z2 + 4 * did * (of - did) * 10_000 // of) * WHOLE * WHOLE
    # √(inside / 10⁴) is in hundredths of 10⁶; times z in hundredths gives ten-thousandths of 10⁶.
    spread = _Z * isqrt(inside)
    below = 2 * (of * 10_000 + _Z2)
    low, high = (middle - spread) // below, -(-(middle + spread) // below)
    return Share(did * WHOLE // of, max(0, low), min(WHOLE, high))


def lift(*, treated: int, treated_of: int, held_out: int, held_out_of: int) -> Lift:
    """The difference of two shares with Newcombe's hybrid score interval.

    (p₁ − p₂) − √((p₁ − l₁)² + (u₂ − p₂)²) and (p₁ − p₂) + √((u₁ − p₁)² + (p₂ − l₂)²), with l and u of Wilson's intervals:
    method 10 of R. G. Newcombe, Interval estimation for the difference between independent proportions, Statistics in
    Medicine 17 (1998) 873-890.
    """
    one, two = share(treated, of=treated_of), share(held_out, of=held_out_of)
    difference = one.share - two.share
    below = isqrt((one.share - one.low) ** 2 + (two.high - two.share) ** 2)
    above = isqrt((one.high - one.share) ** 2 + (two.share - two.low) ** 2)
    return Lift(difference, difference - below, difference + above)


def percent(millionths: int) -> str:
    """A share as people read it, ``12.5``, one digit behind the point, rounded half away from zero."""
    tenths = (abs(millionths) + 500) // 1_000
    sign = "-" if millionths < 0 and tenths else ""
    return f"{sign}{tenths // 10}.{tenths % 10}"


def verdict(*, treated: int, treated_of: int, held_out: int, held_out_of: int) -> str:
    """What the figures prove, in a sentence; said plainly where that is nothing."""
    if not treated_of or not held_out_of:
        return "证明不了什么：只有一组会员，没有可以比较的对象。"
    found = lift(treated=treated, treated_of=treated_of, held_out=held_out, held_out_of=held_out_of)
    said = f"95% 置信区间 {percent(found.low)} 至 {percent(found.high)} 个百分点"
    if min(treated_of, held_out_of) < FEWEST_MEMBERS or treated + held_out < FEWEST_BUYERS:
        return f"证明不了什么：人数太少（{said}），请等数据积累。"
    if not found.proves:
        return f"证明不了什么：两组的差别可能只是偶然（{said}，包含 0）。"
    more = "多" if found.lift > 0 else "少"
    return f"实验组的下单率比对照组{more} {percent(abs(found.lift))} 个百分点（{said}），不太可能是偶然。"
