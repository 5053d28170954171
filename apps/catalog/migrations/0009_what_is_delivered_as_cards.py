"""SKUs that are delivered as card keys."""

from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("catalog", "0008_returns_without_reason"),
    ]

    operations = [
        migrations.AddField(
            model_name="sku",
            name="virtual",
            field=models.BooleanField(
                db_default=False, default=False, editable=False, verbose_name="虚拟商品（卡密）"
            ),
        ),
    ]
