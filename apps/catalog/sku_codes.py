"""SKUs as operators type them in lines: by the merchant's code."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from django.core.exceptions import ValidationError

from apps.catalog.models import Sku

UNKNOWN: Final = "没有这个商家编码的 SKU"


def ids_of(codes: Collection[str]) -> dict[str, int]:
    """The ids of the SKUs of these codes: one statement. Raises ValidationError, which names the codes of none."""
    ids = dict(Sku.objects.filter(code__in=list(codes)).values_list("code", "pk"))
    if missing := [code for code in dict.fromkeys(codes) if code not in ids]:
        raise ValidationError(f"{UNKNOWN}：{'、'.join(missing)}")
    return ids
