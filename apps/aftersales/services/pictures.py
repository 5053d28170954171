"""Pictures of applications: uploads of shoppers that were taken, and what operators show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from apps.aftersales.models import AfterSale, AfterSaleMessage, AfterSalePicture, AfterSaleStep
from apps.aftersales.states import By
from apps.base import numbers
from apps.members.models import Upload
from apps.members.services import uploads
from apps.pictures import stored
from apps.pictures.child import Drawing

_FOLDER = "after-sales"


def attach(
    public_ids: Sequence[str],
    *,
    row: AfterSale,
    step: AfterSaleStep | None = None,
    message: AfterSaleMessage | None = None,
    at: datetime,
) -> None:
    """Give pictures of the shopper's own that nothing uses to what happened or was said. Raises NotFound for any other."""
    if not public_ids:
        return
    taken = uploads.take(member=row.member, public_ids=public_ids, purpose=Upload.Purpose.AFTER_SALE, at=at)
    AfterSalePicture.objects.bulk_create(
        AfterSalePicture(
            public_id=one.public_id,
            after_sale=row,
            step=step,
            message=message,
            by=By.MEMBER,
            position=position,
            file=one.file,
            width=one.width,
            height=one.height,
            uploaded_at=one.uploaded_at,
        )
        for position, one in enumerate(taken)
    )


def show(
    drawings: Sequence[Drawing],
    *,
    row: AfterSale,
    step: AfterSaleStep | None = None,
    message: AfterSaleMessage | None = None,
    at: datetime,
) -> None:
    """Keep what an operator shows, drawn anew by the door, with what happened or was said, in the caller's transaction."""
    for position, drawn in enumerate(drawings):
        public_id = numbers.word(24)
        AfterSalePicture.objects.create(
            public_id=public_id,
            after_sale=row,
            step=step,
            message=message,
            by=By.OPERATOR,
            position=position,
            file=stored.name_of(drawn, folder=_FOLDER, salt=public_id),
            width=drawn.width,
            height=drawn.height,
            uploaded_at=at,
        )
        stored.keep(drawn, folder=_FOLDER, salt=public_id)


def delete(pictures: Sequence[AfterSalePicture]) -> None:
    """Delete files, then rows, inside the caller's transaction: broken off, it leaves a row to be deleted again."""
    uploads.delete(files=[picture.file for picture in pictures])
    AfterSalePicture.objects.filter(pk__in=[picture.pk for picture in pictures]).delete()
