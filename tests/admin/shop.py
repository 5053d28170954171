"""A shop with something in every list of the admin, and a reader of what its pages show."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from html.parser import HTMLParser
from itertools import count
from typing import Any

from django.contrib.auth.models import Group, User

from apps.aftersales.services import insuring
from apps.aftersales.states import InsurancePayee
from apps.audiences import conditions
from apps.audiences import selectors as audience_facts
from apps.audiences import services as audiences
from apps.audiences.models import Segment, Tag
from apps.base import audit, invariants, jobs, pulses
from apps.base.models import Reckoning
from apps.books.models import Bill, Case, CostRate, JournalEntry
from apps.carts.models import WishRules
from apps.carts.services import favorites, stock_wishes
from apps.catalog.models import Sku
from apps.content.models import Picture, Review, ReviewMove, ReviewRules
from apps.content.states import Finding, ReviewStatus
from apps.deadlines.models import DeadlineRules, Delay, DelayOffer, Promise, ShopDay
from apps.distribution.models import Contest, Material, Prize, PromoterLevel, RateRule, Winner
from apps.distribution.services import holds, promoters
from apps.distribution.services import rules as promoter_rules
from apps.flashsale.models import Plan, PlanGood, Reminder, Wait
from apps.fulfillment.models import FreightTemplate, FreightZone, ShippingUpload, Waybill, WaybillAccount
from apps.fulfillment.states import UploadStatus
from apps.groupbuy import terms
from apps.groupbuy.models import Group as BuyingGroup
from apps.groupbuy.models import Seat
from apps.invoices.models import InvoiceRules
from apps.journeys import services as journeys
from apps.members.models import Consent, Level
from apps.messaging.models import Card, Content, Dispatch, Message, Template
from apps.messaging.models import Rules as MessageRules
from apps.messaging.services import broadcasts, grants, ruling
from apps.messaging.states import Channel, DispatchStatus, MessageStatus, Reason
from apps.orders.models import Order
from apps.outbox.models import Announcement, Delivery
from apps.outbox.states import DeliveryStatus
from apps.packets import services as packets
from apps.payments.models import Notification, Payment, Refund
from apps.payments.states import RefundStatus
from apps.presale.models import Report, Reservation
from apps.promotions.models import LevelPrice
from apps.risk.models import Policy
from apps.shares import services as shares
from apps.stores import services as stores
from apps.stores.models import Place, PlaceStaff
from apps.support.models import Response
from apps.wechat.models import PushMessage
from tests.apps.aftersales import apply
from tests.apps.aftersales import make as aftersales
from tests.apps.bargain import make as bargain
from tests.apps.cardkeys import make as card_keys
from tests.apps.catalog import make as catalog
from tests.apps.complaints import make as complaint
from tests.apps.deadlines import make as deadlines
from tests.apps.distribution import make as promotion
from tests.apps.flashsale import make as flash
from tests.apps.fulfillment import make as fulfillment
from tests.apps.groupbuy import make as group_buys
from tests.apps.inventory import make as inventory
from tests.apps.invoices import make as invoicing
from tests.apps.journeys import make as ways
from tests.apps.members import make as members
from tests.apps.packets import make as packet
from tests.apps.pickup import make as fetching
from tests.apps.presale import make as presales
from tests.apps.promotions import make as promotions
from tests.apps.referrals import make as referral
from tests.apps.shares import make as shared
from tests.apps.support import make as surveys

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # Monday noon in Shanghai
_numbers = count(1)


def fill(rows: int, *, operator: User) -> None:
    """Put at least so many rows into every list."""
    for _ in range(rows):
        order = shipped_order(operator=operator)
        aftersales.refund(order, {order.lines.all()[0].sku: 1}, operator=operator)
        _applied_for(order)
        _complained_of(order)
        _catalog_of(order)
        _money_of(order)
        _words_of(order)
        _shared(order)
        _told(order)
        _wished(order)
        _flash_sales_of(order)
        _group_of(order)
        _bargain_of(order)
        _presale_of(order)
        _owed(order)
        _promised(order)
        _promoters_of(order)
        _referrals_of()
        _fetched()
        _invoiced()
        _audiences_of(order)
        _journeys_of(order)
        _packets_of(order)
        _sharer_of()
        card_keys.bring_in(_virtual_sku(), 1)
        _labelled(order)
        _system(operator)


def fill_busiest(rows: int, *, operator: User) -> None:
    """Put at least so many rows into the lists of what is sold, paid and sent every day, and no more into the others."""
    for _ in range(rows):
        order = shipped_order(operator=operator)
        aftersales.refund(order, {order.lines.all()[0].sku: 1}, operator=operator)
        for part in (_catalog_of, _money_of, _words_of, _group_of, _owed):
            part(order)
        _system(operator)


def _virtual_sku() -> Sku:
    """One for all cards: the first time that a card is brought in."""
    return Sku.objects.filter(virtual=True).first() or card_keys.goods(cards=0)


def _labelled(order: Order) -> None:
    """A courier's label that WeChat was asked for in vain, by an account of its own."""
    number = WaybillAccount.objects.count()
    account = WaybillAccount.objects.create(
        carrier=order.parcels.all()[0].carrier,
        biz_id=f"biz-{number}",
        service_type=0,
        service_name="标准快件",
    )
    Waybill.objects.create(
        waybill_no=f"WB{number}",
        order=order,
        account=account,
        status="REFUSED",
        asked_at=NOW,
        last_error="9300501",
    )


