"""Pictures for promoters bear a mark of the shop."""

from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("distribution", "0003_active_sharers"),
    ]

    operations = [
        migrations.AddField(
            model_name="rules",
            name="watermark",
            field=models.CharField(
                blank=True,
                help_text="印在推广素材图片的右下角，例如店铺名；留空不印。修改后对新上传的图片生效",
                max_length=20,
                verbose_name="素材水印",
            ),
        ),
    ]
