"""``manage.py dump_campaigns``: write campaigns, coupons and rules as the JSON that ``load_campaigns`` reads."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand

from apps.desk import campaign_file


class Command(BaseCommand):
    help = "Write every campaign as JSON, in the form that load_campaigns reads."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps(campaign_file.dump(), ensure_ascii=False, indent=2))