def _invoiced() -> None:
    """An application for an invoice, with its title and the rules' one row."""
    invoicing.waiting()
    InvoiceRules.objects.get_or_create(pk=1)
    DeadlineRules.objects.get_or_create(pk=1)


def _fetched() -> None:
    """An order that lies ready in a shop."""
    number = next(_numbers)
    shop = fetching.shop(f"门店{number}")
    fetching.ready(shop, fetching.goods(shop))
    clerk = User.objects.create_user(f"店员{number}", is_staff=True)
    stores.bind(PlaceStaff(operator=clerk, place=shop))


def _applied_for(order: Order) -> None:
    """What was sent is to be sent back, and an insurer paid for it."""
    asked = apply.applied(order, {order.lines.all()[1].sku: 1}, "RETURN", at=NOW)
    insuring.record_one(
        after_sale_no=asked.after_sale_no,
        claim_no=f"PICC{asked.pk}",
        amount_fen=1_200,
        payee=InsurancePayee.SHOP,
        operator=None,
        at=NOW,
    )


def _complained_of(order: Order) -> None:
    """The buyer complains at WeChat, with a word of each side."""
    of = complaint.told(Payment.objects.filter(order=order)[0], opened_at=NOW)
    complaint.kept(of, complaint.entry("1", "USER_CREATE_COMPLAINT", "杯子碎了", at=NOW), at=NOW)


def shipped_order(*, operator: User, quantities: tuple[int, ...] = (2, 1), at: datetime = NOW) -> Order:
    """An order of some lines that was paid and has left; WeChat refused to hear of it."""
    order = fulfillment.paid_order(*quantities, at=at)
    fulfillment.parcel(order, operator=operator)
    ShippingUpload.objects.filter(order=order).update(status=UploadStatus.FAILED, last_error="单号不存在")
    return Order.objects.get(pk=order.pk)


def _shared(order: Order) -> None:
    """A product that somebody shares, a friend who came by it and ordered, and the card of a group."""
    share = shared.share(at=NOW)
    friend = members.member("访客", registered_at=NOW)
    shares.note_visit(token=share.token, visitor_id="v-1", member=friend, at=NOW)
    shares.note_order(order_no=order.order_no, member_id=friend.pk, placed_at=NOW)
    shared.card(f"GB{next(_numbers)}", at=NOW)


