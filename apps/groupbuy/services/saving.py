"""Writing a group-buy down, and what operators decide about it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from apps.base import audit, transactions
from apps.campaigns import services as campaigns
from apps.campaigns.states import Approval
from apps.catalog.models import Sku
from apps.groupbuy import drafts, progress, terms
from apps.groupbuy import selectors as group_facts
from apps.groupbuy.drafts import Draft
from apps.groupbuy.models import GroupBuy, Price
from apps.groupbuy.states import KIND
from mall.errors import Fault, Faulty

LABEL: Final = "拼团"
_COLUMNS: Final = (
    "code",
    "title",
    "preheat_at",
    "starts_at",
    "ends_at",
    "minutes_per_group",
    "limit_per_member",
    "quota",
    "newcomers_only",
)


class GroupBuyRefused(Faulty):
    """The group-buy cannot be saved, or approved, like this; each fault with its field."""

    code = "group_buy_refused"


def check(draft: Draft, *, at: datetime) -> None:
    """Refuse what ``save`` would refuse, and write nothing."""
    with transaction.atomic():
        save(draft, at=at)
        transaction.set_rollback(True)


def save(draft: Draft, *, operator: Any = None, at: datetime) -> tuple[GroupBuy, list[str]]:
    """Make or change a group-buy; return it with the price floor's warnings.

    Orders and groups that exist keep what they were told. What is approved speaks for its SKUs at once. Raises
    GroupBuyRefused, SkuTaken, QuotaTooSmall.
    """
    faults = list(drafts.faults_of(draft))
    about_prices, warnings = _about_prices(
        terms.Terms(draft.ladders), limit=draft.limit_per_member, quota=draft.quota
    )
    if faults or about_prices:
        raise GroupBuyRefused([*faults, *about_prices])
    once = {"groupbuy_groupbuy_code_key": GroupBuyRefused([Fault("code", "编码已被另一个拼团活动使用")])}
    with transaction.atomic(), transactions.refine(once):
        row = _written(draft)
        campaigns.set_quota(kind=KIND, key=str(row.pk), quota=row.quota)
        _book(row)
        if operator is not None:
            action = "修改拼团活动" if draft.group_buy_id else "新建拼团活动"
            audit.record(operator=operator, action=action, subject=row.code, at=at)
    return row, warnings


@transaction.atomic
def approve(group_buy_id: int, *, late: bool = False, at: datetime) -> list[str]:
    """Let it be shown and sold in its window; return the price floor's warnings.

    ``late``: a file brings campaigns of the past, and those that were decided about before, which stay as they are.
    Raises MoveRefused, AlreadyOver, GroupBuyRefused without prices, SkuTaken.
    """
    row = GroupBuy.objects.get(pk=group_buy_id)
    if late and row.approval != Approval.DRAFT:
        return []
    ladders = terms.of_campaign(row)
    if not ladders.ladders:
        raise GroupBuyRefused([Fault("skus", "请先设置商品规格的拼团价")])
    faults, warnings = _about_prices(ladders, limit=row.limit_per_member, quota=row.quota)
    if faults:
        raise GroupBuyRefused(faults)
    _book(campaigns.move(row, move="approve", late=late, at=at))
    return warnings


@transaction.atomic
def pause(group_buy_id: int, *, at: datetime) -> None:
    """Sell no more for now: nobody opens a group, and nobody joins one. Raises MoveRefused."""
    row = GroupBuy.objects.get(pk=group_buy_id)
    campaigns.pause(row, kind=KIND, activity_id=str(group_buy_id), at=at)
    _tell_groups(row)


@transaction.atomic
def resume(group_buy_id: int, *, at: datetime) -> None:
    """Go on. Raises MoveRefused."""
    row = GroupBuy.objects.get(pk=group_buy_id)
    campaigns.resume(row, kind=KIND, activity_id=str(group_buy_id), at=at)
    _tell_groups(row)


def _tell_groups(row: GroupBuy) -> None:
    """Whether its groups can be joined is another thing now than what is kept of them."""
    for group_no in group_facts.running().filter(group_buy=row).values_list("group_no", flat=True):
        progress.changes(group_no)


def stop(group_buy_id: int, *, at: datetime) -> None:
    """End it: nobody opens a group any more; those that run can still be joined, as after its end. Raises MoveRefused."""
    campaigns.stop(GroupBuy.objects.get(pk=group_buy_id), kind=KIND, activity_id=str(group_buy_id), at=at)


@transaction.atomic
def copy(group_buy_id: int, *, code: str, operator: Any = None, at: datetime) -> GroupBuy:
    """A new draft that says the same, under another code; the same for the same code."""
    if made := GroupBuy.objects.filter(code=code).first():
        return made
    row = GroupBuy.objects.get(pk=group_buy_id)
    said = {name: getattr(row, name) for name in (*_COLUMNS, "combines", "product_id")}
    ladders = terms.of_campaign(row).ladders
    copied, _ = save(Draft(**{**said, "code": code}, ladders=ladders), operator=operator, at=at)
    return copied


def _written(draft: Draft) -> GroupBuy:
    """The row and its prices."""
    row = GroupBuy()
    if draft.group_buy_id is not None:
        row = GroupBuy.objects.select_for_update().get(pk=draft.group_buy_id)
    said = asdict(draft)
    for name in _COLUMNS:
        setattr(row, name, said[name])
    row.combines = sorted(set(draft.combines))
    row.product_id = draft.product_id or _product_of(draft)
    row.save()
    wanted = {
        (sku_id, size): price_fen
        for sku_id, ladder in draft.ladders.items()
        for size, price_fen in ladder.items()
    }
    known = {(price.sku_id, price.size): price.price_fen for price in row.prices.all()}
    if wanted != known:
        row.prices.all().delete()
        Price.objects.bulk_create(
            Price(group_buy=row, sku_id=sku_id, size=size, price_fen=price_fen)
            for (sku_id, size), price_fen in sorted(wanted.items())
        )
    return row


def _about_prices(
    ladders: terms.Terms, *, limit: int | None, quota: int | None
) -> tuple[list[Fault], list[str]]:
    """What is wrong with the lowest price of each SKU, with the highest, and with how many are sold; and the warnings."""
    sold = [campaigns.Sold(ladders.ladders, limit, quota)]
    faults, warnings = campaigns.price_faults(ladders.lowest_fen(), sold=sold)
    above, _ = campaigns.price_faults(ladders.highest_fen(), sold=[])
    return [*faults, *(fault for fault in above if fault not in faults)], warnings


def _product_of(draft: Draft) -> int:
    from_sku = Sku.objects.filter(pk__in=draft.ladders).values_list("product_id", flat=True)
    found = from_sku.first()
    if found is None:
        raise GroupBuyRefused([Fault("skus", "请至少设置一个商品规格的拼团价")])
    return found


def _book(row: GroupBuy) -> None:
    campaigns.book(
        row,
        kind=KIND,
        activity_id=str(row.pk),
        label=LABEL,
        prices_fen=terms.of_campaign(row).lowest_fen(),
    )
