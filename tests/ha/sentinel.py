"""``python -m tests.ha.sentinel``: the Valkey that leads dies while orders come, and Sentinels promote the other."""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Mapping

import redis

from config.local import account, ports, valkey
from config.local.places import Slot
from config.local.processes import Child, wait_until
from tests.ha.stage import answers, await_webs, built, kill, say, told

_MASTER = "mall"
_DOWN_AFTER_MS = 2_000
_ORDERS = 150


class Servers:
    """Two servers and three Sentinels."""

    def __init__(self, slot: Slot, children: list[Child]) -> None:
        self._slot, self._children = slot, children
        self._home = account.home_of(slot)
        self._program = valkey.program(self._home)
        self._password = secrets.token_hex(16)
        self.data = [ports.remembered(slot, f"valkey-{number}") for number in range(2)]
        self.sentinels = [ports.remembered(slot, f"sentinel-{number}") for number in range(3)]
        self.running: dict[int, Child] = {}

    def start(self) -> str:
        """Start all of them; the address under which the shop knows them."""
        self.run(self.data[0], follows=None)
        self.run(self.data[1], follows=self.data[0])
        for port in self.sentinels:
            lines = [
                f"bind {ports.LOOPBACK}",
                f"port {port}",
                f"sentinel monitor {_MASTER} {ports.LOOPBACK} {self.data[0]} 2",
                f"sentinel auth-pass {_MASTER} {self._password}",
                f"sentinel down-after-milliseconds {_MASTER} {_DOWN_AFTER_MS}",
                f"sentinel failover-timeout {_MASTER} 10000",
            ]
            self._launch(f"sentinel-{port}", lines, "--sentinel")
        wait_until(self._agreed, within=60, what="three Sentinels that know each other", every=0.2)
        hosts = ",".join(f"{ports.LOOPBACK}:{port}" for port in self.sentinels)
        return f"sentinel://:{self._password}@{hosts}/0?master={_MASTER}"

    def run(self, port: int, *, follows: int | None) -> None:
        """Start a server that leads, or follows one."""
        lines = [
            f"bind {ports.LOOPBACK}",
            f"port {port}",
            f"requirepass {self._password}",
            f"masterauth {self._password}",
            'save ""',
            "maxmemory-policy noeviction",
            "repl-diskless-sync-delay 0",
            *([f"replicaof {ports.LOOPBACK} {follows}"] if follows else []),
        ]
        self.running[port] = self._launch(f"valkey-{port}", lines)
        wait_until(lambda: not ports.is_free(port), within=20, what=f"Valkey on {port}")

    def leader(self) -> int:
        """The port of whoever leads, by the word of the first Sentinel."""
        with redis.Redis(port=self.sentinels[0], socket_timeout=2) as sentinel:
            return int(sentinel.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", _MASTER)[1])

    def _agreed(self) -> bool:
        try:
            with redis.Redis(port=self.sentinels[0], socket_timeout=2, decode_responses=True) as sentinel:
                said = sentinel.execute_command("SENTINEL", "MASTER", _MASTER)
        except redis.RedisError:
            return False
        known = said if isinstance(said, dict) else dict(zip(said[::2], said[1::2], strict=True))
        return (int(known["num-other-sentinels"]), int(known["num-slaves"])) == (2, 1)

    def _launch(self, name: str, lines: list[str], *arguments: str) -> Child:
        file = account.private_file(self._home, f"{name}.conf", "\n".join(lines) + "\n")
        child = Child(
            name,
            [str(self._program), str(file), *arguments],
            log=self._slot.logs / f"{name}.log",
            environment={"HOME": str(self._home.data), "TZ": "UTC"},
            directory=self._home.data,
            account=self._home.account,
        )
        self._children.append(child)
        return child


def main() -> None:
    made: list[Servers] = []

    def instead(slot: Slot, children: list[Child]) -> Mapping[str, str]:
        servers = Servers(slot, children)
        made.append(servers)
        return {"REDIS_URL": servers.start()}

    with built(instead=instead) as stage:
        from tests.ha import audit, load  # -- not before Django is set up

        (servers,) = made
        say(f"two Valkey and three Sentinels, down after {_DOWN_AFTER_MS} ms")
        buyers, skus = load.fill(stage.wechat)
        port = stage.free_port()
        stage.environ |= {"PUBLIC_BASE_URL": f"http://127.0.0.1:{port}"}
        web = stage.web("web", port)
        stage.worker("worker")
        stage.beat()
        await_webs((web, port))
        wait_until(lambda: answers(port, "/readyz"), within=60, what="readyz", every=0.5)
        crowd = load.Crowd(port, buyers, skus, stage.wechat)
        crowd.start()
        try:
            crowd.until(_ORDERS)
            leader = servers.leader()
            kill(servers.running[leader])
            begun = time.monotonic()
            wait_until(lambda: servers.leader() != leader, within=60, what="a new leader", every=0.1)
            promoted = time.monotonic() - begun
            wait_until(
                lambda: answers(port, "/readyz"), within=90, what="readyz after the failover", every=0.2
            )
            ready = time.monotonic() - begun
            say(
                f"the leader was killed: another led after {promoted:.1f} s, /readyz said 200 after {ready:.1f} s"
            )
            servers.run(leader, follows=servers.leader())
            crowd.until(_ORDERS)
        finally:
            heard = crowd.stop()
        audit.holds(stage, heard)
        assert answers(port, "/readyz"), "beat or the worker did not find the new leader"
        say("beat and the worker are heard, by way of the new leader")


if __name__ == "__main__":
    sys.exit(told(main))
