"""The measure: databases made and filled, both servers started, rounds in turn, medians and shares written and printed."""

from __future__ import annotations

import argparse
import logging
import os
import platform
import shlex
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import psycopg2
from django.core.management import call_command
from django.utils import timezone

from apps.flashsale.models import Good
from apps.orders.models import Order
from apps.orders.states import Status
from apps.wechat.sandbox import identity
from config.local import ports
from config.local.places import ROOT, Problem
from config.local.shop import procfile
from tests.bench.load import (
    ceiling,
    drive,
    figures,
    goods,
    growth,
    history,
    measures,
    memory,
    processor,
    requests,
    rush,
    sweeps,
    wechat,
    written,
)
from tests.bench.load.drive import Load
from tests.bench.load.figures import Figure, Goal
from tests.bench.load.history import Waiting
from tests.bench.load.measures import Measure
from tests.bench.load.paying import Paying
from tests.bench.report import busy

CEILING: Final = "pgbench: the same order"
FOLDER: Final = ROOT / ".local" / "bench"
# What all that is copied has to be right by: whatever differs is told, and ends the run.
_CHECKS: Final = ("check_ledgers", "check_reductions", "check_refunds", "check_payments", "check_quotas")
_ROUNDS: Final = 3
# What an order of the past takes with all that belongs to it, while it is made: 4,300 were measured at 10,000,000 orders
# with indexes made afterwards; those that grow with their tables are a third larger.
_BYTES_AN_ORDER: Final = 6_000


@dataclass(frozen=True)
class Plan:
    """How large and how long: what a quick run and a full one differ in."""

    size: goods.Size
    seconds: float
    pays: int
    swept: int
    deliveries: int

    @property
    def waiting(self) -> Waiting:
        """Orders that wait: to be paid (a round more than is timed, for counting), closed, received."""
        return Waiting(payable=self.pays * (_ROUNDS + 1), expired=self.swept, shipped=self.swept)


FULL: Final = Plan(goods.FULL, seconds=6.0, pays=600, swept=100_000, deliveries=100_000)
QUICK: Final = Plan(goods.QUICK, seconds=0.5, pays=240, swept=3_000, deliveries=2_000)


