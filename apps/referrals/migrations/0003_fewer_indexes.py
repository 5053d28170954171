"""Indexes of foreign keys go where another index begins with the same column."""

import django.db.models.deletion
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("members", "0015_fewer_indexes"),
        ("referrals", "0002_goods_and_watching"),
    ]

    operations = [
        migrations.AlterField(
            model_name="invitation",
            name="friend",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.member",
                verbose_name="好友",
            ),
        ),
        migrations.AlterField(
            model_name="invitation",
            name="referral",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="invitations",
                to="referrals.referral",
                verbose_name="邀请活动",
            ),
        ),
        migrations.AlterField(
            model_name="reward",
            name="member",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.member",
                verbose_name="会员",
            ),
        ),
        migrations.AlterField(
            model_name="tier",
            name="referral",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tiers",
                to="referrals.referral",
                verbose_name="邀请活动",
            ),
        ),
    ]
