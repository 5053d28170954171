"""One open attempt and one used payment for each recharge. Built beside the shop's work: nobody waits for an index."""

from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models
from django.db.models import Q

from apps.base import migrating


def unique_beside_work(name: str, condition: Q, where: str) -> migrations.SeparateDatabaseAndState:
    """Return the operation that adds a unique constraint on the recharge's number without locking out writers."""
    return migrations.SeparateDatabaseAndState(
        database_operations=[
            migrations.RunSQL(
                sql=f'CREATE UNIQUE INDEX CONCURRENTLY "{name}" ON "payments_payment" ("recharge_no") WHERE {where}',
                reverse_sql=f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"',
            )
        ],
        state_operations=[
            migrations.AddConstraint(
                model_name="payment",
                constraint=models.UniqueConstraint(fields=["recharge_no"], condition=condition, name=name),
            )
        ],
    )


class Migration(migrating.Migration):
    atomic = False
    dependencies = [("payments", "0004_payment_for_order_or_recharge")]

    operations = [
        ValidateConstraint(model_name="payment", name="payment_for_order_or_recharge"),
        unique_beside_work(
            "payment_one_open_per_recharge",
            Q(status="OPEN") & ~Q(recharge_no=""),
            "status = 'OPEN' AND recharge_no <> ''",
        ),
        unique_beside_work(
            "payment_one_for_recharge",
            Q(status="CAPTURED", is_surplus=False) & ~Q(recharge_no=""),
            "status = 'CAPTURED' AND NOT is_surplus AND recharge_no <> ''",
        ),
        AddIndexConcurrently(
            model_name="payment",
            index=models.Index(
                fields=["recharge_no"], condition=~Q(recharge_no=""), name="payment_of_recharge"
            ),
        ),
    ]
