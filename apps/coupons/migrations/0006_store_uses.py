"""Use coupons in shops: passes, uses, and wrong tries of operators; give coupons as compensation."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import apps.base.fields
from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("coupons", "0005_freight_online"),
        ("stores", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="coupon",
            options={
                "ordering": ["-id"],
                "permissions": [("compensate_coupon", "补偿发券")],
                "verbose_name": "优惠券",
                "verbose_name_plural": "优惠券",
            },
        ),
        migrations.CreateModel(
            name="PassTries",
            fields=[
                (
                    "operator",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="操作人",
                    ),
                ),
                ("since", models.DateTimeField(verbose_name="计数开始")),
                ("wrong", models.PositiveIntegerField(verbose_name="错误次数")),
            ],
            options={
                "verbose_name": "券码错误次数",
                "verbose_name_plural": "券码错误次数",
            },
        ),
        migrations.CreateModel(
            name="StorePass",
            fields=[
                (
                    "coupon",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="store_pass",
                        serialize=False,
                        to="coupons.coupon",
                        verbose_name="优惠券",
                    ),
                ),
                ("code", models.CharField(max_length=12, verbose_name="券码")),
                ("expires_at", models.DateTimeField(db_index=True, verbose_name="失效时间")),
            ],
            options={
                "verbose_name": "门店券码",
                "verbose_name_plural": "门店券码",
            },
        ),
        migrations.CreateModel(
            name="StoreUse",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("use_no", models.CharField(max_length=32, unique=True, verbose_name="核销单号")),
                ("goods_fen", apps.base.fields.FenField(verbose_name="商品金额（分）")),
                ("off_fen", apps.base.fields.FenField(verbose_name="优惠（分）")),
                ("receipt_no", models.CharField(blank=True, max_length=40, verbose_name="小票号")),
                ("at", models.DateTimeField(verbose_name="核销时间")),
                ("undone_at", models.DateTimeField(null=True, verbose_name="撤销时间")),
                ("undone_why", models.CharField(blank=True, max_length=100, verbose_name="撤销原因")),
            ],
            options={
                "verbose_name": "门店核销",
                "verbose_name_plural": "门店核销",
                "ordering": ["-id"],
                "permissions": [("undo_storeuse", "撤销核销"), ("export_storeuse", "导出核销记录")],
            },
        ),
        migrations.AlterField(
            model_name="coupon",
            name="order_no",
            field=models.CharField(blank=True, max_length=32, verbose_name="使用单号"),
        ),
        migrations.AlterField(
            model_name="couponmove",
            name="order_no",
            field=models.CharField(blank=True, max_length=32, verbose_name="使用单号"),
        ),
        migrations.AddField(
            model_name="storeuse",
            name="coupon",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="store_uses",
                to="coupons.coupon",
                verbose_name="券号",
            ),
        ),
        migrations.AddField(
            model_name="storeuse",
            name="operator",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="核销人",
            ),
        ),
        migrations.AddField(
            model_name="storeuse",
            name="place",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="stores.place", verbose_name="门店"
            ),
        ),
        migrations.AddField(
            model_name="storeuse",
            name="undone_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="撤销人",
            ),
        ),
        migrations.AddField(
            model_name="storepass",
            name="use",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                to="coupons.storeuse",
                verbose_name="核销",
            ),
        ),
        migrations.AddIndex(
            model_name="storeuse",
            index=models.Index(fields=["at"], name="store_use_at"),
        ),
        migrations.AddIndex(
            model_name="storeuse",
            index=models.Index(fields=["coupon"], name="store_use_of_coupon"),
        ),
        migrations.AddConstraint(
            model_name="storeuse",
            constraint=models.UniqueConstraint(
                condition=models.Q(("undone_at__isnull", True)),
                fields=("coupon",),
                name="store_use_one_live_per_coupon",
            ),
        ),
        migrations.AddConstraint(
            model_name="storeuse",
            constraint=models.CheckConstraint(
                condition=models.Q(("off_fen__gte", 1), ("off_fen__lte", models.F("goods_fen"))),
                name="store_use_off_within_goods",
            ),
        ),
        migrations.AddConstraint(
            model_name="storeuse",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("undone_at__isnull", True), ("undone_by__isnull", True), ("undone_why", "")),
                    models.Q(
                        ("undone_at__isnull", False),
                        ("undone_by__isnull", False),
                        models.Q(("undone_why", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="store_use_undone_by_somebody_for_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="storepass",
            constraint=models.UniqueConstraint(fields=("code",), name="store_pass_code_once"),
        ),
    ]
