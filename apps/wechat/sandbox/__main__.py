"""Start the sandbox: ``python -m apps.wechat.sandbox --identity DIR --port N`` (``--help`` tells the rest)."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from apps.wechat.sandbox import identity, refunds, shipping
from apps.wechat.sandbox.server import Server
from apps.wechat.sandbox.store import Shopper
from apps.wechat.sandbox.world import Pace, World

FAST = Pace(time_factor=0.01, first_notify_s=2, refund_s=5, shipping_unknown_s=0)


def main() -> None:
    """Serve until SIGTERM, SIGINT or, when asked to, the end of stdin."""
    options = _options()
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    world = World(
        identity.load_or_create(options.identity),
        pace=_pace(options),
        data_file=_data_file(options.data),
        push_url=options.push_url,
        push_format=options.push_format,
    )
    for openid, nickname in options.shopper:
        if world.store.shoppers.get(openid) is None:
            world.store.shoppers.keep(Shopper(openid=openid, nickname=nickname, seen_at=world.now()))
    _resume(world)
    server = Server(world, port=options.port)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if options.until_stdin_ends:
        threading.Thread(target=_stop_at_end_of_stdin, args=(stop,), daemon=True).start()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    print(f"WeChat sandbox ready at {server.address}", flush=True)
    stop.wait()
    server.shutdown()
    server.server_close()


def _stop_at_end_of_stdin(stop: threading.Event) -> None:
    # Not sys.stdin: a thread that waits inside it holds its lock, and the interpreter could not end.
    while os.read(0, 4096):
        pass
    stop.set()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="apps.wechat.sandbox", description="WeChat on 127.0.0.1, without an account"
    )
    parser.add_argument(
        "--identity", type=Path, required=True, help="directory of keys and numbers; made when missing"
    )
    parser.add_argument("--port", type=int, required=True, help="0 takes a free one; the ready line names it")
    parser.add_argument(
        "--data", type=Path, help="SQLite file (or a directory for it) that outlives a restart"
    )
    parser.add_argument("--push-url", default="", help="address of the shop's message push, …/wechat/push")
    parser.add_argument("--push-format", choices=("json", "xml"), default="json")
    parser.add_argument(
        "--shopper",
        type=_shopper,
        action="append",
        default=[],
        metavar="OPENID=NICKNAME",
        help="a WeChat user who is there from the beginning, so that the shop's money reaches them; may be repeated",
    )
    parser.add_argument(
        "--time-factor", type=float, help="multiplies every wait of WeChat; 1 is the real schedule"
    )
    parser.add_argument("--fast", action="store_true", help="for tests: factor 0.01, shipping known at once")
    parser.add_argument(
        "--until-stdin-ends", action="store_true", help="end with the process that started this one"
    )
    return parser.parse_args()


def _shopper(said: str) -> tuple[str, str]:
    openid, sign, nickname = said.partition("=")
    if not (openid and sign and nickname):
        raise argparse.ArgumentTypeError("should be OPENID=NICKNAME")
    return openid, nickname


def _pace(options: argparse.Namespace) -> Pace:
    pace = FAST if options.fast else Pace()
    if options.time_factor is None:
        return pace
    return Pace(
        time_factor=options.time_factor,
        first_notify_s=pace.first_notify_s,
        refund_s=pace.refund_s,
        shipping_unknown_s=pace.shipping_unknown_s,
    )


def _data_file(chosen: Path | None) -> Path | None:
    return chosen / "sandbox.sqlite3" if chosen is not None and chosen.is_dir() else chosen


def _resume(world: World) -> None:
    """Take up what the last process left half done; notifies that were under way are lost, as they may be."""
    with world.lock:
        for refund in world.store.refunds:
            if refund.status == "PROCESSING":
                refunds.finish_later(world, refund)
        for shipment in world.store.shipments:
            if shipment.order_state == shipping.SHIPPED:
                shipping.confirm_later(world, shipment)
            elif shipment.order_state == shipping.CONFIRMED:
                shipping.settle_later(world, shipment)


if __name__ == "__main__":
    main()
