"""The carriers that most shops use, by WeChat's ids; the rest comes from WeChat (fulfillment.refresh_carriers)."""

from django.db import migrations

from apps.base import migrating

COMMON = {
    "SF": "顺丰速运",
    "ZTO": "中通快递",
    "YTO": "圆通速递",
    "STO": "申通快递",
    "YUNDA": "韵达速递",
    "JTSD": "极兔速递",
    "EMS": "EMS",
    "JD": "京东快递",
    "DBL": "德邦快递",
    "YZPY": "邮政快递包裹",
}


def add(apps, schema_editor):
    carrier = apps.get_model("fulfillment", "Carrier")
    for code, name in COMMON.items():
        carrier.objects.get_or_create(code=code, defaults={"name": name, "common": True})


class Migration(migrating.Migration):
    dependencies = [("fulfillment", "0001_initial")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
