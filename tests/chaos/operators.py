"""Operators at random: they look through lists, ship, give money back, judge applications, in the admin over HTTP."""

from __future__ import annotations

import random
import re
import threading
from typing import Any, Final

import requests
from django.contrib.auth.models import User
from django.test import Client

from config.local.ports import LOOPBACK
from tests.chaos.telling import Told

_TOKEN: Final = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_ORDERS, _APPLICATIONS = "/admin/orders/order/", "/admin/aftersales/aftersale/"


def log_in(name: str) -> dict[str, str]:
    """An operator who may do everything, logged in: the cookies of their browser."""
    user = User.objects.filter(username=name).first() or User.objects.create_superuser(name)
    client = Client(headers={"host": LOOPBACK})
    client.force_login(user)
    return {key: morsel.value for key, morsel in client.cookies.items()}


class Operator(threading.Thread):
    """Somebody in the office, until they are told to stop."""

    def __init__(
        self, number: int, seed: int, port: int, cookies: dict[str, str], told: Told, stop: threading.Event
    ) -> None:
        super().__init__(name=f"operator-{number}", daemon=True)
        self._random = random.Random(f"{seed}-operator-{number}")
        self._shop = f"http://{LOOPBACK}:{port}"
        self._told, self._stop_asked = told, stop
        self._browser = requests.Session()
        self._browser.trust_env = False
        self._browser.cookies.update(cookies)

    def run(self) -> None:
        while not self._stop_asked.wait(0.05):
            act = self._random.choices((self._ship, self._give_back, self._judge), (60, 15, 25))[0]
            try:
                act()
            except requests.RequestException as error:
                # The server died, or was slow to come back: look again, as people do.
                self._told.count(self._told.faults, type(error).__name__)
                self._stop_asked.wait(0.3)
            except Exception as error:
                with self._told.lock:
                    self._told.wrong.append(
                        f"{self.name} {act.__name__}: {type(error).__name__} {error}"[:300]
                    )

    def _ship(self) -> None:
        order = self._one_of(f"{_ORDERS}?status__exact=PAID", _ORDERS)
        if order and self._presses(
            f"{_ORDERS}{order}/ship/",
            {"carrier": "SF", "tracking_no": f"SF{self._random.randrange(10**10):010d}"},
            told="已发出",
        ):
            self._told.note(self._told.shipped, order, "shipped")

    def _give_back(self) -> None:
        order = self._one_of(f"{_ORDERS}?status__exact=PAID", _ORDERS)
        if order and self._presses(
            f"{_ORDERS}{order}/refund/", {"reason": "买家不想要了"}, told="款项将原路退回"
        ):
            self._told.note(self._told.given_back, order, "given back")

    def _judge(self) -> None:
        row = self._one_of(f"{_APPLICATIONS}?status__exact=APPLIED", _APPLICATIONS)
        if not row:
            return
        if self._random.random() < 0.8:
            done, act = self._presses(f"{_APPLICATIONS}{row}/approve/", {}), "approved"
        else:
            done = self._presses(f"{_APPLICATIONS}{row}/refuse/", {"reason": "商品已发出"})
            act = "refused"
        if done:
            self._told.count(self._told.acts, act)

    def _one_of(self, listed: str, rows: str) -> str:
        """The key of a row of a list, by the links on its page; empty where there is none."""
        page = self._browser.get(f"{self._shop}{listed}", timeout=20)
        self._note(page, listed)
        found = sorted(set(re.findall(rf'href="{rows}(\d+)/change/', page.text)))
        return self._random.choice(found) if found else ""

    def _presses(self, path: str, typed: dict[str, Any], *, told: str = "") -> bool:
        """Open a page that asks, and send its form; whether the shop said that it is done, in these words.

        A page leads back to the list, too, where somebody else was faster, and says so there.
        """
        page = self._browser.get(f"{self._shop}{path}", timeout=20)
        self._note(page, path)
        token = _TOKEN.search(page.text)
        if page.status_code != 200 or token is None:
            return False  # somebody else was there before: there is no such button any more
        fields = dict(
            re.findall(r'<input[^>]+type="hidden"[^>]+name="([^"]+)"[^>]+value="([^"]*)"', page.text)
        )
        sent = {**fields, **typed, "csrfmiddlewaretoken": token[1]}
        answer = self._browser.post(
            f"{self._shop}{path}",
            data=sent,
            timeout=20,
            allow_redirects=False,
            headers={"Referer": f"{self._shop}{path}"},
        )
        self._note(answer, path)
        if answer.status_code != 302 or not told:
            return answer.status_code == 302
        after = self._browser.get(f"{self._shop}{answer.headers['Location']}", timeout=20)
        return after.status_code == 200 and told in after.text

    def _note(self, answer: requests.Response, path: str) -> None:
        """A server that cannot is a bad day; a page that breaks is a fault of ours."""
        if answer.status_code in {502, 503}:
            self._told.count(self._told.faults, f"admin {answer.status_code}")
            self._stop_asked.wait(0.3)
        elif answer.status_code in {400, 403, 500} or "/login/" in answer.headers.get("Location", ""):
            with self._told.lock:
                self._told.wrong.append(f"{path}: {answer.status_code} {answer.headers.get('Location', '')}")
