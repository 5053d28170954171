"""`make bench`: builds a shop in a database of its own, counts, measures, reports, and takes it down again."""

from __future__ import annotations

import logging
import platform
import statistics
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from apps.checkout.bench import goods, mass_issue, measures
from apps.checkout.bench.shop import Shop
from mall.pricing import engine

_PRICING_CPU_MS = 15
# Two seconds or so: longer than a neighbour's bursts.
_PRICING_TRIES = 100


class Command(BaseCommand):
    help = "Measure the shop on this machine: SQL statements against budgets, speed as shares of the machine's own."
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--members", type=int, default=mass_issue.MEMBERS, help="to how many members coupons are issued"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        logging.disable(logging.INFO)
        name = connection.settings_dict["NAME"]
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        try:
            broken = self._report(members=options["members"])
        finally:
            connection.creation.destroy_test_db(name, verbosity=0)
        if broken:
            raise CommandError("over budget: " + ", ".join(broken))

    def _report(self, *, members: int) -> list[str]:
        shop = Shop()
        shop.more_products(100)
        counted = measures.counts(shop)
        self._say(f"machine: {platform.machine()}, Python {platform.python_version()}, one process\n")
        self._say("SQL statements                        used  budget")
        for count in counted:
            self._say(
                f"  {count.name:<34} {count.statements:>5} {count.budget:>7}{'' if count.kept else '  OVER'}"
            )
        self._say("\nspeed (medians of 30)                   ms   = how many of this machine's own")
        for pace in measures.paces(shop):
            self._say_pace(pace)
        big, pace = measures.crowded(shop)
        counted.append(big)
        self._say_pace(pace)
        self._say(f"  … with {big.statements} statements of {big.budget}, in all")
        cpu_ms, quietest_ms = _pricing_cpu_ms()
        self._say(
            "\nprocessor time of one quote, 20 lines against 200 offers and the best of 50 coupons: "
            f"{cpu_ms:.1f} ms of {_PRICING_CPU_MS} (quietest {quietest_ms:.1f})"
        )
        issued = mass_issue.speed(members)
        self._say(
            f"coupons issued a second, to {members:,} members: "
            f"{issued.a_second:,.0f} of at least {mass_issue.LEAST_A_SECOND:,}"
        )
        if issued.a_cpu_second is not None:
            self._say(f"  … for each second of the database's processor: {issued.a_cpu_second:,.0f}")
        broken = [count.name for count in counted if not count.kept]
        uneven = [count.name for count in counted if _twin(count, counted) != count.statements]
        return broken + uneven + (["pricing"] if cpu_ms > _PRICING_CPU_MS else [])

    def _say_pace(self, pace: measures.Pace) -> None:
        self._say(f"  {pace.name:<34} {pace.milliseconds:>6.2f}  {pace.share:>7.1f} × {pace.yardstick}")

    def _say(self, text: str) -> None:
        self.stdout.write(text)


def _twin(count: measures.Count, counted: list[measures.Count]) -> int:
    """Return the statements of the same list with the other number of rows; its own if it is no list."""
    other = count.name.replace("100", "#").replace("10", "100").replace("#", "10")
    return next((c.statements for c in counted if c.name == other), count.statements)


def _pricing_cpu_ms() -> tuple[float, float]:
    """The processor time of the big quote in milliseconds: in the median, which is judged, and at its quietest.

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
