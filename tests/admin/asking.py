"""Every page of the admin that asks before it acts: how it is reached, what is typed, and what it then changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any, Final, NamedTuple
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from apps.aftersales import planning
from apps.aftersales.models import AfterSale, AfterSaleMessage, AfterSaleStep, InsurancePayment
from apps.aftersales.services import sending
from apps.audiences import services as audiences
from apps.audiences.models import Segment, Tag, TagMark
from apps.bargain import services as bargains
from apps.bargain.models import Cut, Help, Run
from apps.base import days
from apps.base import second_factor as factors
from apps.books.models import Bill, Case
from apps.cardkeys.models import CardKey
from apps.catalog.models import Sku
from apps.checkout import paying
from apps.complaints.models import Complaint, ComplaintAct
from apps.complaints.services import acting as complaints
from apps.content.models import Review
from apps.coupons.models import CodeBatch, Coupon, IssueJob, StoreUse, Template
from apps.coupons.services import jobs as issues
from apps.coupons.services import store_uses
from apps.coupons.services import templates as coupon_templates
from apps.deadlines.models import Delay
from apps.distribution.models import Account as PromoterAccount
from apps.distribution.models import (
    Bond,
    BondChange,
    Commission,
    Promoter,
    PromoterLevel,
    PromoterMove,
    Sharer,
    Withdrawal,
    WithdrawalStep,
)
from apps.distribution.models import Entry as PromoterEntry
from apps.distribution.services import transferring, withdrawals
from apps.flashsale import services as flashsale
from apps.fulfillment import number_files
from apps.fulfillment.models import Carrier, ShippingUpload, Trace, Waybill, WaybillAccount
from apps.fulfillment.services import importing
from apps.groupbuy import services as groupbuy
from apps.groupbuy.models import Group as BuyingGroup
from apps.inventory.models import Stock, StockEntry
from apps.invoices import selectors as invoice_facts
from apps.invoices.models import Invoice
from apps.journeys import services as journeys
from apps.journeys.models import Journey, JourneyVersion, Participation, StaffTask
from apps.members.models import ErasureRequest, Group, LevelChange, Member, Membership
from apps.members.services import erasures
from apps.messaging.models import Broadcast, Content, Dispatch, Message
from apps.messaging.models import Template as MessageTemplate
from apps.messaging.services import broadcasts
from apps.messaging.states import DispatchStatus, MessageStatus
from apps.orders.models import Order
from apps.payments.models import Payment, Refund
from apps.pickup.models import Pickup
from apps.pickup.services import moving as pickups
from apps.pickup.services import riding
from apps.points import services as points
from apps.points.models import Account as PointsAccount
from apps.points.models import Entry as PointsEntry
from apps.points.states import EntryKind
from apps.presale import services as presales
from apps.presale.models import Good, Report
from apps.promotions.models import SimulationRun
from apps.referrals import services as referrals
from apps.referrals.models import Invitation, Reward
from apps.risk import selectors as risk_facts
from apps.risk.models import Look, Policy, Rule
from apps.shares import services as shares
from apps.stores.models import Place
from apps.wallet.models import Account, Entry, Recharge
from apps.wechat.sandbox.control import Sandbox
from tests.apps.aftersales import apply
from tests.apps.audiences import make as crowd
from tests.apps.bargain import make as bargain
from tests.apps.cardkeys import make as card_keys
from tests.apps.complaints import make as complaint
from tests.apps.content import make as reviews
from tests.apps.coupons import make as coupons
from tests.apps.deadlines import make as deadlines
from tests.apps.distribution import make as promotion
from tests.apps.flashsale import make as flash
from tests.apps.fulfillment import make as fulfillment
from tests.apps.groupbuy import make as group_buys
from tests.apps.inventory import make as inventory
from tests.apps.invoices import make as invoicing
from tests.apps.journeys import make as ways
from tests.apps.members import make as members
from tests.apps.payments import make as money
from tests.apps.pickup import make as fetching
from tests.apps.presale import make as presale
from tests.apps.promotions import make as promotions
from tests.apps.referrals import make as referral
from tests.apps.shares import make as shared
from tests.apps.wallet import make as wallet


class Page(NamedTuple):
    """A page that asks.

    ``state`` reads all that it may change; ``spoil`` makes the service refuse what was typed (None: it never
    refuses); ``shown_on`` is where its button stands.
    """

    address: str
    shown_on: str
    permission: str
    view: str
    typed: dict[str, Any]
    state: Callable[[], Any]
    spoil: Callable[[], Any] | None = None


def _rows(*models: Any) -> Callable[[], Any]:
    return lambda: [list(model.objects.order_by("pk").values()) for model in models]


def _of_row(
    model: str,
    row: Any,
    button: str,
    typed: dict[str, Any],
    state: Callable[[], Any],
    *,
    permission: str,
    spoil: Callable[[], Any] | None = None,
    listed: bool = False,
) -> Page:
    app, _, name = model.partition(".")
    page = f"/admin/{app}/{name}/"
    return Page(
        f"{page}{row.pk}/{button}/",
        page if listed else f"{page}{row.pk}/change/",
        permission,
        f"{app}.view_{name}",
        typed,
        state,
        spoil,
    )


def _token() -> str:
    return str(uuid4())


def _publish_template() -> Page:
    row = coupons.template(live=False)
    # What has no goods any more cannot be explained to a buyer.
    narrow = lambda: Template.objects.filter(pk=row.pk).update(scope="PRODUCTS")  # noqa: E731
    return _of_row(
        "coupons.template",
        row,
        "publish",
        {},
        _rows(Template),
        permission="coupons.change_template",
        spoil=narrow,
    )


def _stop_template() -> Page:
    row = coupons.template()
    back = lambda: Template.objects.filter(pk=row.pk).update(status="DRAFT")  # noqa: E731
    return _of_row(
        "coupons.template", row, "stop", {}, _rows(Template), permission="coupons.change_template", spoil=back
    )


def _issue() -> Page:
    row = coupons.template()
    members.member()
    return _of_row(
        "coupons.template",
        row,
        "issue",
        {"audience": "ALL", "reason": "周年庆", "token": _token(), "step": "confirm"},
        _rows(IssueJob),
        permission="coupons.issue_template",
        spoil=lambda: coupon_templates.stop(template_id=row.pk),
    )


def _make_codes() -> Page:
    row = coupons.template(quota=5)
    return _of_row(
        "coupons.template",
        row,
        "make-codes",
        {"name": "展会", "size": "5", "token": _token()},
        _rows(CodeBatch, Template),
        permission="coupons.issue_template",
        spoil=lambda: Template.objects.filter(pk=row.pk).update(quota=1),
    )


def _compensate() -> Page:
    member, of = members.member(), coupons.template(quota=3)
    typed = {"member": member.public_id, "template": of.pk, "reason": "杯口有裂纹", "token": _token()}
    return Page(
        "/admin/coupons/coupon/compensate/",
        "/admin/coupons/coupon/",
        "coupons.compensate_coupon",
        "coupons.view_coupon",
        typed,
        _rows(Coupon),
        lambda: Template.objects.filter(pk=of.pk).update(quota=0),
    )


def _revoke() -> Page:
    row = coupons.coupon(at=timezone.now())
    return _of_row(
        "coupons.coupon",
        row,
        "revoke",
        {"reason": "刷单收回"},
        _rows(Coupon),
        permission="coupons.change_coupon",
        spoil=lambda: Coupon.objects.filter(pk=row.pk).update(status="USED", order_no="SO1"),
    )


def _undo_use() -> Page:
    at = timezone.now()
    mine = coupons.coupon(at=at)
    shop = Place.objects.create(name="西湖门店", kind="SHOP")
    code = store_uses.make_pass(member=mine.member, coupon_id=str(mine.public_id), at=at).code
    used = store_uses.use(
        operator=wallet.operator(), code=code, place_id=shop.pk, goods_fen=60_00, receipt_no="1", at=at
    )
    return _of_row(
        "coupons.storeuse",
        used,
        "undo",
        {"reason": "顾客退货"},
        _rows(StoreUse, Coupon),
        permission="coupons.undo_storeuse",
        spoil=lambda: StoreUse.objects.filter(pk=used.pk).update(at=coupons.AT),
    )


def _stop_job() -> Page:
    members.member()
    job = issues.start(
        template_id=coupons.template().pk, audience="ALL", reason="误点", operator=None, at=timezone.now()
    )
    return _of_row(
        "coupons.issuejob",
        job,
        "stop",
        {},
        lambda: list(IssueJob.objects.values_list("status", flat=True)),
        permission="coupons.change_template",
    )


def _recharge() -> Page:
    member, of = (
        members.member(),
        wallet.pack(starts_at=members.AT, ends_at=members.AT.replace(year=members.AT.year + 90)),
    )
    wallet.funded(member=member)
    typed = {"code": member.public_id, "pack": of.pk, "reason": "转账 8812", "token": _token()}
    return Page(
        "/admin/wallet/account/recharge/",
        "/admin/wallet/account/",
        "wallet.recharge_account",
        "wallet.view_account",
        typed,
        _rows(Account, Entry),
        lambda: wallet.funded(480_000, member=member),
    )


def _adjust_account() -> Page:
    account = wallet.funded(100_00)
    typed = {
        "part": "principal_change_fen",
        "sign": "-1",
        "amount_fen": "60",
        "reason": "多记",
        "token": _token(),
        "step": "confirm",
    }
    return _of_row(
        "wallet.account",
        account,
        "adjust",
        typed,
        _rows(Account, Entry),
        permission="wallet.adjust_account",
        spoil=lambda: Account.objects.filter(pk=account.pk).update(principal_fen=0),
    )


def _paid_recharge() -> Recharge:
    recharge = wallet.placed()
    paying.confirm_payment(transaction=money.paid(money.recharge_attempt(recharge)), at=wallet.NOW)
    return Recharge.objects.get(pk=recharge.pk)


def _refund_recharge() -> Page:
    recharge = _paid_recharge()
    return _of_row(
        "wallet.recharge",
        recharge,
        "refund",
        {"principal_fen": "100", "reason": "会员要求", "token": _token()},
        _rows(Refund, Entry),
        permission="wallet.refund_recharge",
        spoil=lambda: Account.objects.update(principal_fen=0, bonus_fen=0),
    )


def _close_recharge() -> Page:
    recharge = wallet.placed()
    return _of_row(
        "wallet.recharge",
        recharge,
        "close",
        {},
        lambda: list(Recharge.objects.values_list("status", flat=True)),
        permission="wallet.change_recharge",
    )


def _upload_recharge_again() -> Page:
    recharge = _paid_recharge()
    ShippingUpload.objects.update_or_create(
        bill_kind="recharge",
        bill_no=recharge.recharge_no,
        defaults={"status": "FAILED", "last_error": "10060004"},
    )
    return _of_row(
        "wallet.recharge",
        recharge,
        "upload",
        {},
        lambda: list(ShippingUpload.objects.values_list("status", flat=True)),
        permission="wallet.change_recharge",
        spoil=lambda: ShippingUpload.objects.all().delete(),
    )


def _correct_points() -> Page:
    member = members.member()
    points.earn(
        member_id=member.pk, amount=10, cause="test", kind=EntryKind.GRANT, reason="x", at=timezone.now()
    )
    account = PointsAccount.objects.get(member=member)
    return _of_row(
        "points.account",
        account,
        "correct",
        {"change": "50", "reason": "补偿", "token": _token(), "step": "confirm"},
        _rows(PointsAccount, PointsEntry),
        permission="points.correct_account",
    )


def _receive_any() -> Page:
    sku, place = inventory.sku(), inventory.place()
    typed = {"code": sku.code, "place": place.pk, "quantity": "5", "reason": "到货", "token": _token()}
    return Page(
        "/admin/inventory/stock/receive-any/",
        "/admin/inventory/stock/",
        "inventory.change_stock",
        "inventory.view_stock",
        typed,
        _rows(Stock, StockEntry),
    )


def _receive() -> Page:
    row = inventory.stock(inventory.sku(), 3)
    return _of_row(
        "inventory.stock",
        row,
        "receive",
        {"quantity": "5", "reason": "到货", "token": _token()},
        _rows(Stock, StockEntry),
        permission="inventory.change_stock",
    )


def _adjust_stock() -> Page:
    row = inventory.stock(inventory.sku(), 3)
    return _of_row(
        "inventory.stock",
        row,
        "adjust",
        {"change": "-2", "reason": "盘亏", "token": _token(), "step": "confirm"},
        _rows(Stock, StockEntry),
        permission="inventory.change_stock",
        spoil=lambda: Stock.objects.filter(pk=row.pk).update(on_hand=1),
    )


def _bring_in_cards() -> Page:
    sku = card_keys.goods(cards=0)
    file = _Sent("cards.csv")
    file.content = f"商品编码,卡号,卡密\n{sku.code},A001,玫瑰\n".encode("gbk")
    return Page(
        "/admin/cardkeys/cardkey/import/",
        "/admin/cardkeys/cardkey/",
        "cardkeys.add_cardkey",
        "cardkeys.view_cardkey",
        {"file": file},
        lambda: list(CardKey.objects.values_list("number", "status")),
        spoil=lambda: Sku.objects.update(virtual=False),
    )


def _void_card() -> Page:
    (card,) = card_keys.bring_in(card_keys.goods(cards=0), 1)
    return _of_row(
        "cardkeys.cardkey",
        card,
        "void",
        {"reason": "供应商作废"},
        lambda: list(CardKey.objects.values_list("number", "status")),
        permission="cardkeys.change_cardkey",
        spoil=lambda: Stock.objects.update(held=1),
    )


def _void_batch() -> Page:
    (card, _) = card_keys.bring_in(card_keys.goods(cards=0), 2)
    return _of_row(
        "cardkeys.cardbatch",
        card.batch,
        "void",
        {"reason": "供应商作废"},
        lambda: list(CardKey.objects.values_list("number", "status")),
        permission="cardkeys.change_cardkey",
        spoil=lambda: Stock.objects.update(held=2),
    )


def _make_virtual() -> Page:
    sku = card_keys.goods(cards=0)
    Sku.objects.filter(pk=sku.pk).update(virtual=False)
    return _of_row(
        "catalog.sku",
        sku,
        "virtual",
        {},
        lambda: list(Sku.objects.values_list("code", "virtual")),
        permission="catalog.change_sku",
        spoil=lambda: inventory.stock(sku, 1),
    )


def _make_real() -> Page:
    sku = card_keys.goods(cards=0)
    return _of_row(
        "catalog.sku",
        sku,
        "real",
        {},
        lambda: list(Sku.objects.values_list("code", "virtual")),
        permission="catalog.change_sku",
        spoil=lambda: card_keys.bring_in(sku, 1),
    )


def _review(
    button: str, typed: dict[str, Any], begin: Callable[[], Review], spoilt: str
) -> Callable[[], Page]:
    def page() -> Page:
        row = begin()
        return _of_row(
            "content.review",
            row,
            button,
            typed,
            lambda: list(Review.objects.values_list("status", "reply")),
            permission="content.change_review",
            spoil=lambda: Review.objects.filter(pk=row.pk).update(status=spoilt),
        )

    return page


def _hidden() -> Review:
    row = reviews.published()
    Review.objects.filter(pk=row.pk).update(status="HIDDEN")
    return row


def _set_level() -> Page:
    gold, member = members.level("金卡", rank=2), members.member()
    return _of_row(
        "members.member",
        member,
        "level",
        {"level": gold.pk, "reason": "老客户"},
        lambda: [list(Member.objects.values_list("level_id")), LevelChange.objects.count()],
        permission="members.change_member",
    )


def _group(button: str) -> Callable[[], Page]:
    def page() -> Page:
        member = members.member()
        club = Group.objects.create(name="茶友会")
        if button == "remove-members":
            Membership.objects.create(group=club, member=member, added_at=members.AT)
        return _of_row(
            "members.group",
            club,
            button,
            {"numbers": member.public_id},
            lambda: list(Membership.objects.values_list("group_id", "member_id")),
            permission="members.change_group",
        )

    return page


def _ask_erasure() -> Page:
    member = members.member()
    # Money of the member's own stands in the way.
    paid_in = lambda: Account.objects.create(member=member, principal_fen=100)  # noqa: E731
    return Page(
        "/admin/members/erasurerequest/ask/",
        "/admin/members/erasurerequest/",
        "members.change_erasurerequest",
        "members.view_erasurerequest",
        {"member": member.public_id, "reason": "来信申请"},
        _rows(ErasureRequest),
        paid_in,
    )


def _take_back_erasure() -> Page:
    row = erasures.ask(member=members.member(), at=timezone.now())
    done = {"status": "TAKEN_BACK", "ended_at": timezone.now()}
    return _of_row(
        "members.erasurerequest",
        row,
        "take-back",
        {"reason": "来电撤回"},
        _rows(ErasureRequest),
        permission="members.change_erasurerequest",
        spoil=lambda: ErasureRequest.objects.filter(pk=row.pk).update(**done),
    )


def _fetch_carriers() -> Page:
    Carrier.objects.filter(code="SF").delete()
    return Page(
        "/admin/fulfillment/carrier/fetch/",
        "/admin/fulfillment/carrier/",
        "fulfillment.change_carrier",
        "fulfillment.view_carrier",
        {},
        lambda: Carrier.objects.filter(code="SF").count(),
    )


def _waybills_on() -> WaybillAccount:
    """An account for electronic waybills, and a place that sends."""
    Place.objects.update(province="浙江省", city="杭州市", detail="茶亭路 18 号", phone="0571-88880018")
    carrier, _ = Carrier.objects.get_or_create(code="ZTO", defaults={"name": "中通快递"})
    return WaybillAccount.objects.create(
        carrier=carrier, biz_id="sandbox_zto", service_type=0, service_name="标准快件"
    )


def _fetch_accounts() -> Page:
    _waybills_on().delete()
    return Page(
        "/admin/fulfillment/waybillaccount/fetch/",
        "/admin/fulfillment/waybillaccount/",
        "fulfillment.change_carrier",
        "fulfillment.view_waybillaccount",
        {},
        lambda: list(WaybillAccount.objects.values_list("biz_id", flat=True)),
    )


def _issue_waybill() -> Page:
    from tests.apps.checkout import make as counter

    wechat = Sandbox(settings.WECHATPAY_BASE)
    order = fulfillment.paid_at_wechat(wechat, [(counter.goods(), 2)], at=timezone.now())
    account = _waybills_on()
    return _of_row(
        "orders.order",
        order,
        "waybill",
        {"account": account.pk},
        lambda: list(Waybill.objects.values_list("status", flat=True)),
        permission="orders.change_order",
        spoil=lambda: fulfillment.parcel(order),
    )


def _record_insurance() -> Page:
    row = _awaited()
    return _of_row(
        "aftersales.aftersale",
        row,
        "insurance",
        {"claim_no": "PICC0001", "amount_fen": "12.50", "payee": "SHOP"},
        lambda: list(InsurancePayment.objects.values_list("claim_no", "amount_fen")),
        permission="aftersales.add_insurancepayment",
        spoil=lambda: _insured(row, claim_no="PICC0001"),
    )


def _import_insurance() -> Page:
    row = _awaited()
    file = _Sent("paid.csv")
    file.content = f"售后单号,理赔单号,金额\n{row.after_sale_no},PICC0001,12.50\n".encode("gbk")
    return Page(
        "/admin/aftersales/insurancepayment/import/",
        "/admin/aftersales/insurancepayment/",
        "aftersales.add_insurancepayment",
        "aftersales.view_insurancepayment",
        {"file": file},
        lambda: list(InsurancePayment.objects.values_list("claim_no", "amount_fen")),
        spoil=lambda: _insured(row, claim_no="PICC0001"),
    )


def _insured(row: AfterSale, *, claim_no: str) -> None:
    """Another sum under the same number of the insurer's."""
    InsurancePayment.objects.create(
        after_sale=row, claim_no=claim_no, amount_fen=1, payee="BUYER", at=timezone.now()
    )


