"""Addresses of PostgreSQL: one server, or several of which libpq takes the one that may be written to."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

# What may follow the name of a database: how the connection is encrypted, and which of several servers is meant
# (libpq's own names).
PARAMETERS = frozenset({"sslmode", "sslrootcert", "target_session_attrs"})
_SESSIONS = frozenset(
    {"any", "read-write", "read-only", "primary", "standby", "prefer-standby"},
)
_FORM = "must be postgres://user:password@host:port/name"
_HOST = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s:\[\]@/]+)(?::(?P<port>[0-9]{1,5}))?")

# A server that vanished without a word is missed after some ten seconds, instead of the system's two hours.
_LIVELY: dict[str, Any] = {
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
# Bounded waits: a lock or a statement that takes longer is a fault to be seen, not a page that hangs.
_AT_CONNECTING = (
    "-c lock_timeout=5s -c statement_timeout=15s -c idle_in_transaction_session_timeout=30s"
    # base.planned means it: left alone, the server plans a statement about a list of ids anew each time it runs.
    " -c plan_cache_mode=force_generic_plan"
)


def read(url: str) -> dict[str, Any]:
    """The parts of an address as Django names them, its parameters under OPTIONS; ValueError that says what is wrong.

    Several servers are separated by commas, ``postgres://mall:…@one:5432,two:5432/mall?target_session_attrs=read-write``:
    HOST and PORT then have as many parts, which is how libpq takes them.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError(_FORM) from None
    servers = parts.netloc.rpartition("@")[2]
    found = [_HOST.fullmatch(server) for server in servers.split(",")]
    name = unquote(parts.path.lstrip("/"))
    if parts.scheme not in {"postgres", "postgresql"} or not name or None in found:
        raise ValueError(_FORM)
    hosts = [match["host"].strip("[]") for match in found if match]
    ports = [match["port"] or "5432" for match in found if match]
    if not all(0 < int(port) < 65_536 for port in ports):
        raise ValueError(_FORM)
    options = dict(parse_qsl(parts.query))
    if unknown := set(options) - PARAMETERS:
        raise ValueError(f"takes no {', '.join(sorted(unknown))}")
    wanted = options.get("target_session_attrs", "any")
    if wanted not in _SESSIONS:
        raise ValueError(f"target_session_attrs must be one of {', '.join(sorted(_SESSIONS))}")
    return {
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": ",".join(hosts),
        "PORT": ",".join(ports),
        "OPTIONS": options,
    }


def setting(url: str, *, pooled: bool) -> dict[str, Any]:
    """What Django's DATABASES says of a server. ``pooled``: PgBouncer in transaction mode stands before it."""
    parts = read(url)
    options = {**_LIVELY, **parts.pop("OPTIONS")}
    if not pooled:  # PgBouncer refuses start-up options; set them on the role there
        options["options"] = _AT_CONNECTING
    return {
        "ENGINE": "apps.base.postgresql",
        **parts,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "DISABLE_SERVER_SIDE_CURSORS": pooled,
        "OPTIONS": options,
    }
