"""WeChat's opinion of who registers, as a clue with its rule."""

from django.db import migrations, models

from apps.base import migrating

CLUES = [
    ("SAME_PHONE", "手机号相同"),
    ("SAME_ADDRESS", "收货地址相同"),
    ("SAME_PAYER", "微信支付账户相同"),
    ("SAME_DEVICE", "设备相同"),
    ("DEVICE_BURST", "同一设备多个账号"),
    ("NETWORK_BURST", "同一网络集中注册"),
    ("RING", "互相邀请"),
    ("HELP_RING", "反复互相帮砍"),
    ("HELP_BURST", "帮砍过于集中"),
    ("SELF_PURCHASE", "疑似小号自购"),
    ("REFUNDS", "得奖后退款"),
    ("WECHAT_RANK", "微信用户风险等级"),
]


def write_rule(apps, schema_editor):
    # So that operators find it in their list; where the row is missing the same figures hold (risk.scoring).
    Rule = apps.get_model("risk", "Rule")
    Rule.objects.get_or_create(clue="WECHAT_RANK", defaults={"threshold": 3, "weight": 40})


class Migration(migrating.Migration):
    dependencies = [("risk", "0002_reward_that_is_gone")]

    operations = [
        migrations.AlterField(
            model_name="reason",
            name="clue",
            field=models.CharField(choices=CLUES, max_length=16, verbose_name="线索"),
        ),
        migrations.AlterField(
            model_name="rule",
            name="clue",
            field=models.CharField(
                choices=CLUES, editable=False, max_length=16, unique=True, verbose_name="线索"
            ),
        ),
        migrations.RunPython(write_rule, migrations.RunPython.noop),
    ]
