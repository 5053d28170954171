"""`make test`, `properties`, `races`, `check` and `bench`: the project's own promises, tried on real servers."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from config.local import environment, processes, servers
from config.local.places import ROOT, take_slot
from config.local.postgres import Tuning

# Nothing listens there: tests start sandboxes of their own, on ports of their own.
_WEB_PORT, _SANDBOX_PORT = 8000, 9


@dataclass(frozen=True)
class Step:
    """One command of `make check`, with the environment variables that it changes."""

    title: str
    command: tuple[str, ...]
    changes: Mapping[str, str] | None = None


def _python(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, *arguments)


_PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "config.settings.prod",
    "DEBUG": "0",
    "ALLOWED_HOSTS": "shop.invalid",
    "PUBLIC_BASE_URL": "https://shop.invalid",
    "CSRF_TRUSTED_ORIGINS": "https://shop.invalid",
    "WECHAT_SANDBOX": "0",
    "WECHAT_API_BASE": "https://api.weixin.qq.com",
    "WECHATPAY_BASE": "https://api.mch.weixin.qq.com",
}

STEPS = (
    Step("format", _python("-m", "ruff", "format", "--check", ".")),
    Step("lint", _python("-m", "ruff", "check", ".")),
    Step("types", _python("-m", "mypy")),
    Step("import contracts", _python("-c", "from importlinter.cli import lint_imports_command as c; c()")),
    Step("missing migrations", _python("manage.py", "makemigrations", "--check", "--dry-run")),
    Step("deploy check", _python("manage.py", "check", "--deploy", "--fail-level", "WARNING"), _PRODUCTION),
    Step("lifecycles drawn", _python("manage.py", "draw_lifecycles", "--check")),
    Step(
        "API schema",
        _python("manage.py", "spectacular", "--validate", "--fail-on-warn", "--file", os.devnull),
    ),
)


def test(environ: Mapping[str, str] = os.environ) -> int:
    """Run the test suite (``ARGS`` picks from it) and return pytest's exit status."""
    with _rehearsal(environ) as run:
        return run(_pytest(environ.get("ARGS", "")), {})


# The races of activities over HTTP, which run as often as we promise.
_RACES = (
    "tests/races/test_groups_at_once.py",
    "tests/races/test_sales_at_once.py",
    "tests/races/test_bargains_at_once.py",
)


def properties(environ: Mapping[str, str] = os.environ) -> int:
    """Try pricing's properties on ten thousand examples each (``ARGS`` picks tests); return pytest's exit status."""
    arguments = environ.get("ARGS", "") or "tests/pricing"
    with _rehearsal(environ) as run:
        return run(_pytest(f"--durations=20 {arguments}"), {"HYPOTHESIS_PROFILE": "long"})


def races(environ: Mapping[str, str] = os.environ) -> int:
    """Run the races of activities over HTTP as often as we promise (``ARGS`` picks tests); return pytest's exit status."""
    arguments = environ.get("ARGS", "") or " ".join(_RACES)
    with _rehearsal(environ) as run:
        # One process: the web servers that it starts need the machine.
        return run(_pytest(f"-p no:xdist -s --durations=20 {arguments}"), {"RACES": "full"})


def check(environ: Mapping[str, str] = os.environ) -> int:
    """Run every step of CI, the suite last; return 0 only if all passed."""
    failed = []
    with _rehearsal(environ) as run:
        for step in (*STEPS, Step("tests", _pytest(environ.get("ARGS", "")))):
            print(f"\n== {step.title}", flush=True)
            if run(step.command, step.changes or {}) != 0:
                failed.append(step.title)
    print(f"\nFailed: {', '.join(failed)}." if failed else "\nEverything passed.", flush=True)
    return 1 if failed else 0


def manage(*arguments: str, environ: Mapping[str, str] = os.environ) -> int:
    """Run a management command on the rehearsal's servers and return its exit status."""
    with _rehearsal(environ) as run:
        return run(_python("manage.py", *arguments, *shlex.split(environ.get("ARGS", ""))), {})


def bench(environ: Mapping[str, str] = os.environ) -> int:
    """Measure the shop and return 1 if something is over its budget or short of its goal; QUICK=1 in three minutes.

    First calls in one process, then real servers under load, on a PostgreSQL that keeps what it says; these too where
    the calls are over their budgets.
    """
    quick = environ.get("QUICK") == "1"
    parser = argparse.ArgumentParser(prog="make bench", add_help=False)
    parser.add_argument("--grow")
    asked, others = parser.parse_known_args(shlex.split(environ.get("ARGS", "")))
    few = ("--members", "20000") if quick else ()
    grown = ("--grow", asked.grow) if asked.grow else ()
    with _rehearsal(environ) as run:
        counted = run(_python("-m", "tests.bench", *few, *others), {})
    with _rehearsal(environ, kind="bench", tuning=Tuning.MEASURED) as run:
        loaded = run(_python("-m", "tests.bench.load", *grown), {})
    return 1 if counted or loaded else 0


def beyond_one_machine(environ: Mapping[str, str] = os.environ) -> int:
    """Run the trials of tests/ha (``ARGS`` names some), each on servers of its own; return 1 if one failed."""
    command = _python("-m", "tests.ha", *shlex.split(environ.get("ARGS", "")))
    return processes.run(command, environment=environment.without_make(environ), directory=ROOT)


def chaos(environ: Mapping[str, str] = os.environ) -> int:
    """Storm for ``SECONDS`` (120), with the dice of ``SEED`` (1), on servers of its own; return 0 if nothing was lost."""
    return processes.run(
        _python("-m", "tests.chaos"), environment=environment.without_make(environ), directory=ROOT
    )


def tidy() -> int:
    """Format the code and mend what the linter can mend by itself."""
    variables = environment.without_make(os.environ)
    statuses = [
        processes.run(_python("-m", "ruff", *arguments), environment=variables, directory=ROOT)
        for arguments in (("check", "--fix", "."), ("format", "."))
    ]
    return max(statuses)


@contextmanager
def _rehearsal(
    environ: Mapping[str, str], *, kind: str = "test", tuning: Tuning = Tuning.DISPOSABLE
) -> Iterator[Callable[[tuple[str, ...], Mapping[str, str]], int]]:
    """Yield a function that runs a command against real servers of its own and returns its exit status."""
    slot = take_slot(kind)
    try:
        with servers.running(slot, tuning=tuning, environ=environ) as backing:
            variables = environment.for_shop(
                slot,
                backing,
                settings="config.settings.test",
                web_port=_WEB_PORT,
                sandbox_port=_SANDBOX_PORT,
                environ=environ,
            )

            def run(command: tuple[str, ...], changes: Mapping[str, str]) -> int:
                return processes.run(command, environment={**variables, **changes}, directory=ROOT)

            yield run
    finally:
        slot.release()


def _pytest(arguments: str) -> tuple[str, ...]:
    chosen = shlex.split(arguments)
    spread = () if "no:xdist" in arguments else ("-n", "2")
    return _python("-m", "pytest", *spread, *chosen)
