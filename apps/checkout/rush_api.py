"""The early door to the counter: in a rush, whoever wants what is sold out is told so before anything else is done.

It refuses what ``api.OrdersView`` would refuse, in the same words, by one statement: who calls, whether the address is
theirs, and whether this request was placed before. It opens only while an activity is shut out (``activities.in_a_rush``),
and asks only about orders of that one, in the plain form that phones send; whatever else there is to say, or to doubt, the
view says.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.base import early, errors, idempotency, parsers, throttles, versions
from apps.base.inputs import MAX_BIGINT
from apps.base.planned import Planned
from apps.base.renderers import FastJSONRenderer
from apps.base.throttles import PerMember
from apps.carts.services import MAX_QUANTITY
from apps.checkout import activities
from apps.checkout.activities import Ticket
from apps.checkout.quoting import NO_COUPON
from apps.members import selectors as member_facts
from apps.members.auth import token_of
from apps.members.tokens import hash_of
from apps.orders import selectors as order_facts

_ORDERS: Final = "/api/v1/orders"
_ALLOW: Final = "GET, POST, HEAD, OPTIONS"
_JSON: Final = frozenset({"application/json", "application/json; charset=utf-8"})
# An order of an activity is some two hundred bytes.
_LONGEST: Final = 2_000
# What a plain order may say, and what it says where it says nothing.
_SAYS: Final = frozenset({"items", "address_id", "activity", "expected_payable_fen"})
_MAY_SAY: Final[Mapping[str, tuple[Any, ...]]] = {
    "coupon_id": (None, *NO_COUPON),
    "from_cart": (False,),
    "use_points": (None, False),
    "use_balance": (None, False),
    "remark": ("",),
}
_ASK: Final = Planned(
    f"SELECT member.id, {member_facts.has_address_column('$3')}, {order_facts.has_key_column('$4')},"
    f" {versions.COLUMN}" + member_facts.OF_SESSION,
    "text",
    "timestamptz",
    "bigint",
    "text",
)


class _Wanted(NamedTuple):
    """A plain order of an activity."""

    ticket: Ticket
    item: tuple[int, int]
    address_id: int
    key: str


class _Who(NamedTuple):
    """Whoever calls, as throttles know a member."""

    pk: int


class RushMiddleware(early.Door):
    """Refuses at once what is sold out, while there is a rush for it."""

    _renderer: Final = FastJSONRenderer()

    def answer(self, request: HttpRequest) -> HttpResponse | None:
        """The refusal of an order, while there is a rush, if it is sure to be refused so."""
        if request.path != _ORDERS or request.method != "POST" or not activities.in_a_rush():
            return None
        return self._refusal(request, at=timezone.now())

    def _refusal(self, request: HttpRequest, *, at: datetime) -> HttpResponse | None:
        """The refusal, if the order is sure to be refused as sold out and in no other way."""
        token = token_of(request)
        wanted = _wanted(request)
        if token is None or wanted is None or not activities.in_a_rush(wanted.ticket):
            return None
        row = _ASK.row(hash_of(token), at, wanted.address_id, wanted.key)
        if row is None:
            return None
        member_id, has_address, was_placed, tokens = row
        if was_placed or not has_address:
            return None
        versions.look(tokens)
        refusal = activities.shut_out(wanted.ticket, items=(wanted.item,), member_id=member_id, at=at)
        if refusal is None or not throttles.let_in(request, _Who(member_id), [PerMember]):
            return None
        body = self._renderer.render(errors.body(refusal.code, refusal.text, refusal.details))
        status = errors.STATUS_OF_KIND[refusal.kind]
        return early.answer(request, body, status=status, allow=_ALLOW, of=_ORDERS)


def _wanted(request: HttpRequest) -> _Wanted | None:
    """The order, if it is plain. Raises ParseError, ActivityInvalid, ActivityNotFound."""
    key = idempotency.key_in(request.META)
    if (
        key is None
        or request.META.get("QUERY_STRING")
        or not early.takes_json(request)
        or request.META.get("CONTENT_TYPE", "").lower() not in _JSON
        or not early.is_short(request, most=_LONGEST)
    ):
        return None
    said = parsers.read(request.body)
    if said.keys() - _MAY_SAY.keys() != _SAYS or not all(_is_usual(said, name) for name in _MAY_SAY):
        return None
    items, activity = said["items"], said["activity"]
    if not _is_number(said["address_id"], 1) or not _is_number(said["expected_payable_fen"], 0):
        return None
    if not isinstance(activity, dict) or not isinstance(items, list) or len(items) != 1:
        return None
    (item,) = items
    if not isinstance(item, dict) or item.keys() != {"sku_id", "quantity"}:
        return None
    sku_id, quantity = item["sku_id"], item["quantity"]
    if not _is_number(sku_id, 1) or not _is_number(quantity, 1, MAX_QUANTITY):
        return None
    return _Wanted(activities.read(activity), (sku_id, quantity), said["address_id"], key)


def _is_usual(said: Mapping[str, Any], name: str) -> bool:
    """Whether a field is left out, or says what it says for nearly everybody; numbers are no booleans here."""
    usual = _MAY_SAY[name]
    found = said.get(name, usual[0])
    return any(found is each or (isinstance(each, str) and found == each) for each in usual)


def _is_number(value: Any, least: int, most: int = MAX_BIGINT) -> bool:
    return type(value) is int and least <= value <= most
