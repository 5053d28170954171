"""`make demo` and `make run`: the shop on this machine, with or without the story of its first order."""

from __future__ import annotations

import os
from collections.abc import Mapping

from config.local import shop
from config.local.places import Slot, take_slot
from config.local.story import DAMAGED, Story


def demo(environ: Mapping[str, str] = os.environ) -> int:
    """Run the shop, place one order from login to receipt, then stay up (EXIT=1: end); return the status."""
    ends = environ.get("EXIT", "") not in {"", "0"}
    slot = take_slot("demo")
    try:
        with shop.running(slot, environ=environ) as running:
            print("\nThe first order:", flush=True)
            story = Story(running.addresses, check=running.check)
            print(f"Order {story.tell()} was received.", flush=True)
            if not ends:
                story.complain(DAMAGED)
                _print_addresses(running, slot)
                running.stay()
    finally:
        slot.release()
    return 0


def run(environ: Mapping[str, str] = os.environ) -> int:
    """Run the shop until it is stopped."""
    slot = take_slot("demo")
    try:
        with shop.running(slot, environ=environ) as running:
            _print_addresses(running, slot)
            running.stay()
    finally:
        slot.release()
    return 0


def _print_addresses(running: shop.Shop, slot: Slot) -> None:
    addresses = running.addresses
    print(
        f"\n  shop API docs  {addresses.shop}/api/docs"
        f"\n  admin          {addresses.shop}/admin/"
        f"\n                 login {addresses.operator}, password {addresses.password}"
        f"\n  WeChat sandbox {addresses.sandbox}/__sandbox/"
        f"\n  logs           {slot.logs}"
        "\n\nCtrl-C stops everything.",
        flush=True,
    )
