"""News of uploads of recharges asked for by hand is news of a bill's upload now; what waits is told in the new words."""

from django.db import migrations

from apps.base import migrating

OLD_TO_NEW = """
UPDATE outbox_announcement
SET kind = 'UploadAsked',
    payload = jsonb_build_object('bill_kind', 'recharge', 'bill_no', payload -> 'recharge_no')
WHERE kind = 'RechargeUploadAsked'
"""
NEW_TO_OLD = """
UPDATE outbox_announcement
SET kind = 'RechargeUploadAsked', payload = jsonb_build_object('recharge_no', payload -> 'bill_no')
WHERE kind = 'UploadAsked' AND payload ->> 'bill_kind' = 'recharge'
"""


class Migration(migrating.Migration):
    dependencies = [("outbox", "0001_initial")]

    operations = [migrations.RunSQL(sql=OLD_TO_NEW, reverse_sql=NEW_TO_OLD)]
