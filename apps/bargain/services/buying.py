"""The four verbs of a bargain at the counter: the run is bought once, its quota taken with the order, both given back."""

from __future__ import annotations

from datetime import datetime

from apps.bargain.models import Run
from apps.bargain.services.running import Closed, end_held, write
from apps.bargain.states import KIND, RunStatus
from apps.base import transactions
from apps.campaigns import services as campaigns
from mall.errors import Kind, NotFound, ShopError


class PriceMoved(ShopError):
    """Friends cut the price while the order was on its way: it is priced anew."""

    code = "bargain_price_moved"
    message = "价格有变动，请确认后重新提交"
    kind = Kind.CONFLICT


def hold(*, order_no: str, bargain_no: str, member_id: int, price_fen: int, at: datetime) -> None:
    """Buy the run for an unpaid order: its price stands still from now on, and a unit of the quota is taken.

    Raises NotFound for a run that is not the member's, Closed, PriceMoved, SoldOut, LimitReached. Holding again
    changes nothing.
    """
    transactions.require()
    run = _locked(bargain_no)
    if run is None or run.member_id != member_id:
        raise NotFound
    if run.order_no == order_no:
        return
    if run.status_at(at) != RunStatus.OPEN:
        raise Closed
    if run.price_fen != price_fen:
        raise PriceMoved
    write(run, move="buy", order_no=order_no, at=at)
    campaigns.hold(
        kind=KIND,
        key=str(run.bargain_id),
        order_no=order_no,
        member_id=member_id,
        units=1,
        limit=run.bargain.limit_per_member,
        at=at,
    )


def commit(*, order_no: str, bargain_no: str, at: datetime) -> None:
    """The order is paid: nothing is cut in its run any more, so no help of it waits for a look."""
    run = _locked(bargain_no)
    if run is not None and run.order_no == order_no:
        end_held(run, at=at)
    campaigns.commit(order_no=order_no, at=at)


def release(*, order_no: str, bargain_no: str, at: datetime) -> None:
    """The order was not paid: friends go on cutting if there is time, and the unit is free again."""
    transactions.require()
    run = _locked(bargain_no)
    if run is not None and run.order_no == order_no:
        # Another run of the member may have been opened meanwhile: there is one at a time.
        other = Run.objects.filter(bargain=run.bargain_id, member_id=run.member_id, status=RunStatus.OPEN)
        over = at >= run.ends_at or other.exists()
        write(run, move="lapse" if over else "reopen", at=at)
    campaigns.release(order_no=order_no, at=at)


def restore(*, order_no: str, units: int, cause: str, at: datetime) -> None:
    """A refund gives the unit back to the quota; the run stays bought."""
    campaigns.restore(order_no=order_no, units=units, cause=cause, at=at)


def _locked(bargain_no: str) -> Run | None:
    return (
        Run.objects.select_for_update(of=("self",))
        .select_related("bargain")
        .filter(bargain_no=bargain_no)
        .first()
    )
