"""``python -m tests.ha.failover``: the leading server hands over, then dies, under load; Patroni promotes the other."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping

from config.local.places import Slot
from config.local.processes import Child, wait_until
from tests.ha import engines
from tests.ha.patroni import LOOP_SECONDS, TTL_SECONDS, Cluster
from tests.ha.stage import await_webs, built, say, told

_ORDERS = 150


def main() -> None:
    engines.programs("patroni", "etcd")
    engines.debians_postgres()
    clusters: list[Cluster] = []

    def patroni(slot: Slot, children: list[Child]) -> Mapping[str, str]:
        cluster = Cluster(slot, children)
        clusters.append(cluster)
        return {"DATABASE_URL": cluster.start()}

    with built(instead=patroni) as stage:
        from tests.ha import audit, load  # -- not before Django is set up

        (cluster,) = clusters
        say(
            f"two PostgreSQL {engines.debians_postgres().parent.name} under Patroni, synchronous; three etcd;"
            f" ttl {TTL_SECONDS} s, loop {LOOP_SECONDS} s"
        )
        buyers, skus = load.fill(stage.wechat)
        port = stage.free_port()
        stage.environ |= {"PUBLIC_BASE_URL": f"http://127.0.0.1:{port}"}
        web = stage.web("web", port, WEB_CONCURRENCY="2")
        stage.worker("worker")
        stage.beat()
        await_webs((web, port))
        crowd = load.Crowd(port, buyers, skus, stage.wechat)
        crowd.start()
        try:
            crowd.until(_ORDERS)
            _hand_over(cluster, crowd)
            crowd.until(_ORDERS)
            wait_until(cluster.has_synchronous_standby, within=60, what="a synchronous standby", every=0.5)
            _die(cluster, crowd)
            crowd.until(_ORDERS)
            wait_until(cluster.has_synchronous_standby, within=90, what="the rewound standby", every=0.5)
            say("the dead server came back, was rewound, and is the synchronous standby")
        finally:
            heard = crowd.stop()
        audit.holds(stage, heard)


def _hand_over(cluster: Cluster, crowd: object) -> None:
    leader = cluster.leader()
    assert leader is not None
    before = len(crowd.told.moments)  # type: ignore[attr-defined]  # load.Crowd, which needs Django
    begun = time.monotonic()
    cluster.switch(leader)
    wait_until(
        lambda: cluster.leader() == cluster.other(leader), within=60, what="the other leader", every=0.1
    )
    crowd.until(5)  # type: ignore[attr-defined]  # as above
    say(
        f"{leader} handed over: {_pause(crowd, before):.1f} s without an acknowledged order"
        f" ({time.monotonic() - begun:.1f} s in all)"
    )


def _die(cluster: Cluster, crowd: object) -> None:
    leader = cluster.leader()
    assert leader is not None
    before = len(crowd.told.moments)  # type: ignore[attr-defined]  # as above
    cluster.kill(leader)
    wait_until(lambda: cluster.leader() == cluster.other(leader), within=90, what="a new leader", every=0.1)
    crowd.until(5)  # type: ignore[attr-defined]  # as above
    say(
        f"{leader} was killed, Patroni and PostgreSQL (SIGKILL): {_pause(crowd, before):.1f} s without an acknowledged order"
    )
    cluster.run(leader)


def _pause(crowd: object, before: int) -> float:
    """The longest time without an acknowledged order since so many of them."""
    from tests.ha.load import Told

    moments = crowd.told.moments  # type: ignore[attr-defined]  # as above
    return Told(moments=moments[max(0, before - 1) :]).longest_gap()


if __name__ == "__main__":
    sys.exit(told(main))
