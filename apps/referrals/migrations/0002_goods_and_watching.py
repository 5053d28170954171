"""Goods as prizes, and friends who stay at a page."""

import django.db.models.deletion
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("catalog", "0008_returns_without_reason"),
        ("coupons", "0012_coupons_have_sums_of_their_own"),
        ("members", "0013_every_group_has_a_code"),
        ("referrals", "0001_initial"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="referral",
            name="referral_friend_prize_is_one",
        ),
        migrations.RemoveConstraint(
            model_name="reward",
            name="referral_reward_prize_is_one",
        ),
        migrations.RemoveConstraint(
            model_name="tier",
            name="referral_tier_prize_is_one",
        ),
        migrations.AddField(
            model_name="invitation",
            name="watched_at",
            field=models.DateTimeField(null=True, verbose_name="浏览完成"),
        ),
        migrations.AddField(
            model_name="referral",
            name="days",
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name="奖品领取天数"),
        ),
        migrations.AddField(
            model_name="referral",
            name="sku",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="catalog.sku",
                verbose_name="奖品 SKU",
            ),
        ),
        migrations.AddField(
            model_name="referral",
            name="units",
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name="奖品件数"),
        ),
        migrations.AddField(
            model_name="referral",
            name="watch_id",
            field=models.PositiveBigIntegerField(blank=True, null=True, verbose_name="页面编号"),
        ),
        migrations.AddField(
            model_name="referral",
            name="watch_kind",
            field=models.CharField(blank=True, max_length=20, verbose_name="浏览页面"),
        ),
        migrations.AddField(
            model_name="referral",
            name="watch_seconds",
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name="浏览秒数"),
        ),
        migrations.AddField(
            model_name="reward",
            name="days",
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name="奖品领取天数"),
        ),
        migrations.AddField(
            model_name="reward",
            name="order_no",
            field=models.CharField(blank=True, db_index=True, max_length=32, verbose_name="领取订单"),
        ),
        migrations.AddField(
            model_name="reward",
            name="sku",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="catalog.sku",
                verbose_name="奖品 SKU",
            ),
        ),
        migrations.AddField(
            model_name="reward",
            name="units",
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name="奖品件数"),
        ),
        migrations.AddField(
            model_name="reward",
            name="valid_until",
            field=models.DateTimeField(null=True, verbose_name="领取截止"),
        ),
        migrations.AddField(
            model_name="tier",
            name="days",
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name="奖品领取天数"),
        ),
        migrations.AddField(
            model_name="tier",
            name="sku",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="catalog.sku",
                verbose_name="奖品 SKU",
            ),
        ),
        migrations.AddField(
            model_name="tier",
            name="units",
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name="奖品件数"),
        ),
        migrations.AlterField(
            model_name="referral",
            name="act",
            field=models.CharField(
                choices=[("REGISTERED", "注册"), ("FIRST_ORDER", "首单收货"), ("WATCHED", "浏览满时长")],
                help_text="首单在确认收货后计入，全额退款则作废；浏览满时长须指定页面",
                max_length=12,
                verbose_name="好友须完成",
            ),
        ),
        migrations.AlterField(
            model_name="referral",
            name="prize_kind",
            field=models.CharField(
                blank=True,
                choices=[("coupon", "优惠券"), ("points", "积分"), ("goods", "商品")],
                max_length=6,
                verbose_name="好友奖励",
            ),
        ),
        migrations.AlterField(
            model_name="reward",
            name="prize_kind",
            field=models.CharField(
                choices=[("coupon", "优惠券"), ("points", "积分"), ("goods", "商品")],
                max_length=6,
                verbose_name="奖励",
            ),
        ),
        migrations.AlterField(
            model_name="tier",
            name="prize_kind",
            field=models.CharField(
                choices=[("coupon", "优惠券"), ("points", "积分"), ("goods", "商品")],
                max_length=6,
                verbose_name="奖励",
            ),
        ),
        migrations.AddConstraint(
            model_name="referral",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        models.Q(("days__isnull", True), ("sku__isnull", True), ("units__isnull", True)),
                        ("coupon__isnull", True),
                        ("points__isnull", True),
                        ("prize_kind", ""),
                    ),
                    models.Q(
                        models.Q(("days__isnull", True), ("sku__isnull", True), ("units__isnull", True)),
                        models.Q(("coupon__isnull", False)),
                        ("points__isnull", True),
                        ("prize_kind", "coupon"),
                    ),
                    models.Q(
                        models.Q(("days__isnull", True), ("sku__isnull", True), ("units__isnull", True)),
                        models.Q(("coupon__isnull", True)),
                        ("points__gte", 1),
                        ("prize_kind", "points"),
                    ),
                    models.Q(
                        models.Q(("days__gte", 1), ("sku__isnull", False), ("units__gte", 1)),
                        models.Q(("coupon__isnull", True)),
                        ("points__isnull", True),
                        ("prize_kind", "goods"),
                    ),
                    _connector="OR",
                ),
                name="referral_friend_prize_is_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="referral",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("act", "WATCHED"),
                        ("watch_id__gte", 1),
                        ("watch_seconds__gte", 1),
                        models.Q(("watch_kind", ""), _negated=True),
                    ),
                    models.Q(
                        models.Q(("act", "WATCHED"), _negated=True),
                        ("watch_id__isnull", True),
                        ("watch_kind", ""),
                        ("watch_seconds__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="referral_watched_names_a_page",
            ),
        ),
        migrations.AddConstraint(
            model_name="reward",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        models.Q(("days__isnull", True), ("sku__isnull", True), ("units__isnull", True)),
                        models.Q(("coupon_template__isnull", False)),
                        ("points__isnull", True),
                        ("prize_kind", "coupon"),
                    ),
                    models.Q(
                        models.Q(("days__isnull", True), ("sku__isnull", True), ("units__isnull", True)),
                        models.Q(("coupon_template__isnull", True)),
                        ("points__gte", 1),
                        ("prize_kind", "points"),
                    ),
                    models.Q(
                        models.Q(("days__gte", 1), ("sku__isnull", False), ("units__gte", 1)),
                        models.Q(("coupon_template__isnull", True)),
                        ("points__isnull", True),
                        ("prize_kind", "goods"),
                    ),
                    _connector="OR",
                ),
                name="referral_reward_prize_is_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="reward",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("order_no", ""),
                    models.Q(("prize_kind", "goods"), ("valid_until__isnull", False)),
                    _connector="OR",
                ),
                name="referral_reward_ordered_is_goods",
            ),
        ),
        migrations.AddConstraint(
            model_name="tier",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        models.Q(("days__isnull", True), ("sku__isnull", True), ("units__isnull", True)),
                        models.Q(("coupon__isnull", False)),
                        ("points__isnull", True),
                        ("prize_kind", "coupon"),
                    ),
                    models.Q(
                        models.Q(("days__isnull", True), ("sku__isnull", True), ("units__isnull", True)),
                        models.Q(("coupon__isnull", True)),
                        ("points__gte", 1),
                        ("prize_kind", "points"),
                    ),
                    models.Q(
                        models.Q(("days__gte", 1), ("sku__isnull", False), ("units__gte", 1)),
                        models.Q(("coupon__isnull", True)),
                        ("points__isnull", True),
                        ("prize_kind", "goods"),
                    ),
                    _connector="OR",
                ),
                name="referral_tier_prize_is_one",
            ),
        ),
    ]
