"""Let nobody change the questions of a survey that was answered."""

from django.db import migrations

from apps.base import migrating

# The survey's row is locked against the response that refers to it, so that an answer and a change of what was
# asked at the same moment come one after the other. The constraint's name is what the admin knows it by.
_FUNCTION = """
CREATE FUNCTION support_refuse_change_of_answered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM support_survey WHERE id IN (NEW.survey_id, OLD.survey_id) ORDER BY id FOR UPDATE;
    IF EXISTS (SELECT 1 FROM support_response WHERE survey_id IN (NEW.survey_id, OLD.survey_id)) THEN
        RAISE EXCEPTION 'the survey was answered'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'survey_questions_frozen';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;
CREATE TRIGGER support_question_frozen BEFORE INSERT OR UPDATE OR DELETE ON support_question
    FOR EACH ROW EXECUTE FUNCTION support_refuse_change_of_answered();
"""
_REVERSE = """
DROP TRIGGER support_question_frozen ON support_question;
DROP FUNCTION support_refuse_change_of_answered();
"""


class Migration(migrating.Migration):
    dependencies = [("support", "0001_initial")]
    operations = [migrations.RunSQL(sql=_FUNCTION, reverse_sql=_REVERSE)]
