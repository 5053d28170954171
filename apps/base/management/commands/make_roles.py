"""``manage.py make_roles``: the usual roles of a shop (店长, 运营, 客服, 仓库, 财务), for operators to be put in."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.base import roles


class Command(BaseCommand):
    """Makes the roles that are missing; a role that operators changed is left alone."""

    help = "Make the roles of config/roles.py; run after migrate, safe to run again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reset", action="store_true", help="set changed roles back to config/roles.py")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = roles.make(reset=options["reset"])
        except roles.UnknownPermission as unknown:
            raise CommandError(f"unknown permissions, run migrate first: {unknown}") from unknown
        for role in made:
            self.stdout.write(f"{role.name}: {role.standing}")
