"""``python -m tests.bench.load.worker JOB``: one worker process that rings a job's bell until nothing is due.

It says ``ready``, waits for a line, tells how many it did in how many seconds, and stays until it is ended: what it and
its connection have used of the processor is read from outside.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from datetime import datetime

import django


def _jobs() -> dict[str, Callable[[datetime], int]]:
    from apps.checkout import closing
    from apps.fulfillment.services import receipt
    from apps.outbox import services as outbox

    return {
        "close": lambda at: closing.close_expired(at=at),
        "receive": lambda at: receipt.receive_overdue(at=at),
        "deliver": lambda at: outbox.deliver_due(at=at),
    }


def main(job: str) -> None:
    """Do the job and tell."""
    from django.utils import timezone

    logging.disable(logging.INFO)
    ring = _jobs()[job]
    print("ready", flush=True)
    sys.stdin.readline()
    begun, done = time.monotonic(), 0
    while did := ring(timezone.now()):
        done += did
    print(done, time.monotonic() - begun, flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    django.setup()
    main(sys.argv[1])
