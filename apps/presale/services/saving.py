"""Saving a pre-sale, and what operators decide about it. Forms and files come here alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.base import audit
from apps.campaigns import selectors as campaign_facts
from apps.campaigns import services as campaigns
from apps.campaigns.states import Approval
from apps.catalog.models import Sku
from apps.presale.drafts import SHIPS_WITHIN, GoodDraft, PresaleDraft
from apps.presale.models import Good, Presale, key_of
from apps.presale.states import KIND, LABEL
from mall.errors import Fault, Faulty, NotFound

# 小程序 发货信息管理服务: what leaves later than fifteen days after it was paid is to be reported.
UNREPORTED_FOR: Final = timedelta(days=15)
_MOST_GOODS: Final = 50


class PresaleRefused(Faulty):
    """What nobody could explain to a shopper; ``faults`` say at which field of the draft, and why."""

    code = "presale_refused"


class Saved(NamedTuple):
    """The pre-sale, and what is to be thought of though it may be."""

    presale: Presale
    warnings: list[str]


@transaction.atomic
def save(draft: PresaleDraft, *, at: datetime, operator: Any = None) -> Saved:
    """Check the draft and make or change its pre-sale; orders that exist keep their terms.

    Raises PresaleRefused with all faults, SkuTaken, QuotaTooSmall, and NotFound for an id that is not there.
    """
    row = _row(draft)
    warnings = check(draft)
    columns = draft.columns()
    changed = [name for name, value in columns.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, columns[name])
    row.save()
    _write_goods(row, draft)
    _book(row)
    if operator is not None:
        audit.record(
            operator=operator,
            action="修改预售活动" if draft.presale_id is not None else "新建预售活动",
            subject=f"预售活动 {row.pk} {row.title}",
            note="、".join(map(_named, changed)) if draft.presale_id is not None else "",
            at=at,
        )
    return Saved(row, warnings)


@transaction.atomic
def approve(*, presale_id: int, at: datetime, late: bool = False) -> list[str]:
    """Let it be shown and sold; return what is to be thought of. An approved one stays as it is.

    Raises NotFound, MoveRefused, AlreadyOver, SkuTaken, PresaleRefused for prices that changed meanwhile.
    """
    row = _found(presale_id)
    if row.approval == Approval.APPROVED:
        return []
    warnings = check(draft_of(row))
    _book(campaigns.move(row, move="approve", at=at, late=late))
    return warnings


def pause(*, presale_id: int, at: datetime) -> None:
    """Take no more orders until it is resumed; balances are paid all the same."""
    campaigns.pause(_found(presale_id), kind=KIND, activity_id=str(presale_id), at=at)


def resume(*, presale_id: int, at: datetime) -> None:
    """Go on."""
    campaigns.resume(_found(presale_id), kind=KIND, activity_id=str(presale_id), at=at)


def stop(*, presale_id: int, at: datetime) -> None:
    """End it before its time; who has ordered pays and is sent what was promised."""
    campaigns.stop(_found(presale_id), kind=KIND, activity_id=str(presale_id), at=at)


@transaction.atomic
def copy(*, presale_id: int, code: str, at: datetime, operator: Any = None) -> Presale:
    """A new draft that says the same, under another code; the same for the same code. Raises NotFound, PresaleRefused."""
    row = _found(presale_id)
    if made := Presale.objects.filter(code=code).first():
        return made
    draft = replace(draft_of(row), presale_id=None, code=code)
    return save(draft, at=at, operator=operator).presale


def draft_of(row: Presale) -> PresaleDraft:
    """The pre-sale as a draft: what a form or a file begins with. Two statements."""
    goods = list(row.goods.all())
    quotas = campaigns.quotas_of(kind=KIND, keys=[good.key for good in goods])
    columns = {name: getattr(row, name) for name in PresaleDraft.__dataclass_fields__ if hasattr(row, name)}
    listed = [
        GoodDraft(sku_id=good.sku_id, price_fen=good.price_fen, quota=quotas.get(good.key) or 0)
        for good in goods
    ]
    return PresaleDraft(**{**columns, "presale_id": row.pk, "goods": listed})


def check(draft: PresaleDraft) -> list[str]:
    """Hold a draft against every rule; return what is to be thought of. Raises PresaleRefused with all faults."""
    faults = [
        *_of_columns(draft),
        *campaigns.faults_of(
            starts_at=draft.starts_at,
            ends_at=draft.ends_at,
            preheat_at=draft.preheat_at,
            combines=draft.combines,
        ),
        *_of_stages(draft),
        *_of_goods(draft),
    ]
    prices_fen = {good.sku_id: good.price_fen - draft.growth_fen for good in draft.goods}
    sold = campaigns.Sold(list(prices_fen), None, sum(good.quota for good in draft.goods))
    of_price, warnings = campaigns.price_faults(prices_fen, sold=[sold], at_list=True)
    faults += of_price or _of_product(draft)
    if faults:
        raise PresaleRefused(faults)
    return [*warnings, *_told_of_shipping(draft)]


def _of_columns(draft: PresaleDraft) -> Iterator[Fault]:
    """What the columns themselves cannot take."""
    row = Presale(**draft.columns())
    row.pk, row._state.adding = draft.presale_id, draft.presale_id is None
    try:
        row.clean_fields()
        row.validate_unique()
    except ValidationError as refused:
        for name, texts in refused.message_dict.items():
            yield from (Fault(name, text) for text in texts)


def _of_stages(draft: PresaleDraft) -> Iterator[Fault]:
    """Deposit, its worth, the balance's window, and when what was paid leaves."""
    if draft.deposit_fen is None:
        if draft.deposit_worth_fen is not None:
            yield Fault("deposit_fen", "填写了定金抵扣，请同时填写定金；全款预售两者都留空")
    else:
        if draft.deposit_fen < 1:
            yield Fault("deposit_fen", "定金必须大于 0，全款预售请留空")
        if draft.deposit_worth_fen is not None and draft.deposit_worth_fen < draft.deposit_fen:
            yield Fault("deposit_worth_fen", "定金抵扣的金额不能少于定金")
        yield from _of_balance(draft)
    if draft.ships_by is not None and draft.ships_by < draft.last_payment_at:
        yield Fault("ships_by", "最晚发货时间不能早于最后的付款时间")