def _simulate() -> Page:
    row = promotions.promotion()
    return _of_row(
        "promotions.promotion",
        row,
        "simulate",
        {"days": "7"},
        _rows(SimulationRun),
        permission="promotions.change_promotion",
        spoil=lambda: SimulationRun.objects.create(
            promotion=row, days=3, since=promotions.NOW, until=promotions.NOW
        ),
    )


def _ship() -> Page:
    order = fulfillment.paid_order(2)
    return _of_row(
        "orders.order",
        order,
        "ship",
        {"carrier": "SF", "tracking_no": "SF1234567890"},
        lambda: list(Order.objects.values_list("status", "parcels__tracking_no")),
        permission="orders.change_order",
    )


def _picked_up(model: str, path: str) -> Callable[[], Page]:
    """An order that is to be put ready, on its own page or on its pickup's; somebody else was quicker."""

    def ask() -> Page:
        shop = fetching.shop()
        order = fetching.fetched_from(shop, fetching.goods(shop))
        row = order if model == "orders.order" else order.pickup
        return _of_row(
            model,
            row,
            path,
            {},
            _rows(Pickup),
            permission="pickup.prepare_pickup",
            spoil=lambda: pickups.lie_ready(
                order_no=order.order_no, operator=fulfillment.operator(), at=fetching.NOW
            ),
        )

    return ask


