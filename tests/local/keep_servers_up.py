"""A run of the local servers as a program: tells their addresses when ready, stays up until stopped."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from config.local import places, processes, servers
from config.local.postgres import Tuning


def main() -> int:
    processes.end_on_signals()
    slot = places.take_slot("try", state=Path(sys.argv[1]))
    try:
        with servers.running(slot, tuning=Tuning.DISPOSABLE, environ=os.environ) as running:
            pids = [child.process.pid for child in running.children]
            sys.stdout.write(json.dumps([running.database_url, running.redis_url, *pids]) + "\n")
            sys.stdout.flush()
            while True:
                time.sleep(60)
    except processes.Stopped:
        return 0
    finally:
        slot.release()


if __name__ == "__main__":
    sys.exit(main())
