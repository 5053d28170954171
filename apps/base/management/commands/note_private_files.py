"""``manage.py note_private_files``: has the hourly sweep look at private files that former versions left behind."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from apps.base import private


class Command(BaseCommand):
    help = "Note private files that no row names; base.forget_unnamed deletes them a day later. Safe to run twice."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{private.note_unnamed()} files are named by no row")
