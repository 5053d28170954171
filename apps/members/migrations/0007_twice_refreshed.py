"""A device that refreshes twice at once is given the same tokens."""


from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0006_export_and_erasure"),
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
    ]
