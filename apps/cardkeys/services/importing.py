"""Brings in card keys from a file: all of them or none, each once, with as many units in stock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from apps.base import numbers, sealed, transactions
from apps.cardkeys import selectors as card_facts
from apps.cardkeys.card_files import Row
from apps.cardkeys.models import CardBatch, CardKey
from apps.catalog.models import Sku
from apps.inventory import services as inventory
from apps.stores.models import Place
from mall.errors import Fault, Faulty, Kind, ShopError

_MOST_FAULTS: Final = 50


class ImportedMeanwhile(ShopError):
    """Somebody else brought in one of these cards at the same moment."""

    code = "cards_imported_meanwhile"
    message = "另一位同事刚刚导入了相同的卡密，请重试"
    kind = Kind.CONFLICT


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a file: so many cards are new, so many rows were there before. No batch where none is new."""

    batch: CardBatch | None
    new: int
    known: int


@dataclass(slots=True)
class _Plan:
    """What a file would do: the new rows by SKU, how many are known, and what is wrong."""

    fresh: dict[int, list[Row]] = field(default_factory=lambda: defaultdict(list))
    known: int = 0
    faults: list[Fault] = field(default_factory=list)


def bring_in(*, rows: Sequence[Row], operator: Any, at: datetime) -> Imported:
    """Take in the cards of a file and put as many units in stock, in the place that is sent from first.

    A row whose number and secret are there already is passed over, so the same file twice brings nothing twice, also when a
    buyer was erased in between. Raises Faulty with a sentence for each row that is wrong, ImportedMeanwhile; then nothing
    was taken in.
    """
    once = {"card_key_number_once_per_sku": ImportedMeanwhile}
    with transaction.atomic(), transactions.refine(once):
        found = Sku.objects.filter(code__in={row.sku_code for row in rows})
        skus = {sku.code: sku for sku in found}
        plan = _plan(rows, skus)
        place = Place.objects.filter(ships=True).order_by("priority", "id").first()
        if place is None:
            plan.faults.append(Fault("", "请先建立一个可发货的仓库：卡密按库存售卖"))
        _require_sound(plan)
        new = sum(map(len, plan.fresh.values()))
        if place is None or not new:
            return Imported(batch=None, new=0, known=plan.known)
        batch = CardBatch.objects.create(
            batch_no=numbers.dated("CB", at=at), size=new, operator=operator, at=at
        )
        for sku_id, fresh in sorted(plan.fresh.items()):
            # The stock's row first: whoever sells or takes out a card of this SKU holds it, too.
            inventory.receive(
                sku_id=sku_id,
                place_id=place.pk,
                quantity=len(fresh),
                business_key=f"cards:{batch.batch_no}",
                reason=f"导入卡密 {batch.batch_no}",
                operator=operator,
                of_cards=True,
                at=at,
            )
            CardKey.objects.bulk_create([_sealed(row, sku_id=sku_id, batch=batch) for row in fresh])
    return Imported(batch=batch, new=new, known=plan.known)


def _sealed(row: Row, *, sku_id: int, batch: CardBatch) -> CardKey:
    card = CardKey(sku_id=sku_id, number=row.card_no, batch=batch)
    card.sealed = sealed.seal(row.secret, about=card.about)
    return card


def _require_sound(plan: _Plan) -> None:
    if plan.faults:
        told = plan.faults[:_MOST_FAULTS]
        more = len(plan.faults) - len(told)
        raise Faulty([*told, *([Fault("", f"另有 {more} 处错误未列出")] if more else [])])


def _plan(rows: Sequence[Row], skus: Mapping[str, Sku]) -> _Plan:
    """Judge each row: its SKU, whether the file has its number twice, whether the shop has it."""
    plan = _Plan()
    there = _there(rows)
    seen: dict[tuple[str, str], int] = {}
    for row in rows:
        fault = _fault(row, skus.get(row.sku_code), seen)
        if fault:
            plan.faults.append(_at(row, fault))
            continue
        sku = skus[row.sku_code]
        same = there.get(row.card_no, {})
        if sku.pk in same:
            # Of a card whose buyer was erased nothing is left to compare: the number alone says that it was here.
            if same[sku.pk] in ("", row.secret):
                plan.known += 1
            else:
                plan.faults.append(_at(row, f"卡号「{row.card_no}」已导入过，且卡密不同"))
        elif row.secret in same.values():
            plan.faults.append(_at(row, f"卡号「{row.card_no}」的同一张卡密已导入在另一个商品编码下"))
        else:
            plan.fresh[sku.pk].append(row)
    return plan


def _fault(row: Row, sku: Sku | None, seen: dict[tuple[str, str], int]) -> str:
    """What is wrong with a row by itself, or with one before it; empty for nothing. Never quotes a secret."""
    if sku is None:
        return f"没有商品编码「{row.sku_code[:40]}」"
    if not sku.virtual:
        return f"「{row.sku_code[:40]}」不是虚拟商品，请先在 SKU 页面设为虚拟商品"
    first = seen.setdefault((row.sku_code, row.card_no), row.number)
    return f"卡号「{row.card_no}」与第 {first} 行重复" if first != row.number else ""


def _there(rows: Iterable[Row]) -> dict[str, dict[int, str]]:
    """The secrets of the cards that the shop has under these numbers, by number and SKU."""
    there: dict[str, dict[int, str]] = defaultdict(dict)
    for card in CardKey.objects.filter(number__in={row.card_no for row in rows}):
        there[card.number][card.sku_id] = card_facts.secret_of(card)
    return there


def _at(row: Row, text: str) -> Fault:
    return Fault("", f"第 {row.number} 行：{text}")
