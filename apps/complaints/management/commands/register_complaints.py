"""``manage.py register_complaints``: have WeChat call this shop about complaints."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from apps.complaints.services import hearing


class Command(BaseCommand):
    help = (
        "Have WeChat call this shop about complaints (once for each merchant; another address is replaced)."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Tell WeChat the address, and say whether that was news."""
        print("WeChat calls here now." if hearing.be_called() else "WeChat calls here already.")
