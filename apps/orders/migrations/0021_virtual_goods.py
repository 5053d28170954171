"""Orders of virtual goods, and those of them that wait to be delivered; the index grows without a lock on the table."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False
    dependencies = [("orders", "0020_found_in_a_time")]
    operations = [
        migrations.AddField(
            model_name="order",
            name="virtual",
            field=models.BooleanField(
                db_default=False, default=False, editable=False, verbose_name="虚拟商品订单"
            ),
        ),
        AddIndexConcurrently(
            model_name="order",
            index=models.Index(
                fields=["paid_at"],
                condition=Q(status="PAID", virtual=True),
                name="order_virtual_to_deliver",
            ),
        ),
    ]
