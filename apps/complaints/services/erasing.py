"""What shoppers wrote in complaints is emptied when its time is over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet

from apps.complaints.models import Complaint, ComplaintAct, ComplaintStep

# 电子商务法第三十一条: what belongs to a transaction is kept for at least three years from its completion.
KEPT: Final = timedelta(days=1096)


@transaction.atomic
def empty(rows: QuerySet[Complaint], *, limit: int) -> int:
    """Empty the texts, numbers and addresses of pictures of these complaints; return how many had any."""
    due = list(with_content(rows).order_by("completed_at", "id")[:limit].values_list("pk", flat=True))
    locked = list(
        Complaint.objects.select_for_update(no_key=True)
        .filter(pk__in=due)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    ComplaintStep.objects.filter(complaint_id__in=locked).update(text="", pictures=[])
    ComplaintAct.objects.filter(complaint_id__in=locked).update(text="")
    Complaint.objects.filter(pk__in=locked).update(text="", problem="", phone_shown="", pictures=[])
    return len(locked)


def with_content(rows: QuerySet[Complaint]) -> QuerySet[Complaint]:
    """Those of these complaints which say or show anything still."""
    steps = ComplaintStep.objects.filter(~Q(text="") | ~Q(pictures=[])).values("complaint")
    acts = ComplaintAct.objects.exclude(text="").values("complaint")
    own = ~Q(text="") | ~Q(problem="") | ~Q(phone_shown="") | ~Q(pictures=[])
    return rows.filter(own | Q(pk__in=steps) | Q(pk__in=acts))


def of_old(*, at: datetime) -> QuerySet[Complaint]:
    """Complaints that were over so long ago that nobody needs to know what was said."""
    return Complaint.objects.filter(completed_at__lte=at - KEPT)
