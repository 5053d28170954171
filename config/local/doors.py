"""HTTP as the people of the demo use it: a shopper's mini program, the sandbox, an operator's browser."""

from __future__ import annotations

import html
import re
from typing import Any

import requests

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
    """An operator's browser: keeps cookies, fills in forms as they are served, follows redirects."""

    def __init__(self, base: str) -> None:
        self._base = base.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False

    def log_in(self, name: str, password: str) -> None:
        page = self.submit("/admin/login/", {"username": name, "password": password, "next": "/admin/"})
        if 'name="password"' in page:
            raise Problem("the admin did not accept the operator's login")

    def page(self, path: str) -> str:
        return self._opened(self._session.get(self._base + path, timeout=_TIMEOUT))

    def submit(self, path: str, fields: dict[str, str]) -> str:
        """Open the form's page, then post its hidden fields and ours back; return the page that follows."""
        page = self.page(path)
        answer = self._session.post(
            self._base + path,
            data={**_hidden_fields(page), **fields},
            headers={"Referer": self._base + path},
            timeout=_TIMEOUT,
        )
        return self._opened(answer)

    def _opened(self, answer: requests.Response) -> str:
        if not answer.ok:
            raise Problem(f"{answer.request.method} {answer.url} answered {answer.status_code}")
        return answer.text


def _hidden_fields(page: str) -> dict[str, str]:
    fields = {}
    for tag in re.findall(r"<input\b[^>]*>", page):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if attributes.get("type") == "hidden" and "name" in attributes:
            fields[attributes["name"]] = html.unescape(attributes.get("value", ""))
    return fields


def operators_complaints(page: str) -> str:
    """Return what a page of the admin complains of (form errors, error messages), for a person to read."""
    blocks = re.findall(
        r'<(?:ul|p|div|li)[^>]*class="[^"]*(?:error|text-red)[^"]*"[^>]*>(.*?)</(?:ul|p|div|li)>', page, re.S
    )
    return "; ".join(filter(None, (re.sub(r"<[^>]+>|\s+", " ", block).strip() for block in blocks)))
