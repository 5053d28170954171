"""Give the uploads of virtual orders their order, by the number of the bill that they were told for."""

from django.db import migrations

from apps.base import migrating

BACKFILL = """
    UPDATE fulfillment_shippingupload AS upload SET order_id = sale.id
      FROM orders_order AS sale
     WHERE upload.order_id IS NULL AND upload.bill_kind = 'order' AND upload.bill_no = sale.order_no
"""


class Migration(migrating.Migration):
    dependencies = [("fulfillment", "0013_fewer_indexes"), ("orders", "0021_virtual_goods")]
    operations = [migrations.RunSQL(BACKFILL, migrations.RunSQL.noop)]
