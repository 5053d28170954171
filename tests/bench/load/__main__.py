"""``python -m tests.bench.load``: the shop and a bare Django under the same load, in turns; `make bench` runs it."""

from __future__ import annotations

import os
import socket
import sys

import django

from tests.bench.load import databases

if __name__ == "__main__":
    url = os.environ["DATABASE_URL"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        wechat_port = probe.getsockname()[1]
    wechat_url = f"http://127.0.0.1:{wechat_port}"
    with databases.made(url, "bench_shop") as shop_url, databases.made(url, "bench_bare") as bare_url:
        os.environ |= {"DATABASE_URL": shop_url, "DJANGO_SETTINGS_MODULE": "tests.bench.load.settings"}
        os.environ |= {"WECHAT_API_BASE": wechat_url, "WECHATPAY_BASE": wechat_url}
        django.setup()
        from tests.bench.load import report

        status = report.main(bare_url, wechat_port, sys.argv[1:])
        # The databases can go when nobody is connected any more.
        django.db.connections.close_all()
    sys.exit(status)