def main(bare_url: str, wechat_port: int, arguments: list[str]) -> int:
    """Measure, write and print; 1 where something is below its floor. Errors raise."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.load", description=__doc__)
    parser.add_argument(
        "--grow",
        type=int,
        default=1,
        help="measure lists, pages, orders and sweeps again with so many times the data",
    )
    parser.add_argument("--sweeps", action="store_true", help="measure what workers do, and print it")
    options = parser.parse_args(arguments)
    quick = os.environ.get("QUICK") == "1"
    plan = QUICK if quick else FULL
    grown = f' ARGS="--grow {options.grow}"' if options.grow > 1 else ""
    report = written.Report(f"make bench{' QUICK=1' if quick else ''}{grown}", CEILING, [])
    report.facts += [
        f"{'quick' if quick else 'full'} run, {_ROUNDS} rounds of {plan.seconds:g} s each, medians",
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; before it: {busy()}",
        f"{plan.size.products:,} products, {3 * plan.size.products:,} SKUs, {plan.size.members:,} members,"
        f" {plan.size.orders:,} orders, {goods.PROMOTIONS} promotions, {plan.size.coupons:,} coupons, made by COPY",
        "web as in production, PostgreSQL with fsync and synchronous commit; workers stand still while answers are"
        " measured, and the web server while workers are",
        f"{drive.CONNECTIONS} kept connections of {drive.PROCESSES} clients on the same machine",
    ]
    print(f"under load; before it: {busy()}", flush=True)
    _has_room(plan.size.orders * options.grow)
    logging.disable(logging.INFO)
    at = timezone.now()
    _fill(bare_url, plan, report)
    if not options.sweeps:
        _under_load(bare_url, wechat_port, plan, report)
    url = os.environ["DATABASE_URL"]
    report.figures += sweeps.measured(url, deliveries=plan.deliveries, at=at)
    _check()
    if options.sweeps:
        return _print_sweeps(report)
    report.tables["Sizes"] = growth.sizes(url)
    if options.grow > 1:
        _grow(bare_url, wechat_port, plan, report, factor=options.grow)
    written.write(report, FOLDER)
    print(f"\n{written.as_markdown(report)}\nwritten: {FOLDER}/report.md, report.json and plots (SVG)")
    if report.short:
        print(f"below their floors: {', '.join(report.short)}", file=sys.stderr)
    return 1 if report.short else 0


def _under_load(bare_url: str, wechat_port: int, plan: Plan, report: written.Report) -> None:
    """Both servers in turns: all measures over HTTP, the ceiling, the last units of a sale, memory and the cold start."""
    pgbench = ceiling.program()
    with ExitStack() as stack:
        run = _servers(stack, bare_url, wechat_port, report)
        at = timezone.now()
        crowd = rush.buyers(run.shop, after=measures.CHOOSERS, at=at)
        paying = Paying(run.account, run.shop, each=plan.pays, at=at)
        measured = [*measures.of_bare(run.bare), *measures.of_shop(run.shop, paying, crowd)]
        for measure in measured:
            if measure.warm and isinstance(measure.load, Load):
                drive.drive(replace(measure.load, most=measure.warm), seconds=0)
        ceilings: list[float] = []
        for turn in range(_ROUNDS):
            if pgbench:
                ceilings.append(ceiling.orders(pgbench, bare_url, seconds=plan.seconds))
            for measure in measured:
                _measure(measure, run, seconds=plan.seconds)
            print(f"round {turn + 1} of {_ROUNDS} is done", flush=True)
        counted = {
            one.name: requests.statements(one.next_load(), one.asked if isinstance(one.load, Load) else 0)
            for one in measured
            if one.counted
        }
        made = [one.figure(counted.get(one.name)) for one in measured]
        if pgbench:
            made.insert(0, Figure(CEILING, statistics.median(ceilings), rounds=tuple(ceilings)))
        else:
            report.ceiling = measures.BARE_ORDER
            report.facts.append("there is no pgbench here: the bare Django's order stands for the ceiling")
        report.figures += made
        refused, flash = report.by_name[measures.REFUSED].value, report.by_name[measures.FLASH].value
        report.facts.append(
            f"{refused / flash:.1f} refusals of what is sold out for an order of a flash sale"
        )
        report.figures.append(_sold_out_exactly(run.shop, crowd))


@dataclass(frozen=True)
class _Run:
    """The servers' ports, the databases under them, WeChat's account and the process that plays it."""

    shop: int
    bare: int
    databases: tuple[str, str]
    account: wechat.Account
    wechat: int


def _servers(stack: ExitStack, bare_url: str, wechat_port: int, report: written.Report) -> _Run:
    """WeChat, the shop and the bare Django, until the stack is left; the cold start and the memory are told."""
    account = wechat.Account(identity.load_or_create(Path(os.environ["WECHATPAY_PUBLIC_KEY_FILE"]).parent))
    plays = stack.enter_context(wechat.answering(account, wechat_port))
    shop = stack.enter_context(_served("web", procfile()["web"], {}, report))
    bare_command = (
        f"exec {shlex.quote(sys.executable)} -m gunicorn -w 2 -k gthread --threads 4 --keep-alive 75 --log-level warning"
        " -b 127.0.0.1:$PORT tests.bench.load.bare.wsgi"
    )
    bare = stack.enter_context(_served("bare", bare_command, {"BARE_DATABASE_URL": bare_url}, report))
    ours, theirs = (urlsplit(url).path.lstrip("/") for url in (os.environ["DATABASE_URL"], bare_url))
    return _Run(shop, bare, (ours, theirs), account, plays)


def _measure(measure: Measure, run: _Run, *, seconds: float) -> None:
    """One round of one measure, after a little of the same where there is enough of it."""
    _nobody_holds_unpaid()
    load = measure.next_load()
    if load.most is None:
        measure.asked = drive.drive(load, seconds=seconds / 4, start=measure.asked).last
    before = processor.used(*run.databases, without=run.wechat)
    driven = drive.drive(load, seconds=seconds, start=measure.asked if load.most is None else 0)
    measure.spent.append(
        processor.used(*run.databases, without=run.wechat).since(before, answers=driven.answers)
    )
    measure.asked = driven.last
    measure.rounds.append(driven)


def _nobody_holds_unpaid() -> None:
    """Free the places of what the measure before has ordered: a member may hold ten unpaid orders, and these make more.

    What they hold of the stock stays held, as the ledger says; only the past is closed as the shop closes.
    """
    ordered = Order.objects.filter(status=Status.UNPAID).exclude(idempotency_key__startswith="past-")
    ordered.update(status=Status.CLOSED, closed_at=timezone.now())


def _sold_out_exactly(shop: int, crowd: Sequence[rush.Buyer]) -> Figure:
    """Sell 500 units to 64 clients that want twice as many. Raises Refused for one more or less."""
    _nobody_holds_unpaid()

    def request(number: int) -> bytes:
        buyer = crowd[number % len(crowd)]
        return requests.post("/api/v1/orders", buyer.scarce, buyer.token, key=rush.key_of(number))

    load = Load(shop, request, (b"201", b"409"), connections=rush.CLIENTS, most=2 * rush.UNITS)
    driven = drive.drive(load, seconds=0)
    good = Good.objects.get(pk=crowd[0].scarce["activity"]["id"])
    sold = Order.objects.filter(activity__kind="flash_sale", activity__id=good.pk).count()
    if sold != rush.UNITS:
        raise drive.Refused(f"{sold} of {rush.UNITS} units of a flash sale were sold")
    return Figure(
        f"{rush.UNITS} units, {rush.CLIENTS} clients, all sold",
        driven.rate,
        rounds=(driven.rate,),
        latencies=figures.latencies([driven.latencies]),
    )


def _grow(
    bare_url: str,
    wechat_port: int,
    plan: Plan,
    report: written.Report,
    *,
    factor: int,
) -> None:
    """Fill the shop to so many times its size and measure again what has to stay as fast."""
    print(f"growing to {factor} times the size", flush=True)
    url, at = os.environ["DATABASE_URL"], timezone.now()
    size = plan.size.times(factor)
    goods.fill(url, size, after=plan.size, at=at)
    history.fill(url, size.orders - plan.size.orders, waiting=plan.waiting, after=plan.size.orders, at=at)
    again = written.Report(report.command, report.ceiling, [])
    with ExitStack() as stack:
        run = _servers(stack, bare_url, wechat_port, again)
        chosen = measures.growing(run.shop)
        # The servers are new; before, other measures had each worker make what it keeps. Orders use up coupons.
        for measure in chosen:
            if measure.name != measures.ORDER:
                drive.drive(measure.next_load(), seconds=plan.seconds)
        for _ in range(_ROUNDS):
            for measure in chosen:
                _measure(measure, run, seconds=plan.seconds)
    again.figures += [one.figure(None) for one in chosen]
    again.figures += sweeps.measured(url, deliveries=plan.deliveries, at=at)
    _check()
    report.tables[f"At {factor} times the size"] = growth.compared(report.by_name, again.figures)
    report.tables[f"Sizes at {factor} times"] = growth.sizes(url)
    report.facts.append(
        f"grown to {size.orders:,} orders, {size.products:,} products, {size.members:,} members"
    )


def _print_sweeps(report: written.Report) -> int:
    """What workers did, beside no ceiling; 1 where something is below its floor."""
    for one in report.figures:
        print(f"{one.name}: {one.value:,.0f} {one.unit}, {one.web:.2f} + {one.postgres:.2f} ms")
    return 1 if report.short else 0


def _check() -> None:
    """Let the shop's own commands add up what was copied and sold. Raises CommandError."""
    for command in _CHECKS:
        call_command(command)


