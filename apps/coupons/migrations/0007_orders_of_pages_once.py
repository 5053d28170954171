"""Mass issues and code batches keep the page that ordered them: the same page orders once."""

from django.conf import settings
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("coupons", "0006_store_uses"),
        ("members", "0005_groups"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="codebatch",
            name="token",
            field=models.CharField(
                db_default="", default="", editable=False, max_length=40, verbose_name="页面标识"
            ),
        ),
        migrations.AddField(
            model_name="issuejob",
            name="token",
            field=models.CharField(
                db_default="", default="", editable=False, max_length=40, verbose_name="页面标识"
            ),
        ),
        migrations.AddConstraint(
            model_name="codebatch",
            constraint=models.UniqueConstraint(
                condition=models.Q(("token", ""), _negated=True),
                fields=("token",),
                name="code_batch_once_per_page",
            ),
        ),
        migrations.AddConstraint(
            model_name="issuejob",
            constraint=models.UniqueConstraint(
                condition=models.Q(("token", ""), _negated=True),
                fields=("token",),
                name="issue_job_once_per_page",
            ),
        ),
    ]
