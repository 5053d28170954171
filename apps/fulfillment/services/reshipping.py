"""The one re-shipment (重新发货) that WeChat allows of a payment: taken before it is told, by one guarded statement.

Source: 小程序 发货信息管理服务, uploadShippingInfo, 10060003: a payment may be re-shipped only once, whatever changes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db.models import Q

from apps.fulfillment.models import ShippingUpload

_CODE: Final = "10060003"
USED_UP: Final = f"{_CODE} 微信只允许重新发货一次，已使用；请在微信公众平台核对"


def take(*, upload_id: int, digest: str, at: datetime) -> bool:
    """Take the one chance for the delivery that ``digest`` names; say whether it is that delivery's.

    A repetition of the same delivery has it already: its answer may have been lost. Of two others at once one gets it.
    """
    free = ShippingUpload.objects.filter(Q(reshipped_at__isnull=True) | Q(reship_digest=digest), pk=upload_id)
    return bool(free.update(reshipped_at=at, reship_digest=digest))


def give_back(*, upload_id: int, digest: str, why: str) -> bool:
    """WeChat refused that delivery as ``why`` says: the chance is free again, unless it says that it was used before."""
    if why.startswith(_CODE):
        return False
    held = ShippingUpload.objects.filter(pk=upload_id, reship_digest=digest).exclude(told_digest=digest)
    return bool(held.update(reshipped_at=None, reship_digest=""))
