"""What the sandbox remembers: frozen rows in tables, optionally written through to one SQLite file.

A row never changes in place: ``table.keep(replace(row, ...))`` is the only way, so nothing escapes the file.
All times are unix seconds by the sandbox's own clock; all amounts are fen.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from apps.wechat.sandbox.wire import in_utf8


@dataclass(frozen=True)
class Shopper:
    """A WeChat user of this mini program."""

    openid: str
    nickname: str
    phone: str = ""
    session_key: str = ""
    unionid: str = ""
    seen_at: float = 0.0


@dataclass(frozen=True)
class Code:
    """A single-use code of wx.login (``kind`` login) or of the phone button (``kind`` phone)."""

    value: str
    kind: str
    openid: str
    made_at: float
    phone: str = ""
    used: bool = False


@dataclass(frozen=True)
class Token:
    """An access token of getStableAccessToken."""

    value: str
    made_at: float
    dies_at: float


@dataclass(frozen=True)
class Grant:
    """How many subscribe messages of a template a shopper still accepts."""

    openid: str
    template_id: str
    left: int
    # The shopper chose 拒收 in the menu of a card: nothing until they accept again.
    refused: bool = False

    @property
    def key(self) -> str:
        return f"{self.openid}|{self.template_id}"


@dataclass(frozen=True)
class Template:
    """A template of the account's own; ``keywords`` in order, each a key, a name, an example and allowed values."""

    template_id: str
    title: str
    kind: int
    scene: str
    keywords: list[dict[str, Any]]


@dataclass(frozen=True)
class Message:
    """A subscribe message that reached a shopper."""

    msgid: int
    openid: str
    template_id: str
    page: str
    values: dict[str, str]
    sent_at: float


@dataclass(frozen=True)
class ServiceWindow:
    """Since when, and how often yet, a customer who wrote to the service may be written to."""

    openid: str
    opened_at: float
    left: int


@dataclass(frozen=True)
class ServiceMessage:
    """A customer-service message that reached a customer; ``content`` is what stands under its kind."""

    number: int
    openid: str
    kind: str
    content: dict[str, Any]
    sent_at: float


@dataclass(frozen=True)
class Media:
    """A picture that was uploaded; its bytes are not kept."""

    media_id: str
    made_at: float


@dataclass(frozen=True)
class Card:
    """The card of 服务动态 of a payment; ``content`` as last accepted, ``state`` 0, or 10 when the user rejects it."""

    transaction_id: str
    openid: str
    content: dict[str, Any]
    activated_at: float
    state: int = 0
    updates: int = 0


@dataclass(frozen=True)
class Activity:
    """An updatable message (动态消息): one card, in however many chats it was sent, and what it says now."""

    activity_id: str
    expires_at: float
    state: int = 0
    parameters: dict[str, str] = field(default_factory=dict)
    updates: int = 0


@dataclass(frozen=True)
class Transaction:
    """One merchant order number at WeChat Pay; ``state`` is NOTPAY, SUCCESS, CLOSED or REFUND."""

    out_trade_no: str
    params: str
    openid: str
    amount_fen: int
    description: str
    attach: str
    notify_url: str
    made_at: float
    expires_at: float
    state: str = "NOTPAY"
    transaction_id: str = ""
    paid_at: float | None = None
    refusals: int = 0
    # Until when the merchant may ship it (opspecialorder); None: as soon as any.
    delay_to: int | None = None


@dataclass(frozen=True)
class Prepay:
    """A prepay_id; several may stand for one order number, each two hours long."""

    prepay_id: str
    out_trade_no: str
    dies_at: float


@dataclass(frozen=True)
class Refund:
    """One refund number; ``status`` is PROCESSING, SUCCESS, ABNORMAL or CLOSED."""

    out_refund_no: str
    params: str
    refund_id: str
    out_trade_no: str
    transaction_id: str
    refund_fen: int
    total_fen: int
    notify_url: str
    made_at: float
    status: str = "PROCESSING"
    succeeded_at: float | None = None
    received_account: str = "支付用户零钱"


@dataclass(frozen=True)
class Transfer:
    """One 商家转账 by the merchant's number; ``state`` as WeChat names it, ``real_name`` decrypted."""

    out_bill_no: str
    params: str
    openid: str
    amount_fen: int
    remark: str
    real_name: str
    notify_url: str
    transfer_bill_no: str
    made_at: float
    state: str = "ACCEPTED"
    package_info: str = ""
    fail_reason: str = ""
    changed_at: float = 0.0


@dataclass(frozen=True)
class Complaint:
    """A 消费者投诉 about a payment; ``state`` is PENDING, PROCESSING or PROCESSED, ``history`` as it is answered."""

    complaint_id: str
    out_trade_no: str
    transaction_id: str
    openid: str
    amount_fen: int
    text: str
    problem_type: str
    wanted_fen: int
    phone: str
    made_at: float
    times: int = 1
    state: str = "PENDING"
    has_news: bool = False
    approved: bool = False
    refunded: bool = False
    pictures: list[str] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class ComplaintAddress:
    """Where the merchant is told of complaints; ``key`` is always ``notify``."""

    key: str
    url: str


@dataclass(frozen=True)
class Shipment:
    """The 发货信息 of a payment; ``order_state`` as get_order reports it (1 to 6)."""

    transaction_id: str
    logistics_type: int
    delivery_mode: int
    parcels: list[dict[str, Any]]
    complete: bool
    upload_time: str
    shipped_at: float
    rounds: int = 1
    order_state: int = 1
    reminded: bool = False
    confirmed_at: float | None = None


