"""Who writes what: a room's rows are written by its rules alone, by no door and no neighbour; a status by who is listed."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.architecture.rooms import ROOT, Kind, files, kind, name
from tests.architecture.source import calls, functions, meanings, meant, nodes, root, tree

WRITES = {
    *("save", "create", "bulk_create", "get_or_create", "update_or_create"),
    *("update", "bulk_update", "delete"),
}
# The demo shop is filled with rows of settings, for which rooms have forms and no services.
FILLS_ALL_ROOMS = "demo"


_MODELS = re.compile(r"apps\.\w+\.models\b")


def room_of(path: Path) -> str:
    return path.relative_to(ROOT / "apps").parts[0]


def _models(annotation: ast.AST | None, names: Mapping[str, str]) -> str:
    """The model that an annotation names, alone or beside None."""
    for node in ast.walk(annotation) if annotation is not None else ():
        path = meant(node, names)
        if _MODELS.match(path):
            return path
    return ""


def rows_known(of: ast.AST, names: Mapping[str, str]) -> dict[str, str]:
    """The names in a function that are rows, as far as its text says so, and of which model."""
    known: dict[str, str] = {}
    for node in nodes(of):
        if isinstance(node, ast.arg):
            known[node.arg] = _models(node.annotation, names)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            known[node.target.id] = _models(node.annotation, names)
        elif isinstance(node, ast.Assign | ast.For | ast.comprehension):
            value = node.value if isinstance(node, ast.Assign) else node.iter
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            path = meant(root(value), names) if isinstance(value, ast.Call) else ""
            for target in targets:
                if isinstance(target, ast.Name) and _MODELS.match(path):
                    known[target.id] = path
    return {called: path for called, path in known.items() if path}


def rows_written(of: ast.AST) -> list[tuple[str, str]]:
    """The calls that write rows, with their model: by a manager (``Order.objects…update()``) or a row (``order.save()``)."""
    names = meanings(of)
    found = []
    for scope in [of, *functions(of)]:
        known = rows_known(scope, names) if scope is not of else {}
        for call in calls(scope):
            if not isinstance(call.func, ast.Attribute) or call.func.attr not in WRITES:
                continue
            begin = root(call.func)
            path = meant(begin, names) or (known.get(begin.id, "") if isinstance(begin, ast.Name) else "")
            if _MODELS.match(path):
                found.append((path, ast.unparse(call.func)))
    return list(dict.fromkeys(found))


OUTSIDE = [path for path in files(Kind.DOOR, Kind.RULE, Kind.FACT) if room_of(path) != FILLS_ALL_ROOMS]


def test_rows_are_written_by_the_rules_of_their_room() -> None:
    foreign = [
        f"{name(path)}: {text}() writes {model}: call a service of that room"
        for path in OUTSIDE
        for model, text in rows_written(tree(path))
        if kind(path) is Kind.DOOR or not model.startswith(f"apps.{room_of(path)}.models")
    ]
    assert foreign == []


@pytest.mark.parametrize(
    "line",
    [
        "Order.objects.filter(pk=1).update(remark='')",
        "Order.objects.create(order_no='1')",
        "Order(order_no='1').save()",
        "models.Order.objects.bulk_create([])",
        "def pay(*, order: Order | None): order.save(update_fields=['remark'])",
        "def pay(*, order: models.Order): order.lines.all().delete()",
        "def pay():\n    row = Order.objects.get()\n    row.save()",
        "def pay():\n    for row in Order.objects.all():\n        row.delete()",
    ],
)
def test_whoever_writes_rows_of_another_room_is_found(line: str) -> None:
    head = "from apps.orders import models\nfrom apps.orders.models import Order\n"
    assert [model for model, _ in rows_written(ast.parse(head + line))] in [
        ["apps.orders.models.Order"],
        ["apps.orders.models"],
    ]


def test_what_is_no_row_may_be_saved_and_updated() -> None:
    text = """
from apps.orders import services as orders
from apps.orders.models import Order
def pay(*, order: Order, figures: dict):
    figures.update(order_no=order.order_no)
    orders.save(order)
    order.refresh_from_db()
