"""Whether WeChat keeps what it was told (get_order), and what it pushes of receipt and settlement.

Source: 小程序 发货信息管理服务, getOrder; trade_manage_order_settlement.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from apps.base import transactions
from apps.fulfillment.models import Parcel, ShippingUpload
from apps.fulfillment.states import UploadStatus
from apps.wechat import shipping

# When WeChat does not show what it was told, it is asked again so long after; then somebody has to look.
_WAITS: Final = tuple(timedelta(minutes=minutes) for minutes in (2, 10, 60, 360))
_LOST: Final = "微信 get_order 未见已上传的发货信息，请核对后重新上传"
_EPOCHS: Final = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


class Due(NamedTuple):
    """An upload to be verified, and of which bill it is."""

    upload_id: int
    bill_kind: str
    bill_no: str


def take_due(*, at: datetime) -> Due | None:
    """Take the upload that has waited longest to be verified: put off before WeChat is asked, so that nobody else does."""
    due = ShippingUpload.objects.filter(verify_at__lte=at).order_by("verify_at", "id")
    for pk, kind, number, tries, seen in due.values_list(
        "pk", "bill_kind", "bill_no", "verify_tries", "verify_at"
    )[:10]:
        wait = _WAITS[min(tries, len(_WAITS) - 1)]
        # Guarded: of two bells at once one asks.
        if ShippingUpload.objects.filter(pk=pk, verify_at=seen).update(
            verify_at=at + wait, verify_tries=tries + 1
        ):
            return Due(pk, kind, number)
    return None


def verify(*, upload_id: int, transaction_id: str, at: datetime) -> bool:
    """Ask WeChat what it keeps of a payment; say whether that is what it was told. Safe to repeat.

    Where it still shows something else when it was asked as often as it is, the upload is FAILED for a person. Raises
    WechatUnavailable (the bell comes again), WechatRefused. Must be called outside a transaction.
    """
    transactions.forbid("asking WeChat what it keeps")
    row = ShippingUpload.objects.get(pk=upload_id)
    if row.status != UploadStatus.DONE or row.uploaded_at is None:
        return _rest(row)
    known = shipping.get_order(transaction_id=transaction_id)
    still = ShippingUpload.objects.filter(
        pk=upload_id, status=UploadStatus.DONE, told_digest=row.told_digest, uploaded_at=row.uploaded_at
    )
    if _is_as_told(row, known):
        return bool(still.update(verified_at=at, verify_at=None, wechat_state=int(known.state)))
    if row.verify_tries < len(_WAITS):
        still.update(wechat_state=int(known.state))
        return False
    # What WeChat has is not what the shop believes: only what it shows as complete can be re-shipped but once.
    still.update(
        status=UploadStatus.FAILED,
        last_error=_LOST,
        verify_at=None,
        told_digest="",
        told_all=known.finished,
        wechat_state=int(known.state),
    )
    return False


def give_up(*, upload_id: int) -> None:
    """Nobody can be asked about it: it has no payment any more, or WeChat refuses to tell."""
    ShippingUpload.objects.filter(pk=upload_id).update(verify_at=None)


def note_settlement(*, bill_kind: str, bill_no: str, said: dict[str, Any]) -> bool:
    """Keep what WeChat pushed of a bill's money, for operators to read; say whether there is an upload of it.

    Nothing is decided by it. Times are seconds, as numbers or as text; what is no time is left out, and a push without
    what an earlier one said takes nothing away.
    """
    told: dict[str, Any] = {
        name: moment
        for name, key in (
            ("settles_at", "estimated_settlement_time"),
            ("confirmed_at", "confirm_receive_time"),
            ("settled_at", "settlement_time"),
        )
        if (moment := _moment(said.get(key))) is not None
    }
    method = said.get("confirm_receive_method")
    if str(method) in ("1", "2"):
        told["confirm_method"] = int(str(method))
    rows = ShippingUpload.objects.filter(bill_kind=bill_kind, bill_no=bill_no)
    return bool(rows.update(**told)) if told else rows.exists()


def _is_as_told(row: ShippingUpload, known: shipping.ShippedOrder) -> bool:
    """Whether WeChat shows each parcel's number, and takes the delivery for complete where it was told so."""
    if row.order_id is None or not row.uploaded_parcels:
        return known.finished
    numbers = set(Parcel.objects.filter(order=row.order_id).values_list("tracking_no", flat=True))
    return known.finished == row.told_all and numbers <= known.tracking_nos


def _rest(row: ShippingUpload) -> bool:
    """It is told anew, or waits for a person: there is nothing to verify."""
    ShippingUpload.objects.filter(pk=row.pk, verify_at=row.verify_at).update(verify_at=None)
    return False


def _moment(said: Any) -> datetime | None:
    text = str(said)
    if not text.isascii() or not text.isdecimal() or len(text) > 10:
        return None
    moment = datetime.fromtimestamp(int(text), tz=UTC)
    return moment if _EPOCHS[0] <= moment < _EPOCHS[1] else None
