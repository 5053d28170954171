"""Units of a quota can be kept for whoever has a right to them."""

import django.db.models.expressions
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("campaigns", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="quota",
            name="set_aside",
            field=models.PositiveIntegerField(db_default=0, default=0, verbose_name="为候补保留"),
        ),
        migrations.AddConstraint(
            model_name="quota",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("quota__isnull", True),
                    (
                        "set_aside__lte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("quota"), "-", models.F("taken")
                        ),
                    ),
                    _connector="OR",
                ),
                name="campaign_set_aside_within_quota",
                violation_error_message="总量不能少于已占用和保留的数量",
            ),
        ),
    ]
