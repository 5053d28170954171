"""Pre-sales as operators write them. Forms and files come here alike; their life is that of every campaign."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from apps.campaigns import selectors as campaign_facts
from apps.campaigns import services as campaigns
from apps.catalog.models import Sku
from apps.presale.drafts import SHIPS_WITHIN, GoodDraft, PresaleDraft
from apps.presale.models import Good, Presale, key_of
from apps.presale.states import KIND, LABEL
from mall.errors import Fault, Faulty

# 小程序 发货信息管理服务: what leaves later than fifteen days after it was paid is to be reported.
UNREPORTED_FOR: Final = timedelta(days=15)
_MOST_GOODS: Final = 50


class PresaleRefused(Faulty):
    """What nobody could explain to a shopper; ``faults`` say at which field of the draft, and why."""

    code = "presale_refused"


class PresaleCampaigns(campaigns.Campaigns[Presale, PresaleDraft]):
    """All pre-sales. Orders that exist keep their terms, whatever is saved: their balances are paid, their goods sent."""

    model = Presale
    kind = KIND
    label = LABEL
    refused = PresaleRefused
    shared_as = KIND

    def faults(self, draft: PresaleDraft, *, warnings: list[str]) -> Iterator[Fault]:
        yield from _of_stages(draft)
        yield from _of_goods(draft)
        prices_fen = {good.sku_id: good.price_fen - draft.growth_fen for good in draft.goods}
        sold = campaigns.Sold(list(prices_fen), None, sum(good.quota for good in draft.goods))
        of_price, warned = campaigns.price_faults(prices_fen, sold=[sold], at_list=True)
        warnings += [*warned, *_told_of_shipping(draft)]
        yield from of_price or _of_product(draft)

    def draft_of(self, row: Presale) -> PresaleDraft:
        """Two statements."""
        goods = list(row.goods.all())
        quotas = campaigns.quotas_of(kind=KIND, keys=[good.key for good in goods])
        listed = [
            GoodDraft(sku_id=good.sku_id, price_fen=good.price_fen, quota=quotas.get(good.key) or 0)
            for good in goods
        ]
        return PresaleDraft.of(row, goods=listed)

    def spoken_for(self, row: Presale) -> Mapping[str, Mapping[int, int]]:
        goods = Good.objects.filter(presale=row)
        return {str(row.pk): {good.sku_id: good.price_fen - row.growth_fen for good in goods}}

    def write_beside(self, row: Presale, draft: PresaleDraft) -> None:
        _write_goods(row, draft)


CAMPAIGNS: Final = PresaleCampaigns()


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
    if draft.row_id is not None and (gone := _taken_beside(draft.row_id, wanted)):
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
        key = key_of(row.pk, good.sku_id)
        campaigns.set_quota(kind=KIND, key=key, quota=good.quota, sku_id=good.sku_id, field="skus")
