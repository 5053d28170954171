"""Once there is a default freight template there is always one: a trigger looks at the end of each transaction."""

from django.db import migrations

from apps.base import migrating

_KEEP = """
CREATE FUNCTION freight_template_default_remains() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM fulfillment_freighttemplate WHERE is_default) THEN
        RAISE EXCEPTION 'no default freight template would remain'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'freight_template_default_remains';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER freight_template_default_remains
    AFTER UPDATE OR DELETE ON fulfillment_freighttemplate
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.is_default)
    EXECUTE FUNCTION freight_template_default_remains();
"""
_LET_GO = """
DROP TRIGGER freight_template_default_remains ON fulfillment_freighttemplate;
DROP FUNCTION freight_template_default_remains();
"""


class Migration(migrating.Migration):
    dependencies = [("fulfillment", "0004_recharges_are_uploaded_once")]

    operations = [migrations.RunSQL(sql=_KEEP, reverse_sql=_LET_GO)]
