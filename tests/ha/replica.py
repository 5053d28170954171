"""``python -m tests.ha.replica``: a replica that lags three seconds, and nobody who does not see what they just wrote."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import psycopg2

from config.local.places import Slot
from config.local.processes import Child
from config.local.servers import Servers
from tests.ha import postgres
from tests.ha.stage import Stage, await_webs, built, kill, say, told

_LAG_SECONDS = 3
_SHOPPERS, _ORDERS_EACH = 4, 30
_LISTS_OF_READERS = 40
# PostgreSQL writes down what an idle connection did after ten seconds.
_COUNTED_WITHIN_SECONDS = 11


def _follow(slot: Slot, backing: Servers, children: list[Child]) -> Mapping[str, str]:
    lag = f"recovery_min_apply_delay={_LAG_SECONDS}s"
    child, url = postgres.follower(slot, backing.database_url, name="replica", settings=(lag,))
    children.append(child)
    return {"REPLICA_URL": url}


def main() -> None:
    with built(_follow) as stage:
        from tests.ha import load  # -- not before Django is set up

        buyers, skus = load.fill(stage.wechat)
        port = stage.free_port()
        stage.environ |= {"PUBLIC_BASE_URL": f"http://127.0.0.1:{port}"}
        web = stage.web("web", port)
        stage.beat()
        await_webs((web, port))
        url = stage.environ["REPLICA_URL"]
        _caught_up(url)
        _writers_see_their_orders(port, buyers, skus, url)
        _readers_are_served_by_the_replica(port, buyers[-60:], url)
        _operators_see_what_they_saved(stage, url)
        kill(next(child for child in stage.children if child.name == "replica"))
        _lists(port, buyers[:_LISTS_OF_READERS])
        say(f"replica killed: {_LISTS_OF_READERS} lists were answered by the primary")


def _writers_see_their_orders(port: int, buyers: list, skus: list[int], url: str) -> None:  # type: ignore[type-arg]  # load.Buyer, which needs Django
    def shop(number: int) -> tuple[int, int]:
        return _orders_and_looks(port, buyers[number::_SHOPPERS], skus, url, random.Random(number))

    with ThreadPoolExecutor(_SHOPPERS) as threads:
        counted = list(threads.map(shop, range(_SHOPPERS)))
    looked, absent = sum(one for one, _ in counted), sum(one for _, one in counted)
    assert absent > looked // 2, f"the replica had {looked - absent} of {looked} at once: it does not lag"
    say(
        f"{looked} orders, each looked for in the member's list at once: all there; {absent} of them not yet on the replica"
    )


def _orders_and_looks(
    port: int, buyers: list, skus: list[int], url: str, picked: random.Random
) -> tuple[int, int]:  # type: ignore[type-arg]  # as above
    from tests.ha import load

    phone = load.Phone(port, load.Told())
    behind = psycopg2.connect(url)
    behind.autocommit = True
    absent = 0
    for turn in range(_ORDERS_EACH):
        buyer = buyers[turn // 5]
        # Looked at before, so that something older is kept of this member.
        phone.see(buyer.token, "/orders")
        placed = phone.order(buyer, picked.choice(skus), key=f"look-{buyer.token}-{turn}")
        rows = phone.see(buyer.token, "/orders")["results"]
        with behind.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM orders_order WHERE order_no = %s", [placed["order_no"]])
            absent += cursor.fetchone() == (0,)
        assert rows[0]["order_no"] == placed["order_no"], f"{placed['order_no']} is not in its member's list"
        assert phone.see(buyer.token, "/orders/counts")["UNPAID"] == turn % 5 + 1
    behind.close()
    return _ORDERS_EACH, absent


def _readers_are_served_by_the_replica(port: int, readers: list, url: str) -> None:  # type: ignore[type-arg]  # as above
    """Who has written nothing of late is served there: after one look at the primary, from when on they are known."""
    _lists(port, readers)
    _caught_up(url)
    before = _rows_read(url)
    _lists(port, readers)
    time.sleep(_COUNTED_WITHIN_SECONDS)
    read = _rows_read(url) - before
    assert read >= len(readers), f"the replica answered {read} transactions for {len(readers)} lists"
    say(
        f"{len(readers)} lists of members who had not written for {_LAG_SECONDS} s: {read} transactions on the replica"
    )


def _operators_see_what_they_saved(stage: Stage, url: str) -> None:
    from django.contrib.auth import get_user_model
    from django.test import Client
    from django.urls import reverse

    operator = get_user_model().objects.create_superuser("店长", password="teatime-at-five")
    browser = Client(headers={"Host": "127.0.0.1"})
    browser.force_login(operator, backend="django.contrib.auth.backends.ModelBackend")
    for turn in range(10):
        name = f"品牌 {turn}"
        said = browser.post(
            reverse("admin:catalog_brand_add"), {"name": name, "position": "0", "logo_url": ""}, follow=False
        )
        assert said.status_code == 302, said.content.decode()[:2000]
        shown = browser.get(reverse("admin:catalog_brand_changelist")).content.decode()
        assert name in shown, f"{name} is not in the list"
    _caught_up(url)
    before = _rows_read(url)
    for _ in range(10):
        assert browser.get(reverse("admin:orders_order_changelist")).status_code == 200
    time.sleep(_COUNTED_WITHIN_SECONDS)
    read = _rows_read(url) - before
    assert read >= 10, f"the replica answered {read} transactions for 10 lists of an operator"
    say(
        f"an operator saved 10 brands and saw each in the list at once; 10 lists later: {read} transactions on the replica"
    )


def _lists(port: int, readers: list) -> None:  # type: ignore[type-arg]  # as above
    from tests.ha import load

    phone = load.Phone(port, load.Told())
    for reader in readers:
        phone.see(reader.token, "/orders")


def _rows_read(url: str) -> int:
    return int(_asked(url, "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"))


def _caught_up(url: str) -> None:
    """Wait until the replica has what the primary has now."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_insert_lsn()::text")
        (position,) = cursor.fetchone()
    ends = time.monotonic() + 60
    while not _asked(url, f"SELECT pg_last_wal_replay_lsn() >= '{position}'::pg_lsn"):
        assert time.monotonic() < ends, "the replica does not catch up"
        time.sleep(0.3)


def _asked(url: str, question: str) -> object:
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(question)
            return cursor.fetchone()[0]
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(told(main))
