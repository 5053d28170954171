"""Health check of the beat container: exit status 0 if beat's pulse of the last minute is in the database."""

from __future__ import annotations

import sys

import django


def main() -> int:
    django.setup()
    from apps.base import clock, pulses

    return 1 if pulses.silent(names=("beat",), at=clock.database_now()) else 0


if __name__ == "__main__":
    sys.exit(main())
