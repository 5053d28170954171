"""Things to be done later: one thread that waits, and a thread of its own for each thing that is due."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable


class Timetable:
    """Runs actions after a delay in seconds; all its threads end with the process."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._number = itertools.count()
        self._changed = threading.Condition()
        threading.Thread(target=self._wait, name="timetable", daemon=True).start()

    def after(self, delay_s: float, action: Callable[[], object]) -> None:
        """Run ``action`` on its own thread ``delay_s`` seconds from now."""
        with self._changed:
            heapq.heappush(self._due, (time.monotonic() + max(0.0, delay_s), next(self._number), action))
            self._changed.notify()

    def clear(self) -> None:
        """Forget what is not yet due."""
        with self._changed:
            self._due.clear()

    def _wait(self) -> None:
        while True:
            with self._changed:
                if not self._due:
                    self._changed.wait()
                    continue
                pause = self._due[0][0] - time.monotonic()
                if pause > 0:
                    self._changed.wait(pause)
                    continue
                action = heapq.heappop(self._due)[2]
            threading.Thread(target=action, daemon=True).start()
