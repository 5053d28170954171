"""Opening a run and helping in it: one cut for each friend, under the run's lock, until the floor is reached."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import F

from apps.bargain.models import Bargain, Cut, Help, Run
from apps.bargain.services import judging
from apps.bargain.states import KIND, LIFECYCLE, RunStatus
from apps.base import audit, days, drawing, numbers, transactions
from apps.campaigns import admission
from apps.campaigns import selectors as campaign_facts
from apps.campaigns import services as campaigns
from apps.catalog.models import Sku
from apps.orders import selectors as order_facts
from apps.outbox import services as outbox
from apps.risk import services as risk
from apps.risk.models import Look
from mall.errors import Kind, NotFound, ShopError
from mall.events import BargainAtFloor

_BATCH: Final = 500
_TAKE_A_HELP: Final = """
    INSERT INTO bargain_helpsofday AS of_day (member_id, day, helps) VALUES (%(member_id)s, %(day)s, 1)
    ON CONFLICT (member_id, day) DO UPDATE SET helps = of_day.helps + 1 WHERE of_day.helps < %(most)s
"""


class HelpedAlready(ShopError):
    """One helps once in a run."""

    code = "bargain_helped_already"
    message = "您已经帮砍过了"
    kind = Kind.CONFLICT


class HelpsUsedUp(ShopError):
    """The member's helps of this Shanghai day, over all bargains, are used up; ``details`` has the ``limit``."""

    code = "bargain_helps_used_up"
    message = "您今天的帮砍次数已用完"
    kind = Kind.CONFLICT


class AtFloor(ShopError):
    """There is nothing left to cut."""

    code = "bargain_at_floor"
    message = "已经砍到底价了"
    kind = Kind.CONFLICT


class Closed(ShopError):
    """The run is bought, or over."""

    code = "bargain_closed"
    message = "砍价已结束"
    kind = Kind.CONFLICT


class OwnRun(ShopError):
    """Nobody helps oneself."""

    code = "bargain_own"
    message = "不能帮自己砍价"
    kind = Kind.CONFLICT


class NotHeld(ShopError):
    """The help waits for nobody: it was released, or was never held."""

    code = "help_not_held"
    message = "该帮砍无需放行"
    kind = Kind.CONFLICT


def open_run(*, bargain_id: int, member_id: int, at: datetime) -> Run:
    """Open the member's run with all its cuts drawn, or return the one that is running.

    Raises NotFound, NotStarted, Ended, SoldOut where nobody could buy at the end of it, and LimitReached where the member
    has as many already as one may.
    """
    bargain = Bargain.objects.select_related("sku").filter(pk=bargain_id).first()
    if bargain is None:
        raise NotFound
    admission.check_open(bargain, at=at)
    running = _running(bargain, member_id=member_id, at=at)
    if running is not None:
        return running
    room = campaign_facts.room_for(member_id=member_id, kind=KIND, key=str(bargain.pk))
    limit = bargain.limit_per_member
    if limit is not None and room.used >= limit:
        raise campaigns.LimitReached(details={"limit": limit, "used": room.used})
    if room.left == 0:
        raise campaigns.SoldOut
    try:
        with transactions.refine({"bargain_run_one_open": HelpedAlready}):
            return _opened(bargain, bargain.sku, member_id=member_id, at=at)
    except HelpedAlready:
        # The same member pressed twice; the other press was faster.
        found = _running(bargain, member_id=member_id, at=at)
        if found is None:
            raise Closed from None
        return found


def _running(bargain: Bargain, *, member_id: int, at: datetime) -> Run | None:
    """The member's open run; one whose clock has run out is closed on the way."""
    run = Run.objects.filter(bargain=bargain, member_id=member_id, status=RunStatus.OPEN).first()
    if run is not None and at >= run.ends_at:
        with transaction.atomic():
            lapse(run.pk, at=at)
        return None
    return run


def _opened(bargain: Bargain, sku: Sku, *, member_id: int, at: datetime) -> Run:
    run = Run.objects.create(
        bargain=bargain,
        member_id=member_id,
        bargain_no=numbers.dated("BG", at=at),
        start_fen=sku.price_fen,
        floor_fen=bargain.floor_fen,
        opened_at=at,
        ends_at=min(at + timedelta(minutes=bargain.minutes_per_run), bargain.ends_at),
    )
    drawn = drawing.parts_fen(run.start_fen - run.floor_fen, people=bargain.helpers)
    Cut.objects.bulk_create(
        Cut(run=run, place=place, amount_fen=amount_fen) for place, amount_fen in enumerate(drawn, start=1)
    )
    return run


@transaction.atomic
def help_run(*, bargain_no: str, member_id: int, at: datetime) -> Help:
    """Cut the price once for this member, or keep the help for a look where it looks arranged.

    A newcomer (somebody who has never paid an order) takes the largest cut that is left. Raises NotFound, OwnRun,
    HelpedAlready, Closed, AtFloor, HelpsUsedUp; nothing is then written.
    """
    run = _locked(bargain_no)
    if run.member_id == member_id:
        raise OwnRun
    if Help.objects.filter(run=run, member_id=member_id).exists():
        raise HelpedAlready
    _check_running(run, at=at)
    most = run.bargain.helps_per_day
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_A_HELP, {"member_id": member_id, "day": days.shop_day(at), "most": most})
        if not cursor.rowcount:
            raise HelpsUsedUp(details={"limit": most})
    newcomer = not order_facts.has_ever_paid(member_id)
    reason = judging.why_held(run, helper_id=member_id, at=at)
    given = Help(run=run, member_id=member_id, newcomer=newcomer, held=bool(reason), reason=reason, at=at)
    if not reason:
        given.cut = _cut(run, largest=newcomer, at=at)
    given.save(force_insert=True)
    return given