"""
    assert rows_written(ast.parse(text)) == []


STATUSES = {"status", "approval"}
_SET_STATUS = re.compile(r"\bSET\b[^;]*\b(status|approval)\s*=", re.DOTALL)


def statuses_written(of: ast.AST) -> set[str]:
    """The functions that write a status: on a row, by a manager, by SQL."""
    return {
        function.name for function in functions(of) if any(_writes_status(node) for node in nodes(function))
    }


def _writes_status(node: ast.AST) -> bool:
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return any(
            isinstance(part, ast.Attribute) and part.attr in STATUSES
            for target in targets
            for part in ast.walk(target)
        )
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        sets = node.func.attr == "update" and any(keyword.arg in STATUSES for keyword in node.keywords)
        return sets or (
            node.func.attr == "bulk_update" and any(f"'{name}'" in ast.unparse(node) for name in STATUSES)
        )
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and bool(_SET_STATUS.search(node.value))
    )


@pytest.mark.parametrize(
    "line",
    [
        "order.status = 'PAID'",
        "session.approval = 'APPROVED'",
        "order.status, order.paid_at = 'PAID', at",
        "rows.filter(pk=1).update(status='PAID')",
        "Order.objects.bulk_update(rows, ['status'])",
        "cursor.execute('UPDATE orders_order SET paid_at = now(), status = %s')",
    ],
)
def test_each_way_of_writing_a_status_is_found(line: str) -> None:
    assert statuses_written(ast.parse(f"def pay():\n    {line}")) == {"pay"}


# Who writes a status, by file and function. A status that moves by a lifecycle has one writer, which asks its table; the
# others say here which functions share it. A new line here is a decision: does the room's `move` not do?
STATUS_WRITERS = {
    "apps/journeys/services/moving.py": {"finish", "leave", "let_go", "close", "drop_tasks"},
    "apps/journeys/services/running.py": {"_moved"},
    "apps/messaging/services/broadcasts.py": {"_moved"},
    "apps/messaging/services/cards.py": {"_fail", "_settle"},
    "apps/messaging/services/moving.py": {
        *("tell", "drop", "hold", "fail", "repeat", "way", "hold_all", "resume_all", "call_off"),
    },
    "apps/distribution/services/promoters.py": {"move"},
    # ``take`` sets it on the row in hand, after ``write_status`` has written it.
    "apps/distribution/services/takebacks.py": {"take", "write_status"},
    "apps/distribution/services/withdrawals.py": {"_move"},
    "apps/aftersales/services/moving.py": {"move"},
    "apps/bargain/services/running.py": {"write"},
    "apps/books/services/cases.py": {"moved"},
    "apps/books/services/fetching.py": {"_found_empty", "_put_off", "_replace", "explain"},
    "apps/campaigns/services/lifecycle.py": {"_moved"},
    "apps/cardkeys/services/keeping.py": {"_void_of_sku"},
    "apps/cardkeys/services/selling.py": {"take_back"},
    "apps/complaints/services/keeping.py": {"follow"},
    "apps/complaints/services/settling.py": {"move"},
    "apps/content/services/moving.py": {"move"},
    "apps/coupons/services/codes.py": {"make_chunk"},
    "apps/coupons/services/jobs.py": {"_finish", "stop"},
    "apps/coupons/services/moving.py": {"move", "use"},
    "apps/coupons/services/templates.py": {"publish", "stop"},
    "apps/fulfillment/services/parcels.py": {
        "_virtual_again",
        "correct",
        "tell_wechat_again",
        "upload_again",
    },
    "apps/fulfillment/services/uploads.py": {"_write", "ask_again"},
    "apps/fulfillment/services/waybills.py": {"_move"},
    "apps/groupbuy/services/groups.py": {"_move", "leave", "open_with"},
    "apps/groupbuy/services/seats.py": {"_move"},
    "apps/invoices/services/moving.py": {"move"},
    "apps/pickup/services/moving.py": {"_write"},
    "apps/members/personal.py": {"erase"},
    "apps/members/services/erasures.py": {"_step", "take_back"},
    "apps/members/services/exports.py": {"_make_next", "_throw_away", "latest"},
    # The text of one move behind other clauses, and the row in hand once ``writing`` or that text has written it.
    "apps/orders/moving.py": {"_moving", "_stands"},
    "apps/outbox/services.py": {"redeliver"},
    "apps/payments/services/abnormal.py": {"_taken"},
    "apps/payments/services/attempts.py": {"close_attempt"},
    "apps/payments/services/captures.py": {"_capture"},
    "apps/payments/services/console.py": {"_make_room"},
    "apps/payments/services/endings.py": {"grant"},
    "apps/payments/services/giving_back.py": {"_write"},
    "apps/payments/services/refunds.py": {"_end", "_return_to_shop", "_settle", "apply_result", "resubmit"},
    "apps/points/services/redeeming.py": {"cancel", "finish"},
    "apps/points/services/spending.py": {"_end"},
    "apps/presale/services/arriving.py": {"_allot"},
    "apps/deadlines/services/delaying.py": {"_move"},
    "apps/fulfillment/services/verifying.py": {"verify"},
    "apps/presale/services/reporting.py": {"_write", "report_until"},
    "apps/presale/services/reserving.py": {"drop"},
    "apps/promotions/services/simulations.py": {"note_failure", "note_progress"},
    "apps/packets/services/giving.py": {"_write"},
    "apps/packets/services/making.py": {"write"},
    "apps/referrals/services/counting.py": {"_write"},
    "apps/referrals/services/rewards.py": {"_write"},
    "apps/wallet/services/holds.py": {"_end"},
    "apps/wallet/services/recharges.py": {"_move"},
}


def _pinned() -> dict[str, set[str]]:
    found = {name(path): statuses_written(tree(path)) for path in files(Kind.DOOR, Kind.RULE, Kind.FACT)}
    return {path: functions for path, functions in found.items() if functions}


def test_each_status_is_written_by_who_is_listed() -> None:
    assert _pinned() == STATUS_WRITERS
