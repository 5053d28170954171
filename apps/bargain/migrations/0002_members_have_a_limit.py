import django.core.validators
from django.db import migrations, models

from apps.base import migrating


def _column(**more):
    return models.PositiveIntegerField(
        blank=True,
        help_text="买到这么多件后不能再发起，未付款的也计入；留空为不限",
        null=True,
        validators=[django.core.validators.MinValueValidator(1)],
        verbose_name="每人限购（件）",
        **more,
    )


class Migration(migrating.Migration):
    """Bargains that exist go on without a limit, as they were told; new ones begin with one unit."""

    dependencies = [("bargain", "0001_initial")]

    operations = [
        migrations.AddField(model_name="bargain", name="limit_per_member", field=_column()),
        migrations.AlterField(model_name="bargain", name="limit_per_member", field=_column(default=1)),
    ]