def _ridden(button: str, typed: dict[str, Any], *, left: bool) -> Callable[[], Page]:
    """An order that the shop's rider is to take, or has under way; somebody else was quicker."""

    def ask() -> Page:
        order = fetching.ridden_from(fetching.shop(**fetching.RIDES), left=left)
        done = riding.arrive if left else partial(riding.leave, rider="")
        return _of_row(
            "orders.order",
            order,
            button,
            typed,
            lambda: list(Order.objects.values_list("status")),
            permission="orders.change_order",
            spoil=lambda: done(order_no=order.order_no, operator=fulfillment.operator(), at=fetching.NOW),
        )

    return ask


def _correct_address() -> Page:
    order = fulfillment.paid_order(2)
    return _of_row(
        "orders.order",
        order,
        "address",
        {
            "name": "林小满",
            "phone": "138 0000 0009",
            "province": "江苏省",
            "city": "苏州市",
            "district": "姑苏区",
            "detail": "平江路9号",
            "postal_code": "",
            "reason": "买家来电更正",
        },
        lambda: list(Order.objects.values_list("address", "address_changes__reason")),
        permission="orders.change_order",
        spoil=lambda: fulfillment.parcel(order),
    )


class _Sent(str):
    """A file as a form's value: sent whole as often as it is sent, and shown by its name."""

    content: bytes
    content_type = "text/csv"

    @property
    def name(self) -> str:
        return str(self)

    def read(self) -> bytes:
        return self.content


def _import_numbers() -> Page:
    order = fulfillment.paid_order(2)
    file = _Sent("numbers.csv")
    file.content = f"订单号,快递公司,快递单号\n{order.order_no},顺丰,SF1234567890\n".encode("gbk")
    return Page(
        "/admin/fulfillment/parcel/import/",
        "/admin/fulfillment/parcel/",
        "orders.change_order",
        "fulfillment.view_parcel",
        {"file": file, "step": "confirm", "seen": importing.preview(number_files.read(file.content)).seen},
        lambda: list(Order.objects.values_list("status", "parcels__tracking_no")),
        spoil=lambda: fulfillment.parcel(order),
    )


def _ask_about_parcel() -> Page:
    parcel = fulfillment.parcel(fulfillment.paid_order(1), at=timezone.now())
    return _of_row(
        "fulfillment.parcel",
        parcel,
        "ask-now",
        {},
        lambda: list(Trace.objects.values_list("ask_at", flat=True)),
        permission="orders.change_order",
        spoil=lambda: Trace.objects.update(checked_at=timezone.now()),
    )


def _close_order() -> Page:
    from tests.apps.checkout import make as counter

    order = counter.order(*counter.buyer(), [(counter.goods(10_000), 1)])
    return _of_row(
        "orders.order",
        order,
        "close",
        {},
        lambda: list(Order.objects.values_list("status", flat=True)),
        permission="orders.change_order",
    )


def _upload_order_again() -> Page:
    order = fulfillment.paid_order()
    fulfillment.parcel(order)
    ShippingUpload.objects.filter(order=order).update(status="FAILED", last_error="单号不存在")
    return _of_row(
        "orders.order",
        order,
        "upload",
        {},
        lambda: list(ShippingUpload.objects.values_list("status", flat=True)),
        permission="orders.change_order",
        spoil=lambda: ShippingUpload.objects.all().delete(),
    )


