"""Starts the web server: ``python -m config.deploy.web``.

The environment is read before gunicorn is: gunicorn reads WEB_CONCURRENCY itself while it is imported, and stops at a
word there with a trace of its own. Nothing is faulty any more when it runs, so no worker can fail at that for ever.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from config import env


def main() -> None:
    os.environ["WEB_CONCURRENCY"] = str(env.load_processes().web_concurrency)
    from gunicorn.app.wsgiapp import run  # -- not before the environment is known to be whole

    sys.argv = ["gunicorn", "--config", str(Path(__file__).with_name("gunicorn.py")), "config.wsgi"]
    run()


if __name__ == "__main__":
    main()
