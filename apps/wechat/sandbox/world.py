"""The sandbox's world: one account, what is remembered of it, its clock, its faults and what is yet to be done."""

from __future__ import annotations

import secrets
import threading
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from apps.wechat.sandbox import template_library
from apps.wechat.sandbox.faults import FaultBoard
from apps.wechat.sandbox.identity import Identity
from apps.wechat.sandbox.store import Store
from apps.wechat.sandbox.timetable import Timetable

if TYPE_CHECKING:
    from apps.wechat.sandbox.deliveries import Delivery

BEIJING = timezone(timedelta(hours=8))
CALLS_KEPT = 2000


@dataclass(frozen=True)
class Pace:
    """How fast WeChat's time runs here: every wait of WeChat is multiplied by ``time_factor``.

    The waits, in seconds at factor 1: ``first_notify_s`` after a payment, ``refund_s`` until a refund is done,
    ``transfer_s`` between a confirmed transfer and its end, ``shipping_unknown_s`` in which 发货信息 does not know
    a new payment yet (10060001).
    """

    time_factor: float = 1.0
    first_notify_s: float = 0.3
    refund_s: float = 5.0
    transfer_s: float = 1.0
    shipping_unknown_s: float = 10.0

    def scaled(self, seconds: float) -> float:
        """Return how long a wait of WeChat lasts here."""
        return seconds * self.time_factor


@dataclass(frozen=True)
class Call:
    """One call of the shop, as the page and the control API show it."""

    at: float
    method: str
    path: str
    query: str
    request: str
    status: int
    answer: str
    took_ms: float
    fault: str


class World:
    """Everything the doors need; rows are read and changed under ``lock`` only."""

    def __init__(
        self,
        identity: Identity,
        *,
        pace: Pace,
        data_file: Path | None = None,
        push_url: str = "",
        push_format: str = "json",
    ) -> None:
        self.numbers = identity.numbers
        self.platform_key = _private_key(identity.platform_key_file)
        self.merchant_key = _certified_key(identity.merchant_cert_file)
        self.pace = pace
        self.push_url = push_url
        self.push_format = push_format
        self.lock = threading.RLock()
        self.store = Store(data_file)
        self.faults = FaultBoard()
        self.timetable = Timetable()
        self.calls: deque[Call] = deque(maxlen=CALLS_KEPT)
        self.deliveries: dict[int, Delivery] = {}
        self.bills: dict[str, tuple[float, bytes]] = {}
        self.nonces: dict[str, float] = {}
        self.forced_refreshes: list[float] = []
        self.clock_ahead_s = 0.0
        # What the next pictures are found to be: suggestion (or "lost", "unfetched") and label.
        self.media_verdicts: deque[tuple[str, int]] = deque()
        self._furnish()

    def now(self) -> float:
        """The time by which orders, codes and tokens live (unix seconds); tests may put it ahead."""
        return time.time() + self.clock_ahead_s

    def reset(self) -> None:
        """Forget shoppers, money, logs, faults and everything pending; access tokens stay valid."""
        with self.lock:
            self.timetable.clear()
            self.faults.clear()
            self.store.clear()
            self.calls.clear()
            self.deliveries.clear()
            self.bills.clear()
            self.forced_refreshes.clear()
            self.clock_ahead_s = 0.0
            self.media_verdicts.clear()
            self._furnish()

    def _furnish(self) -> None:
        """Give an account without message templates those that it has from the start."""
        if len(self.store.templates) == 0:
            for template in template_library.first_templates(self.numbers.appid):
                self.store.templates.keep(template)


def rfc3339(at: float) -> str:
    """Write unix seconds as WeChat Pay does: ``2025-01-01T10:00:00+08:00``."""
    return datetime.fromtimestamp(int(at), tz=BEIJING).isoformat()


def beijing(at: float) -> datetime:
    """Return unix seconds as a Beijing datetime."""
    return datetime.fromtimestamp(at, tz=UTC).astimezone(BEIJING)


def digits(count: int) -> str:
    """Return so many random decimal digits."""
    return "".join(secrets.choice("0123456789") for _ in range(count))


def _private_key(file: Path) -> rsa.RSAPrivateKey:
    key = load_pem_private_key(file.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(f"{file} holds no RSA key")
    return key


def _certified_key(file: Path) -> rsa.RSAPublicKey:
    key = x509.load_pem_x509_certificate(file.read_bytes()).public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError(f"{file} holds no RSA key")
    return key