def _told(order: Order) -> None:
    """What the shop tells: a message that came through, one that failed at WeChat, one to come, and a mass send."""
    number = next(_numbers)
    ruling.complete_scenes()
    template = Template.objects.create(
        template_id=f"T{number}",
        title="订单支付成功通知",
        keywords=[{"key": "thing1", "label": "商品", "choices": []}],
    )
    grants.note_answers(
        member_id=order.member_id, scene="order_paid", results={template.template_id: "accept"}, at=NOW
    )
    plain = {"member": order.member, "scene": "order_paid", "subject": order.order_no, "written_at": NOW}
    window = {"due_at": NOW, "expires_at": NOW + timedelta(days=1)}
    told = Message.objects.create(
        **plain,
        **window,
        occasion=f"paid{number}",
        status=MessageStatus.TOLD,
        reason=Reason.REFUSED,
        ended_at=NOW,
        title="支付成功",
        text="您的订单已支付。",
    )
    Message.objects.create(**plain, **window, occasion=f"later{number}")
    Message.objects.create(**plain, **window, occasion=f"broken{number}", status=MessageStatus.FAILED)
    Dispatch.objects.create(
        message=told,
        member=order.member,
        channel=Channel.SUBSCRIPTION,
        template=template,
        status=DispatchStatus.FAILED,
        reason=Reason.REFUSED,
        due_at=NOW,
        fault="微信：页面不存在 41030",
    )
    Card.objects.create(
        member=order.member,
        order_no=order.order_no,
        transaction_id=f"42000{number}",
        paid_fen=order.payable_fen,
        paid_at=NOW,
        products=[],
        page="pages/order/detail",
        wanted=1,
    )
    MessageRules.objects.update_or_create(pk=1)
    content = Content(title="春茶上新", text="{nickname}您好，明前龙井已上架。")
    broadcasts.draft(content=content, audience="ALL", due_at=NOW, at=NOW, operator=None)


def _wished(order: Order) -> None:
    """The buyer likes what was ordered, and waits for what is sold out; the rules' one row."""
    sku = order.lines.all()[0].sku
    favorites.add(member=order.member, product=sku.product, at=NOW)
    stock_wishes.ask(member=order.member, sku_id=sku.pk, at=NOW)
    WishRules.objects.get_or_create(pk=1)


def _catalog_of(order: Order) -> None:
    number = next(_numbers)
    sku = order.lines.all()[0].sku
    sku.product.brand = catalog.brand(f"山间{number}")
    sku.product.guarantees.create(name=f"七天无理由{number}")
    sku.product.save()
    level = Level.objects.create(name=f"等级{number}", rank=number, discount_bp=9500)
    LevelPrice.objects.create(level=level, sku=sku, price_fen=900)
    promotions.promotion(label=f"满减{number}")
    Place.objects.create(name=f"分仓{number}", priority=number)
    template = FreightTemplate.objects.create(name=f"模板{number}")
    FreightZone.objects.create(template=template, first_fee_fen=800)
    document = members.privacy(str(number))
    Consent.objects.create(member=order.member, document=document, act=Consent.Act.GIVEN, at=NOW)


def _words_of(order: Order) -> None:
    """A review that waits for a person, and a survey of one question that was answered."""
    line = order.lines.all()[0]
    review = Review.objects.create(
        member=order.member,
        line=line,
        product=line.sku.product,
        rating=2,
        text="杯底有一处缺釉",
        picture_count=1,
        status=ReviewStatus.HELD,
        finding=Finding.REVIEW,
        label=21000,
        reason="微信建议人工审核",
        written_at=NOW,
        look_at=NOW,
    )
    number = next(_numbers)
    Picture.objects.create(
        public_id=f"P{number}",
        member=order.member,
        review=review,
        file="reviews/a.jpg",
        width=40,
        height=30,
        finding=Finding.PASS,
        label=100,
        uploaded_at=NOW,
    )
    ReviewMove.objects.create(
        review=review, move="hold", from_status="WAITING", to_status="HELD", reason="微信建议人工审核", at=NOW
    )
    survey = surveys.survey(f"小调查{number}")
    Response.objects.create(survey=survey, member=order.member, at=NOW)
    ReviewRules.objects.get_or_create(pk=1)