@transaction.atomic
def release_help(*, help_id: int, operator: Any, at: datetime) -> Help:
    """Let a help that was held cut after all. Raises NotFound, NotHeld, Closed, AtFloor."""
    found = Help.objects.filter(pk=help_id).select_related("run").first()
    if found is None:
        raise NotFound
    if not found.held:
        raise NotHeld
    try:
        if not judging.released(found, operator=operator, at=at):
            run = let_cut(found.pk, operator=operator, at=at)
            subject = f"砍价 {run.bargain_no}"
            audit.record(operator=operator, action="放行帮砍", subject=subject, note=found.reason, at=at)
    except risk.NothingToJudge:
        raise NotHeld from None
    return Help.objects.select_related("run", "cut").get(pk=help_id)


def let_cut(help_id: int, *, operator: Any, at: datetime) -> Run:
    """Cut by a help that was held, under its run's lock; return the run. Raises NotHeld, Closed, AtFloor."""
    run = _locked(Help.objects.values_list("run__bargain_no", flat=True).get(pk=help_id))
    given = Help.objects.select_for_update().get(pk=help_id)
    if not given.held:
        raise NotHeld
    _check_running(run, at=at)
    # Before the cut: the last one ends whatever waits in the run, and this one does not any more.
    given.held, given.released_at, given.released_by = False, at, operator
    given.save(update_fields=["held", "released_at", "released_by"])
    given.cut = _cut(run, largest=given.newcomer, at=at)
    given.save(update_fields=["cut"])
    return run


def release_held(look: Look, *, reason: str, operator: Any, at: datetime) -> bool:
    """Let a held help cut (the board of risk). Raises Closed, AtFloor where there is nothing to cut any more."""
    given = judging.held_help(look).first()
    if given is None:
        return False
    try:
        let_cut(given.pk, operator=operator, at=at)
    except NotHeld:
        # It was judged, or came to nothing, while this waited for the run.
        return False
    return True


def lapse(run_id: int, *, at: datetime) -> bool:
    """Close an open run whose clock has run out; False where it is not, or is not open any more."""
    run = Run.objects.select_for_update().get(pk=run_id)
    if run.status != RunStatus.OPEN or at < run.ends_at:
        return False
    write(run, move="lapse", at=at)
    return True


def lapse_due(*, at: datetime) -> int:
    """Close open runs whose clock has run out, at most ``_BATCH`` of them; return how many."""
    due: Sequence[int] = list(
        Run.objects.filter(status=RunStatus.OPEN, ends_at__lte=at)
        .order_by("ends_at")
        .values_list("pk", flat=True)[:_BATCH]
    )
    closed = 0
    for run_id in due:
        with transaction.atomic():
            closed += lapse(run_id, at=at)
    return closed


def write(run: Run, *, move: str, order_no: str = "", at: datetime) -> None:
    """Move a locked run: the one place that writes its status."""
    run.status = LIFECYCLE.target(move=move, current=run.status)
    run.order_no = order_no
    run.save(update_fields=["status", "order_no"])
    if run.status == RunStatus.LAPSED:
        end_held(run, at=at)


def end_held(run: Run, *, at: datetime) -> None:
    """Nothing is cut in this locked run any more: helps that waited for a look came to nothing, and wait for nobody."""
    waiting = list(Help.objects.filter(run=run, held=True).values_list("member_id", flat=True))
    if waiting:
        Help.objects.filter(run=run, held=True).update(held=False)
        judging.ended(run, helper_ids=waiting, at=at)


def _locked(bargain_no: str) -> Run:
    run = (
        Run.objects.select_for_update(of=("self",))
        .select_related("bargain")
        .filter(bargain_no=bargain_no)
        .first()
    )
    if run is None:
        raise NotFound
    return run


def _check_running(run: Run, *, at: datetime) -> None:
    """Refuse where nothing may be cut any more."""
    if run.status_at(at) != RunStatus.OPEN:
        raise Closed
    try:
        admission.check_open(run.bargain, at=at)
    except admission.Ended:
        raise Closed from None
    if run.at_floor:
        raise AtFloor


def _cut(run: Run, *, largest: bool, at: datetime) -> Cut:
    """Take a cut of the locked run. Raises AtFloor."""
    cut = _next_cut(run, largest=largest)
    if cut is None:
        raise AtFloor
    cut.taken = True
    cut.save(update_fields=["taken"])
    Run.objects.filter(pk=run.pk).update(cut_fen=F("cut_fen") + cut.amount_fen, helps=F("helps") + 1)
    run.cut_fen, run.helps = run.cut_fen + cut.amount_fen, run.helps + 1
    if run.at_floor:
        end_held(run, at=at)
        outbox.publish(BargainAtFloor(member_id=run.member_id, bargain_no=run.bargain_no), at=at)
    return cut


def _next_cut(run: Run, *, largest: bool) -> Cut | None:
    """The cut that comes next, or the largest that is left."""
    return run.cuts.filter(taken=False).order_by("-amount_fen" if largest else "place", "place").first()