def _refund_whole() -> Page:
    order = fulfillment.paid_order(2)
    return _of_row(
        "orders.order",
        order,
        "refund",
        {"reason": "杯口有裂纹"},
        lambda: [
            list(Order.objects.values_list("status", flat=True)),
            Refund.objects.count(),
            Payment.objects.count(),
        ],
        permission="orders.refund_order",
        spoil=lambda: fulfillment.parcel(order),
    )


def _after_sale(
    button: str,
    typed: dict[str, Any],
    begin: Callable[[], AfterSale],
    *,
    permission: str = "aftersales.approve_aftersale",
    refusable: bool = True,
) -> Callable[[], Page]:
    """An application that stands where the button is of use; its shopper, or somebody else, is quicker."""

    def ask() -> Page:
        row = begin()
        filled = typed
        if button == "arrive":
            filled = {"place": str(Place.objects.earliest("id").pk)}
        elif button == "inspect":
            filled = {f"accepted_{row.lines.get().order_line_id}": "1", "note": ""}
        return _of_row(
            "aftersales.aftersale",
            row,
            button,
            filled,
            _rows(AfterSale, AfterSaleStep, AfterSaleMessage, Entry),
            permission=permission,
            spoil=(lambda: _overtake(row)) if refusable else None,
        )

    return ask


def _invoice(
    button: str, typed: Callable[[Invoice], dict[str, Any]], begin: Callable[[], Invoice], *, spoil: str
) -> Callable[[], Page]:
    """An invoice that stands where the button is of use; somebody else is quicker."""

    def ask() -> Page:
        row = begin()
        return _of_row(
            "invoices.invoice",
            row,
            button,
            typed(row),
            _rows(Invoice),
            permission="invoices.issue_invoice",
            spoil=lambda: _spoil_invoice(row, spoil),
        )

    return ask


def _spoil_invoice(row: Invoice, how: str) -> None:
    if how == "refuse":
        invoicing.refuse(row)
    elif how == "reverse":
        invoicing.reverse(row)
    else:
        invoicing.red_letter(row)


def _paper(row: Invoice) -> dict[str, Any]:
    seen = f"{row.status}:{row.amount_fen}"
    file = _Sent("invoice.pdf")
    file.content, file.content_type = invoicing.PDF, "application/pdf"
    on = f"{invoice_facts.paid_on(row)}"
    return {"number": invoicing.NUMBER, "code": "", "issued_on": on, "file": file, "seen": seen}


def _overtake(row: AfterSale) -> None:
    AfterSale.objects.filter(pk=row.pk).update(
        status="CANCELLED", deadline_at=None, ended_at=apply.LATER, arrived_at=None
    )


def _applied() -> AfterSale:
    order, (sku,) = apply.bought((1000, 1))
    return apply.applied(order, {sku: 1})


def _first_approved() -> AfterSale:
    apply.rules(second_person_above_fen=0)
    return apply.approve(_applied(), operator=fulfillment.operator())


def _awaited() -> AfterSale:
    order, (sku,) = apply.received((1000, 1))
    return apply.approve(apply.applied(order, {sku: 1}, "RETURN"))


def _arrived() -> AfterSale:
    return apply.arrive(_awaited())


def _to_dispatch() -> AfterSale:
    order, (sku,) = apply.received((1000, 1))
    return apply.approve(apply.applied(order, {sku: 1}, "RESHIP"))


def _dispatched() -> AfterSale:
    row = _to_dispatch()
    sent = {"carrier_code": "SF", "tracking_no": "SF1234567890"}
    return sending.dispatch(after_sale_no=row.after_sale_no, operator=None, at=timezone.now(), **sent)


def _complaint(button: str, typed: dict[str, Any], *, answered: bool = False) -> Callable[[], Page]:
    """A complaint at WeChat about an order, which asks for a refund; the shop answered it, or has to."""

    def ask() -> Page:
        row = complaint.complained(Sandbox(settings.WECHATPAY_BASE), "想退款", problem_type="REFUND")
        if answered:
            complaints.reply(
                complaint_id=row.pk, text="马上办理", token=_token(), operator=None, at=timezone.now()
            )
        over = {"status": "PROCESSED", "answer_by": None, "completed_at": timezone.now()}
        return _of_row(
            "complaints.complaint",
            row,
            button,
            {**typed, "token": _token()},
            _rows(Complaint, ComplaintAct),
            permission="complaints.answer_complaint",
            spoil=lambda: Complaint.objects.filter(pk=row.pk).update(**over),
        )

    return ask


def _refund_part() -> Page:
    order = fulfillment.paid_order(2)
    line = order.lines.get()
    wish = planning.Wish(units={line.pk: 1}, shipping_fen=0, restock=frozenset())
    seen = planning.plan(planning.standing_of(order), wish).fingerprint()
    return _of_row(
        "orders.order",
        order,
        "refund-part",
        {f"units_{line.pk}": "1", "reason": "杯口有裂纹", "token": _token(), "step": "confirm", "seen": seen},
        lambda: Refund.objects.count(),
        permission="orders.refund_order",
    )


def _reset_factor() -> Page:
    row = User.objects.create_user("丢了手机")
    factors.beginning(row)
    TOTPDevice.objects.update(confirmed=True)
    return _of_row(
        "auth.user",
        row,
        "reset-second-factor",
        {},
        lambda: TOTPDevice.objects.count(),
        permission="auth.change_user",
        spoil=lambda: TOTPDevice.objects.all().delete(),
    )


def _campaign(
    model: str, made: Callable[..., Any], moved: Callable[[Any, str], Any], button: str
) -> Callable[[], Page]:
    """A button of a campaign's page: ``made`` makes one (a draft or an approved one), ``moved`` calls its service."""
    app, _, name = model.partition(".")

    def ask() -> Page:
        row = made(approved=button != "approve")
        if button == "resume":
            moved(row, "pause")
        end = lambda: moved(row, "stop")  # noqa: E731
        return _of_row(
            model,
            row,
            button,
            {"token": _token()} if button == "copy" else {},
            _rows(type(row)),
            permission=f"{app}.{'add' if button == 'copy' else 'change'}_{name}",
            spoil=None if button in {"copy", "approve"} else end,
        )

    return ask


def _bargain_now(*, approved: bool) -> Any:
    now = timezone.now()
    return bargain.bargain(
        approved=approved, starts_at=now - bargain.HOUR, ends_at=now + bargain.HOUR, at=now
    )


def _move_bargain(row: Any, move: str) -> None:
    getattr(bargains.CAMPAIGNS, move)(row, at=timezone.now())


def _presale_now(*, approved: bool) -> Any:
    return presale.live(approved=approved)


def _move_presale(row: Any, move: str) -> None:
    getattr(presales.CAMPAIGNS, move)(row, at=timezone.now())


def _arrive() -> Page:
    row = presale.live(whole=True)
    place = presale.place()
    code = presale.skus_of(row)[0].code
    return _of_row(
        "presale.presale",
        row,
        "arrive",
        {"place": place.pk, "units": f"{code}：5", "token": _token()},
        _rows(Stock, StockEntry),
        permission="presale.arrive_presale",
        spoil=lambda: Good.objects.all().delete(),
    )


def _report_again() -> Page:
    order = presale.order(presale.live(), at=timezone.now())
    row = Report.objects.create(
        order=order, transaction_id="4200", delay_to=timezone.now(), status="FAILED", last_error="268546001"
    )
    return _of_row(
        "presale.report",
        row,
        "report-again",
        {},
        _rows(Report),
        permission="presale.change_report",
        spoil=lambda: Report.objects.update(status="DONE"),
    )


def _put_off() -> Page:
    order = fulfillment.paid_order(1, at=timezone.now())
    deadlines.owed(order, at=timezone.now())
    return _of_row(
        "orders.order",
        order,
        "put-off",
        {
            "reason": "STOCK_OUT",
            "ships_on": f"{timezone.localdate() + timedelta(days=9)}",
            "note": "茶园因雨推迟采摘",
        },
        _rows(Delay),
        permission="deadlines.offer_delay",
        spoil=lambda: fulfillment.parcel(order, at=timezone.now()),
    )