def _flash_sales_of(order: Order) -> None:
    """A session, a plan with a good, somebody who waits and somebody who is to be reminded."""
    good = flash.good()
    Wait.objects.create(good=good, member=order.member, queued_at=NOW)
    Reminder.objects.create(good=good, member=order.member, at=NOW)
    plan = Plan.objects.create(
        code=f"PLAN-{good.pk}", title="每天十点秒杀", starts=time(10), from_day=date(2026, 11, 23)
    )
    PlanGood.objects.create(plan=plan, sku=good.sku, price_fen=9_00, quota=5)


def _referrals_of() -> None:
    """A campaign with a friend who counts and one who waits for a look with the inviter's phone; the rules' one row."""
    row = referral.campaign(code=f"BRING{next(_numbers)}", friend_prize=referral.points(20))
    inviter = members.member("苏晚晴", phone="13912345678")
    for phone in ("", "13912345678"):
        referral.registered(inviter, row, phone=phone)
    Policy.objects.get_or_create(pk=1)


def _audiences_of(order: Order) -> None:
    """A segment, a tag on the buyer, how the buyer stands, the rules' one row."""
    number = next(_numbers)
    bought = conditions.read({"op": "all", "of": [{"is": "ordered", "low": 1}]})
    audiences.save(Segment(name=f"买家{number}"), tree=bought, operator=None, at=NOW)
    tag = audiences.save_tag(Tag(name=f"茶会{number}"), at=NOW)
    audiences.put(tag_id=tag.pk, member_ids=[order.member_id], operator=None, at=NOW)
    audiences.reckon_due(at=NOW + timedelta(days=number))
    audiences.save_rules(audience_facts.rules())


def _journeys_of(order: Order) -> None:
    """A journey in which the buyer was given points, and staff have something to do."""
    ways.live(
        ways.event(), ways.give(), ways.message(), {"is": "task", "text": "致电回访"}, ways.wait(60), at=NOW
    )
    ways.come(order.member, subject=order.order_no, at=NOW)
    journeys.move_due(at=NOW)


def _sharer_of() -> None:
    """Somebody by whose share a visitor came today: the list is of the last days."""
    at = datetime.now(tz=UTC)
    sharer = members.member("茶山阿远")
    shares.note_visit(token=shared.share(sharer, at=at).token, visitor_id="", member=members.member(), at=at)


def _packets_of(order: Order) -> None:
    """A packet that the order brought, and a friend who opened it."""
    packet.rule(order_from_fen=1, starts_at=NOW - timedelta(days=1), ends_at=NOW + timedelta(days=1))
    made = packets.make(order_no=order.order_no, at=NOW)
    assert made is not None
    packet.open_it(made, members.member("周小舟"), by=packet.token(made, at=NOW), at=NOW)


def _promoters_of(order: Order) -> None:
    """A promoter with a customer, a commission that a refund made smaller, a withdrawal, a debt, rules, a contest."""
    number = next(_numbers)
    promotion.set_rules()
    level = promoter_rules.save_level(PromoterLevel(name=f"推客等级{number}", rank=number % 30_000))
    promoter = promotion.promoter()
    promoters.set_level(promoter_id=promoter.pk, level_id=level.pk, operator=None, at=NOW)
    RateRule.objects.create(product=order.lines.all()[0].sku.product, first_bp=1500, second_bp=0)
    Material.objects.create(title=f"素材{number}", body="陶杯上新")
    buyer = members.member("新客")
    promotion.bind(buyer, promoter, at=NOW - timedelta(hours=1))
    commission = promotion.earned(promoter, order, buyer=buyer)
    holds.hold(commission_ids=[commission.pk], reasons=["收货手机号与推客相同"])
    promotion.give(promoter, 25_000)
    promotion.withdraw(promoter, 25_000)
    promotion.owe(promoter, 100)
    contest = Contest.objects.create(
        title=f"月榜{number}", starts_at=NOW, ends_at=NOW + timedelta(days=1), wait_days=0
    )
    Prize.objects.create(contest=contest, first_place=1, last_place=1, reward_fen=100)
    Winner.objects.create(
        contest=contest, promoter=promoter, place=1, orders=1, amount_fen=5000, reward_fen=100
    )


