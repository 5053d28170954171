"""Addresses of Redis or Valkey: one server, or Sentinels that know which of several leads at the moment."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

_FORM = "must be redis://host:port/0"
_SENTINELS_FORM = "must be sentinel://:password@host:port,host:port/0?master=name"
_HOST = re.compile(r"([^\s:@/,;]+):([0-9]{1,5})")


@dataclass(frozen=True)
class Redis:
    """What cache and broker are told. Both name the same address, so that one's failure is known to the other."""

    broker_url: str
    broker_options: dict[str, Any]
    location: str
    cache_options: dict[str, Any]


def read(url: str) -> Redis:
    """The server, or the Sentinels, of an address; ValueError that says what is wrong.

    ``sentinel://:password@one:26379,two:26379,three:26379/0?master=mall`` names Sentinels, which take no password of
    their own; the password is the servers'.
    """
    if url.startswith("sentinel://"):
        return _sentinels(url)
    try:
        parts = urlsplit(url)
        known = parts.scheme in {"redis", "rediss"} and parts.hostname and parts.port != 0
    except ValueError:
        known = False
    if not known:
        raise ValueError(_FORM)
    return Redis(broker_url=url, broker_options={}, location=url, cache_options={})


def _sentinels(url: str) -> Redis:
    parts = urlsplit(url)
    servers = parts.netloc.rpartition("@")[2]
    found = [_HOST.fullmatch(server) for server in servers.split(",")]
    database = parts.path.lstrip("/") or "0"
    asked = dict(parse_qsl(parts.query))
    if None in found or not database.isdigit() or set(asked) != {"master"}:
        raise ValueError(_SENTINELS_FORM)
    hosts = [(match[1], int(match[2])) for match in found if match]
    if not all(0 < port < 65_536 for _, port in hosts):
        raise ValueError(_SENTINELS_FORM)
    password = unquote(parts.password or "")
    before = f":{quote(password, safe='')}@" if password else ""
    each = [f"sentinel://{before}{host}:{port}/{database}" for host, port in hosts]
    return Redis(
        broker_url=";".join(each),
        broker_options={"master_name": asked["master"]},
        location=each[0],
        cache_options={
            "pool_class": "apps.base.sentinels.LeaderPool",
            "sentinels": hosts,
            "master": asked["master"],
            "password": password or None,
            "db": int(database),
        },
    )
