"""Clients that ask two web processes at the same moment over HTTP, and the people whose phones they are."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPConnection
from itertools import count
from queue import Empty, Queue
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone

from apps.base import numbers
from apps.members import tokens
from apps.members.models import Address, Member, Session
from tests.journeys.shopper import HOME, Answer

_keys = count(1)


class Person(NamedTuple):
    """A member who is logged in and has an address."""

    member: Member
    address: Address
    token: str

    @property
    def buyer(self) -> tuple[Member, Address]:
        return self.member, self.address


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One request of a person: ``path`` begins after ``/api/v1``; a ``key`` is sent as Idempotency-Key."""

    person: Person
    path: str
    body: Any = None
    key: str = ""


def order(person: Person, sku_id: int, activity: dict[str, Any], *, payable_fen: int) -> Ask:
    """A new order of one unit at an activity's price."""
    wanted = {
        "items": [{"sku_id": sku_id, "quantity": 1}],
        "address_id": person.address.pk,
        "coupon_id": "none",
        "activity": activity,
        "expected_payable_fen": payable_fen,
    }
    return Ask(person=person, path="/orders", body=wanted, key=f"race-{next(_keys)}")


class Webs:
    """The addresses of web processes; whoever asks has a kept connection to one of them, turn about."""

    def __init__(self, urls: Sequence[str]) -> None:
        self.urls = tuple(urls)
        self._hosts = [urlsplit(url).netloc for url in urls]
        self._turns = count()

    def at_once(self, asks: Sequence[Ask], *others: Callable[[], object]) -> list[Answer]:
        """Send all requests in one moment, each on a connection of its own; ``others`` are called in the same moment."""
        start = threading.Barrier(len(asks) + len(others))
        first = next(self._turns)

        def send(number: int) -> Answer:
            connection = self._connected(first + number)
            try:
                start.wait(30)
                return _sent(connection, asks[number])
            finally:
                connection.close()

        def call(other: Callable[[], object]) -> object:
            start.wait(30)
            return other()

        with ThreadPoolExecutor(len(asks) + len(others)) as threads:
            beside = [threads.submit(call, other) for other in others]
            answers = list(threads.map(send, range(len(asks))))
            for each in beside:
                each.result()
        return answers

    def rush(
        self, asks: Iterable[Ask], *, clients: int, insist: bool = False
    ) -> tuple[Counter[str], Counter[str]]:
        """So many clients send all requests, each the next one as soon as it is answered.

        Returns how the requests ended, and which faults of the server came before that: who insists sends a request again
        until it is answered otherwise, as a phone does.
        """
        waiting: Queue[Ask] = Queue()
        for ask in asks:
            waiting.put(ask)
        start = threading.Barrier(clients)

        def client(number: int) -> tuple[Counter[str], Counter[str]]:
            ended: Counter[str] = Counter()
            faults: Counter[str] = Counter()
            connection = self._connected(number)
            start.wait(60)
            try:
                while True:
                    ask = waiting.get_nowait()
                    answer = _sent(connection, ask)
                    while insist and answer.status >= 500:
                        faults[said(answer)] += 1
                        answer = _sent(connection, ask)
                    ended[said(answer)] += 1
            except Empty:
                return ended, faults
            finally:
                connection.close()

        with ThreadPoolExecutor(clients) as threads:
            told = list(threads.map(client, range(clients)))
        return sum((each for each, _ in told), Counter()), sum((each for _, each in told), Counter())

    def _connected(self, number: int) -> HTTPConnection:
        connection = HTTPConnection(self._hosts[number % len(self._hosts)], timeout=60)
        connection.connect()
        return connection


def said(answer: Answer) -> str:
    """An answer in a word: its status if it went well, else its code."""
    return str(answer.status) if answer.status < 400 else str(answer.body["code"])


def _sent(connection: HTTPConnection, ask: Ask) -> Answer:
    headers = {"Authorization": f"Bearer {ask.person.token}", "Content-Type": "application/json"}
    if ask.key:
        headers["Idempotency-Key"] = ask.key
    body = None if ask.body is None else json.dumps(ask.body)
    connection.request("POST", f"/api/v1{ask.path}", body, headers)
    answer = connection.getresponse()
    text = answer.read()
    return Answer(answer.status, json.loads(text) if text else None)


@transaction.atomic
def people(number: int, *, openids: Sequence[str] = ()) -> list[Person]:
    """So many members, each of whom lives alone; with the openids that WeChat knows them by, if they are to pay."""
    now = timezone.now()
    words = [numbers.word(16) for _ in range(number)]
    known = openids or [f"o{word}{word[:11]}" for word in words]
    members = Member.objects.bulk_create(
        Member(public_id=word, openid=openid, nickname="小茶", registered_at=now)
        for word, openid in zip(words, known, strict=True)
    )
    addresses = Address.objects.bulk_create(
        Address(
            member=member,
            **HOME | {"phone": f"139{member.pk % 10**8:08d}", "detail": f"龙井路 {member.pk} 号"},
        )
        for member in members
    )
    access = [tokens.fresh() for _ in members]
    Session.objects.bulk_create(
        Session(
            member=member,
            access_hash=tokens.hash_of(token),
            access_expires_at=now + timedelta(hours=1),
            refresh_hash=tokens.hash_of(f"refresh {token}"),
            refresh_expires_at=now + timedelta(hours=1),
            started_at=now,
        )
        for member, token in zip(members, access, strict=True)
    )
    return [Person(*each) for each in zip(members, addresses, access, strict=True)]
