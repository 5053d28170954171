"""One open attempt and one used payment for each bill. Filled in batches and built beside the shop's work.

The column of the recharge's number stays in the database for processes of the version before; the model knows it no more.
"""

from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    RemoveIndexConcurrently,
    ValidateConstraint,
)
from django.db import migrations, models
from django.db.models import Q

from apps.base import migrating

BATCH = 5_000


def name_bills(apps, schema_editor):
    """Name the bill of every payment, a batch a transaction."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM payments_payment")
        (last,) = cursor.fetchone()
        for first in range(0, last + 1, BATCH):
            cursor.execute(
                """
                UPDATE payments_payment AS payment
                SET bill_kind = CASE WHEN payment.recharge_no = '' THEN 'order' ELSE 'recharge' END,
                    bill_no = CASE WHEN payment.recharge_no = '' THEN orders_order.order_no ELSE payment.recharge_no END
                FROM payments_payment AS same LEFT JOIN orders_order ON orders_order.id = same.order_id
                WHERE same.id = payment.id AND payment.bill_no = '' AND payment.id BETWEEN %s AND %s
                """,
                [first, first + BATCH - 1],
            )


def unique_beside_work(
    model: str, fields: list[str], name: str, condition: Q | None = None, where: str = ""
) -> migrations.SeparateDatabaseAndState:
    """Return the operation that adds a unique constraint without locking out writers."""
    columns = ", ".join(f'"{field}"' for field in fields)
    return migrations.SeparateDatabaseAndState(
        database_operations=[
            migrations.RunSQL(
                sql=f'CREATE UNIQUE INDEX CONCURRENTLY "{name}" ON "payments_{model}" ({columns}) {where}',
                reverse_sql=f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"',
            )
        ],
        state_operations=[
            migrations.AddConstraint(
                model_name=model,
                constraint=models.UniqueConstraint(fields=fields, condition=condition, name=name),
            )
        ],
    )


class Migration(migrating.Migration):
    atomic = False
    dependencies = [("payments", "0006_bills")]

    operations = [
        migrations.RunPython(name_bills, migrations.RunPython.noop),
        AddConstraintNotValid(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=~Q(bill_kind="") & ~Q(bill_no=""), name="payment_names_its_bill"
            ),
        ),
        ValidateConstraint(model_name="payment", name="payment_names_its_bill"),
        unique_beside_work(
            "payment",
            ["bill_kind", "bill_no"],
            "payment_one_open_per_bill",
            Q(status="OPEN"),
            "WHERE status = 'OPEN'",
        ),
        unique_beside_work(
            "payment",
            ["bill_kind", "bill_no"],
            "payment_one_for_bill",
            Q(status="CAPTURED", is_surplus=False),
            "WHERE status = 'CAPTURED' AND NOT is_surplus",
        ),
        AddIndexConcurrently(
            model_name="payment",
            index=models.Index(fields=["bill_no", "bill_kind"], name="payment_of_bill"),
        ),
        *(
            migrations.RemoveConstraint(model_name="payment", name=name)
            for name in (
                "payment_one_open_per_order",
                "payment_one_for_order",
                "payment_for_order_or_recharge",
                "payment_one_open_per_recharge",
                "payment_one_for_recharge",
            )
        ),
        RemoveIndexConcurrently(model_name="payment", name="payment_of_recharge"),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField(model_name="payment", name="recharge_no")]
        ),
        unique_beside_work("refund", ["business_key", "part"], "refund_once_per_cause"),
        migrations.AlterField(
            model_name="refund",
            name="business_key",
            field=models.CharField(max_length=80, verbose_name="业务键"),
        ),
    ]
