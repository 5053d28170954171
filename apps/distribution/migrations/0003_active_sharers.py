"""Members as sharers: a page for operators, no table."""

from django.db import migrations

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("distribution", "0002_withdrawals"),
        ("members", "0011_promoter_agreement"),
    ]

    operations = [
        migrations.CreateModel(
            name="Sharer",
            fields=[],
            options={
                "verbose_name": "活跃分享者",
                "verbose_name_plural": "活跃分享者",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("members.member",),
        ),
    ]
