"""What shoppers wrote and showed in applications is emptied: when they leave, and when its time is over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet

from apps.aftersales.models import AfterSale, AfterSaleMessage, AfterSalePicture
from apps.aftersales.services import pictures

# 电子商务法第三十一条: what belongs to a transaction is kept for at least three years from its completion.
KEPT: Final = timedelta(days=1096)
# What is said in three years' time of a number that nobody needs any more.
_TEXTS: Final = ("text", "return_carrier", "return_tracking_no")


@transaction.atomic
def empty(rows: QuerySet[AfterSale], *, limit: int | None = None) -> int:
    """Empty texts, messages and pictures of these applications, files included; return how many had any."""
    due = list(with_content(rows).order_by("ended_at", "id")[:limit].values_list("pk", flat=True))
    locked = list(AfterSale.objects.select_for_update(no_key=True).filter(pk__in=due).order_by("pk"))
    pictures.delete(list(AfterSalePicture.objects.filter(after_sale__in=locked)))
    AfterSaleMessage.objects.filter(after_sale__in=locked).update(text="")
    AfterSale.objects.filter(pk__in=[row.pk for row in locked]).update(**dict.fromkeys(_TEXTS, ""))
    return len(locked)


def with_content(rows: QuerySet[AfterSale]) -> QuerySet[AfterSale]:
    """Those of these applications which say or show anything still."""
    said = AfterSaleMessage.objects.exclude(text="").values("after_sale")
    shown = AfterSalePicture.objects.values("after_sale")
    words = Q()
    for name in _TEXTS:
        words |= ~Q(**{name: ""})
    return rows.filter(words | Q(pk__in=said) | Q(pk__in=shown))


def of_old(*, at: datetime) -> QuerySet[AfterSale]:
    """Applications that ended so long ago that nobody needs to know what was said."""
    return AfterSale.objects.filter(ended_at__lte=at - KEPT)
