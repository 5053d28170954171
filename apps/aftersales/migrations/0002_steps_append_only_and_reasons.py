"""Make aftersales_aftersalestep append-only, and write the reasons that a new shop begins with."""

from django.db import migrations

from apps.base import migrating
from apps.base.ledger import append_only

# Kind, code, label, whether it is none (七日无理由).
REASONS = (
    ("REFUND", "CHANGED_MIND", "不想要了", False),
    ("REFUND", "ORDERED_WRONG", "拍错、多拍", False),
    ("REFUND", "SLOW", "商家发货太慢", False),
    ("REFUND", "NOT_RECEIVED", "一直未收到货", False),
    ("REFUND", "DAMAGED", "商品破损", False),
    ("REFUND", "AGREED", "与商家协商一致", False),
    ("REFUND", "OTHER", "其他", False),
    ("RETURN", "NO_REASON", "七天无理由退货", True),
    ("RETURN", "QUALITY", "质量问题", False),
    ("RETURN", "DAMAGED", "商品破损", False),
    ("RETURN", "NOT_AS_DESCRIBED", "与描述不符", False),
    ("RETURN", "WRONG_GOODS", "发错货", False),
    ("RETURN", "OTHER", "其他", False),
    ("EXCHANGE", "SIZE", "尺码或规格不合适", False),
    ("EXCHANGE", "QUALITY", "质量问题", False),
    ("EXCHANGE", "DAMAGED", "商品破损", False),
    ("EXCHANGE", "WRONG_GOODS", "发错货", False),
    ("EXCHANGE", "OTHER", "其他", False),
    ("RESHIP", "MISSING", "少发、漏发", False),
    ("RESHIP", "LOST", "运输途中丢失", False),
    ("RESHIP", "DAMAGED", "运输途中破损", False),
    ("RESHIP", "OTHER", "其他", False),
)


def write_reasons(apps, schema_editor):
    reason = apps.get_model("aftersales", "AfterSaleReason")
    reason.objects.bulk_create(
        reason(kind=kind, code=code, label=label, is_no_reason=none, position=number)
        for number, (kind, code, label, none) in enumerate(REASONS, start=1)
    )


class Migration(migrating.Migration):
    dependencies = [("aftersales", "0001_initial")]
    operations = [
        append_only("aftersales_aftersalestep"),
        migrations.RunPython(write_reasons, migrations.RunPython.noop),
    ]
