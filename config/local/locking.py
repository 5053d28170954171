"""`make lock`: renew the lock files from pyproject.toml, with hashes and without the name of an index."""

from __future__ import annotations

import os
import sys

from config.local import environment, processes
from config.local.places import ROOT, STATE

_COMMON = (
    "pip",
    "compile",
    "--universal",
    "--python-version",
    "3.11",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-annotate",
    "--no-header",
    "--quiet",
)
# The dev lock holds the runtime's versions too, so that tests run on what production runs on.
_LOCKS = (
    ("requirements.lock", ("pyproject.toml",)),
    ("requirements-dev.lock", ("pyproject.toml", "--group", "dev", "--constraints", "requirements.lock")),
    ("requirements-s3.lock", ("pyproject.toml", "--extra", "s3", "--constraints", "requirements.lock")),
    ("requirements-servers.lock", ("--group", "pyproject.toml:servers")),
    (
        "requirements-manual.lock",
        ("--group", "pyproject.toml:manual", "--constraints", "requirements-dev.lock"),
    ),
)


def lock() -> int:
    """Write the five lock files (``ARGS="--upgrade"``: newer versions); return the exit status."""
    tools = STATE / "uv"
    variables = environment.without_make(os.environ)
    installing = (
        sys.executable,
        "-m",
        "pip",
        "install",
        "-qq",
        "--upgrade",
        "--target",
        str(tools),
        "uv",
    )
    status = processes.run(installing, environment=variables, directory=ROOT)
    if status != 0:
        return status
    for name, choice in _LOCKS:
        command = (str(tools / "bin" / "uv"), *_COMMON, *choice, *os.environ.get("ARGS", "").split())
        status = processes.run((*command, "--output-file", name), environment=variables, directory=ROOT)
        if status != 0:
            return status
        print(f"Wrote {name}.", flush=True)
    return 0
