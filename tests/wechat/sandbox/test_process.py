"""The sandbox as a process: quick to start and to stop, on loopback only, with a memory if it is given a file."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from apps.wechat.sandbox import identity
from apps.wechat.sandbox.control import Sandbox
from apps.wechat.sandbox.launch import ROOT, running
from tests.wechat.sandbox.doorstep import Doorstep
from tests.wechat.sandbox.merchant import Merchant


def test_a_restart_keeps_shoppers_tokens_and_money(account: identity.Identity, tmp_path: Path) -> None:
    file = tmp_path / "sandbox.sqlite3"
    with running(account.directory, data=file) as before:
        merchant = Merchant(before.base_url, account)
        login = before.login("小明")
        token = merchant.token()["access_token"]
        params = merchant.prepaid_params(login.openid, "SO20250101")
        paid = before.pay(login.openid, params)
    with running(account.directory, data=file) as after:
        merchant = Merchant(after.base_url, account)
        assert merchant.query("SO20250101")["transaction_id"] == paid
        assert merchant.token()["access_token"] == token
        assert merchant.session(login.code)["openid"] == login.openid
        after.reset()
    with running(account.directory, data=file) as emptied:
        assert (emptied.transactions(), emptied.grants()) == ([], [])


def test_a_refund_under_way_ends_after_a_restart(account: identity.Identity, tmp_path: Path) -> None:
    with running(account.directory, data=tmp_path, time_factor=1) as before:
        merchant = Merchant(before.base_url, account)
        openid = before.login("小明").openid
        paid = before.pay(openid, merchant.prepaid_params(openid, "SO20250101"))
        assert merchant.refund(paid, "RF1", 100).json()["status"] == "PROCESSING"
    with running(account.directory, data=tmp_path) as after:
        after.wait(lambda: [row for row in after.refunds() if row["status"] == "SUCCESS"])


def test_it_listens_on_loopback_only(sandbox: Sandbox) -> None:
    port = int(sandbox.base_url.rpartition(":")[2])
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as outside:
        # The whole 127/8 net is this machine: an address that was not bound must refuse.
        assert outside.connect_ex(("127.0.0.2", port)) != 0


def _started(account: identity.Identity) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "apps.wechat.sandbox", "--identity", str(account.directory)]
    command += ["--port", "0", "--until-stdin-ends"]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def test_sigterm_ends_it_at_once_even_while_a_call_hangs(account: identity.Identity) -> None:
    with _started(account) as process:
        assert process.stdout is not None and process.stderr is not None
        sandbox = Sandbox(process.stdout.readline().split()[-1])
        sandbox.fault("timeout_before", path="/v3/*", hang_s=60)
        host, _, port = sandbox.base_url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port))) as hanging:
            hanging.sendall(b"GET /v3/certificates HTTP/1.1\r\nHost: x\r\n\r\n")
            sandbox.wait(lambda: [] if sandbox.faults() else [{}])
            asked_at = time.monotonic()
            os.kill(process.pid, signal.SIGTERM)
            assert process.wait(5) == 0
            assert time.monotonic() - asked_at < 2
        assert process.stderr.read() == ""


def test_it_ends_with_the_process_that_started_it(account: identity.Identity) -> None:
    with _started(account) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdout.readline()
        process.stdin.close()
        assert process.wait(5) == 0


def test_rubbish_on_the_wire_does_not_stop_it(sandbox: Sandbox) -> None:
    host, _, port = sandbox.base_url.removeprefix("http://").partition(":")
    for rubbish in (b"\x00\x01\x02\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"GET"):
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(rubbish)
    assert sandbox.faults() == []


def test_time_can_run_so_fast_that_ten_days_pass(account: identity.Identity, doorstep: Doorstep) -> None:
    with running(account.directory, push_url=doorstep.url, time_factor=1e-6) as sandbox:
        merchant = Merchant(sandbox.base_url, account)
        openid = sandbox.login("小明").openid
        shipped = sandbox.pay(openid, merchant.prepaid_params(openid, "SO20250101"))
        sandbox.pay(openid, merchant.prepaid_params(openid, "SO20250102"))
        upload = {
            "order_key": {"order_number_type": 2, "transaction_id": shipped},
            "logistics_type": 1,
            "delivery_mode": 1,
            "shipping_list": [{"tracking_no": "7712", "express_company": "ZTO", "item_desc": "茶杯*1"}],
            "upload_time": "2025-01-01T13:29:35.120+08:00",
            "payer": {"openid": openid},
        }
        assert merchant.post("/wxa/sec/order/upload_shipping_info", upload).json()["errcode"] == 0
        # Settled by itself after ten days, and reminded of what was not shipped within 48 hours.
        sandbox.wait(lambda: [row for row in sandbox.shipments() if row["order_state"] == 4])
        reminders = [row for row in sandbox.pushes() if row["event"] == "trade_manage_remind_shipping"]
        assert [row["content"]["merchant_trade_no"] for row in reminders] == ["SO20250102"]
        settled = sandbox.wait(
            lambda: [row for row in sandbox.pushes() if "settlement_time" in row["content"]]
        )
        assert settled[0]["content"]["confirm_receive_method"] == 1
