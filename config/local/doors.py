"""HTTP as the people of the demo use it: a shopper's mini program, the sandbox, an operator's browser."""

from __future__ import annotations

import re
from typing import Any

import requests

from config.local.pages import Page
from config.local.places import Problem

_TIMEOUT = (3, 30)


class JsonDoor:
    """A JSON API at a base address; with `token` set, every call is that shopper's."""

    def __init__(self, base: str) -> None:
        self._base = base.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy between two programs of this machine
        self.token: str | None = None

    def get(self, path: str, **query: str | int) -> Any:
        return self._call("GET", path, params=query)

    def post(
        self, path: str, body: dict[str, Any] | None = None, *, headers: dict[str, str] | None = None
    ) -> Any:
        return self._call("POST", path, json=body if body is not None else {}, headers=headers)

    def patch(self, path: str, body: dict[str, Any]) -> Any:
        return self._call("PATCH", path, json=body)

    def delete(self, path: str) -> Any:
        return self._call("DELETE", path)

    def _call(self, method: str, path: str, **options: Any) -> Any:
        headers = {**(options.pop("headers", None) or {})}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            answer = self._session.request(
                method, self._base + path, headers=headers, timeout=_TIMEOUT, **options
            )
        except requests.RequestException as error:
            raise Problem(f"{method} {path}: {error}") from None
        if not answer.ok:
            raise Problem(f"{method} {path} answered {answer.status_code}: {answer.text[:500]}")
        return answer.json() if answer.content else None


class AdminDoor:
    """An operator's browser: keeps cookies, follows links, fills in forms as they are served."""

    def __init__(self, base: str) -> None:
        self._base = base.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False

    def log_in(self, name: str, password: str) -> None:
        page = self.submit("/admin/login/?next=/admin/", {"username": name, "password": password})
        if page.form_with("password") is not None:
            raise Problem("the admin did not accept the operator's login")

    def page(self, path: str) -> Page:
        return self._opened(self._session.get(self._base + path, timeout=_TIMEOUT))

    def follow(self, path: str, pattern: str) -> str:
        """Return the first address on the page at ``path`` that matches; Problem when there is none."""
        for link in self.page(path).links:
            if re.fullmatch(pattern, link):
                return link
        raise Problem(f"{path} has no link to {pattern}")

    def submit(self, path: str, fields: dict[str, str], *, choices: dict[str, str] | None = None) -> Page:
        """Open a form, change these fields, pick these choices by their labels, and send it as it then is.

        Returns the page that follows.
        """
        wanted = {**fields, **(choices or {})}
        form = self.page(path).form_with(next(iter(wanted)))
        if form is None:
            raise Problem(f"{path} shows no form with the field {next(iter(wanted))}")
        filled = {**form.fields, **fields}
        for name, label in (choices or {}).items():
            value = form.choice(name, label)
            if value is None:
                raise Problem(f"{path} offers no {label} for {name}")
            filled[name] = value
        url = self._base + path
        return self._opened(self._session.post(url, data=filled, headers={"Referer": url}, timeout=_TIMEOUT))

    def _opened(self, answer: requests.Response) -> Page:
        if not answer.ok:
            raise Problem(f"{answer.request.method} {answer.url} answered {answer.status_code}")
        return Page(answer.text)
