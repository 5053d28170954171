"""Orders take one of their member's places while they are unpaid, and say whether they were made of the cart.

Orders of before have no place and are not counted: they are paid or closed within the time that they have to pay.
Processes of the version before write none either, so nothing asks for it.
"""

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models
from django.db.models import Q

from apps.base import migrating


class Migration(migrating.Migration):
    # The index is built beside a shop that goes on selling.
    atomic = False

    dependencies = [
        ("orders", "0009_address_erased"),
    ]

    operations = [
        migrations.AddField(
            model_name="order",
            name="from_cart",
            field=models.BooleanField(db_default=False, default=False, verbose_name="来自购物车"),
        ),
        migrations.AddField(
            model_name="order",
            name="unpaid_place",
            field=models.SmallIntegerField(editable=False, null=True, verbose_name="待付款席位"),
        ),
        AddConstraintNotValid(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=Q(unpaid_place__gte=1), name="order_has_unpaid_place"
            ),
        ),
        ValidateConstraint(model_name="order", name="order_has_unpaid_place"),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    sql='CREATE UNIQUE INDEX CONCURRENTLY "order_unpaid_place_once" ON "orders_order" '
                    '("member_id", "unpaid_place") WHERE "status" = \'UNPAID\'',
                    reverse_sql='DROP INDEX CONCURRENTLY IF EXISTS "order_unpaid_place_once"',
                )
            ],
            state_operations=[
                migrations.AddConstraint(
                    model_name="order",
                    constraint=models.UniqueConstraint(
                        condition=Q(status="UNPAID"),
                        fields=("member", "unpaid_place"),
                        name="order_unpaid_place_once",
                    ),
                )
            ],
        ),
    ]
