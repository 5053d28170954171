"""The shopper's hands and the bad days of WeChat, for tests and the demo: a client of the sandbox's control API."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import requests

Row = dict[str, Any]


class ControlRefused(Exception):
    """The sandbox could not do it; the text is its reason."""


class PaymentFailed(ControlRefused):
    """wx.requestPayment failed: wrong paySign, someone else's prepay_id, closed, already paid."""


class NothingHappened(AssertionError):
    """What a test waited for did not come in time."""


@dataclass(frozen=True)
class Login:
    """What wx.login gave: a single-use code, and the openid behind it."""

    code: str
    openid: str


class Sandbox:
    """A running sandbox at ``base_url``, for example ``http://127.0.0.1:9700``."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False

    def login(self, nickname: str, *, with_unionid: bool = False) -> Login:
        """Open the mini program; the same nickname always has the same openid."""
        made = self._post("login", nickname=nickname, with_unionid=with_unionid)
        return Login(code=made["code"], openid=made["openid"])

    def phone_code(self, openid: str, *, phone: str = "") -> str:
        """Press the phone button and agree; without ``phone`` the shopper has a number of their own."""
        return str(self._post("phone", openid=openid, phone=phone)["code"])

    def pay(self, openid: str, params: Mapping[str, str]) -> str:
        """Pay with what the shop gave for wx.requestPayment; returns the transaction id or raises PaymentFailed."""
        wanted = ("timeStamp", "nonceStr", "package", "signType", "paySign")
        try:
            paid = self._post("pay", openid=openid, **{name: params.get(name) for name in wanted})
        except ControlRefused as refused:
            raise PaymentFailed(str(refused)) from refused
        return str(paid["transaction_id"])

    def refuse(self, params: Mapping[str, str]) -> None:
        """Close the password sheet of wx.requestPayment."""
        self._post("refuse", package=params["package"])

    def pay_although_closed(self, out_trade_no: str) -> str:
        """Let a payment succeed that the merchant (or time) had closed; returns the transaction id."""
        return str(self._post("pay_although_closed", out_trade_no=out_trade_no)["transaction_id"])

    def pay_elsewhere(self, openid: str, out_trade_no: str, *, amount_fen: int) -> str:
        """Let money arrive under a number of another system of the same merchant; returns the transaction id."""
        told = self._post("pay_elsewhere", openid=openid, out_trade_no=out_trade_no, amount_fen=amount_fen)
        return str(told["transaction_id"])

    def confirm_receipt(self, transaction_id: str) -> None:
        """Confirm in WeChat's own component."""
        self._post("confirm_receipt", transaction_id=transaction_id)

    def subscribe(self, openid: str, *template_ids: str, accept: bool = True) -> None:
        """Answer one subscribe prompt for at most three templates; raises ControlRefused for unknown ones."""
        self._post("subscribe", openid=openid, template_ids=list(template_ids), accept=accept)

    def turn_messages_off(self, openid: str, *template_ids: str) -> None:
        """Choose 拒收 in the menu of these templates' cards: their grants are gone."""
        self._post("subscribe/off", openid=openid, template_ids=list(template_ids))

    def enter_service(self, openid: str, *, session_from: str = "") -> None:
        """Open the customer-service chat (user_enter_tempsession)."""
        self._post("enter", openid=openid, session_from=session_from)

    def write(self, openid: str, text: str, *, kind: str = "text") -> None:
        """Write in the customer-service chat; ``kind`` may be image or miniprogrampage."""
        self._post("write", openid=openid, text=text, kind=kind)

    def push(self, event: str, *, openid: str = "", content: Mapping[str, object] | None = None) -> None:
        """Push any event with fields of your own."""
        self._post("push", event=event, openid=openid, content=dict(content or {}))

    def find_picture(self, suggest: str, *, label: int = 20002) -> None:
        """Say what the next picture is found to be: pass, review, risky, lost (no push), unfetched (-1008)."""
        self._post("media", suggest=suggest, label=label)

    def push_to(self, url: str, *, format: str = "json") -> None:
        """Set the shop's push address (empty: none) and its format, json or xml."""
        self._post("push/address", url=url, format=format)

    def verify_push_url(self) -> Row:
        """Do WeChat's check of the push address; ``{"ok", "status", "answer"}``."""
        return dict(self._post("push/verify"))

    def fault(self, kind: str, *, times: int = 1, **settings: object) -> int:
        """Order a bad day (kinds and settings: faults.py); returns its number."""
        return int(self._post("faults", kind=kind, times=times, **settings)["number"])

    def clear_faults(self) -> None:
        self._call("DELETE", "faults")

    def faults(self) -> list[Row]:
        """What is still on: an empty list says that every ordered fault has struck."""
        return self._list("faults")

    def reset(self) -> None:
        """Forget everything but access tokens; call it between two tests."""
        self._post("reset")

    def put_clock_ahead(self, seconds: float) -> None:
        """Let orders, codes and tokens age; signatures keep the true time."""
        self._post("clock", ahead_s=seconds)

    def resend(self, out_trade_no: str, *, event: str = "") -> None:
        """Send the notifies of an order once more, lost ones included."""
        self._post("notify/resend", out_trade_no=out_trade_no, event=event)

    def calls(self, path: str = "") -> list[Row]:
        """The shop's calls whose path begins so, oldest first."""
        return self._list("calls", path=path)

    def notifies(self, about: str | None = None) -> list[Row]:
        """Pay notifies, with ``about`` those of one out_trade_no, each with its attempts."""
        return self._list("notifies", channel="pay", **({"about": about} if about else {}))

    def pushes(self) -> list[Row]:
        return self._list("notifies", channel="push")

    def transactions(self) -> list[Row]:
        return self._list("transactions")

    def transaction(self, out_trade_no: str) -> Row:
        """The order of this number; raises KeyError."""
        rows = {row["out_trade_no"]: row for row in self.transactions()}
        return dict(rows[out_trade_no])

    def move_waybill(self, waybill_id: str, state: str, **said: object) -> None:
        """Let a parcel move on to WAITING, MOVING, DELIVERING, SIGNED, PROBLEM or RETURNED.

        ``text``, ``place`` and ``at`` (unix seconds) may be said.
        With ``openid`` and ``delivery_id`` WeChat pushes the step, as it does for an electronic waybill.
        """
        self._post("waybills/move", waybill_id=waybill_id, state=state, **said)

    def express_orders(self) -> list[Row]:
        """Return the electronic waybills that were made, the oldest first."""
        return self._list("express_orders")

    def waybills(self) -> list[Row]:
        return self._list("waybills")

    def complain(self, out_trade_no: str, text: str, **said: object) -> str:
        """Complain about a payment; ``problem_type``, ``pictures``, ``phone`` may be said. Returns WeChat's number."""
        return str(
            self._post("complaints/open", out_trade_no=out_trade_no, text=text, **said)["complaint_id"]
        )

    def complain_again(self, complaint_id: str, text: str) -> str:
        """Write once more; returns the state."""
        return str(self._post("complaints/say", complaint_id=complaint_id, text=text)["state"])

    def complaints(self) -> list[Row]:
        return self._list("complaints")

    def complaint(self, complaint_id: str) -> Row:
        """The complaint of this number; raises KeyError."""
        return dict({row["complaint_id"]: row for row in self.complaints()}[complaint_id])

    def confirm_transfer(self, openid: str, package_info: str) -> str:
        """Confirm on the page of wx.requestMerchantTransfer; returns the state, or raises ControlRefused."""
        return str(self._post("transfers/confirm", openid=openid, package_info=package_info)["state"])

    def lapse_transfer(self, out_bill_no: str) -> None:
        """Let the 24 hours pass in which the user could have confirmed."""
        self._post("transfers/lapse", out_bill_no=out_bill_no)

    def transfers(self) -> list[Row]:
        return self._list("transfers")

    def refunds(self) -> list[Row]:
        return self._list("refunds")

    def shipments(self) -> list[Row]:
        return self._list("shipments")

    def templates(self) -> list[Row]:
        """The account's own templates of subscription messages."""
        return self._list("templates")

    def template_id(self, title: str) -> str:
        """The id of the template of this title; raises KeyError."""
        return {str(row["title"]): str(row["template_id"]) for row in self.templates()}[title]

    def messages(self) -> list[Row]:
        return self._list("messages")

    def service_messages(self) -> list[Row]:
        """The customer-service messages that reached customers."""
        return self._list("service_messages")

    def cards(self) -> list[Row]:
        """The cards of 服务动态, by payment."""
        return self._list("cards")

    def activities(self) -> list[Row]:
        """The updatable messages: what the cards that were sent say now."""
        return self._list("activities")

    def grants(self) -> list[Row]:
        return self._list("grants")

    def wait_for_notify(self, about: str, *, state: str = "ACCEPTED", within_s: float = 5) -> Row:
        """Wait until a pay notify of this out_trade_no has that state and return it."""
        found = self.wait(
            lambda: [row for row in self.notifies(about) if row["state"] == state], within_s=within_s
        )
        return dict(found[0])

    def wait(self, look: Callable[[], list[Row]], *, within_s: float = 5) -> list[Row]:
        """Look again until something is there; raises NothingHappened."""
        ends = time.monotonic() + within_s
        while time.monotonic() < ends:
            if found := look():
                return found
            time.sleep(0.02)
        raise NothingHappened(f"within {within_s} s")

    def _list(self, what: str, **query: str) -> list[Row]:
        return list(self._call("GET", what, query=query))

    def _post(self, what: str, **asked: object) -> Row:
        return dict(self._call("POST", what, asked=asked))

    def _call(
        self, method: str, what: str, *, asked: Row | None = None, query: Mapping[str, str] | None = None
    ) -> Any:
        url = f"{self.base_url}/__sandbox/{what}"
        response = self._session.request(method, url, json=asked, params=query, timeout=10)
        answer = response.json()
        if response.status_code != 200:
            raise ControlRefused(answer.get("error", response.text))
        return answer
