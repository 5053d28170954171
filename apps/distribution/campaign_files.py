"""What promoters earn, and who they are, as parts of a campaign file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StrictInt, StringConstraints

from apps.campaigns.files import Entry, Fen, Flag, Id, Part
from apps.catalog.models import Product
from apps.distribution import selectors as promoter_facts
from apps.distribution.models import Promoter, PromoterLevel, RateRule, Rules
from apps.distribution.services import promoters, rules
from apps.distribution.states import PromoterStatus
from apps.members.models import Member
from mall.errors import Fault, Faulty

Bp = Annotated[StrictInt, Field(ge=0, le=10_000)]
Days = Annotated[StrictInt, Field(ge=0, le=3_650)]
Times = Annotated[StrictInt, Field(ge=1, le=100)]
Openid = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,64}$")]
LevelName = Annotated[str, StringConstraints(min_length=1, max_length=20)]


class RatesEntry(Entry):
    """The shop's rates."""

    first: Bp
    second: Bp


class GoodEntry(Entry):
    """A product's own rates."""

    product_id: Id
    first_bp: Bp
    second_bp: Bp


class WithdrawalEntry(Entry):
    """How much, and how often."""

    min_fen: Fen | None = None
    max_per_day: Times | None = None


class BindingEntry(Entry):
    """Whose customer somebody becomes, and for how long."""

    mode: Literal["first", "last"] | None = None
    valid_days: Days | None = None
    protect_days: Days | None = None
    newcomers_only: Flag | None = None


class CommissionEntry(Entry):
    """The rules of commissions; what is not said stays as it is. ``goods`` are all the products with rates of their own."""

    rates_bp: RatesEntry | None = None
    goods: list[GoodEntry] | None = None
    ceiling_bp: Bp | None = None
    freeze_days: Annotated[StrictInt, Field(ge=0, le=180)] | None = None
    withdrawal: WithdrawalEntry | None = None
    binding: BindingEntry | None = None
    review_above_fen: Fen | None = None
    second_person_above_fen: Fen | None = None


class PromoterEntry(Entry):
    """A member who promotes, by WeChat's id; perhaps at a level, by its name."""

    openid: Openid
    level: LevelName | None = None


# Where each column stands in the entry.
_PLACES: Final = {
    "first_bp": ("rates_bp", "first"),
    "second_bp": ("rates_bp", "second"),
    "ceiling_bp": ("ceiling_bp",),
    "freeze_days": ("freeze_days",),
    "withdraw_min_fen": ("withdrawal", "min_fen"),
    "withdraw_max_per_day": ("withdrawal", "max_per_day"),
    "binding_mode": ("binding", "mode"),
    "valid_days": ("binding", "valid_days"),
    "protect_days": ("binding", "protect_days"),
    "newcomers_only": ("binding", "newcomers_only"),
    "review_above_fen": ("review_above_fen",),
    "second_person_above_fen": ("second_person_above_fen",),
}


class EntryRefused(Faulty):
    """What the room refuses of an entry, at the places of the entry."""

    code = "commission_refused"


def _load(entry: CommissionEntry, at: datetime) -> tuple[str, Any]:
    """Change the rules and the products' rates. Raises EntryRefused with each fault where it stands in the entry."""
    if entry.goods is not None:
        # Those that are told anew, or no more, are no reason to refuse a lower ceiling.
        rules.forget_rates_of_products()
    said = entry.model_dump(exclude_none=True)
    row = promoter_facts.rules()
    found = {column: _at(said, place) for column, place in _PLACES.items()}
    for column, value in found.items():
        if value is not None:
            setattr(row, column, value)
    # Who says nothing of the rules saves none: what holds then are the defaults, whatever they become.
    if any(value is not None for value in found.values()):
        _save(row)
    for number, good in enumerate(entry.goods or ()):
        _load_good(number, good, at=at)
    return "rules", row.pk


def _save(row: Rules) -> None:
    try:
        rules.save_rules(row)
    except Faulty as refused:
        raise EntryRefused([Fault(_place(fault.field), fault.text) for fault in refused.faults]) from None


def _load_good(number: int, good: GoodEntry, *, at: datetime) -> None:
    if not Product.objects.filter(pk=good.product_id).exists():
        raise EntryRefused([Fault(f"goods[{number}].product_id", "没有这个商品")])
    rule = RateRule(product_id=good.product_id, first_bp=good.first_bp, second_bp=good.second_bp)
    try:
        rules.save_rate(rule, at=at)
    except Faulty as refused:
        found = [
            Fault(f"goods[{number}].{fault.field}".removesuffix("."), fault.text) for fault in refused.faults
        ]
        raise EntryRefused(found) from None


def _warn(entry: CommissionEntry, at: datetime) -> Iterator[Fault]:
    """What the pages of rules and rates say of the same figures when they are saved (``rules.warnings_of_…``)."""
    if entry.rates_bp is not None:
        for said in rules.warnings_of_rates(entry.rates_bp.first, entry.rates_bp.second):
            yield Fault("rates_bp", said)
    for number, good in enumerate(entry.goods or ()):
        rule = RateRule(product_id=good.product_id, first_bp=good.first_bp, second_bp=good.second_bp)
        for said in rules.warnings_of_rate(rule, at=at):
            yield Fault(f"goods[{number}]", said)


def _dump() -> Iterator[CommissionEntry]:
    """The rules in force and the products' rates for all levels; nothing where nobody set any."""
    row = Rules.objects.filter(pk=1).first()
    goods = RateRule.objects.filter(product__isnull=False, level=None).order_by("product_id")
    if row is None and not goods:
        return
    said: dict[str, Any] = {}
    for column, place in _PLACES.items():
        inside = said
        for step in place[:-1]:
            inside = inside.setdefault(step, {})
        inside[place[-1]] = getattr(row or Rules(pk=1), column)
    said["goods"] = [
        {"product_id": rule.product_id, "first_bp": rule.first_bp, "second_bp": rule.second_bp}
        for rule in goods
    ]
    yield CommissionEntry.model_validate(said)


def _load_promoter(entry: PromoterEntry, at: datetime) -> tuple[str, Any]:
    """Appoint the member. Raises EntryRefused for who has never logged in, and for a level that there is not."""
    member = Member.objects.filter(openid=entry.openid, erased_at=None).first()
    if member is None:
        raise EntryRefused([Fault("openid", "没有这位会员，须先登录过小程序")])
    level = PromoterLevel.objects.filter(name=entry.level).first()
    if entry.level is not None and level is None:
        raise EntryRefused([Fault("level", "没有这个推客等级")])
    promoter = promoters.appoint(member_id=member.pk, level_id=level.pk if level else None, at=at)
    return entry.openid, promoter.pk


def _dump_promoters() -> Iterator[PromoterEntry]:
    """Everybody who promotes now."""
    rows = Promoter.objects.filter(status=PromoterStatus.ACTIVE).select_related("member", "level")
    for row in rows.order_by("id"):
        yield PromoterEntry(openid=row.member.openid, level=row.level.name if row.level else None)


def _at(said: Mapping[str, Any], place: tuple[str, ...]) -> Any:
    found: Any = said
    for step in place:
        found = found.get(step) if found is not None else None
    return found


def _place(column: str) -> str:
    return ".".join(_PLACES.get(column, (column,) if column else ()))


COMMISSION: Final = Part(
    name="commission", entry=CommissionEntry, load=_load, dump=_dump, single=True, warn=_warn
)
PROMOTERS: Final = Part(name="promoters", entry=PromoterEntry, load=_load_promoter, dump=_dump_promoters)
