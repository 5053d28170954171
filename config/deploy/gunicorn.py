"""Settings of the web server, read by gunicorn (``config.deploy.web``); what the machine decides is in its environment."""

import gc
import os
import tempfile
from pathlib import Path
from typing import Any

from config import env

_processes = env.load_processes()
bind = f"{_processes.bind}:{_processes.port}"
workers = _processes.web_concurrency
# gthread whose threads take calls themselves, and which refuses in the contract's error form.
worker_class = "config.deploy.web_worker.ShopWorker"
threads = _processes.web_threads

# No answer takes longer: WeChat is given up on after seconds, a statement after 15 s.
timeout = 30
graceful_timeout = 20
# Longer than nginx keeps its upstream connections idle, so that nginx never meets a closed one.
keepalive = 75

# A worker is renewed now and then, not all at the same moment: leaks in libraries stay small. Not often, for a new
# one costs seconds of a core, and compiles anew what it keeps.
max_requests = 100_000
max_requests_jitter = 10_000

# The shop is imported once, before the workers are forked, and they share what none of them changes. New code needs a
# restart therefore; HUP renews the workers only.
preload_app = True

# Heartbeat files on disk can block; Linux has memory for them.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
control_socket_disable = True
# Nobody's header makes a call come by HTTPS, or to another path: Django reads the proxy's, where there is one
# (TRUSTED_PROXIES). Who may send which is a question that nothing hangs on, so it is not asked of each call's address.
forwarded_allow_ips = "*"
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
# The shop logs each request itself, with its id and without personal data.
accesslog = None
errorlog = "-"
loglevel = _processes.gunicorn_log_level
# A request line longer than this is refused before the shop sees it.
limit_request_line = 8190

# Each worker counts for itself; /metrics adds them up from files here. Set before the shop is imported.
_metrics = _processes.prometheus_multiproc_dir or Path(tempfile.mkdtemp(prefix="mall-metrics-"))
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_metrics)


def when_ready(server: Any) -> None:
    """Load what every worker will need, and have the collector leave it alone: a page it marks is a page copied.

    What threads find missing is made by each that comes before the first is done, and takes the place of all of these.
    """
    from apps.catalog import search  # -- not before the shop is set up
    from mall import regions  # -- likewise

    search.load_words()
    regions.load()
    gc.collect()
    gc.freeze()


def child_exit(server: Any, worker: Any) -> None:
    """Forget the gauges of a worker that ended; its counters stay in the sums."""
    from prometheus_client import multiprocess  # -- not before the directory is set

    multiprocess.mark_process_dead(worker.pid)


def on_exit(server: Any) -> None:
    """Leave no files behind."""
    for file in _metrics.glob("*.db"):
        file.unlink(missing_ok=True)
