"""What everybody was told while it stormed: it has to be so afterwards."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Told:
    """Numbers of what was acknowledged, by what it was; answers that were no success, by how they went wrong."""

    orders: set[str] = field(default_factory=set)
    # At WeChat, by the shopper's own phone.
    paid: set[str] = field(default_factory=set)
    applications: set[str] = field(default_factory=set)
    # Orders whose whole price an operator was told goes back, and those that an operator was told have left.
    given_back: set[str] = field(default_factory=set)
    shipped: set[str] = field(default_factory=set)
    received: set[str] = field(default_factory=set)
    acts: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    # Orders that may be there without anybody's having heard so.
    unanswered: int = 0
    # What is no bad day but a fault of the shop's.
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, which: set[str], number: str, act: str) -> None:
        """Something was acknowledged."""
        with self.lock:
            which.add(number)
            self.acts[act] += 1

    def count(self, counter: Counter[str], what: str) -> None:
        """One more of these."""
        with self.lock:
            counter[what] += 1
