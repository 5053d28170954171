"""A member's row says whether they were ever put into a group."""

from django.db import migrations, models

from apps.base import migrating

_MARK = """
    UPDATE members_member SET ever_grouped = true
     WHERE id IN (SELECT member_id FROM members_membership)
"""


class Migration(migrating.Migration):
    dependencies = [
        ("members", "0011_promoter_agreement"),
    ]

    operations = [
        migrations.AddField(
            model_name="member",
            name="ever_grouped",
            field=models.BooleanField(
                db_default=False, default=False, editable=False, verbose_name="进过会员分组"
            ),
        ),
        migrations.RunSQL(_MARK, migrations.RunSQL.noop),
    ]