def _of_balance(draft: PresaleDraft) -> Iterator[Fault]:
    begins, ends = draft.balance_from, draft.balance_until
    if begins is None:
        yield Fault("balance_from", "定金预售请填写尾款开始时间")
    elif begins < draft.starts_at:
        yield Fault("balance_from", "尾款开始不能早于定金开始")
    if ends is None:
        yield Fault("balance_until", "定金预售请填写尾款截止时间")
    elif begins is not None and ends <= begins:
        yield Fault("balance_until", "尾款截止必须晚于尾款开始")
    elif ends < draft.ends_at:
        yield Fault("balance_until", "尾款截止不能早于定金截止")


def _of_goods(draft: PresaleDraft) -> Iterator[Fault]:
    if not 1 <= len(draft.goods) <= _MOST_GOODS:
        yield Fault("skus", f"请填写 1 到 {_MOST_GOODS} 个商品规格")
    if len({good.sku_id for good in draft.goods}) < len(draft.goods):
        yield Fault("skus", "同一商品规格只能填写一次")
    worth_fen = draft.deposit_worth_fen or draft.deposit_fen
    for good in draft.goods:
        if good.quota < 1:
            yield Fault("skus", "计划数量至少为 1")
        if worth_fen is not None and worth_fen >= good.price_fen:
            yield Fault("skus", "预售价必须高于定金抵扣的金额，尾款不能为 0")


def _of_product(draft: PresaleDraft) -> list[Fault]:
    """The goods are of one product, and those that orders have stay in it."""
    faults = []
    wanted = [good.sku_id for good in draft.goods]
    if Sku.objects.filter(pk__in=wanted).order_by().values("product_id").distinct().count() > 1:
        faults.append(Fault("skus", "一个预售活动只能有同一商品的规格"))
    if draft.presale_id is not None and (gone := _taken_beside(draft.presale_id, wanted)):
        codes = Sku.objects.filter(pk__in=gone).order_by("pk").values_list("code", flat=True)
        faults.append(Fault("skus", f"已有订单的规格不能移除，可减少计划数量：{'、'.join(codes)}"))
    return faults


def _taken_beside(presale_id: int, sku_ids: list[int]) -> list[int]:
    """The goods of a pre-sale that are not among these SKUs though units of them are taken."""
    others = list(Good.objects.filter(presale_id=presale_id).exclude(sku_id__in=sku_ids))
    taken = campaign_facts.taken(kind=KIND, keys=[good.key for good in others])
    return [good.sku_id for good in others if taken.get(good.key)]


def _told_of_shipping(draft: PresaleDraft) -> list[str]:
    ships_by = draft.ships_by
    if ships_by is None or ships_by <= draft.last_payment_at + SHIPS_WITHIN:
        return []
    told = "最晚发货晚于付款截止后 72 小时，请在商品页向买家说明"
    if ships_by > draft.starts_at + UNREPORTED_FOR:
        told += "；部分付款距发货超过 15 天，付款后会自动向微信报备"
    return [told]


def _write_goods(row: Presale, draft: PresaleDraft) -> None:
    """The goods as the draft has them, each with its quota; who is not in it any more goes."""
    kept = [good.sku_id for good in draft.goods]
    Good.objects.filter(presale=row).exclude(sku_id__in=kept).delete()
    Good.objects.bulk_create(
        [Good(presale=row, sku_id=good.sku_id, price_fen=good.price_fen) for good in draft.goods],
        update_conflicts=True,
        unique_fields=["presale", "sku"],
        update_fields=["price_fen"],
    )
    for good in draft.goods:
        campaigns.set_quota(kind=KIND, key=key_of(row.pk, good.sku_id), quota=good.quota)


def _named(column: str) -> str:
    return str(Presale._meta.get_field(column).verbose_name)  # type: ignore[union-attr]  # columns have one


def _found(presale_id: int) -> Presale:
    row = Presale.objects.filter(pk=presale_id).first()
    if row is None:
        raise NotFound
    return row


def _row(draft: PresaleDraft) -> Presale:
    if draft.presale_id is None:
        return Presale()
    row = Presale.objects.select_for_update().filter(pk=draft.presale_id).first()
    if row is None:
        raise NotFound
    return row


def _book(row: Presale) -> None:
    goods = Good.objects.filter(presale=row)
    prices_fen = {good.sku_id: good.price_fen - row.growth_fen for good in goods}
    campaigns.book(row, kind=KIND, activity_id=str(row.pk), label=LABEL, prices_fen=prices_fen)
