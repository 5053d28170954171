"""``python -m tests.bench``: what `make bench` runs; needs servers, and a database that it may make another beside."""

from __future__ import annotations

import sys

import django

if __name__ == "__main__":
    django.setup()
    from tests.bench import report

    sys.exit(report.main())
