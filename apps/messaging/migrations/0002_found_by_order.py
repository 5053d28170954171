"""Find the messages of an order whatever they are about, without a lock on the table while the index grows."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False
    dependencies = [("messaging", "0001_initial")]
    operations = [
        migrations.AddField(
            model_name="message",
            name="order_no",
            field=models.CharField("订单号", max_length=32, blank=True, default="", db_default=""),
        ),
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                fields=["order_no"], condition=~models.Q(order_no=""), name="message_of_order"
            ),
        ),
    ]
