"""A payment is for a bill, known by its kind and number; a refund's cause may go back in parts.

Safe on a live table: the columns come with a default in the database. Processes of the version before go on meanwhile:
until they are gone a trigger names the bill of what they write, and the recharge of what newer ones write.
"""

from django.db import migrations, models

from apps.base import migrating

BRIDGE = """
CREATE FUNCTION payments_payment_name_bill() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.bill_no = '' AND NEW.order_id IS NOT NULL THEN
        NEW.bill_kind := 'order';
        SELECT order_no INTO NEW.bill_no FROM orders_order WHERE id = NEW.order_id;
    ELSIF NEW.bill_no = '' THEN
        NEW.bill_kind := 'recharge';
        NEW.bill_no := NEW.recharge_no;
    ELSIF NEW.bill_kind = 'recharge' THEN
        NEW.recharge_no := NEW.bill_no;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_payment_name_bill BEFORE INSERT ON payments_payment
    FOR EACH ROW EXECUTE FUNCTION payments_payment_name_bill();
"""
NO_BRIDGE = """
DROP TRIGGER payments_payment_name_bill ON payments_payment;
DROP FUNCTION payments_payment_name_bill();
"""


class Migration(migrating.Migration):
    dependencies = [("orders", "0001_initial"), ("payments", "0005_recharges_are_paid_once")]

    operations = [
        migrations.AddField(
            model_name="payment",
            name="bill_kind",
            field=models.CharField(db_default="", max_length=20, verbose_name="账单类型"),
        ),
        migrations.AddField(
            model_name="payment",
            name="bill_no",
            field=models.CharField(db_default="", max_length=32, verbose_name="账单号"),
        ),
        migrations.AddField(
            model_name="refund",
            name="part",
            field=models.PositiveSmallIntegerField(db_default=1, default=1, verbose_name="部分"),
        ),
        migrations.RunSQL(sql=BRIDGE, reverse_sql=NO_BRIDGE),
    ]
