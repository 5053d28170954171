"""What can go wrong when a tracking service is asked, sorted by what the caller may do about it, as with WeChat.

``CourierRefused``: it understood and said no; the same question is pointless. ``CourierUnavailable``: again later.
"""

from __future__ import annotations

from apps.base import exchange
from mall.errors import Kind


class CourierUnavailable(exchange.Unavailable):
    """The service could not be asked, or says "not now"."""

    code = "courier_unavailable"
    message = "快递查询服务暂时不可用"


class CourierDown(CourierUnavailable):
    """No connection, or it broke."""


class CourierTimeout(CourierUnavailable):
    """No answer within the bound."""

    kind = Kind.TIMEOUT


class CourierBadAnswer(CourierUnavailable):
    """The answer has no form that the documents describe."""

    kind = Kind.BAD_GATEWAY


class CourierBusy(CourierUnavailable):
    """The service is overloaded (501, 502)."""


class CourierMisconfigured(CourierUnavailable):
    """The service rejects the shop itself: signature (503), or no questions left on the account (601)."""

    kind = Kind.BAD_GATEWAY


class CourierRefused(exchange.Refused):
    """The service said no for good."""

    code = "courier_refused"
    message = "快递查询服务拒绝了这次查询"
    longest = 100