def _give_deposit_back() -> Page:
    order = presale.reserved(presale.live(), at=timezone.now())
    return _of_row(
        "orders.order",
        order,
        "give-deposit-back",
        {"reason": "无法到货"},
        lambda: list(Order.objects.values_list("status", flat=True)),
        permission="orders.refund_order",
        spoil=lambda: presale.pay_balance(order),
    )


def _session_now(*, approved: bool) -> Any:
    now = timezone.now()
    sku = flash.goods(50_00)
    return flash.session(sku, approved=approved, starts_at=now - flash.HOUR, ends_at=now + flash.HOUR, at=now)


def _move_session(row: Any, move: str) -> None:
    getattr(flashsale.CAMPAIGNS, move)(row, at=timezone.now())


def _group_buy_now(*, approved: bool) -> Any:
    row, _ = groupbuy.CAMPAIGNS.save(
        group_buys.draft(group_buys.goods(50_00), **group_buys.today()), at=timezone.now()
    )
    if approved:
        groupbuy.CAMPAIGNS.approve(row, at=timezone.now())
    return row


def _move_group_buy(row: Any, move: str) -> None:
    getattr(groupbuy.CAMPAIGNS, move)(row, at=timezone.now())


def _end_group() -> Page:
    group = group_buys.opened(_group_buy_now(approved=True), at=timezone.now())

    def form() -> None:
        for _ in range(2):
            group_buys.joined(group, at=timezone.now())

    return _of_row(
        "groupbuy.group",
        group,
        "end-now",
        {"reason": "商品有误"},
        _rows(BuyingGroup),
        permission="groupbuy.end_group",
        spoil=form,
    )


def _release_help() -> Page:
    now = timezone.now()
    run = bargain.run(_bargain_now(approved=True), at=now)
    held = bargain.held(run, at=now)
    return _of_row(
        "bargain.help",
        held,
        "release",
        {},
        _rows(Help, Cut, Run),
        permission="bargain.release_help",
        spoil=lambda: bargains.CAMPAIGNS.stop(run.bargain, at=timezone.now()),
    )


def _referral_now(*, approved: bool) -> Any:
    now = timezone.now()
    draft = referral.draft(starts_at=now - bargain.HOUR, ends_at=now + bargain.HOUR)
    if approved:
        return referrals.CAMPAIGNS.load(draft, at=now)
    return referrals.CAMPAIGNS.save(draft, at=now).row


def _move_referral(row: Any, move: str) -> None:
    getattr(referrals.CAMPAIGNS, move)(row, at=timezone.now())


def _look(button: str, typed: dict[str, Any]) -> Callable[[], Page]:
    def ask() -> Page:
        inviter = members.member(phone="13912345678")
        referral.registered(inviter, referral.campaign(), phone="13912345678")
        return _of_row(
            "risk.look",
            risk_facts.waiting().get(),
            button,
            typed,
            _rows(Look, Invitation, Reward),
            permission="risk.judge_look",
            spoil=lambda: Look.objects.update(verdict="RELEASED", judged_at=timezone.now()),
        )

    return ask


def _fetch_bills() -> Page:
    page = "/admin/books/bill/"
    # WeChat has a day's bill from ten o'clock of the next on: of the day before yesterday it says what it has at any hour.
    typed = {"day": f"{days.shop_day(timezone.now()) - timedelta(days=2)}"}
    return Page(
        f"{page}fetch/",
        page,
        "books.reconcile_bill",
        "books.view_bill",
        typed,
        lambda: list(Bill.objects.order_by("kind").values("day", "kind", "status")),
    )


def _bill_to_explain() -> Page:
    # WeChat keeps no bill so long.
    row = Bill.objects.create(day=date(2020, 1, 1), kind="TRADE", status="FAILED", due_at=timezone.now())
    came = lambda: Bill.objects.update(status="EMPTY", fetched_at=timezone.now())  # noqa: E731
    typed = {"note": "填错了日期"}
    return _of_row(
        "books.bill", row, "explain", typed, _rows(Bill), permission="books.settle_case", spoil=came
    )


def _difference(button: str, typed: dict[str, Any]) -> Callable[[], Page]:
    def ask() -> Page:
        payment, now = money.attempt(money.order()), timezone.now()
        # A bill of that day without the payment: once it is compared again, both agree.
        Bill.objects.create(day=now.date(), kind="TRADE", status="FETCHED", fetched_at=now, due_at=now)
        row = Case.objects.create(
            day=now.date(),
            kind="PAYMENT_UNHEARD",
            number=payment.payment_no,
            wechat_fen=payment.amount_fen,
            evidence="账单第 1 行",
            opened_at=now,
        )
        closed = lambda: Case.objects.update(status="GONE", closed_at=timezone.now())  # noqa: E731
        return _of_row(
            "books.case", row, button, typed, _rows(Case), permission="books.settle_case", spoil=closed
        )

    return ask


def _message_to_repeat() -> Page:
    row = _failed_way().message
    Message.objects.filter(pk=row.pk).update(status=MessageStatus.FAILED, ended_at=None)
    return _of_row(
        "messaging.message",
        row,
        "repeat",
        {},
        _rows(Message),
        permission="messaging.repeat_message",
        spoil=lambda: Message.objects.update(status=MessageStatus.TOLD, ended_at=timezone.now()),
    )


def _way_to_repeat() -> Page:
    return _of_row(
        "messaging.dispatch",
        _failed_way(),
        "repeat",
        {},
        _rows(Dispatch),
        permission="messaging.repeat_dispatch",
        spoil=lambda: Dispatch.objects.update(status=DispatchStatus.UNKNOWN, ended_at=timezone.now()),
    )


def _failed_way() -> Dispatch:
    """A message that is told, and that WeChat refused."""
    now, member = timezone.now(), members.member()
    message = Message.objects.create(
        member=member,
        scene="order_paid",
        subject="SO1",
        occasion="SO1",
        status=MessageStatus.TOLD,
        written_at=now,
        due_at=now,
        expires_at=now + timedelta(days=1),
        ended_at=now,
    )
    return Dispatch.objects.create(
        message=message, member=member, channel="SUBSCRIPTION", status=DispatchStatus.FAILED, due_at=now
    )


def _fetch_templates() -> Page:
    return Page(
        "/admin/messaging/template/fetch/",
        "/admin/messaging/template/",
        "messaging.change_template",
        "messaging.view_template",
        {},
        lambda: MessageTemplate.objects.count(),
    )


def _draft_broadcast() -> Page:
    members.member()
    token = uuid4().hex
    return Page(
        "/admin/messaging/broadcast/draft/",
        "/admin/messaging/broadcast/",
        "messaging.send_broadcast",
        "messaging.view_broadcast",
        {"heading": "春茶上新", "text": "{nickname}您好", "audience": "ALL", "token": token},
        _rows(Broadcast, Content),
        spoil=lambda: Member.objects.update(disabled_at=timezone.now()),
    )


def _broadcast(button: str, *, begun: str = "", spoiled: str = "cancel") -> Callable[[], Page]:
    """A button that moves a mass send; ``begun`` are the moves that bring it there, after ``spoiled`` it cannot."""

    def ask() -> Page:
        members.member()
        now = timezone.now()
        row = broadcasts.draft(
            content=Content(title="春茶上新", text="您好"), audience="ALL", due_at=now, at=now, operator=None
        )
        for move in begun.split():
            getattr(broadcasts, move)(broadcast_id=row.pk, at=now)
        return _of_row(
            "messaging.broadcast",
            row,
            button,
            {},
            _rows(Broadcast, Message),
            permission="messaging.send_broadcast",
            spoil=lambda: getattr(broadcasts, spoiled)(broadcast_id=row.pk, at=now),
        )

    return ask


def _rewrite_rule() -> Page:
    row, _ = Rule.objects.get_or_create(clue="RING", defaults={"threshold": 1, "weight": 60})
    return _of_row(
        "risk.rule",
        row,
        "rewrite",
        {"enabled": "on", "threshold": 2, "weight": 50, "step": "confirm"},
        _rows(Rule),
        permission="risk.change_rule",
    )


def _rewrite_policy() -> Page:
    row, _ = Policy.objects.get_or_create(pk=1)
    typed = {"hold_at": 55, "step": "confirm"}
    return _of_row("risk.policy", row, "rewrite", typed, _rows(Policy), permission="risk.change_policy")