def _has_room(orders: int) -> None:
    """Raises Problem where the disk is too small for so many orders."""
    needed, free = orders * _BYTES_AN_ORDER, shutil.disk_usage(ROOT).free
    if free < needed:
        raise Problem(f"{orders:,} orders may take {needed / 1e9:.0f} GB; only {free / 1e9:.0f} GB are free")


def _fill(bare_url: str, plan: Plan, report: written.Report) -> None:
    """Make the shop's tables, goods and past, and the bare Django's."""
    begun, url, at = time.monotonic(), os.environ["DATABASE_URL"], timezone.now()
    call_command("migrate", verbosity=0)
    goods.fill(url, plan.size, at=at)
    history.fill(url, plan.size.orders, waiting=plan.waiting, at=at)
    bare = psycopg2.connect(bare_url)
    with bare, bare.cursor() as cursor:
        cursor.execute((Path(__file__).parent / "bare" / "schema.sql").read_text())
    bare.close()
    _check()
    took = f"the databases are filled and add up ({time.monotonic() - begun:.0f} s)"
    report.facts.append(took)
    print(took, flush=True)


@contextmanager
def _served(name: str, command: str, more: dict[str, str], report: written.Report) -> Iterator[int]:
    """A server that was started with this command and answers on the port that is yielded."""
    port = free_port()
    log = ROOT / ".local" / f"bench-{name}.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            ["/bin/sh", "-c", command],
            env={**os.environ, "PORT": str(port), "BIND": ports.LOOPBACK, **more},
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(port, process, log)
        if name == "web":
            cold = processor.of_tree(process.pid)
            report.figures.append(
                Figure("cold start to the first answer", cold, "s of CPU", goal=Goal(3, at_most=True))
            )
        yield port
        report.facts.append(memory.told(name, process.pid))
        if name == "web":
            worst = max(memory.of(pid).rss for pid in list(memory.tree(process.pid))[1:])
            report.figures.append(
                Figure("web worker after the run", worst, "MB resident", goal=Goal(150, at_most=True))
            )
    finally:
        process.terminate()
        process.wait(30)


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind((ports.LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return after the first answer."""
    for _ in range(600):
        if process.poll() is not None:
            break
        try:
            called = HTTPConnection("127.0.0.1", port, timeout=30)
            called.request("GET", "/healthz", headers={"Host": "127.0.0.1"})
            called.getresponse().read()
            called.close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise drive.Refused(f"{log} says why the server is not there: {log.read_text()[-500:]}")
