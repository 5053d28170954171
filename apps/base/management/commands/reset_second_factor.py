"""``manage.py reset_second_factor NAME``: for an owner who lost telephone and recovery codes."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.base import audit
from apps.base import second_factor as factors


class Command(BaseCommand):
    """Takes an operator's second factor away; it is in the audit log."""

    help = "Take an operator's second factor away, so that the password is enough once more."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the operator's user name")

    def handle(self, *args: Any, **options: Any) -> None:
        operator = get_user_model()._default_manager.filter(username=options["name"]).first()
        if operator is None:
            raise CommandError(f"no operator is called {options['name']}")
        gone = factors.remove(operator)
        audit.record(
            operator=None,
            action="重置两步验证",
            subject=options["name"],
            note="在服务器上用命令重置",
            at=timezone.now(),
            row=operator,
        )
        self.stdout.write(f"{gone} factors of {options['name']} are gone.")
