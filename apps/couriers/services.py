"""Asks the tracking service that the environment names about a parcel."""

from __future__ import annotations

import re

from django.conf import settings

from apps.base import transactions
from apps.couriers import kuaidi100
from apps.couriers.kuaidi100 import LEAST_GAP, Account, Way

__all__ = ["LEAST_GAP", "is_on", "knows", "way_of"]


def is_on() -> bool:
    """Whether a tracking service is set."""
    return bool(settings.KUAIDI100_CUSTOMER and settings.KUAIDI100_KEY)


def knows(*, carrier_id: str, tracking_no: str) -> bool:
    """Whether the service is set and can be asked about this number."""
    return is_on() and kuaidi100.is_known(carrier_id=carrier_id, tracking_no=tracking_no)


def way_of(*, carrier_id: str, tracking_no: str, phone: str) -> Way:
    """Return what is known of a number that the service ``knows``. Of ``phone`` only the last four digits are told.

    Raises CourierRefused (final), CourierUnavailable (again later).
    """
    transactions.forbid("asking a tracking service")
    return kuaidi100.query(
        Account(customer=settings.KUAIDI100_CUSTOMER, key=settings.KUAIDI100_KEY),
        carrier_id=carrier_id,
        tracking_no=tracking_no,
        phone_tail=re.sub(r"\D", "", phone)[-4:],
        base=settings.KUAIDI100_BASE or kuaidi100.BASE,
    )
