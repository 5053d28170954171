"""Board 5: who adds to the demo shop, in this order; ``seed_demo`` cannot see the rooms above its own."""

from __future__ import annotations

from collections.abc import Sequence

# Each takes ``at`` and is safe to run again.
FILLERS: Sequence[str] = ("apps.content.demo.fill", "apps.support.demo.fill")