def _promoter(
    button: str, typed: dict[str, Any], spoiled: str, *, status: str = "ACTIVE"
) -> Callable[[], Page]:
    """A button that moves a promoter; ``spoiled`` is a status from which it cannot."""

    def ask() -> Page:
        row = promotion.promoter()
        Promoter.objects.filter(pk=row.pk).update(status=status)
        return _of_row(
            "distribution.promoter",
            row,
            button,
            typed,
            _rows(Promoter, PromoterMove),
            permission="distribution.appoint_promoter",
            spoil=lambda: Promoter.objects.update(status=spoiled),
        )

    return ask


def _appoint_sharer() -> Page:
    at = timezone.now()
    sharer = members.member("茶山阿远")
    shares.note_visit(token=shared.share(sharer, at=at).token, visitor_id="", member=members.member(), at=at)
    return _of_row(
        "distribution.sharer",
        Sharer.objects.get(pk=sharer.pk),
        "appoint",
        {},
        _rows(Promoter, PromoterMove),
        permission="distribution.appoint_promoter",
    )


def _promoter_level() -> Page:
    row, level = promotion.promoter(), PromoterLevel.objects.create(name="金牌推客", rank=2)
    return _of_row(
        "distribution.promoter",
        row,
        "level",
        {"level": level.pk},
        _rows(Promoter),
        permission="distribution.appoint_promoter",
    )


def _bind_customer() -> Page:
    row, customer = promotion.promoter(), members.member()
    return _of_row(
        "distribution.promoter",
        row,
        "bind",
        {"member": customer.public_id, "reason": "客户来电"},
        _rows(Bond, BondChange),
        permission="distribution.bind_promoter",
        spoil=lambda: Promoter.objects.update(status="SUSPENDED"),
    )


def _unbind_customer() -> Page:
    row, customer = promotion.promoter(), members.member()
    promotion.bind(customer, row)
    return _of_row(
        "distribution.promoter",
        row,
        "unbind",
        {"member": customer.public_id, "reason": "客户要求"},
        _rows(Bond, BondChange),
        permission="distribution.bind_promoter",
        spoil=lambda: Bond.objects.all().delete(),
    )


def _appoint() -> Page:
    member = members.member()
    return Page(
        "/admin/distribution/promoter/appoint/",
        "/admin/distribution/promoter/",
        "distribution.appoint_promoter",
        "distribution.view_promoter",
        {"member": member.public_id},
        _rows(Promoter, PromoterMove),
        spoil=lambda: (
            type(member)
            .objects.filter(pk=member.pk)
            .update(erased_at=timezone.now(), disabled_at=timezone.now(), nickname="", phone="")
        ),
    )


def _commission(button: str, typed: dict[str, Any], *, held: bool) -> Callable[[], Page]:
    def ask() -> Page:
        order = fulfillment.paid_order(1)
        row = promotion.earned(promotion.promoter(), order, buyer=order.member)
        Commission.objects.filter(pk=row.pk).update(held=held)
        return _of_row(
            "distribution.commission",
            row,
            button,
            typed,
            _rows(Commission, PromoterEntry),
            permission="distribution.judge_commission",
            spoil=lambda: Commission.objects.filter(pk=row.pk).update(held=not held),
        )

    return ask


def _withdrawal(button: str, typed: dict[str, Any], *, seconded: bool = False) -> Callable[[], Page]:
    """A withdrawal that waits for its first or its second person; somebody else is quicker."""

    def ask() -> Page:
        promotion.set_rules()
        promoter = promotion.promoter()
        promotion.give(promoter, 150_000)
        row = promotion.withdraw(promoter, 150_000)
        if seconded:
            withdrawals.approve(
                withdrawal_no=row.withdrawal_no, operator=fulfillment.operator(), at=promotion.NOW
            )
        other = fulfillment.operator()
        quicker = {"withdrawal_no": row.withdrawal_no, "operator": other, "at": promotion.NOW}
        return _of_row(
            "distribution.withdrawal",
            row,
            button,
            typed,
            _rows(Withdrawal, WithdrawalStep, PromoterEntry),
            permission="distribution.review_withdrawal",
            spoil=lambda: withdrawals.reject(reason="资料不全", **quicker),
        )

    return ask


def _cancel_withdrawal() -> Page:
    """One that waits for its user at WeChat; it lapses meanwhile."""
    openid = Sandbox(settings.WECHATPAY_BASE).login("苏晚晴").openid
    promotion.set_rules()
    promoter = promotion.promoter(promotion.member(openid=openid))
    promotion.give(promoter, 5_000)
    row = promotion.withdraw(promoter, 5_000)
    transferring.start(withdrawal_no=row.withdrawal_no, at=promotion.NOW)
    return _of_row(
        "distribution.withdrawal",
        row,
        "cancel",
        {},
        _rows(Withdrawal, WithdrawalStep, PromoterEntry),
        permission="distribution.cancel_withdrawal",
        spoil=lambda: withdrawals.fail(withdrawal_no=row.withdrawal_no, reason="FAIL", at=promotion.NOW),
    )


def _adjust_promoter() -> Page:
    row = promotion.promoter()
    promotion.give(row, 1000)
    return _of_row(
        "distribution.account",
        row,
        "adjust",
        {"more": "", "less": "1", "reason": "多发", "token": _token(), "step": "confirm"},
        _rows(PromoterAccount, PromoterEntry),
        permission="distribution.adjust_account",
        spoil=lambda: PromoterAccount.objects.update(available_fen=0),
    )


_SEGMENTS: Final = "audiences.segment"


def _buyers() -> Segment:
    crowd.bought(members.member())
    return crowd.segment({"is": "ordered", "low": 1})


def _issue_to_segment() -> Page:
    row, ticket = _buyers(), coupons.template()
    typed = {"template": str(ticket.pk), "reason": "回馈", "token": _token()}
    spoil = lambda: Segment.objects.update(archived_at=timezone.now())  # noqa: E731
    return _of_row(
        _SEGMENTS, row, "issue", typed, _rows(IssueJob), permission="coupons.issue_template", spoil=spoil
    )


def _segment(button: str, *, spoil: Callable[[], Any] | None = None) -> Callable[[], Page]:
    def page() -> Page:
        row = _buyers()
        if button == "leave":
            audiences.keep_in_group(segment_id=row.pk, at=timezone.now())
        if button == "restore":
            audiences.archive(segment_id=row.pk, at=timezone.now())
        return _of_row(
            _SEGMENTS,
            row,
            button,
            {},
            _rows(Segment, Group),
            permission="audiences.change_segment",
            spoil=spoil,
        )

    return page


def _archive_followed() -> Page:
    page = _segment("archive")()
    follow = lambda: crowd.tag("买家", rule=Segment.objects.get())  # noqa: E731
    return page._replace(spoil=follow)


def _tag(button: str) -> Callable[[], Page]:
    def page() -> Page:
        row, owner = crowd.tag(), members.member()
        if button == "take":
            audiences.put(tag_id=row.pk, member_ids=[owner.pk], operator=None, at=timezone.now())
        if button == "restore":
            audiences.archive_tag(tag_id=row.pk, at=timezone.now())
        of_marks = {"put": "add_tagmark", "take": "delete_tagmark"}
        put_away = lambda: Tag.objects.update(archived_at=timezone.now())  # noqa: E731
        return _of_row(
            "audiences.tag",
            row,
            button,
            {"numbers": owner.public_id} if button in of_marks else {},
            _rows(Tag, TagMark),
            permission=f"audiences.{of_marks.get(button, 'change_tag')}",
            spoil=put_away if button in of_marks else None,
        )

    return page


def _tag_of_member(button: str) -> Callable[[], Page]:
    def page() -> Page:
        tag, owner = crowd.tag(), members.member()
        if button == "take-tag":
            audiences.put(tag_id=tag.pk, member_ids=[owner.pk], operator=None, at=timezone.now())
        may = "add_tagmark" if button == "put-tag" else "delete_tagmark"
        return _of_row(
            "members.member",
            owner,
            button,
            {"tag": str(tag.pk)},
            _rows(TagMark),
            permission=f"audiences.{may}",
        )

    return page


