"""What differs between WeChat's bills and the shop, and which bills are late: the books, read."""

from __future__ import annotations

from datetime import date
from typing import Any, Final, NamedTuple

from django.db.models import Q, QuerySet

from apps.base import days
from apps.books.models import Bill, Case
from apps.books.states import ARRIVED, WANTED, BillKind, BillStatus, CaseStatus

# Asked for every half hour from 10 o'clock on: at two in the afternoon somebody should know.
_LATE_AFTER_TRIES: Final = 8


class Difference(NamedTuple):
    """One difference: its kind, what it is about, both amounts in fen (None where a side has none), and why."""

    kind: str
    number: str
    wechat_fen: int | None
    shop_fen: int | None
    evidence: str


# Each question goes over the lines of one day's bill, or over what the shop has of that day, by index.
_TRADE: Final = """
WITH line AS (SELECT * FROM books_billline WHERE bill_id = %(bill)s)
SELECT 'PAYMENT_UNKNOWN', coalesce(nullif(line.our_no, ''), line.wechat_no), line.amount_fen, NULL::bigint,
       '账单第 ' || line.number || ' 行，微信单号 ' || line.wechat_no
  FROM line LEFT JOIN payments_payment AS payment ON payment.payment_no = line.our_no
 WHERE line.kind = 'PAYMENT' AND payment.id IS NULL
UNION ALL
SELECT 'PAYMENT_UNHEARD', line.our_no, line.amount_fen, NULL,
       '账单第 ' || line.number || ' 行，微信单号 ' || line.wechat_no || '；支付单 ' || payment.status
  FROM line JOIN payments_payment AS payment ON payment.payment_no = line.our_no
 WHERE line.kind = 'PAYMENT' AND payment.status <> 'CAPTURED'
UNION ALL
SELECT 'PAYMENT_AMOUNT', line.our_no, line.amount_fen, payment.captured_fen,
       '账单第 ' || line.number || ' 行，微信单号 ' || line.wechat_no || '；商城记的是 ' || payment.transaction_id
  FROM line JOIN payments_payment AS payment ON payment.payment_no = line.our_no
 WHERE line.kind = 'PAYMENT' AND payment.status = 'CAPTURED'
   AND (payment.captured_fen <> line.amount_fen OR payment.transaction_id <> line.wechat_no)
UNION ALL
SELECT 'PAYMENT_MISSING', payment.payment_no, NULL, payment.captured_fen,
       '商城收款于 ' || to_char(payment.captured_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS')
         || '，微信单号 ' || payment.transaction_id
  FROM payments_payment AS payment
 WHERE payment.captured_at >= %(from)s AND payment.captured_at < %(until)s
   AND NOT EXISTS (SELECT 1 FROM line WHERE line.our_no = payment.payment_no AND line.kind IN ('PAYMENT', 'REVOKED'))
UNION ALL
SELECT 'REFUND_UNKNOWN', coalesce(nullif(line.our_no, ''), line.wechat_no), line.amount_fen, NULL,
       '账单第 ' || line.number || ' 行，微信退款单号 ' || line.wechat_no
  FROM line
 WHERE line.kind = 'REFUND'
   AND NOT EXISTS (SELECT 1 FROM payments_refund AS refund WHERE refund.refund_no IN (line.our_no, line.wechat_no))
   AND NOT EXISTS (
         SELECT 1 FROM payments_refund AS refund
          WHERE line.our_no = '' AND refund.wechat_refund_id = line.wechat_no AND refund.wechat_refund_id <> '')
UNION ALL
SELECT 'REFUND_AMOUNT', line.our_no, line.amount_fen, refund.amount_fen,
       '账单第 ' || line.number || ' 行，微信退款单号 ' || line.wechat_no
  FROM line JOIN payments_refund AS refund ON refund.refund_no = line.our_no
 WHERE line.kind = 'REFUND' AND refund.amount_fen <> line.amount_fen
UNION ALL
SELECT 'REFUND_STATE', line.our_no, line.amount_fen, refund.amount_fen,
       '账单第 ' || line.number || ' 行为 ' || line.said || '；退款单 ' || refund.status
  FROM line JOIN payments_refund AS refund ON refund.refund_no = line.our_no
 WHERE line.kind = 'REFUND' AND refund.amount_fen = line.amount_fen
   AND ((line.said = 'REFUND SUCCESS' AND refund.status NOT IN ('SETTLED', 'PAID_OUTSIDE')
         AND refund.at_shop_at IS NULL)
        OR (line.said = 'REFUND FAIL' AND (refund.status = 'SETTLED' OR refund.at_shop_at IS NOT NULL)))
UNION ALL
SELECT 'REFUND_MISSING', refund.refund_no, NULL, refund.amount_fen,
       '商城退款到账于 '
         || to_char(coalesce(refund.at_shop_at, refund.settled_at) AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS')
  FROM payments_refund AS refund
 WHERE (refund.status = 'SETTLED' AND refund.settled_at >= %(from)s AND refund.settled_at < %(until)s
        OR refund.at_shop_at >= %(from)s AND refund.at_shop_at < %(until)s)
   AND refund.requested_at >= %(opened)s
   AND NOT EXISTS (
         SELECT 1 FROM books_billline AS any_line
          WHERE any_line.our_no = refund.refund_no AND any_line.kind = 'REFUND')
"""