def _bargain_of(order: Order) -> None:
    """A bargain with a run in which somebody helped, and a help that waits for a look."""
    run = bargain.run(bargain.bargain(), member_id=order.member_id)
    bargain.held(bargain.helped(run))


def _group_of(order: Order) -> None:
    """A group-buy with a group of two in which the order's buyer sits alone."""
    row = group_buys.campaign(group_buys.goods(50_00), {2: 39_00})
    group = BuyingGroup.objects.create(
        group_no=f"PT{order.pk}",
        group_buy=row,
        leader=order.member,
        kept_terms=terms.of_campaign(row).as_json(),
        size=2,
        largest=2,
        joined=1,
        opened_at=NOW,
        ends_at=NOW + group_buys.HOUR,
    )
    Seat.objects.create(
        order=order,
        group_buy=row,
        group=group,
        member=order.member,
        status="PAID",
        held_at=NOW,
        paid_at=NOW,
    )


def _money_of(order: Order) -> None:
    payment = Payment.objects.filter(order=order)[0]
    Refund.objects.create(
        refund_no=f"RF{payment.pk}",
        payment=payment,
        status=RefundStatus.FAILED,
        amount_fen=100,
        reason="重复付款",
        business_key=f"test:{payment.pk}",
        due_at=NOW,
        requested_at=NOW,
    )
    day = NOW.date() - timedelta(days=payment.pk)
    bill = Bill.objects.create(
        day=day, kind="TRADE", status="FETCHED", lines_count=1, fetched_at=NOW, due_at=NOW
    )
    bill.lines.create(number=1, kind="PAYMENT", our_no=payment.payment_no, amount_fen=100, at=NOW)
    Case.objects.create(
        day=day,
        kind="PAYMENT_MISSING",
        number=payment.payment_no,
        shop_fen=100,
        evidence="商城收款于 2026-11-22 12:00:00",
        opened_at=NOW,
    )
    entry = JournalEntry.objects.create(
        kind="SALE",
        business_key=f"sale:{order.order_no}",
        day=day,
        occurred_at=NOW,
        posted_at=NOW,
        order_no=order.order_no,
        number=order.order_no,
    )
    entry.lines.create(account="2004", day=day, debit_fen=100)
    entry.lines.create(account="6001", day=day, credit_fen=100)
    CostRate.objects.create(since=day, postage_fen=600, packing_fen=80)
    Notification.objects.create(
        notify_id=f"N{payment.pk}", event_type="TRANSACTION.SUCCESS", resource={}, received_at=NOW
    )


def _presale_of(order: Order) -> None:
    """A pre-sale with an order that waits for it, and a payment that WeChat would not take a report of."""
    Reservation.objects.create(order=order, presale=presales.presale())
    number = f"4200PRESALE{next(_numbers)}"
    Report.objects.create(order=order, transaction_id=number, delay_to=NOW, status="FAILED")


def _owed(order: Order) -> None:
    """By when the order was to leave, and a delay to which its buyer agreed."""
    deadlines.owed(order, at=NOW)
    row = Delay.objects.create(
        order=order,
        reason="STOCK_OUT",
        was_promised_at=NOW,
        promised_at=NOW,
        asked_at=NOW,
        answer_until=NOW,
        status="WAITS",
        answered_at=NOW,
    )
    line = order.lines.all()[0]
    DelayOffer.objects.create(delay=row, line=line, was_title=line.title, sku=line.sku, title="白茶 100 克")


