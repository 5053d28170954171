"""The last look at each promise that can be reckoned up (apps/base/invariants.py)."""

from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("base", "0009_last_words"),
    ]

    operations = [
        migrations.CreateModel(
            name="Reckoning",
            fields=[
                (
                    "name",
                    models.CharField(max_length=60, primary_key=True, serialize=False, verbose_name="名称"),
                ),
                ("title", models.CharField(max_length=100, verbose_name="应当成立")),
                ("checked_at", models.DateTimeField(verbose_name="最近核对")),
                ("faults", models.PositiveIntegerField(default=0, verbose_name="不符数量")),
                ("broken_since", models.DateTimeField(null=True, verbose_name="不符自")),
                ("lines", models.TextField(blank=True, verbose_name="不符明细")),
            ],
            options={
                "verbose_name": "账目核对",
                "verbose_name_plural": "账目核对",
                "ordering": ["-faults", "name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("broken_since__isnull", True), ("faults", 0)),
                            models.Q(("broken_since__isnull", False), ("faults__gte", 1)),
                            _connector="OR",
                        ),
                        name="reckoning_broken_since_exactly_when_broken",
                    )
                ],
            },
        ),
    ]