# WeChat takes its fee out of the same movement or beside it, so that a payment may come in less its fee, and a refund go
# out less what comes back of it; nothing else may differ.
_FUND: Final = """
WITH line AS (SELECT * FROM books_billline WHERE bill_id = %(bill)s),
known AS (
  SELECT line.*,
         CASE line.kind
           -- What has not been heard of yet is the trade bill's to tell, once.
           WHEN 'PAYMENT' THEN (SELECT CASE status WHEN 'CAPTURED' THEN captured_fen ELSE amount_fen END
                                  FROM payments_payment WHERE payment_no = line.our_no)
           WHEN 'REFUND' THEN (SELECT -amount_fen FROM payments_refund WHERE refund_no = line.our_no)
           WHEN 'TRANSFER' THEN (SELECT -amount_fen FROM distribution_withdrawal WHERE withdrawal_no = line.our_no)
         END AS due_fen,
         (SELECT coalesce(max(abs(trade.fee_millifen)), 0) / 1000 + 1 FROM books_billline AS trade
           WHERE trade.our_no = line.our_no AND trade.our_no <> '' AND trade.kind = line.kind
             AND trade.bill_id <> line.bill_id) AS fee_fen
    FROM line
)
SELECT 'FUND_UNEXPLAINED', coalesce(nullif(our_no, ''), nullif(wechat_no, ''), 'L' || id), amount_fen, NULL::bigint,
       '账单第 ' || number || ' 行，' || said || '，微信单号 ' || wechat_no
  FROM known WHERE kind IN ('PAYMENT', 'REFUND', 'TRANSFER') AND due_fen IS NULL
UNION ALL
SELECT 'FUND_AMOUNT', our_no, amount_fen, due_fen, '账单第 ' || number || ' 行，' || said || '，微信单号 ' || wechat_no
  FROM known
 WHERE due_fen IS NOT NULL
   AND CASE kind WHEN 'TRANSFER' THEN abs(amount_fen) <> abs(due_fen)
                 ELSE abs(amount_fen) > abs(due_fen) OR abs(amount_fen) < abs(due_fen) - fee_fen
                      OR sign(amount_fen) <> sign(due_fen) END
UNION ALL
SELECT 'FUND_OTHER', coalesce(nullif(our_no, ''), nullif(wechat_no, ''), 'L' || id), amount_fen, NULL,
       '账单第 ' || number || ' 行，' || said || '，微信单号 ' || wechat_no
  FROM known WHERE kind = 'OTHER'
"""


FOUND: Final = "books_found"
_COLUMNS: Final = "kind varchar, number varchar, wechat_fen bigint, shop_fen bigint, evidence varchar"


def find_differences(cursor: Any, *, day: date) -> None:
    """Put what differs on a Shanghai day, as its bills and the shop's rows stand now, into a table of this transaction.

    The table FOUND has the columns of Difference. A statement for each bill that arrived.
    """
    start, end = days.day_window(day)
    opened = Bill.objects.filter(kind=BillKind.TRADE, status__in=ARRIVED).order_by("day").first()
    bills = {bill.kind: bill for bill in Bill.objects.filter(day=day, status__in=ARRIVED)}
    cursor.execute(f"CREATE TEMPORARY TABLE {FOUND} ({_COLUMNS}) ON COMMIT DROP")
    for kind, question in ((BillKind.TRADE, _TRADE), (BillKind.FUND, _FUND)):
        if (bill := bills.get(kind)) is not None:
            since = days.day_window(opened.day)[0] if opened else start
            cursor.execute(
                f"INSERT INTO {FOUND} SELECT kind, number, wechat_fen, shop_fen, left(evidence, 200)"  # noqa: S608 -- ours
                f" FROM ({question}) AS told (kind, number, wechat_fen, shop_fen, evidence)",
                {"bill": bill.pk, "from": start, "until": end, "opened": since},
            )
    cursor.execute(f"CREATE INDEX ON {FOUND} (kind, number)")
    cursor.execute(f"ANALYZE {FOUND}")


def open_cases() -> QuerySet[Case]:
    """Differences that nobody has settled."""
    return Case.objects.filter(status=CaseStatus.OPEN)


def missing() -> QuerySet[Bill]:
    """Bills that somebody should look after: they came broken, or WeChat has had none for four hours of asking."""
    wanted = Bill.objects.filter(status__in=WANTED)
    return wanted.filter(Q(status=BillStatus.FAILED) | Q(attempts__gte=_LATE_AFTER_TRIES))
