"""Make the demo shop's database ready in one process inside the shop: tables, goods, and an operator who can log in.

Reads OPERATOR_PASSWORD, and OPERATOR_OWNS_DATABASE (``1`` where the database is the demo's own). Tells how far it is
in lines like ``tables 3/89: catalog.0001_initial``; the last line is the name under which the operator logs in.
"""

from __future__ import annotations

import gc
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import django
from django.core.management import call_command
from django.core.management.commands.migrate import Command


class Migrate(Command):
    """``manage.py migrate`` that tells each step and nothing else."""

    def __init__(self, *, steps: int) -> None:
        super().__init__()
        self._done, self._steps = 0, steps

    def migration_progress_callback(self, action: str, migration: Any = None, fake: bool = False) -> None:
        if action == "apply_start":
            self._done += 1
            print(f"tables {self._done}/{self._steps}: {migration}", flush=True)


def main() -> None:
    django.setup()
    # What is made here ends with this process in seconds; looking for garbage every 700 objects costs a fifth of them.
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    from apps.demo import filling

    # Drawing asks no database, and much of it happens outside Python: by the time the tables are there it is done.
    with ThreadPoolExecutor(1) as aside:
        drawn = aside.submit(filling.draw)
        migrate()
        drawn.result()
    call_command("seed_demo")
    print(operator(), flush=True)


def migrate() -> None:
    """Bring the tables up to date."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    ahead = MigrationExecutor(connection)
    steps = len(ahead.migration_plan(ahead.loader.graph.leaf_nodes()))
    call_command(Migrate(steps=steps), verbosity=0)


def operator() -> str:
    """Return the name of the operator who can log in with the password."""
    from django.contrib.auth import get_user_model

    password = os.environ["OPERATOR_PASSWORD"]
    users = get_user_model()._default_manager
    name = "admin"
    present = users.filter(username=name).first()
    if present and not present.check_password(password) and os.environ.get("OPERATOR_OWNS_DATABASE") != "1":
        # Somebody's database with somebody's admin: their password is not ours to change.
        name = "demo_admin"
    row, _ = users.get_or_create(username=name, defaults={"email": "admin@shop.invalid"})
    for right in ("is_staff", "is_superuser", "is_active"):
        setattr(row, right, True)
    row.set_password(password)
    row.save()
    return name


if __name__ == "__main__":
    main()
