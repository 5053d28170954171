"""``python -m tests.chaos``: storm for so many seconds (SECONDS, 120 unless said), and see what is left of the shop."""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Final

from config.local.places import Slot
from config.local.postgres import Postgres, Tuning
from config.local.processes import Child
from config.local.valkey import Valkey
from tests.ha.stage import await_webs, built, say, told

SHOPPERS, OPERATORS, MEMBERS = 4, 2, 200
# A short storm strikes as often as a long one strikes in its first minutes: everything at least once.
_STRIKES: Final = 9


def main(seconds: float, seed: int) -> None:
    """Storm, and audit; the last line says how many faults, orders and refunds there were."""
    with ExitStack() as stack:
        backing: list[Postgres | Valkey] = []

        def servers(slot: Slot, children: list[Child]) -> Mapping[str, str]:
            """PostgreSQL that keeps what it says, and Redis: ours, for they are killed."""
            postgres, valkey = Postgres(slot, tuning=Tuning.KEPT), Valkey(slot)
            for server in (postgres, valkey):
                stack.callback(server.stop)
                server.start()
                backing.append(server)
            return {"DATABASE_URL": postgres.url, "REDIS_URL": valkey.url}

        stage = stack.enter_context(built(instead=servers))
        from tests.chaos import audit, operators, telling  # -- not before Django is set up
        from tests.chaos.shoppers import Shopper
        from tests.chaos.weather import Weather
        from tests.ha import load

        port = stage.free_port()
        stage.environ |= {"PUBLIC_BASE_URL": f"http://127.0.0.1:{port}"}
        buyers, skus = load.fill(stage.wechat, members=MEMBERS)
        stage.wechat.push_to(f"http://127.0.0.1:{port}/wechat/push")
        # Each life has a log of its own.
        lives = itertools.count(1)
        starts = {
            "web": lambda: stage.web(f"web-{next(lives)}", port, WEB_CONCURRENCY="2"),
            "worker": lambda: stage.worker(f"worker-{next(lives)}"),
            "beat": stage.beat,
        }
        running = {name: start() for name, start in starts.items()}
        await_webs((running["web"], port))
        say(f"web, worker, beat, PostgreSQL, Redis and WeChat run; seed {seed}, {seconds:g} s")

        heard, stop = telling.Told(), threading.Event()
        cookies = [operators.log_in(f"operator-{number}") for number in range(OPERATORS)]
        people: list[threading.Thread] = [
            Shopper(number, seed, port, buyers[number::SHOPPERS], skus, stage.wechat, heard, stop)
            for number in range(SHOPPERS)
        ]
        people += [
            operators.Operator(number, seed, port, cookies[number], heard, stop)
            for number in range(OPERATORS)
        ]
        postgres, valkey = backing
        assert isinstance(postgres, Postgres)
        assert isinstance(valkey, Valkey)
        every = min(6.0, seconds / _STRIKES)
        weather = Weather(seed, stage, (postgres, valkey), starts, running, every=every)
        for person in people:
            person.start()
        try:
            weather.storm(seconds)
        finally:
            stop.set()
            for person in people:
                person.join(60)
        await_webs((running["web"], port))
        say("the storm is over")
        refunds = audit.holds(stage, heard, worker_died_at=weather.died_at["worker"])
        struck = sum(weather.struck.values())
        _tell("faults", weather.struck)
        _tell("acts", heard.acts)
        _tell("answers that were asked for again", heard.faults)
        _tell("refusals", heard.refusals)
        assert struck and heard.orders, "nothing happened"
        print(f"{struck} faults, {len(heard.orders)} orders, {refunds} refunds: nothing lost", flush=True)


def _tell(what: str, counted: Mapping[str, int]) -> None:
    parts = (f"{name} × {times}" for name, times in sorted(counted.items(), key=lambda one: -one[1]))
    say(f"{what}: {', '.join(parts) or 'none'}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=float(os.environ.get("SECONDS") or 120))
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SEED") or 1))
    asked = parser.parse_args()
    sys.exit(told(lambda: main(asked.seconds, asked.seed)))
