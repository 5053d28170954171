"""``manage.py check_regions``: says which regions of freight templates and promotions no address has; status 1 if any."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.fulfillment import selectors as parcel_facts
from apps.promotions import selectors as promotion_facts


class Command(BaseCommand):
    help = "Find the regions of freight templates and promotions that are none, or several."

    def handle(self, *args: Any, **options: Any) -> None:
        unclear = [
            *(f"运费模板「{label}」：{wrong}" for label, wrong in parcel_facts.unclear_regions()),
            *(f"促销「{label}」：{wrong}" for label, wrong in promotion_facts.unclear_regions()),
        ]
        for line in unclear:
            self.stdout.write(line)
        if unclear:
            raise CommandError(f"{len(unclear)} 个地区名称有误，请在管理后台改正")
        self.stdout.write("所有地区名称都与收货地址一致")
