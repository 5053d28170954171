"""``manage.py load_campaigns FILE``: make or change campaigns, coupons and rules from a JSON file, all of it or nothing."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.desk import campaign_file
from apps.desk.campaign_file import FileRefused
from mall.errors import Fault


class Command(BaseCommand):
    help = "Make or update campaigns by code, approved and live by their own times; prints their ids as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="A JSON file; - for standard input.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            text = sys.stdin.read() if options["file"] == "-" else Path(options["file"]).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as missing:
            raise CommandError(f"{options['file']}: {missing}") from None
        try:
            warned: list[Fault] = []
            printed = campaign_file.load(text, at=timezone.now(), warned=warned)
        except FileRefused as refused:
            for place, why in refused.faults:
                self.stderr.write(f"{place or options['file']}: {why}")
            raise CommandError(f"{len(refused.faults)} 处有误，未作任何改动") from None
        for place, why in warned:
            self.stderr.write(f"提醒 {place}: {why}")
        self.stdout.write(json.dumps(printed, ensure_ascii=False))
