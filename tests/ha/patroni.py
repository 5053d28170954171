"""Two PostgreSQL servers that Patroni keeps, one of them a synchronous standby, and three etcd that remember who leads."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psycopg2

from config.local import account, ports
from config.local.places import Problem, Slot
from config.local.processes import Child, wait_until
from tests.ha import engines

_MEMBERS = ("pg-1", "pg-2")
_DCS = 3
# The shortest that Patroni allows: what a machine's death costs is up to the first, and a moment for the promotion.
TTL_SECONDS, LOOP_SECONDS, RETRY_SECONDS = 20, 3, 5


@dataclass
class Cluster:
    """The members by name: their Patroni, and the ports of PostgreSQL and of Patroni's own door."""

    slot: Slot
    children: list[Child]
    password: str = field(default_factory=lambda: secrets.token_hex(16))
    patronis: dict[str, Child] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    doors: dict[str, int] = field(default_factory=dict)
    dcs: list[int] = field(default_factory=list)

    def start(self) -> str:
        """Start everything anew and return the address of a database that is there on whoever leads."""
        self._home = account.home_of(self.slot)
        self._start_dcs()
        for name in _MEMBERS:
            shutil.rmtree(self._home.data / name, ignore_errors=True)
            self.ports[name], self.doors[name] = (
                ports.remembered(self.slot, f"{name}-{kind}") for kind in ("pg", "door")
            )
        for name in _MEMBERS:
            self.run(name)
        wait_until(lambda: self.leader() is not None, within=90, what="a leader", every=0.5)
        wait_until(self.has_synchronous_standby, within=90, what="a synchronous standby", every=0.5)
        return self._made_database()

    def run(self, name: str) -> None:
        """Start a member's Patroni, which starts, follows or rewinds its PostgreSQL."""
        file = account.private_file(self._home, f"{name}.yml", json.dumps(self._configuration(name)))
        log = self.slot.logs / f"{name}.log"
        self.patronis[name] = Child(
            name,
            [engines.program("patroni"), str(file)],
            log=log,
            environment={"PATH": os.defpath, "HOME": str(self._home.data), "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            directory=self._home.data,
            account=self._home.account,
            patience=30.0,
        )
        self.children.append(self.patronis[name])

    def kill(self, name: str) -> None:
        """A machine dies: Patroni and PostgreSQL at once, with no time to say anything."""
        postmaster = int((self._home.data / name / "postmaster.pid").read_text().split("\n", 1)[0])
        os.killpg(self.patronis[name].process.pid, signal.SIGKILL)
        os.kill(postmaster, signal.SIGKILL)
        self.patronis[name].process.wait(10)

    def leader(self) -> str | None:
        """Who leads, by the word of the members."""
        return next((name for name in _MEMBERS if self._says(name, "/leader") == 200), None)

    def other(self, name: str) -> str:
        """The other member."""
        return next(other for other in _MEMBERS if other != name)

    def has_synchronous_standby(self) -> bool:
        """Whether a commit waits for the other member now."""
        return any(self._says(name, "/synchronous") == 200 for name in _MEMBERS)

    def switch(self, leader: str) -> None:
        """Ask Patroni to let the other one lead, as an operator does before maintenance."""
        body = json.dumps({"leader": leader, "candidate": self.other(leader)})
        status = self._says(leader, "/switchover", method="POST", body=body)
        if status not in {200, 202}:
            raise Problem(f"Patroni refused the switchover: {status}")

    def _says(self, name: str, path: str, *, method: str = "GET", body: str | None = None) -> int:
        try:
            connection = HTTPConnection(ports.LOOPBACK, self.doors[name], timeout=30)
            connection.request(method, path, body, {"Content-Type": "application/json"})
            status = connection.getresponse().status
            connection.close()
        except OSError:
            return 0
        return status

    def _start_dcs(self) -> None:
        program = engines.program("etcd")
        self.dcs = [ports.remembered(self.slot, f"etcd-{number}") for number in range(_DCS)]
        peers = [ports.remembered(self.slot, f"etcd-peer-{number}") for number in range(_DCS)]
        everybody = ",".join(f"e{number}=http://{ports.LOOPBACK}:{peer}" for number, peer in enumerate(peers))
        token = secrets.token_hex(4)
        for number in range(_DCS):
            data: Path = self._home.data / f"etcd-{number}"
            shutil.rmtree(data, ignore_errors=True)
            client, peer = (f"http://{ports.LOOPBACK}:{port}" for port in (self.dcs[number], peers[number]))
            arguments = {
                "--name": f"e{number}",
                "--data-dir": str(data),
                "--listen-client-urls": client,
                "--advertise-client-urls": client,
                "--listen-peer-urls": peer,
                "--initial-advertise-peer-urls": peer,
                "--initial-cluster": everybody,
                "--initial-cluster-token": token,
            }
            log = self.slot.logs / f"etcd-{number}.log"
            words = [word for pair in arguments.items() for word in pair]
            child = Child(
                f"etcd-{number}",
                [program, *words],
                log=log,
                directory=self._home.data,
                account=self._home.account,
            )
            self.children.append(child)
        wait_until(lambda: not any(map(ports.is_free, self.dcs)), within=30, what="etcd")

    def _configuration(self, name: str) -> dict[str, Any]:
        door, port = self.doors[name], self.ports[name]
        hba = [
            "local all all trust",
            *(f"host {what} all 127.0.0.1/32 scram-sha-256" for what in ("all", "replication")),
        ]
        return {
            "scope": "mall",
            "name": name,
            "restapi": {"listen": f"{ports.LOOPBACK}:{door}", "connect_address": f"{ports.LOOPBACK}:{door}"},
            "etcd3": {"hosts": [f"{ports.LOOPBACK}:{port}" for port in self.dcs]},
            "bootstrap": {
                "dcs": {
                    "ttl": TTL_SECONDS,
                    "loop_wait": LOOP_SECONDS,
                    "retry_timeout": RETRY_SECONDS,
                    "maximum_lag_on_failover": 1_048_576,
                    "synchronous_mode": True,
                    "primary_start_timeout": 0,
                    "postgresql": {
                        "use_pg_rewind": True,
                        "parameters": {"max_connections": 150, "wal_log_hints": "on", "timezone": "UTC"},
                    },
                },
                "initdb": [{"encoding": "UTF8"}, {"locale": "C.UTF-8"}, "data-checksums"],
            },
            "postgresql": {
                "listen": f"{ports.LOOPBACK}:{port}",
                "connect_address": f"{ports.LOOPBACK}:{port}",
                "data_dir": str(self._home.data / name),
                "bin_dir": str(engines.debians_postgres()),
                "pgpass": str(self._home.data / f"{name}.pgpass"),
                "pg_hba": hba,
                "parameters": {"unix_socket_directories": ""},
                "authentication": {
                    who: {"username": who, "password": self.password}
                    for who in ("superuser", "replication", "rewind")
                },
            },
        }

    def _made_database(self) -> str:
        leader = self.leader()
        assert leader is not None
        connection = psycopg2.connect(
            host=ports.LOOPBACK,
            port=self.ports[leader],
            user="superuser",
            password=self.password,
            dbname="postgres",
        )
        connection.autocommit = True
        with connection.cursor() as cursor:
            with suppress(psycopg2.errors.DuplicateObject):
                cursor.execute(f"CREATE ROLE mall LOGIN PASSWORD '{self.password}'")
            cursor.execute("CREATE DATABASE mall OWNER mall")
        connection.close()
        servers = ",".join(f"{ports.LOOPBACK}:{self.ports[name]}" for name in _MEMBERS)
        return f"postgres://mall:{self.password}@{servers}/mall?target_session_attrs=read-write"
