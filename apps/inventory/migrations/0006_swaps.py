"""Goods that take the place of those that an order had paid for have an entry of their own kind."""

from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("inventory", "0005_fewer_indexes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="stockentry",
            name="kind",
            field=models.CharField(
                choices=[
                    ("RECEIVE", "入库"),
                    ("ADJUST", "盘点调整"),
                    ("HOLD", "下单占用"),
                    ("COMMIT", "支付扣减"),
                    ("RELEASE", "关闭释放"),
                    ("RESTORE", "退货退回"),
                    ("SWAP", "换货出库"),
                    ("RETURN", "退货入库"),
                    ("WRITE_OFF", "退货报损"),
                ],
                max_length=10,
                verbose_name="类型",
            ),
        ),
    ]
