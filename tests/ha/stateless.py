"""``python -m tests.ha.stateless``: web servers and workers are killed under load, and nothing acknowledged is lost."""

from __future__ import annotations

import sys

from tests.ha import engines, proxy
from tests.ha.stage import await_webs, built, kill, say, told

_ORDERS = 300


def main() -> None:
    engines.programs("nginx")
    with built() as stage:
        from tests.ha import audit, load  # -- not before Django is set up

        buyers, skus = load.fill(stage.wechat)
        public, first, second = stage.free_port(), stage.free_port(), stage.free_port()
        stage.environ |= {"PUBLIC_BASE_URL": f"http://127.0.0.1:{public}"}
        webs = [stage.web("web-1", first), stage.web("web-2", second)]
        workers = [stage.worker("worker-1"), stage.worker("worker-2")]
        stage.beat()
        await_webs((webs[0], first), (webs[1], second))
        proxy.nginx(stage, port=public, webs=[first, second])
        say("two web servers, two workers, beat and nginx run")
        before = audit.size()
        crowd = load.Crowd(public, buyers, skus, stage.wechat)
        crowd.start()
        try:
            crowd.until(_ORDERS)
            kill(webs[0])
            kill(workers[0])
            say(f"after {len(crowd.told.orders)} orders a web server and a worker were killed (SIGKILL)")
            crowd.until(_ORDERS)
            webs[0] = stage.web("web-1-again", first)
            workers[0] = stage.worker("worker-1-again")
            await_webs((webs[0], first))
            kill(webs[1])
            kill(workers[1])
            say(f"after {len(crowd.told.orders)} orders they were back, and the other two were killed")
            crowd.until(_ORDERS)
        finally:
            heard = crowd.stop()
        audit.holds(stage, heard)
        disk, log = (now - then for now, then in zip(audit.size(), before, strict=True))
        orders = len(heard.orders)
        say(
            f"an order of one line, half of them paid: {disk / orders / 1024:.1f} kB on disk,"
            f" {log / orders / 1024:.1f} kB of log"
        )


if __name__ == "__main__":
    sys.exit(told(main))
