"""The environment of the contract for a shop on this machine. What the user has set already wins."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from apps.wechat.sandbox import identity
from config.local.places import ROOT, Slot
from config.local.servers import Servers


def for_shop(
    slot: Slot,
    servers: Servers,
    *,
    settings: str,
    web_port: int,
    sandbox_port: int,
    environ: Mapping[str, str],
) -> dict[str, str]:
    """Return the environment for the shop's processes: ``environ``, completed with what it leaves open.

    Only ``settings`` cannot be overruled: importing ``config`` puts production's into our own environment.
    """
    account = identity.load_or_create(identity_directory(slot))
    own = {
        "DJANGO_SETTINGS_MODULE": settings,
        "SECRET_KEY": slot.kept("secret_key", lambda: secrets.token_urlsafe(64)),
        "DEBUG": "0",
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "PUBLIC_BASE_URL": f"http://127.0.0.1:{web_port}",
        "CSRF_TRUSTED_ORIGINS": f"http://127.0.0.1:{web_port},http://localhost:{web_port}",
        "MEDIA_ROOT": str(_made(slot.directory / "media")),
        "PRIVATE_ROOT": str(_made(slot.directory / "private")),
        "STATIC_ROOT": str(_made(slot.directory / "static")),
        "BEAT_SCHEDULE_FILE": str(slot.directory / "beat-schedule"),
        "DATABASE_URL": servers.database_url,
        "REDIS_URL": servers.redis_url,
        **account.environment(base_url=f"http://127.0.0.1:{sandbox_port}"),
    }
    given = {name: value for name, value in environ.items() if value or name not in own}
    merged = {**own, **given, "DJANGO_SETTINGS_MODULE": settings}
    return {**without_make(merged), **_virtual_environment(merged), **_no_proxy_on_loopback(merged)}


def identity_directory(slot: Slot) -> Path:
    return slot.directory / "sandbox-identity"


def without_make(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without what `make` left in it: children are not its jobs."""
    return {
        name: value for name, value in environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
    }


def _virtual_environment(environ: Mapping[str, str]) -> dict[str, str]:
    path = os.pathsep.join((str(ROOT / ".venv" / "bin"), environ.get("PATH", os.defpath)))
    return {"PATH": path, "VIRTUAL_ENV": str(ROOT / ".venv"), "PYTHONUNBUFFERED": "1"}


def _no_proxy_on_loopback(environ: Mapping[str, str]) -> dict[str, str]:
    """Keep a proxy of the user's away from the sandbox, which listens on this machine."""
    named = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    value = ",".join(part for part in (named, "127.0.0.1", "localhost") if part)
    return {"no_proxy": value, "NO_PROXY": value}


def _made(directory: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    return directory
