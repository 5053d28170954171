"""What the mini program's API says, and one call to it, as the tests write them."""

from __future__ import annotations

import json
from typing import Any

from apps.wechat import messages
from tests.wechat.client.scripted import Reply, Script

TOKEN_PATH = "/cgi-bin/stable_token"


def told(**content: Any) -> Reply:
    """An answer of the mini program's API."""
    return Reply(body=json.dumps(content, ensure_ascii=False).encode())


def token(value: str = "T1", *, lives_s: int = 7200) -> Reply:
    """An answer of stable_token."""
    return told(access_token=value, expires_in=lives_s)


def send() -> str | None:
    """A call that needs a token and changes something at WeChat."""
    return messages.send_subscribe(touser="oX", template_id="TPL", data={"thing1": "茶杯"}, page="p?id=9")


def tokens_used(wechat: Script) -> list[str]:
    """The access tokens of the calls so far."""
    return [one.query["access_token"] for one in wechat.heard if "access_token" in one.query]