_WALKED: Final = _rows(Journey, JourneyVersion, Participation, StaffTask)


def _journey(
    button: str,
    *,
    typed: dict[str, Any] | None = None,
    at: str = "",
    begun: str = "",
    permission: str = "journeys.run_journey",
) -> Callable[[], Page]:
    """A button of a journey with a wait, a gift and a question; ``begun`` are the moves that come before."""

    def page() -> Page:
        now = timezone.now()
        steps = [ways.wait(60), ways.give(), ways.branch("ordered", yes=[ways.give()])]
        row = ways.draft(ways.event(), *steps, at=now)
        for move in begun.split():
            by = {"operator": None} if move == "start" else {}
            getattr(journeys, move)(journey_id=row.pk, at=now, **by)
        if button == "publish":
            row.refresh_from_db()
            journeys.drop_step(journey_id=row.pk, revision=row.revision, number=1, at=now)
        found = _of_row(
            "journeys.journey",
            row,
            button,
            typed or {},
            _WALKED,
            permission=permission,
            spoil=lambda: journeys.end(journey_id=row.pk, at=now),
        )
        return found._replace(address=f"{found.address}?at={at}" if at else found.address)

    return page


def _change_plan(button: str, at: str = "", **typed: Any) -> Callable[[], Page]:
    return _journey(button, typed=typed, at=at, permission="journeys.change_journey")


def _copy_journey() -> Page:
    found = _journey("copy", typed={"called": "再来", "code": "again"}, permission="journeys.add_journey")()
    # A code in use is told at its field.
    return found._replace(spoil=None)


def _ready_journey() -> Page:
    return Page(
        "/admin/journeys/journey/ready/",
        "/admin/journeys/journey/",
        "journeys.add_journey",
        "journeys.view_journey",
        {"name": "cart", "code": ""},
        _WALKED,
    )


def _staff_task(button: str) -> Callable[[], Page]:
    def page() -> Page:
        now = timezone.now()
        ways.live(ways.event(), {"is": "task", "text": "致电"}, at=now)
        ways.come(members.member(), at=now)
        journeys.move_due(at=now)
        row = StaffTask.objects.get()
        return _of_row(
            "journeys.stafftask",
            row,
            button,
            {"note": "已致电"},
            _rows(StaffTask),
            permission="journeys.change_stafftask",
            spoil=lambda: journeys.drop_task(task_id=row.pk, note="x", operator=None, at=now),
        )

    return page


PAGES: Final[dict[str, Callable[[], Page]]] = {
    "journeys_journey_make_ready": _ready_journey,
    "journeys_journey_start": _journey("start"),
    "journeys_journey_publish": _journey("publish", begun="start"),
    "journeys_journey_pause": _journey("pause", begun="start"),
    "journeys_journey_resume": _journey("resume", begun="start pause"),
    "journeys_journey_end": _journey("end", begun="start"),
    "journeys_journey_copy": _copy_journey,
    "journeys_journey_trigger": _change_plan("trigger", event="OrderPaid"),
    "journeys_journey_rules": _change_plan("rules", again_days="30", exits="ordered"),
    "journeys_journey_add_step": _change_plan("add-step", "2", kind="message"),
    "journeys_journey_change_step": _change_plan("step", "2", points="9"),
    "journeys_journey_move_step": _change_plan("move-step", "2u"),
    "journeys_journey_drop_step": _change_plan("drop-step", "2"),
    "journeys_stafftask_finish": _staff_task("finish"),
    "journeys_stafftask_drop": _staff_task("drop"),
    "coupons_template_publish": _publish_template,
    "coupons_template_stop": _stop_template,
    "coupons_template_issue": _issue,
    "coupons_template_make_codes": _make_codes,
    "coupons_coupon_compensate": _compensate,
    "coupons_coupon_revoke": _revoke,
    "coupons_storeuse_undo": _undo_use,
    "coupons_issuejob_stop": _stop_job,
    "wallet_account_recharge": _recharge,
    "wallet_account_adjust": _adjust_account,
    "wallet_recharge_refund": _refund_recharge,
    "wallet_recharge_close": _close_recharge,
    "wallet_recharge_upload_again": _upload_recharge_again,
    "points_account_correct": _correct_points,
    "inventory_stock_receive_any": _receive_any,
    "inventory_stock_receive": _receive,
    "inventory_stock_adjust": _adjust_stock,
    "cardkeys_cardkey_bring_in": _bring_in_cards,
    "cardkeys_cardkey_void": _void_card,
    "cardkeys_cardbatch_void_rest": _void_batch,
    "catalog_sku_make_virtual": _make_virtual,
    "catalog_sku_make_real": _make_real,
    "content_review_publish": _review("publish", {}, reviews.held, "REJECTED"),
    "content_review_reject": _review("reject", {"reason": "广告"}, reviews.held, "REJECTED"),
    "content_review_hide": _review("hide", {"reason": "泄露电话"}, reviews.published, "HELD"),
    "content_review_show": _review("show", {}, _hidden, "HELD"),
    "content_review_reply": _review("reply", {"text": "谢谢惠顾"}, reviews.published, "REJECTED"),
    "members_member_set_level": _set_level,
    "members_group_add_members": _group("add-members"),
    "members_group_remove_members": _group("remove-members"),
    "members_erasurerequest_ask_for_member": _ask_erasure,
    "members_erasurerequest_take_back": _take_back_erasure,
    "fulfillment_carrier_fetch": _fetch_carriers,
    "fulfillment_parcel_import_numbers": _import_numbers,
    "fulfillment_parcel_ask_now": _ask_about_parcel,
    "fulfillment_waybillaccount_fetch": _fetch_accounts,
    "orders_order_issue_waybill": _issue_waybill,
    "aftersales_aftersale_record_insurance": _record_insurance,
    "aftersales_insurancepayment_bring_in": _import_insurance,
    "promotions_promotion_simulate": _simulate,
    "auth_user_reset_second_factor": _reset_factor,
    **{
        f"bargain_bargain_{button}": _campaign("bargain.bargain", _bargain_now, _move_bargain, button)
        for button in ("approve", "pause", "resume", "stop", "copy")
    },
    "bargain_help_release": _release_help,
    **{
        f"referrals_referral_{button}": _campaign("referrals.referral", _referral_now, _move_referral, button)
        for button in ("approve", "pause", "resume", "stop", "copy")
    },
    "books_bill_fetch": _fetch_bills,
    "books_bill_explain": _bill_to_explain,
    "books_case_ask_wechat": _difference("ask-wechat", {}),
    "books_case_explain": _difference("explain", {"note": "已在商户平台核实"}),
    "risk_look_release": _look("release", {}),
    "risk_look_reject": _look("reject", {"reason": "同一人"}),
    "risk_rule_rewrite": _rewrite_rule,
    "risk_policy_rewrite": _rewrite_policy,
    "messaging_message_repeat": _message_to_repeat,
    "messaging_dispatch_repeat": _way_to_repeat,
    "messaging_template_fetch": _fetch_templates,
    "messaging_broadcast_draft": _draft_broadcast,
    "messaging_broadcast_start": _broadcast("start"),
    "messaging_broadcast_pause": _broadcast("pause", begun="start"),
    "messaging_broadcast_resume": _broadcast("resume", begun="start pause"),
    "messaging_broadcast_cancel": _broadcast("cancel", begun="start"),
    **{
        f"presale_presale_{button}": _campaign("presale.presale", _presale_now, _move_presale, button)
        for button in ("approve", "pause", "resume", "stop", "copy")
    },
    "presale_presale_arrive": _arrive,
    "presale_report_report_again": _report_again,
    "orders_order_give_deposit_back": _give_deposit_back,
    "orders_order_put_off": _put_off,
    **{
        f"flashsale_session_{button}": _campaign("flashsale.session", _session_now, _move_session, button)
        for button in ("approve", "pause", "resume", "stop", "copy")
    },
    **{
        f"groupbuy_groupbuy_{button}": _campaign("groupbuy.groupbuy", _group_buy_now, _move_group_buy, button)
        for button in ("approve", "pause", "resume", "stop", "copy")
    },
    "groupbuy_group_end_now": _end_group,
    "distribution_promoter_appoint": _appoint,
    "distribution_sharer_appoint": _appoint_sharer,
    "distribution_promoter_approve": _promoter("approve", {}, "ACTIVE", status="PENDING"),
    "distribution_promoter_refuse": _promoter("refuse", {"reason": "资料不全"}, "ACTIVE", status="PENDING"),
    "distribution_promoter_suspend": _promoter("suspend", {"reason": "违规"}, "LEFT"),
    "distribution_promoter_resume": _promoter("resume", {"reason": "已改正"}, "ACTIVE", status="SUSPENDED"),
    "distribution_promoter_set_level": _promoter_level,
    "distribution_promoter_bind": _bind_customer,
    "distribution_promoter_unbind": _unbind_customer,
    "distribution_commission_hold": _commission("hold", {"reason": "疑似自购"}, held=False),
    "distribution_commission_release": _commission("release", {}, held=True),
    "distribution_commission_reject": _commission("reject", {"reason": "自购"}, held=True),
    "distribution_account_adjust": _adjust_promoter,
    "distribution_withdrawal_approve": _withdrawal("approve", {}),
    "distribution_withdrawal_second": _withdrawal("second", {}, seconded=True),
    "distribution_withdrawal_reject": _withdrawal("reject", {"reason": "资料不全"}),
    "distribution_withdrawal_cancel": _cancel_withdrawal,
    "audiences_segment_issue": _issue_to_segment,
    "audiences_segment_keep": _segment("keep", spoil=lambda: Group.objects.create(name="老客（人群）")),
    "audiences_segment_leave": _segment("leave"),
    "audiences_segment_archive": _archive_followed,
    "audiences_segment_restore": _segment("restore"),
    "audiences_tag_put": _tag("put"),
    "audiences_tag_take": _tag("take"),
    "audiences_tag_archive": _tag("archive"),
    "audiences_tag_restore": _tag("restore"),
    "members_member_put_tag": _tag_of_member("put-tag"),
    "members_member_take_tag": _tag_of_member("take-tag"),
    "orders_order_ship": _ship,
    "orders_order_lie_ready": _picked_up("orders.order", "lie-ready"),
    "orders_order_leave_by_rider": _ridden("leave", {"rider": "小王"}, left=False),
    "orders_order_arrive_by_rider": _ridden("arrive", {}, left=True),
    "pickup_pickup_ready": _picked_up("pickup.pickup", "ready"),
    "orders_order_close_order": _close_order,
    "orders_order_upload_again": _upload_order_again,
    "orders_order_correct_address": _correct_address,
    "orders_order_refund_whole": _refund_whole,
    "orders_order_refund_part": _refund_part,
    "complaints_complaint_reply": _complaint("reply", {"text": "今天补发"}),
    "complaints_complaint_complete": _complaint("complete", {}, answered=True),
    "complaints_complaint_approve_refund": _complaint("approve-refund", {"days": "0"}),
    "complaints_complaint_reject_refund": _complaint("reject-refund", {"text": "已签收超过七天"}),
    "aftersales_aftersale_approve": _after_sale("approve", {}, _applied),
    "aftersales_aftersale_second": _after_sale("second", {}, _first_approved),
    "aftersales_aftersale_refuse": _after_sale("refuse", {"reason": "已发货"}, _applied),
    "aftersales_aftersale_arrive": _after_sale(
        "arrive", {}, _awaited, permission="aftersales.inspect_aftersale"
    ),
    "aftersales_aftersale_inspect": _after_sale(
        "inspect", {}, _arrived, permission="aftersales.inspect_aftersale"
    ),
    "aftersales_aftersale_dispatch_parcel": _after_sale(
        "dispatch",
        {"carrier": "SF", "tracking_no": "SF1234567890"},
        _to_dispatch,
        permission="aftersales.inspect_aftersale",
    ),
    "aftersales_aftersale_renumber_parcel": _after_sale(
        "renumber",
        {"carrier": "ZTO", "tracking_no": "ZT99887766"},
        _dispatched,
        permission="aftersales.inspect_aftersale",
        refusable=False,
    ),
    "aftersales_aftersale_carriage_back": _after_sale("carriage", {"amount_fen": "12.00"}, _arrived),
    "aftersales_aftersale_answer": _after_sale(
        "answer",
        {"text": "请稍候", "token": _token()},
        _applied,
        permission="aftersales.change_aftersale",
        refusable=False,
    ),
    "invoices_invoice_issue": _invoice("issue", _paper, invoicing.waiting, spoil="refuse"),
    "invoices_invoice_refuse": _invoice(
        "refuse", lambda _: {"reason": "税号有误"}, invoicing.waiting, spoil="refuse"
    ),
    "invoices_invoice_reverse": _invoice(
        "reverse", lambda _: {"reason": "抬头有误"}, invoicing.paid_out, spoil="reverse"
    ),
    "invoices_invoice_red_letter": _invoice(
        "red-letter",
        lambda _: {"red_number": "1" * 20, "red_on": invoicing.LATER.date().isoformat()},
        invoicing.taken_back,
        spoil="red",
    ),
    "aftersales_aftersale_escalate": _after_sale(
        "escalate", {"reason": "买家着急"}, _applied, permission="aftersales.change_aftersale"
    ),
}