def _promised(order: Order) -> None:
    """A product that leaves later than others, and a holiday."""
    sku = order.lines.all()[0].sku
    Promise.objects.create(product=sku.product, hours=120)
    ShopDay.objects.create(day=NOW.date() + timedelta(days=next(_numbers)), note="春节")


def _system(operator: User) -> None:
    number = next(_numbers)
    Group.objects.create(name=f"客服{number}")
    User.objects.create_user(f"客服{number}", is_staff=True)
    audit.record(operator=operator, action="查看收货信息", subject=f"SO{number}", at=NOW)
    pulses.beat_heard(name="beat", at=NOW)
    jobs.run(f"base.sweep-{number}", lambda at: 0)
    if not Reckoning.objects.exists():
        invariants.reckon(at=NOW)
    PushMessage.objects.create(
        message_key=f"k{number}", kind="trade_manage_remind_shipping", content={}, received_at=NOW
    )
    news = Announcement.objects.create(kind="OrderPaid", payload={}, announced_at=NOW, sorted_at=NOW)
    Delivery.objects.create(
        announcement=news, listener="apps.x.handlers.y", status=DeliveryStatus.DEAD, due_at=NOW
    )


def scarce_goods() -> None:
    """One SKU that is sold out, one that is low, one of which there are plenty."""
    sold_out = inventory.stock(inventory.sku(), 1)
    type(sold_out).objects.filter(pk=sold_out.pk).update(held=1)
    inventory.stock(inventory.sku(), 10)
    inventory.stock(inventory.sku(), 11)


class _Shown(HTMLParser):
    """Collects what a person reads on a page: texts, and the attributes that are shown or read out."""

    _SILENT = frozenset({"script", "style", "template", "svg"})
    _VOID = frozenset({"img", "input", "br", "hr", "meta", "link", "source", "col", "area", "wbr"})

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._silence: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self.texts.extend(
            said[name] or "" for name in ("title", "placeholder", "aria-label", "alt") if name in said
        )
        if tag == "input" and said.get("type") in {"submit", "button"}:
            self.texts.append(said.get("value") or "")
        if tag not in self._VOID:
            icon = "material-symbols-outlined" in (said.get("class") or "")
            # What the editor of conditions keeps behind what people see of it.
            unseen = "hidden" in said or "data-conditions" in said or icon
            self._silence.append(tag in self._SILENT or unseen or any(self._silence[-1:]))

    def handle_endtag(self, tag: str) -> None:
        if tag not in self._VOID and self._silence:
            self._silence.pop()

    def handle_data(self, data: str) -> None:
        if not any(self._silence[-1:]) and data.strip():
            self.texts.append(data.strip())


def shown(response: Any) -> list[str]:
    """Return the texts that a page shows, icons left out."""
    before, sidebar, after = _apart(response.content.decode())
    return _read(before) + _read_once(sidebar.replace(_OPEN_PLACE, "")) + _read(after)


# The sidebar is the same on every page, but for the place that is open: it is half of what there would be to read.
_SIDEBAR = '<div id="nav-sidebar-apps"'
_OPEN_PLACE = " bg-base-100 font-semibold text-primary-600 dark:bg-white/[.06] dark:text-primary-500 active"


def _apart(page: str) -> tuple[str, str, str]:
    begins = page.find(_SIDEBAR)
    ends = page.find("</nav>", begins)
    return (page[:begins], page[begins:ends], page[ends:]) if 0 <= begins < ends else ("", "", page)


def _read(page: str) -> list[str]:
    reader = _Shown()
    reader.feed(page)
    return reader.texts


@lru_cache(maxsize=16)
def _read_once(page: str) -> list[str]:
    return _read(page)
