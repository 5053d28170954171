"""Free ports on the loopback address, remembered so that a second start has the same addresses."""

from __future__ import annotations

import random
import socket

from config.local.places import Problem, Slot

LOOPBACK = "127.0.0.1"
# Below the range from which Linux and macOS lend ports to outgoing connections, so that none of those takes
# a remembered port between two starts.
_LOWEST, _HIGHEST = 18_000, 31_999


def remembered(slot: Slot, name: str, *, avoid: int | None = None) -> int:
    """Return the port that ``name`` had the last time if free (and not ``avoid``), else a new one."""
    kept = slot.recall(f"{name}_port")
    if kept is not None and int(kept) != avoid and is_free(int(kept)):
        return int(kept)
    taken = {int(value) for key in _NAMES if (value := slot.recall(f"{key}_port")) is not None}
    for _ in range(200):
        port = random.randint(_LOWEST, _HIGHEST)  # noqa: S311 - a port is no secret
        if port not in taken and is_free(port):
            slot.keep(f"{name}_port", str(port))
            return port
    raise Problem(f"no free port between {_LOWEST} and {_HIGHEST} on {LOOPBACK}")


_NAMES = ("postgres", "valkey", "web", "sandbox")


def is_free(port: int) -> bool:
    """Tell whether a server could listen on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the servers do: a port whose last connections are only fading away is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
