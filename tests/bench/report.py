"""The report of `make bench`: builds a shop in a database of its own, counts, measures, reports, and takes it down again."""

from __future__ import annotations

import argparse
import logging
import os
import platform
import statistics
import sys
import time

from django.db import connection

from mall.pricing import engine
from tests.bench import goods, mass_issue, measures
from tests.bench.shop import Shop

_PRICING_CPU_MS = 15
# Two seconds or so: longer than a neighbour's bursts.
_PRICING_TRIES = 100


def main() -> int:
    """Measure the shop on this machine and report; return 1 if something is over its budget."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--members", type=int, default=mass_issue.MEMBERS, help="to how many members coupons are issued"
    )
    options = parser.parse_args()
    logging.disable(logging.INFO)
    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        broken = _report(members=options.members)
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)
    if broken:
        print("over budget: " + ", ".join(broken), file=sys.stderr)
    return 1 if broken else 0


def _report(*, members: int) -> list[str]:
    machine = f"{platform.machine()}, Python {platform.python_version()}, one process; {busy()}"
    shop = Shop()
    shop.more_products(100)
    counted = measures.counts(shop)
    print(f"machine at the start: {machine}\n")
    print("SQL statements of a warm call         used  budget")
    for count in counted:
        print(f"  {count.name:<34} {count.statements:>5} {count.budget:>7}{'' if count.kept else '  OVER'}")
    print("\nspeed (medians of 30)                   ms   = how many of this machine's own")
    for pace in measures.paces(shop):
        _say_pace(pace)
    big, pace = measures.crowded(shop)
    counted.append(big)
    _say_pace(pace)
    print(f"  … with {big.statements} statements of {big.budget}, in all")
    cpu_ms, quietest_ms = _pricing_cpu_ms()
    print(
        "\nprocessor time of one quote, 20 lines against 200 offers and the best of 50 coupons: "
        f"{quietest_ms:.1f} ms of {_PRICING_CPU_MS} (median {cpu_ms:.1f})"
    )
    issued = mass_issue.speed(members)
    print(
        f"coupons issued a second, to {members:,} members: "
        f"{issued.a_second:,.0f} of at least {mass_issue.LEAST_A_SECOND:,}"
    )
    if issued.a_cpu_second is not None:
        print(f"  … for each second of the database's processor: {issued.a_cpu_second:,.0f}")
    broken = [count.name for count in counted if not count.kept]
    uneven = [count.name for count in counted if _twin(count, counted) != count.statements]
    return broken + uneven + (["pricing"] if quietest_ms > _PRICING_CPU_MS else [])


def busy() -> str:
    """How busy the machine is already: what else runs makes everything here slower."""
    return f"load average {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores"


def _say_pace(pace: measures.Pace) -> None:
    print(f"  {pace.name:<34} {pace.milliseconds:>6.2f}  {pace.share:>7.1f} × {pace.yardstick}")


def _twin(count: measures.Count, counted: list[measures.Count]) -> int:
    """Return the statements of the same list with the other number of rows; its own if it is no list."""
    other = count.name.replace("100", "#").replace("10", "100").replace("#", "10")
    return next((c.statements for c in counted if c.name == other), count.statements)


def _pricing_cpu_ms() -> tuple[float, float]:
    """The processor time of the big quote in milliseconds: in the median, and at its quietest, which is judged.

    On a shared core the same instructions take twice as long while a neighbour computes on the core's other
    thread, for tenths of a second at a time: where the two differ so much, the machine was busy.
    """
    basket, offers, coupons = goods.twenty_lines(), goods.two_hundred_offers(), goods.fifty_coupons()
    took = []
    for _ in range(_PRICING_TRIES):
        begun = time.process_time_ns()
        engine.quote(basket, offers, coupons=coupons)
        took.append((time.process_time_ns() - begun) / 1_000_000)
    return statistics.median(took), min(took)
