"""Parcels' ways to the buyer: how each stands, and line by line what couriers told of it."""

import django.db.models.deletion
from django.db import migrations, models

from apps.base import migrating

# Lines are never changed; they are erased when their time is over, so DELETE stays possible.
_UNCHANGED = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER fulfillment_traceevent_unchanged BEFORE UPDATE ON fulfillment_traceevent
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
_LET_GO = "DROP TRIGGER fulfillment_traceevent_unchanged ON fulfillment_traceevent;"
# What is under way now is asked about from now on; of what arrived long ago nothing is asked.
_THOSE_THAT_LEFT = """
INSERT INTO fulfillment_trace
    (parcel_id, state, waybill_token, token_due_at, ask_at, quiet, moved_at, last_error)
SELECT parcel.id, 'WAITING', '',
       CASE WHEN awaited.id IS NOT NULL THEN parcel.shipped_at END,
       CASE WHEN awaited.id IS NOT NULL THEN parcel.shipped_at + interval '2 hours' END,
       0, parcel.shipped_at, ''
  FROM fulfillment_parcel parcel
  LEFT JOIN orders_order awaited ON awaited.id = parcel.order_id AND awaited.status IN ('PAID', 'SHIPPED');
"""


class Migration(migrating.Migration):
    dependencies = [
        ("fulfillment", "0008_found_by_operators"),
        ("orders", "0009_address_erased"),
    ]

    operations = [
        migrations.CreateModel(
            name="Trace",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("WAITING", "待揽收"),
                            ("MOVING", "运输中"),
                            ("DELIVERING", "派送中"),
                            ("SIGNED", "已签收"),
                            ("PROBLEM", "异常"),
                            ("RETURNED", "退回"),
                        ],
                        default="WAITING",
                        max_length=10,
                        verbose_name="物流状态",
                    ),
                ),
                (
                    "waybill_token",
                    models.CharField(blank=True, editable=False, max_length=256, verbose_name="微信物流凭证"),
                ),
                (
                    "token_due_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="凭证申请时间"),
                ),
                ("ask_at", models.DateTimeField(null=True, verbose_name="下次查询")),
                ("quiet", models.PositiveSmallIntegerField(default=0, verbose_name="连续无更新次数")),
                ("checked_at", models.DateTimeField(null=True, verbose_name="最近查询")),
                ("moved_at", models.DateTimeField(verbose_name="最近更新")),
                ("delivered_at", models.DateTimeField(null=True, verbose_name="签收时间")),
                ("last_error", models.CharField(blank=True, max_length=200, verbose_name="最近错误")),
                (
                    "parcel",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="trace",
                        to="fulfillment.parcel",
                        verbose_name="包裹",
                    ),
                ),
            ],
            options={
                "verbose_name": "物流轨迹",
                "verbose_name_plural": "物流轨迹",
            },
        ),
        migrations.CreateModel(
            name="TraceEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tracking_no", models.CharField(max_length=64, verbose_name="快递单号")),
                ("at", models.DateTimeField(verbose_name="时间")),
                ("text", models.CharField(max_length=500, verbose_name="内容")),
                ("place", models.CharField(blank=True, max_length=60, verbose_name="地点")),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("KUAIDI100", "快递100"),
                            ("PLUGIN", "微信物流查询"),
                            ("EXPRESS", "微信物流助手"),
                        ],
                        max_length=10,
                        verbose_name="来源",
                    ),
                ),
                ("digest", models.CharField(editable=False, max_length=64, verbose_name="摘要")),
                (
                    "trace",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="fulfillment.trace",
                        verbose_name="物流轨迹",
                    ),
                ),
            ],
            options={
                "verbose_name": "物流记录",
                "verbose_name_plural": "物流记录",
                "ordering": ["-at", "-id"],
            },
        ),
        migrations.AddIndex(
            model_name="trace",
            index=models.Index(
                condition=models.Q(("ask_at__isnull", False)), fields=["ask_at"], name="trace_to_ask"
            ),
        ),
        migrations.AddIndex(
            model_name="trace",
            index=models.Index(
                condition=models.Q(("token_due_at__isnull", False)),
                fields=["token_due_at"],
                name="trace_without_token",
            ),
        ),
        migrations.AddIndex(
            model_name="trace",
            index=models.Index(
                condition=models.Q(("state__in", ["SIGNED", "RETURNED"]), _negated=True),
                fields=["moved_at"],
                name="trace_under_way",
            ),
        ),
        migrations.AddConstraint(
            model_name="trace",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("delivered_at__isnull", False), ("state", "SIGNED")),
                    models.Q(("delivered_at__isnull", True), models.Q(("state", "SIGNED"), _negated=True)),
                    _connector="OR",
                ),
                name="trace_delivered_at_exactly_when_signed",
            ),
        ),
        migrations.AddConstraint(
            model_name="trace",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ask_at__isnull", True),
                    models.Q(("state__in", ["SIGNED", "RETURNED"]), _negated=True),
                    _connector="OR",
                ),
                name="trace_is_asked_for_under_way_only",
            ),
        ),
        migrations.AddIndex(
            model_name="traceevent",
            index=models.Index(fields=["at"], name="trace_event_by_time"),
        ),
        migrations.AddConstraint(
            model_name="traceevent",
            constraint=models.UniqueConstraint(
                fields=("trace", "tracking_no", "at", "digest"), name="trace_event_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="traceevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True), name="trace_event_says_something"
            ),
        ),
        migrations.RunSQL(sql=_UNCHANGED, reverse_sql=_LET_GO),
        migrations.RunSQL(sql=_THOSE_THAT_LEFT, reverse_sql=migrations.RunSQL.noop),
    ]
