"""A verdict for rewards of which nothing is to be decided any more: their order went back, their bargain is over."""

from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [("risk", "0001_initial")]

    operations = [
        migrations.RemoveConstraint(model_name="look", name="risk_look_judged_when_decided"),
        migrations.AlterField(
            model_name="look",
            name="verdict",
            field=models.CharField(
                choices=[
                    ("CLEAR", "未命中"),
                    ("HELD", "待核实"),
                    ("RELEASED", "已放行"),
                    ("REJECTED", "已驳回"),
                    ("LAPSED", "已失效"),
                ],
                default="CLEAR",
                max_length=8,
                verbose_name="结论",
            ),
        ),
        migrations.AddConstraint(
            model_name="look",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("judged_at__isnull", False), ("verdict__in", ["RELEASED", "REJECTED", "LAPSED"])
                    ),
                    models.Q(("judged_at__isnull", True), ("verdict__in", ["CLEAR", "HELD"])),
                    _connector="OR",
                ),
                name="risk_look_judged_when_decided",
            ),
        ),
    ]
