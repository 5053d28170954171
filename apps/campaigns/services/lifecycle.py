"""A campaign's life, the same for every kind: saved, tried out, approved, paused, resumed, stopped, copied, loaded.

A room makes one ``Campaigns`` and says in it what only it can know: what is wrong with a draft, which rows stand beside
the campaign's own, for which SKUs it speaks. Forms, files and pages call it, always with the row first:
``bargains.CAMPAIGNS.pause(row, at=at)``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from apps.base import audit, transactions
from apps.campaigns.drafts import CampaignDraft
from apps.campaigns.models import CampaignColumns
from apps.campaigns.services import windows
from apps.campaigns.services.checking import faults_of
from apps.campaigns.services.windows import SkuTaken, Span
from apps.campaigns.states import LIFECYCLE, Approval
from mall.errors import Fault, Faulty, NotFound, ShopError

C = TypeVar("C", bound=CampaignColumns)
D = TypeVar("D", bound=CampaignDraft)


class AlreadyOver(ShopError):
    """Its window lies in the past: nobody could order anything."""

    code = "campaign_over"
    message = "活动时间已过，请先修改时间"


class Saved(NamedTuple, Generic[C]):
    """The campaign as it is now, and what is to be thought of though it may be (the price floor, say)."""

    row: C
    warnings: list[str]


class _Written(NamedTuple, Generic[C]):
    """A campaign whose rows are written, what is to be thought of, and which of its columns are others now."""

    row: C
    warnings: list[str]
    changed: list[str]


class Campaigns(ABC, Generic[C, D]):
    """All campaigns of one kind: what operators decide about them."""

    model: type[C]
    # The word of the contract, of quotas and of windows; what shoppers call the kind; the error of a draft that cannot be.
    kind: str
    label: str
    refused: type[Faulty]
    # The draft's field at which its goods stand: there it is said that another campaign has them.
    goods_field: str = "skus"
    # What the things of a campaign are called when friends are sent them (the board of ``config/sharing.py``).
    shared_as: str

    @abstractmethod
    def faults(self, draft: D, *, warnings: list[str]) -> Iterator[Fault]:
        """What is wrong with a draft beyond window, extras and columns; warnings are added to ``warnings``."""

    @abstractmethod
    def draft_of(self, row: C) -> D:
        """The campaign as a draft: what a form or a copy begins with."""

    @abstractmethod
    def spoken_for(self, row: C) -> Mapping[str, Mapping[int, int]]:
        """For which SKUs it speaks, each with its lowest price in fen, by the id that an order names."""

    def columns_of(self, draft: D) -> dict[str, Any]:
        """The columns of the campaign's own row for a draft that was checked."""
        return draft.columns()

    def write_beside(self, row: C, draft: D) -> None:
        """Write the rows that stand beside the campaign's own, quotas above all."""

    def sold_otherwise(self, row: C, *, at: datetime) -> None:
        """It was saved, paused, resumed or stopped: let those know who keep something of it."""

    def ids_of(self, rows: Sequence[C]) -> Mapping[int, Sequence[str]]:
        """All ids under which a campaign ever spoke for SKUs, by campaign: one statement at the most."""
        return {row.pk: [str(row.pk)] for row in rows}

    def ordered_as(self, rows: Sequence[C]) -> Mapping[int, Sequence[str]]:
        """All ids that orders of a campaign name, by campaign: one statement at the most."""
        return self.ids_of(rows)

    def subjects_of(
        self, rows: Sequence[C], *, ordered: Mapping[int, Sequence[str]]
    ) -> Mapping[int, Sequence[str]]:
        """What of a campaign friends are sent, by campaign: what orders name (``ordered``, as ``ordered_as`` says it),
        or else one statement at the most.
        """
        return ordered

    def row_of(self, activity_id: str) -> C | None:
        """The campaign of an id that it speaks for SKUs under: one statement."""
        return self.model._default_manager.filter(pk=activity_id).first()

    # What follows is the same for all kinds.

    def check(self, draft: D) -> list[str]:
        """Hold a draft against every rule; return what is to be thought of. Raises the kind's error with all faults."""
        warnings: list[str] = []
        found = [
            *self._of_columns(draft),
            *faults_of(
                starts_at=draft.starts_at,
                ends_at=draft.ends_at,
                preheat_at=draft.preheat_at,
                combines=draft.combines,
            ),
            *self.faults(draft, warnings=warnings),
        ]
        if found:
            raise self.refused(found)
        return warnings

    @transaction.atomic
    def save(self, draft: D, *, at: datetime, operator: Any = None) -> Saved[C]:
        """Check the draft and make or change its campaign; what exists of orders keeps its terms.

        A new one is a draft; an approved one stays so, and speaks for its SKUs at once. A named ``operator`` is written
        into the audit log. Raises the kind's error with all faults, SkuTaken, QuotaTooSmall, and NotFound for an id that
        is not there.
        """
        row, warnings, changed = self._written(draft, at=at)
        self.sold_otherwise(row, at=at)
        if operator is not None:
            self._audit(row, changed if draft.row_id is not None else None, operator=operator, at=at)
        return Saved(row, warnings)

    def try_out(self, draft: D, *, at: datetime, look: Callable[[C], object] | None = None) -> list[str]:
        """Write a draft, ``look`` at the campaign as it would be, and take it back; return what is to be thought of.

        Nobody is told: not who keeps something of the campaign, not the log. Raises what ``save`` does.
        """
        with transaction.atomic():
            written = self._written(draft, at=at)
            if look is not None:
                look(written.row)
            transaction.set_rollback(True)
        return written.warnings

    def _written(self, draft: D, *, at: datetime) -> _Written[C]:
        """Check the draft and write all rows of its campaign, in the caller's transaction; nobody is told."""
        row = self.model() if draft.row_id is None else self._locked(draft.row_id)
        warnings = self.check(draft)
        columns = self.columns_of(draft)
        changed = [name for name, value in columns.items() if getattr(row, name) != value]
        for name in changed:
            setattr(row, name, columns[name])
        with transactions.refine({f"{self.model._meta.db_table}_code_key": self._known_code()}):
            row.save()
        self.write_beside(row, draft)
        self.book(row)
        if row.approval == Approval.DRAFT:
            warnings += [AlreadyOver.message] if at >= row.ends_at else []
            warnings += [f"批准前请调整：{text}" for text in self._clashes(row)]
        return _Written(row, warnings, changed)

    @transaction.atomic
    def approve(self, row: C, *, at: datetime, late: bool = False) -> list[str]:
        """Let it be shown and sold in its window; return what is to be thought of.

        Raises MoveRefused, AlreadyOver (``late`` allows that: files bring campaigns of the past), SkuTaken, and the
        kind's error for what changed since it was saved.
        """
        moved = self._moved(row, "approve")
        if not late and at >= moved.ends_at:
            raise AlreadyOver
        warnings = self.check(self.draft_of(moved))
        self.book(moved)
        return warnings

    @transaction.atomic
    def pause(self, row: C, *, at: datetime) -> None:
        """Sell no more until it is resumed; orders that were placed keep their price. Raises MoveRefused, NotFound."""
        self._paused(self._moved(row, "pause"), True, at=at)

    @transaction.atomic
    def resume(self, row: C, *, at: datetime) -> None:
        """Go on selling. Raises MoveRefused, NotFound."""
        self._paused(self._moved(row, "resume"), False, at=at)

    @transaction.atomic
    def stop(self, row: C, *, at: datetime) -> None:
        """End it before its time; orders that were placed keep their price, and its SKUs are free for others.

        Raises MoveRefused, NotFound.
        """
        moved = self._moved(row, "stop")
        windows.end(kind=self.kind, activity_ids=self.ids_of([moved])[moved.pk])
        self.sold_otherwise(moved, at=at)

    @transaction.atomic
    def copy(self, row: C, *, code: str, at: datetime, operator: Any = None) -> C:
        """A new draft that says the same, under another code; the same for the same code. Raises what ``save`` does."""
        if made := self.of_code(code):
            return made
        return self.save(replace(self.draft_of(row), row_id=None, code=code), at=at, operator=operator).row

    def decide(self, row: C, *, move: str, at: datetime) -> list[str]:
        """Do what a move of the lifecycle is called; return what is to be thought of."""
        if move == "approve":
            return self.approve(row, at=at)
        {"pause": self.pause, "resume": self.resume, "stop": self.stop}[move](row, at=at)
        return []

    @transaction.atomic
    def load(self, draft: D, *, at: datetime) -> C:
        """Save a draft that nobody needs to look at (what a file says, say), approved, and return it as it is now.

        Its window may lie in the past. Raises what ``save`` does, and the kind's error for one that was stopped.
        """
        row, _, _ = self._written(draft, at=at)
        if row.approval == Approval.STOPPED:
            raise self.refused([Fault("code", "此活动已提前结束，请换一个编码")])
        if row.approval == Approval.DRAFT:
            row = self._moved(row, "approve")
            self.book(row)
        self.sold_otherwise(row, at=at)
        return row

    def of_code(self, code: str) -> C | None:
        """The campaign of a code: one statement."""
        return self.model._default_manager.filter(code=code).first()

    def decided(self) -> QuerySet[C]:
        """Those that were approved and not stopped, the oldest first: what a file is written from."""
        approved = self.model._default_manager.filter(approval__in=[Approval.APPROVED, Approval.PAUSED])
        return approved.order_by("id")

    def book(self, row: C) -> None:
        """Speak for the campaign's SKUs in its window, if it is approved; a draft speaks for nothing. Raises SkuTaken."""
        if row.approval not in {Approval.APPROVED, Approval.PAUSED}:
            return
        try:
            windows.book(
                kind=self.kind,
                label=self.label,
                title=row.title,
                span=Span(row.preheat_at, row.starts_at, row.ends_at),
                prices_fen=self.spoken_for(row),
                paused=row.approval == Approval.PAUSED,
            )
        except SkuTaken as taken:
            faults = [Fault(self.goods_field, fault.text) for fault in taken.faults]
            raise SkuTaken(faults, rows=taken.rows) from taken

    def _clashes(self, row: C) -> Collection[str]:
        """Whose SKUs a draft wants, as a sentence each: what would keep it from being approved as it stands."""
        span = Span(row.preheat_at, row.starts_at, row.ends_at)
        wanted = {sku_id for prices_fen in self.spoken_for(row).values() for sku_id in prices_fen}
        return windows.clashes(span, wanted)

    def _paused(self, row: C, paused: bool, *, at: datetime) -> None:
        windows.pause(kind=self.kind, activity_ids=self.ids_of([row])[row.pk], paused=paused)
        self.sold_otherwise(row, at=at)

    def _moved(self, row: C, move: str) -> C:
        """Lock the campaign, move it, and return it as it is now: the one place that writes ``approval``."""
        locked = self._locked(row.pk)
        locked.approval = LIFECYCLE.target(move=move, current=locked.approval)
        locked.save(update_fields=["approval"])
        return locked

    def _locked(self, row_id: int | None) -> C:
        row = self.model._default_manager.select_for_update().filter(pk=row_id).first()
        if row is None:
            raise NotFound
        return row

    def _of_columns(self, draft: D) -> Iterator[Fault]:
        """What the columns themselves cannot take; relations are the room's to judge."""
        row = self.model(**draft.columns())
        row.pk, row._state.adding = draft.row_id, draft.row_id is None
        relations = {field.name for field in self.model._meta.fields if field.is_relation}
        try:
            row.clean_fields(exclude=relations)
        except ValidationError as refused:
            for name, texts in refused.message_dict.items():
                yield from (Fault(name, text) for text in texts)
        known = self.of_code(draft.code)
        if known is not None and known.pk != draft.row_id:
            yield from self._known_code().faults

    def _known_code(self) -> Faulty:
        return self.refused([Fault("code", f"编码已被另一个{self.label}活动使用")])

    def _audit(self, row: C, changed: Sequence[str] | None, *, operator: Any, at: datetime) -> None:
        """Write down who saved it, and for one that was there which columns are others."""
        names = [self.model._meta.get_field(name.removesuffix("_id")) for name in changed or ()]
        audit.record(
            operator=operator,
            action=f"{'新建' if changed is None else '修改'}{self.label}活动",
            subject=f"{self.label}活动 {row.pk} {row.title}",
            note="、".join(str(field.verbose_name) for field in names),  # type: ignore[union-attr]  # columns have one
            at=at,
        )