@dataclass(frozen=True)
class Waybill:
    """A parcel under way by its number: how it stands, its nodes (oldest first), the plugin's token if it was asked for."""

    waybill_id: str
    delivery_id: str = ""
    openid: str = ""
    token: str = ""
    state: str = "WAITING"
    nodes: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class ExpressOrder:
    """An electronic waybill by the merchant's own id, with the receiver that its print names."""

    order_id: str
    waybill_id: str
    delivery_id: str
    openid: str
    receiver: str = ""
    cancelled: bool = False


Row = TypeVar("Row")


class Table(Generic[Row]):
    """Rows of one kind by key, in the order in which they were first kept."""

    def __init__(self, kind: type[Row], key: Callable[[Row], str], file: sqlite3.Connection | None) -> None:
        self._kind, self._key, self._file = kind, key, file
        self._rows: dict[str, Row] = {}
        if file is not None:
            found = file.execute("SELECT row FROM rows WHERE kind = ? ORDER BY rowid", (kind.__name__,))
            for (text,) in found.fetchall():
                row = kind(**json.loads(text))
                self._rows[key(row)] = row

    def __iter__(self) -> Iterator[Row]:
        return iter(list(self._rows.values()))

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, key: object) -> Row | None:
        """Return the row, or None; a key of a wrong type is simply not found."""
        return self._rows.get(key) if isinstance(key, str) else None

    def keep(self, row: Row) -> Row:
        """Put the row in place of the one with its key, and return it."""
        self._rows[self._key(row)] = row
        if self._file is not None:
            # All in ASCII: SQLite takes no half surrogate pair.
            text = json.dumps(asdict(row))  # type: ignore[call-overload]
            self._file.execute(
                "INSERT INTO rows (kind, key, row) VALUES (?, ?, ?)"
                " ON CONFLICT (kind, key) DO UPDATE SET row = excluded.row",
                (self._kind.__name__, in_utf8(self._key(row)).decode(), text),
            )
        return row

    def remove(self, key: str) -> None:
        """Forget the row with this key."""
        self._rows.pop(key, None)
        if self._file is not None:
            self._file.execute(
                "DELETE FROM rows WHERE kind = ? AND key = ?", (self._kind.__name__, in_utf8(key).decode())
            )

    def clear(self) -> None:
        self._rows.clear()
        if self._file is not None:
            self._file.execute("DELETE FROM rows WHERE kind = ?", (self._kind.__name__,))


@dataclass
class Store:
    """All tables; with a ``file`` they outlive the process."""

    file: Path | None = None
    _connection: sqlite3.Connection | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.file is not None:
            self._connection = _open(self.file)
        file = self._connection
        self.shoppers = Table(Shopper, lambda row: row.openid, file)
        self.codes = Table(Code, lambda row: row.value, file)
        self.tokens = Table(Token, lambda row: row.value, file)
        self.grants = Table(Grant, lambda row: row.key, file)
        self.templates = Table(Template, lambda row: row.template_id, file)
        self.messages = Table(Message, lambda row: str(row.msgid), file)
        self.service_windows = Table(ServiceWindow, lambda row: row.openid, file)
        self.service_messages = Table(ServiceMessage, lambda row: str(row.number), file)
        self.media = Table(Media, lambda row: row.media_id, file)
        self.cards = Table(Card, lambda row: row.transaction_id, file)
        self.activities = Table(Activity, lambda row: row.activity_id, file)
        self.transactions = Table(Transaction, lambda row: row.out_trade_no, file)
        self.prepays = Table(Prepay, lambda row: row.prepay_id, file)
        self.refunds = Table(Refund, lambda row: row.out_refund_no, file)
        self.transfers = Table(Transfer, lambda row: row.out_bill_no, file)
        self.complaints = Table(Complaint, lambda row: row.complaint_id, file)
        self.complaint_addresses = Table(ComplaintAddress, lambda row: row.key, file)
        self.shipments = Table(Shipment, lambda row: row.transaction_id, file)
        self.waybills = Table(Waybill, lambda row: row.waybill_id, file)
        self.express_orders = Table(ExpressOrder, lambda row: row.order_id, file)

    def clear(self) -> None:
        """Forget all but access tokens: a shop's cached token must outlive a reset between two tests."""
        tables = (self.shoppers, self.codes, self.grants, self.templates, self.messages, self.activities)
        service = (self.service_windows, self.service_messages, self.media, self.cards)
        money = (self.transactions, self.prepays, self.refunds, self.transfers, self.shipments, self.waybills)
        complaints = (self.complaints, self.complaint_addresses)
        for table in (*tables, *service, *money, *complaints, self.express_orders):
            table.clear()

    def payment(self, transaction_id: object) -> Transaction | None:
        """Return the transaction with WeChat's own number, or None."""
        wanted = (
            row for row in self.transactions if row.transaction_id and row.transaction_id == transaction_id
        )
        return next(wanted, None)


def _open(file: Path) -> sqlite3.Connection:
    file.parent.mkdir(parents=True, exist_ok=True)
    # Used by many threads, but only under the world's lock.
    connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS rows (kind TEXT, key TEXT, row TEXT, PRIMARY KEY (kind, key))"
    )
    return connection
