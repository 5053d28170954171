"""A pre-sale of the demo shop that stands in its deposit window."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from apps.catalog.models import Sku
from apps.presale import services as presales
from apps.presale.drafts import GoodDraft, PresaleDraft
from apps.presale.models import Presale
from mall import money

_CODE: Final = "DEMO-PRESALE"
_SKU: Final = "CP-JIANZHAN-1"
_DEPOSIT_FEN: Final = 20_00
_WORTH_FEN: Final = 50_00


def fill(*, at: datetime) -> None:
    """Set it up; nothing where it is there already."""
    sku = Sku.objects.filter(code=_SKU).first()
    if sku is None or Presale.objects.filter(code=_CODE).exists():
        return
    price_fen = sku.price_fen - money.percent_off(sku.price_fen, off_bp=1_000)
    presales.CAMPAIGNS.load(
        PresaleDraft(
            code=_CODE,
            title="新窑预售 定金20抵50",
            goods=[GoodDraft(sku_id=sku.pk, price_fen=price_fen, quota=200)],
            deposit_fen=_DEPOSIT_FEN,
            deposit_worth_fen=_WORTH_FEN,
            deposit_refundable=True,
            starts_at=at,
            ends_at=at + timedelta(days=7),
            balance_from=at + timedelta(days=8),
            balance_until=at + timedelta(days=11),
        ),
        at=at,
    )
