"""Saving a promotion: every rule that it must keep, and the rows that it becomes. Forms and files come here alike."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.base import audit, days
from apps.catalog import scopes
from apps.catalog.models import Sku
from apps.members.models import Group
from apps.promotions import member_days, sense, terms
from apps.promotions.drafts import FIGURES, LIMITS, PromotionDraft
from apps.promotions.models import Campaign, MemberDay, PriceFloor, Promotion, PromotionSku
from apps.promotions.services import calendar, floor, limits
from apps.promotions.terms import Part, Terms
from mall import regions
from mall.errors import Fault, Faulty, Invalid, NotFound, ShopError
from mall.money import WHOLE_BP
from mall.regions import RegionUnknown

Kind = Promotion.Kind
# What is free of these SKUs, by id: the counter knows, promotions stand beside the stock.
Stock = Callable[[Collection[int]], Mapping[int, int]]

_WHOLE_ORDER: Final = {
    Kind.FREE_POSTAGE: "满额包邮针对整单运费，适用范围请选择「全部商品」",
    Kind.BUNDLE: "套餐的商品由套餐本身决定，适用范围请选择「全部商品」",
}
# Each limit that lies within another.
_WITHIN: Final = (
    ("limit_per_day", "limit_total"),
    ("limit_per_member", "limit_total"),
    ("limit_per_member_day", "limit_per_day"),
    ("limit_per_member_day", "limit_per_member"),
    ("limit_per_member_day", "limit_total"),
)
# Whatever of these changes, uses are counted anew: a tally is kept for what is limited only.
_COUNTED: Final = {"kind", "steps", *LIMITS}
_MEMBER_DAYS_COME_WITHIN: Final = timedelta(days=62)


class PromotionRefused(Faulty):
    """What nobody could explain to a buyer; ``faults`` say at which field of the draft, and why."""

    code = "promotion_refused"


class Saved(NamedTuple):
    """The promotion, and what the price floor has to say of it though it may be."""

    promotion: Promotion
    warnings: list[str]


def check(draft: PromotionDraft, *, stock: Stock | None = None) -> list[str]:
    """Hold a draft against every rule; return the warnings of what may be saved all the same.

    ``stock`` is asked for the SKUs of gifts (without it nobody looks whether there are any). Raises
    PromotionRefused with all faults that can be told at once.
    """
    faults = [
        *_of_columns(draft),
        *_of_unused(draft),
        *_of_window(draft),
        *_of_group(draft),
        *_of_limits(draft),
        *draft.goods.faults(),
    ]
    parts: list[Part] = []
    try:
        parts = titled(draft.parts)
    except Invalid as missing:
        faults.append(Fault("parts", missing.text))
    if not faults:
        faults += _of_kind(draft)
    if faults:
        raise PromotionRefused(faults)
    offered = _terms(draft, parts)
    try:
        terms.offer(offered, at=draft.starts_at)
    except ShopError as refusal:
        raise PromotionRefused([Fault("", refusal.text)]) from refusal
    faults = [Fault("", reason) for reason in sense.objections(offered, floor.wares(offered))]
    if draft.kind == Kind.GIFT and stock is not None:
        faults += _of_gifts(parts, stock)
    if faults:
        raise PromotionRefused(faults)
    return _floor_of(offered, at=draft.starts_at)


@transaction.atomic
def save(draft: PromotionDraft, *, at: datetime, operator: Any = None, stock: Stock | None = None) -> Saved:
    """Check the draft and make or change its promotion; a named ``operator`` is written into the audit log.

    Where the kind, the steps or a limit changes, uses are counted anew. Raises PromotionRefused, and NotFound
    for the id of a promotion that is not there.
    """
    calendar.lock(campaign_id=draft.campaign_id)
    warnings = check(draft, stock=stock)
    draft = replace(draft, regions=_canonical(draft))
    row = Promotion()
    if draft.promotion_id is not None:
        found = Promotion.objects.select_for_update().filter(pk=draft.promotion_id).first()
        if found is None:
            raise NotFound
        row = found
    changed = [name for name, value in draft.columns().items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, draft.columns()[name])
    row.save()
    scopes.keep(row, draft.goods)
    _replace_parts(row, draft.parts)
    if draft.promotion_id is not None and _COUNTED.intersection(changed):
        limits.recount(promotion_id=row.pk, at=at)
    if operator is not None:
        names = "、".join(_named(name) for name in changed)
        audit.record(
            operator=operator,
            action="修改促销" if draft.promotion_id is not None else "新建促销",
            subject=f"促销 {row.pk} {row.label}",
            note=names if draft.promotion_id is not None else "",
            at=at,
        )
    return Saved(row, warnings)


def titled(parts: Collection[tuple[int, int, int]]) -> list[Part]:
    """The parts with the titles of their products: one statement. Raises Invalid for a SKU that is not there."""
    if not parts:
        return []
    sku_ids = {sku_id for _, sku_id, _ in parts}
    titles = dict(Sku.objects.filter(pk__in=sku_ids).values_list("pk", "product__title"))
    if missing := sku_ids - titles.keys():
        raise Invalid("赠品或套餐商品不存在", details={"sku_ids": sorted(missing)})
    return [
        Part(at_least=at_least, sku_id=sku_id, title=titles[sku_id], quantity=quantity)
        for at_least, sku_id, quantity in parts
    ]


def _replace_parts(promotion: Promotion, parts: Collection[tuple[int, int, int]]) -> None:
    """Give a promotion these gifts or parts of a bundle, (at least, SKU id, quantity), instead of its own."""
    PromotionSku.objects.filter(promotion=promotion).delete()
    PromotionSku.objects.bulk_create(
        PromotionSku(promotion=promotion, at_least=at_least, sku_id=sku_id, quantity=quantity)
        for at_least, sku_id, quantity in parts
    )


def _named(column: str) -> str:
    return str(Promotion._meta.get_field(column.removesuffix("_id")).verbose_name)  # type: ignore[union-attr]


def _of_columns(draft: PromotionDraft) -> Iterator[Fault]:
    """What the columns themselves cannot take: an unknown kind, a name too long, a figure out of bounds."""
    try:
        Promotion(**draft.columns()).clean_fields(exclude={"campaign", "member_day", "group", "scope"})
    except ValidationError as refused:
        for name, texts in refused.message_dict.items():
            yield from (Fault(name, text) for text in texts)


def _of_unused(draft: PromotionDraft) -> Iterator[Fault]:
    """A row never says more than its offer; a form leaves out what it does not show, a file must."""
    return (Fault(name, "此类型的促销不使用这一项，请留空") for name in draft.unused())


def _of_window(draft: PromotionDraft) -> Iterator[Fault]:
    if draft.ends_at <= draft.starts_at:
        yield Fault("ends_at", "结束时间必须晚于开始时间")
        return
    if draft.campaign_id is not None:
        campaign = Campaign.objects.filter(pk=draft.campaign_id).first()
        if campaign is None:
            yield Fault("campaign", "没有这个节日活动")
        elif not (campaign.starts_at <= draft.starts_at and draft.ends_at <= campaign.ends_at):
            yield Fault("campaign", f"促销时间必须在节日活动「{campaign.name}」的时间之内")
    if draft.member_day_id is not None:
        member_day = MemberDay.objects.filter(pk=draft.member_day_id).first()
        if member_day is None:
            yield Fault("member_day", "没有这个会员日")
        elif not _comes(member_day, draft.starts_at, draft.ends_at):
            why = f"是{member_days.sentence(member_day)}" if member_day.enabled else "已停用"
            yield Fault("member_day", f"「{member_day.name}」{why}，促销时间内没有这样的日子")


def _of_group(draft: PromotionDraft) -> Iterator[Fault]:
    if draft.group_id is not None and not Group.objects.filter(pk=draft.group_id).exists():
        yield Fault("group", "没有这个会员分组")


def _comes(member_day: MemberDay, starts_at: datetime, ends_at: datetime) -> bool:
    """Whether the window has any of the days that the promotion keeps to."""
    day, last = days.shop_day(starts_at), days.shop_day(ends_at - timedelta(microseconds=1))
    # Member days are days of a week or a month: each of them comes within two months.
    last = min(last, day + _MEMBER_DAYS_COME_WITHIN)
    while day <= last:
        if member_days.falls_on(member_day, day):
            return True
        day += timedelta(days=1)
    return False


def _of_limits(draft: PromotionDraft) -> Iterator[Fault]:
    """A limit of nothing, and a part that is larger than the whole it is part of: it would never be reached."""
    for name in LIMITS:
        if getattr(draft, name) == 0:
            yield Fault(name, "次数限制至少为 1，不限制请留空")
    for part, whole in _WITHIN:
        most, within = getattr(draft, part), getattr(draft, whole)
        if most is not None and within is not None and most > within:
            yield Fault(part, f"{_named(part)}不能超过{_named(whole)}（{within}）")


def _of_kind(draft: PromotionDraft) -> Iterator[Fault]:
    if draft.kind not in FIGURES:
        yield Fault("kind", f"未知的促销类型：{draft.kind}")
        return
    if (why := _WHOLE_ORDER.get(Kind(draft.kind))) and draft.goods.kind != scopes.Kind.ALL:
        yield Fault("scope", why)
    if draft.kind == Kind.FREE_POSTAGE and draft.threshold_fen is None:
        yield Fault("threshold_fen", "请填写包邮门槛，不限金额请填 0")
    if draft.off_bp is not None and not 1 <= draft.off_bp <= WHOLE_BP:
        yield Fault("off_bp", "折扣必须低于 10 折")
    try:
        _canonical(draft)
    except RegionUnknown as unknown:
        yield Fault("regions", unknown.text)
    if any(quantity < 1 or at_least < 0 for at_least, _, quantity in draft.parts):
        yield Fault("parts", "赠品和套餐商品的数量至少为 1")
    if len({part[:2] for part in draft.parts}) < len(draft.parts):
        yield Fault("parts", "同一档中每件商品只能出现一次")


def _canonical(draft: PromotionDraft) -> tuple[str, ...]:
    """The regions by the names that addresses have, however they were typed. Raises RegionUnknown."""
    return tuple(regions.read("\n".join(map(str, draft.regions))))


def _of_gifts(parts: Collection[Part], stock: Stock) -> Iterator[Fault]:
    """Gifts of which there are not even enough for one order."""
    free = stock({part.sku_id for part in parts})
    virtual = set(
        Sku.objects.filter(pk__in=[part.sku_id for part in parts], virtual=True).values_list("pk", flat=True)
    )
    for part in parts:
        if part.sku_id in virtual:
            yield Fault("parts", f"赠品「{part.title}」是虚拟商品，不能随实物订单赠送")
            continue
        there = free.get(part.sku_id, 0)
        if there < part.quantity:
            yield Fault(
                "parts", f"赠品「{part.title}」没有库存：每单需要 {part.quantity} 件，可用 {there} 件"
            )


def _terms(draft: PromotionDraft, parts: list[Part]) -> Terms:
    figures = {name: value for name, value in draft.columns().items() if name in terms.FIGURES}
    return Terms(ref="draft", parts=parts, **draft.goods.named(), **figures)


def _floor_of(offered: Terms, *, at: datetime) -> list[str]:
    """Refuse, or warn of, what the promotion could take below the price floor."""
    breaches = floor.breaches(offered, at=at)
    if not breaches:
        return []
    shown = [breach.sentence for breach in breaches[:5]]
    more = f"等 {len(breaches)} 种" if len(breaches) > len(shown) else ""
    said = f"最不利的订单中{'；'.join(shown)}{more}"
    if floor.present_floor().mode == PriceFloor.Mode.REFUSE:
        raise PromotionRefused([Fault("", f"会突破价格底线：{said}")])
    return [f"注意价格底线：{said}"]
