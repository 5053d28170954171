"""``python -m tests.bench.load``: the shop and a bare Django under the same load, in turns; `make bench` runs it."""

from __future__ import annotations

import os
import sys

import django

from tests.bench.load import databases

if __name__ == "__main__":
    url = os.environ["DATABASE_URL"]
    with databases.made(url, "bench_shop") as shop_url, databases.made(url, "bench_bare") as bare_url:
        os.environ |= {"DATABASE_URL": shop_url, "DJANGO_SETTINGS_MODULE": "tests.bench.load.settings"}
        django.setup()
        from tests.bench.load import report

        status = report.main(bare_url)
        # The databases can go when nobody is connected any more.
        django.db.connections.close_all()
    sys.exit(status)