# Two people and a refund that WeChat refused: tests/apps/payments/test_endings.py presses all three; one that WeChat
# cannot bring home: test_abnormal.py beside it. The money of a difference: test_case_pages.py, and postage that is paid by
# hand while stored value is off: tests/apps/aftersales/test_deciding.py.
BY_TWO: Final = {
    "aftersales_aftersale_carriage_paid",
    "books_case_refund",
    "books_case_book",
    "books_case_unbook",
    "books_case_grant",
    "books_case_refuse",
    "payments_refund_apply_abnormal",
    "payments_refund_ask_ending",
    "payments_refund_grant_ending",
    "payments_refund_refuse_ending",
}

# Buttons that only show something, or lead to another page: nothing changes, so nothing is asked.
LOOKING: Final = {
    "books_journalentry_trial_balance": "a page to read; its sheets are noted in the audit log",
    "books_journalentry_months": "a page to read; its sheets are noted in the audit log",
    "books_journalentry_export": "a file, noted in the audit log",
    "books_soldorder_export": "a file, noted in the audit log",
    "distribution_promoter_report": "a page to read; its sheets are noted in the audit log",
    "referrals_referral_report": "a page to read; its sheets are noted in the audit log",
    "audiences_segment_look": "a page to read",
    "journeys_journey_coming": "a page to read",
    "journeys_journey_results": "a page to read",
    "audiences_segment_export": "a file, noted in the audit log",
    "audiences_tag_show": "to the list of who bears it",
    "distribution_promoter_export": "a file, noted in the audit log",
    "distribution_promoter_export_csv": "a file, noted in the audit log",
    "distribution_sharer_export": "a file, noted in the audit log",
    "distribution_sharer_export_csv": "a file, noted in the audit log",
    "distribution_commission_export": "a file, noted in the audit log",
    "distribution_commission_export_csv": "a file, noted in the audit log",
    "distribution_withdrawal_statement": "a file, noted in the audit log",
    "pickup_pickup_counter": "to the counter, whose own tests are in tests/apps/pickup/test_counter_page.py",
    "coupons_storeuse_till": "to the till, whose own tests are in test_till_page",
    "coupons_codebatch_export": "a file, noted in the audit log",
    "support_survey_results": "a page to read",
    "invoices_invoice_download": "a file, noted in the audit log",
    "invoices_invoice_export": "a file, noted in the audit log",
    "support_survey_export": "a file, noted in the audit log",
    "groupbuy_groupbuy_results_sheet": "a file, noted in the audit log",
    "flashsale_session_results_sheet": "a file, noted in the audit log",
    "bargain_bargain_results_sheet": "a file, noted in the audit log",
    "deadlines_deadline_report": "reading, and files that are noted in the audit log",
    "presale_presale_results_sheet": "a file, noted in the audit log",
    "cardkeys_cardkey_reveal": "a card key to read, noted in the audit log",
    "members_member_reveal_phone": "a number to read, noted in the audit log",
    "members_member_compensate": "to coupons_coupon_compensate",
    "members_group_show_members": "to the list of members",
    "orders_order_reveal": "an address to read, noted in the audit log",
    "orders_order_compensate": "to coupons_coupon_compensate",
}
