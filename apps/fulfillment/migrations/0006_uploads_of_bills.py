"""What WeChat is told of is a bill, known by its kind and number; an order may have several.

Safe on a live table, and processes of the version before go on meanwhile: until they are gone a trigger names the bill
of a recharge that they tell of, and the recharge where newer ones do. The column of the recharge's number stays for them
in the database; the model knows it no more.
"""

import django.db.models.deletion
from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models
from django.db.models import Q

from apps.base import migrating

BATCH = 5_000
BRIDGE = """
CREATE FUNCTION fulfillment_shippingupload_name_bill() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.bill_no = '' AND NEW.recharge_no <> '' THEN
        NEW.bill_kind := 'recharge';
        NEW.bill_no := NEW.recharge_no;
    ELSIF NEW.bill_kind = 'recharge' THEN
        NEW.recharge_no := NEW.bill_no;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER fulfillment_shippingupload_name_bill BEFORE INSERT ON fulfillment_shippingupload
    FOR EACH ROW EXECUTE FUNCTION fulfillment_shippingupload_name_bill();
"""
NO_BRIDGE = """
DROP TRIGGER fulfillment_shippingupload_name_bill ON fulfillment_shippingupload;
DROP FUNCTION fulfillment_shippingupload_name_bill();
"""


def name_bills(apps, schema_editor):
    """Name the bill of every upload, a batch a transaction: until now an order had one."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM fulfillment_shippingupload")
        (last,) = cursor.fetchone()
        for first in range(0, last + 1, BATCH):
            cursor.execute(
                """
                UPDATE fulfillment_shippingupload AS upload
                SET bill_kind = CASE WHEN upload.recharge_no = '' THEN 'order' ELSE 'recharge' END,
                    bill_no = CASE WHEN upload.recharge_no = '' THEN orders_order.order_no ELSE upload.recharge_no END
                FROM fulfillment_shippingupload AS same LEFT JOIN orders_order ON orders_order.id = same.order_id
                WHERE same.id = upload.id AND upload.bill_no = '' AND upload.id BETWEEN %s AND %s
                """,
                [first, first + BATCH - 1],
            )


def index_beside_work(
    fields: list[str], name: str, condition: Q, where: str
) -> migrations.SeparateDatabaseAndState:
    """Return the operation that adds a unique constraint without locking out writers."""
    columns = ", ".join(f'"{"order_id" if field == "order" else field}"' for field in fields)
    return migrations.SeparateDatabaseAndState(
        database_operations=[
            migrations.RunSQL(
                sql=f'CREATE UNIQUE INDEX CONCURRENTLY "{name}" ON "fulfillment_shippingupload" ({columns}) {where}',
                reverse_sql=f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"',
            )
        ],
        state_operations=[
            migrations.AddConstraint(
                model_name="shippingupload",
                constraint=models.UniqueConstraint(fields=fields, condition=condition, name=name),
            )
        ],
    )


class Migration(migrating.Migration):
    atomic = False
    dependencies = [("orders", "0001_initial"), ("fulfillment", "0005_a_default_template_remains")]

    operations = [
        migrations.AddField(
            model_name="shippingupload",
            name="bill_kind",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=20, verbose_name="账单类型"
            ),
        ),
        migrations.AddField(
            model_name="shippingupload",
            name="bill_no",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=32, verbose_name="账单号"
            ),
        ),
        migrations.RunSQL(sql=BRIDGE, reverse_sql=NO_BRIDGE),
        migrations.RunPython(name_bills, migrations.RunPython.noop),
        index_beside_work(
            ["bill_kind", "bill_no"],
            "shipping_upload_once_per_bill",
            ~Q(bill_no=""),
            "WHERE bill_no <> ''",
        ),
        index_beside_work(
            ["order"], "shipping_upload_one_unnamed_per_order", Q(bill_no=""), "WHERE bill_no = ''"
        ),
        # By hand: Django would make the foreign key anew, and read the whole table under its lock.
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    sql='CREATE INDEX CONCURRENTLY "fulfillment_shippingupload_order_id" ON "fulfillment_shippingupload" ("order_id")',
                    reverse_sql='DROP INDEX CONCURRENTLY IF EXISTS "fulfillment_shippingupload_order_id"',
                ),
                migrations.RunSQL(
                    sql='ALTER TABLE "fulfillment_shippingupload" DROP CONSTRAINT "fulfillment_shippingupload_order_id_key"',
                    reverse_sql='ALTER TABLE "fulfillment_shippingupload"'
                    ' ADD CONSTRAINT "fulfillment_shippingupload_order_id_key" UNIQUE ("order_id")',
                ),
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="shippingupload",
                    name="order",
                    field=models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shipping_uploads",
                        to="orders.order",
                        verbose_name="订单",
                    ),
                )
            ],
        ),
        migrations.RemoveConstraint(model_name="shippingupload", name="shipping_upload_of_order_or_recharge"),
        AddConstraintNotValid(
            model_name="shippingupload",
            constraint=models.CheckConstraint(
                condition=Q(order__isnull=False) | (~Q(bill_kind="") & ~Q(bill_no="")),
                name="shipping_upload_of_order_or_bill",
            ),
        ),
        ValidateConstraint(model_name="shippingupload", name="shipping_upload_of_order_or_bill"),
        migrations.RemoveConstraint(model_name="shippingupload", name="shipping_upload_once_per_recharge"),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField(model_name="shippingupload", name="recharge_no")]
        ),
    ]
