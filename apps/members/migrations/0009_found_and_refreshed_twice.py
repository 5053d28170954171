"""A device that refreshes twice at once is given the same tokens; members are found by index."""

import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False  # indexes are built while the shop sells

    dependencies = [
        ("base", "0001_extensions"),  # pg_trgm
        ("members", "0008_pictures"),
    ]

    operations = [
        migrations.AddField(
            model_name="spentrefresh",
            name="device",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
        migrations.AddField(
            model_name="spentrefresh",
            name="sealed",
            field=models.TextField(blank=True, default=""),
        ),
        AddIndexConcurrently(
            model_name="member",
            index=models.Index(django.db.models.functions.text.Right("phone", 4), name="member_phone_tail"),
        ),
        AddIndexConcurrently(
            model_name="member",
            index=models.Index(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("nickname"), name="text_pattern_ops"
                ),
                name="member_nickname_beginning",
            ),
        ),
        AddIndexConcurrently(
            model_name="member",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("nickname"), name="gin_trgm_ops"
                ),
                name="member_nickname_parts",
            ),
        ),
    ]
