"""Seals card keys anew after SECRET_KEY was changed, so that the former key can be forgotten."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from apps.cardkeys import services as cardkeys


class Command(BaseCommand):
    help = (
        "Seal all card keys by today's SECRET_KEY; afterwards the former one may leave SECRET_KEY_FALLBACKS."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"sealed anew: {cardkeys.seal_anew()}")
