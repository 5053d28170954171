"""Units of an application that were refunded otherwise, and what happened to it then."""

from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("aftersales", "0004_fewer_indexes"),
        ("catalog", "0012_packing"),
        ("orders", "0026_slots_and_packing"),
    ]

    operations = [
        migrations.AddField(
            model_name="aftersaleline",
            name="gone",
            field=models.PositiveIntegerField(db_default=0, default=0, verbose_name="已另行退款"),
        ),
        migrations.AlterField(
            model_name="aftersalestep",
            name="move",
            field=models.CharField(
                choices=[
                    ("apply", "提交申请"),
                    ("approve", "同意申请"),
                    ("first", "初审通过"),
                    ("refuse", "拒绝申请"),
                    ("send_back", "买家寄回"),
                    ("parcel", "修改寄回单号"),
                    ("arrive", "收到退货"),
                    ("accept", "验收通过"),
                    ("pay", "发起退款"),
                    ("carriage", "补偿退货运费"),
                    ("finish", "完成"),
                    ("cancel", "买家撤销"),
                    ("lapse", "关闭"),
                    ("lower", "减少件数"),
                    ("escalate", "升级处理"),
                    ("dispatch", "寄出新包裹"),
                    ("message", "留言"),
                ],
                max_length=12,
                verbose_name="动作",
            ),
        ),
        migrations.AddConstraint(
            model_name="aftersaleline",
            constraint=models.CheckConstraint(
                condition=models.Q(("gone__lte", models.F("quantity"))),
                name="after_sale_line_gone_within_quantity",
            ),
        ),
    ]
