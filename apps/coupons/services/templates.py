"""Templates: every rule that one must keep, the rows that it becomes, and its three statuses. Forms and files come here."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.base import audit, transactions
from apps.catalog import scopes
from apps.coupons import terms
from apps.coupons.drafts import FIGURES, WORTH, TemplateDraft
from apps.coupons.models import Template
from apps.coupons.states import TemplateStatus
from apps.coupons.terms import Terms
from apps.members.models import Group, Level
from mall.errors import Fault, Faulty, Invalid, NotFound, ShopError

_MAX_DAYS: Final = 3650
# What the table refuses, in words, should two savings meet that each were right by themselves.
_BROKEN: Final = {
    "coupon_template_issued_within_quota": Invalid(
        "发放总量不能少于已发放的数量", details={"field": "quota"}
    ),
}


class TemplateRefused(Faulty):
    """What nobody could explain to a buyer; ``faults`` say at which field of the draft, and why."""

    code = "template_refused"


class NotLive(ShopError):
    """A draft was never given out, so there is nothing to stop."""

    code = "template_not_live"
    message = "草稿尚未上线，无需停发"


def check(draft: TemplateDraft) -> None:
    """Hold a draft against every rule. Raises TemplateRefused with all faults that can be told at once, NotFound."""
    _check(draft, _row(draft))


@transaction.atomic
def save(draft: TemplateDraft, *, at: datetime, operator: Any = None) -> Template:
    """Check the draft and make or change its template; a named ``operator`` is written into the audit log.

    A new one is a draft until it is published; a changed one keeps its status. Raises TemplateRefused, NotFound.
    """
    row, changed = _keep(draft)
    if operator is not None:
        names = "、".join(str(Template._meta.get_field(name).verbose_name) for name in changed)  # type: ignore[union-attr]
        audit.record(
            operator=operator,
            action="修改优惠券模板" if draft.template_id is not None else "新建优惠券模板",
            subject=f"优惠券模板 {row.pk} {row.name}",
            note=names if draft.template_id is not None else "",
            at=at,
        )
    return row


def _keep(draft: TemplateDraft) -> tuple[Template, list[str]]:
    """Check and write; return the row and the columns that changed."""
    row = _row(draft, lock=True)
    _check(draft, row)
    columns = draft.columns()
    changed = [name for name, value in columns.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, columns[name])
    with transactions.refine(_BROKEN):
        if draft.template_id is None:
            row.save(force_insert=True)
        elif changed:
            # Coupons are issued at the same time: only what changed is written.
            row.save(update_fields=changed)
    scopes.keep(row, draft.goods)
    row.levels.set(draft.level_ids)
    row.groups.set(draft.group_ids)
    return row, changed


@transaction.atomic
def create(
    *,
    name: str,
    kind: str,
    product_ids: Collection[int] = (),
    sku_ids: Collection[int] = (),
    category_ids: Collection[int] = (),
    brand_ids: Collection[int] = (),
    live: bool = True,
    **figures: Any,
) -> Template:
    """Set up a template from a program and return it, live unless told otherwise.

    The scope follows from the ids given (of one sort; none means all goods). ``figures`` are what else a
    ``TemplateDraft`` says. Raises Invalid, and TemplateRefused for what nobody could explain to a buyer.
    """
    goods = scopes.meant(
        product_ids=product_ids, sku_ids=sku_ids, category_ids=category_ids, brand_ids=brand_ids
    )
    if kind == Template.Kind.FREIGHT:
        figures.setdefault("channel", Template.Channel.ONLINE)
    template, _ = _keep(TemplateDraft(name=name, kind=kind, goods=goods, **figures))
    if live:
        publish(template_id=template.pk)
        template.refresh_from_db(fields=["status"])
    return template


def publish(*, template_id: int) -> None:
    """Let coupons of this template be given out. Publishing a live one changes nothing.

    Raises NotFound, and OfferInvalid or ScopeInvalid where its coupons would make no sense.
    """
    template = Template.objects.filter(pk=template_id).first()
    if template is None:
        raise NotFound
    terms.offer(
        Terms(
            ref="new",
            label=template.name,
            **scopes.of_row(template).named(),
            **terms.figures_of(template),
        )
    )
    Template.objects.filter(pk=template_id).update(status=TemplateStatus.LIVE)


def stop(*, template_id: int) -> None:
    """Give out no more; coupons that members hold stay good. Raises NotLive for a draft."""
    stopped = Template.objects.filter(
        pk=template_id, status__in=[TemplateStatus.LIVE, TemplateStatus.STOPPED]
    ).update(status=TemplateStatus.STOPPED)
    if not stopped:
        raise NotLive


def _row(draft: TemplateDraft, *, lock: bool = False) -> Template:
    """The row that the draft changes, a new one where it changes none. Raises NotFound."""
    if draft.template_id is None:
        return Template()
    rows = Template.objects.select_for_update() if lock else Template.objects.all()
    row = rows.filter(pk=draft.template_id).first()
    if row is None:
        raise NotFound
    return row


def _check(draft: TemplateDraft, row: Template) -> None:
    faults = [
        *_of_columns(draft),
        *_of_unused(draft),
        *_of_validity(draft),
        *_of_issue(draft, row),
        *_of_worth(draft, row),
        *draft.goods.faults(),
        *_of_claimers(draft),
    ]
    if not faults and draft.kind not in FIGURES:
        faults = [Fault("kind", f"未知的优惠券类型：{draft.kind}")]
    if faults:
        raise TemplateRefused(faults)
    figures = {name: value for name, value in draft.columns().items() if name in terms.FIGURES}
    try:
        terms.offer(Terms(ref="draft", label=draft.name, **draft.goods.named(), **figures))
    except ShopError as refusal:
        raise TemplateRefused([Fault("", refusal.text)]) from refusal


def _of_columns(draft: TemplateDraft) -> Iterator[Fault]:
    """What the columns themselves cannot take: an unknown kind, a name too long, a figure out of bounds."""
    try:
        Template(**draft.columns()).clean_fields(exclude={"scope", "status"})
    except ValidationError as refused:
        for name, texts in refused.message_dict.items():
            yield from (Fault(name, text) for text in texts)


def _of_unused(draft: TemplateDraft) -> Iterator[Fault]:
    """A row never says more than its offer; a form leaves out what it does not show, a file must."""
    for name in draft.unused():
        only_online = name == "channel"
        yield Fault(name, "运费券只能线上使用" if only_online else "此类型的优惠券不使用这一项，请留空")


def _of_validity(draft: TemplateDraft) -> Iterator[Fault]:
    """Either a window or a number of days, and one that passes."""
    days, start, end = draft.valid_days, draft.valid_from, draft.valid_until
    if days is not None:
        if start or end:
            yield Fault("valid_days", "有效期请填写起止时间或领取后天数，只能选一种")
        elif not 1 <= days <= _MAX_DAYS:
            yield Fault("valid_days", f"领取后有效天数应为 1 到 {_MAX_DAYS}")
    elif not start or not end:
        yield Fault("valid_until", "请填写有效期起止时间，或领取后有效天数")
    elif end <= start:
        yield Fault("valid_until", "有效期结束必须晚于开始")


def _of_issue(draft: TemplateDraft, row: Template) -> Iterator[Fault]:
    """When it may be claimed, how many there are, and what it is given for."""
    if draft.claim_from and draft.claim_until and draft.claim_until <= draft.claim_from:
        yield Fault("claim_until", "领取结束时间必须晚于领取开始时间")
    if draft.claim_from and draft.valid_until and draft.valid_until <= draft.claim_from:
        yield Fault("claim_from", "领取开始时优惠券已过期")
    if draft.per_member == 0:
        yield Fault("per_member", "每人限领至少 1 张")
    if draft.quota is not None and 0 <= draft.quota < row.issued:
        yield Fault("quota", f"发放总量不能少于已发放的 {row.issued} 张")
    if draft.occasion == Template.Occasion.ORDER_GIFT and draft.gift_from_fen is None:
        yield Fault("gift_from_fen", "请填写订单满额，不限金额请填 0")


def _of_worth(draft: TemplateDraft, row: Template) -> Iterator[Fault]:
    """What coupons are worth stands still once one was issued: members hold them."""
    if not row.issued:
        return
    columns = draft.columns()
    for name in WORTH:
        if columns[name] != getattr(row, name):
            yield Fault(name, "已发放过优惠券，面值、适用范围和有效期不能再改")
    if draft.goods != scopes.of_row(row):
        yield Fault("scope", "已发放过优惠券，面值、适用范围和有效期不能再改")


def _of_claimers(draft: TemplateDraft) -> Iterator[Fault]:
    for name, model, ids in (("levels", Level, draft.level_ids), ("groups", Group, draft.group_ids)):
        if ids and model._default_manager.filter(pk__in=ids).count() < len(set(ids)):
            yield Fault(name, f"{model._meta.verbose_name}不存在")
