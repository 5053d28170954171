"""What a server takes of the machine's memory is told for its master and for each worker."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from tests.bench.load import memory


def test_master_and_workers_are_told_apart_and_shared_memory_is_counted_once() -> None:
    # One write a line: where Python does not buffer, the lines of two processes would mix.
    asleep = "import time; os.write(1, b'up\\n'); time.sleep(60)"
    started = f"import os, sys; pid = os.fork(); {asleep}"
    pids: list[int] = []
    with subprocess.Popen([sys.executable, "-c", started], stdout=subprocess.PIPE) as server:
        try:
            assert server.stdout is not None
            assert [server.stdout.readline() for _ in range(2)] == [b"up\n"] * 2
            pids = list(memory.tree(server.pid))
            said = memory.told("web", server.pid)
        finally:
            for pid in reversed(pids or [server.pid]):
                os.kill(pid, 9)
    assert len(pids) == 2
    figures = [int(number) for number in re.findall(r"(\d+) MB", said)]
    master_rss, master_pss, worker_rss, worker_pss, worker_own, together = figures
    assert said.startswith("memory of web: master ")
    assert master_pss < master_rss
    assert worker_own <= worker_pss < worker_rss
    assert abs(together - master_pss - worker_pss) <= 1
