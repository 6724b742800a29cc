import dispatch.audience.models
import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Honey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("file", models.CharField(db_index=True, max_length=40)),
                ("address_index", models.BinaryField(max_length=32, unique=True)),
                ("seen_at", models.DateTimeField(null=True)),
                ("seen_in", models.CharField(blank=True, max_length=20)),
            ],
        ),
        migrations.CreateModel(
            name="Import",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.BinaryField(max_length=32, unique=True)),
                ("lines", models.PositiveIntegerField(default=0)),
                ("added", models.PositiveIntegerField(default=0)),
                ("known", models.PositiveIntegerField(default=0)),
                ("suppressed", models.PositiveIntegerField(default=0)),
                ("ended", models.PositiveIntegerField(default=0)),
                ("asked", models.PositiveIntegerField(default=0)),
                ("started_at", models.DateTimeField(auto_now_add=True)),
                ("finished_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Newsletter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(unique=True)),
                ("names", models.JSONField(default=dict)),
                (
                    "languages",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=12), default=list, size=None
                    ),
                ),
                (
                    "topics",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=80), blank=True, default=list, size=None
                    ),
                ),
                (
                    "cadence",
                    models.CharField(
                        choices=[
                            ("each", "Each article at once"),
                            ("daily", "Daily digest"),
                            ("weekly", "Weekly digest"),
                        ],
                        default="each",
                        max_length=8,
                    ),
                ),
                ("at", models.TimeField(default="08:00")),
                ("weekday", models.PositiveSmallIntegerField(default=0)),
                (
                    "zone",
                    models.CharField(
                        default="Europe/Vilnius", max_length=64, validators=[dispatch.audience.models.check_zone]
                    ),
                ),
                ("from_name", models.CharField(max_length=120)),
                ("from_address", models.EmailField(max_length=254)),
                ("reply_to", models.EmailField(blank=True, max_length=254)),
                ("discreet_address", models.EmailField(blank=True, max_length=254)),
                ("discreet_pictures", models.BooleanField(default=False)),
                ("template", models.SlugField(blank=True, default="")),
                (
                    "picture_hosts",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=200), blank=True, default=list, size=None
                    ),
                ),
                (
                    "ambiguity",
                    models.CharField(
                        choices=[("resend_once", "Resend once"), ("never_twice", "Never twice")],
                        default="resend_once",
                        max_length=12,
                    ),
                ),
                (
                    "offers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("each", "Each article at once"),
                                ("daily", "Daily digest"),
                                ("weekly", "Weekly digest"),
                            ],
                            max_length=8,
                        ),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("patience", models.PositiveSmallIntegerField(default=0)),
                ("archived", models.BooleanField(default=True)),
                ("active", models.BooleanField(default=True)),
            ],
        ),
        migrations.CreateModel(
            name="Subscription",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("language", models.CharField(max_length=12)),
                ("second_language", models.CharField(blank=True, max_length=12)),
                (
                    "topics",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=80), blank=True, default=list, size=None
                    ),
                ),
                (
                    "frequency",
                    models.CharField(
                        blank=True, choices=[("each", "Each"), ("daily", "Daily"), ("weekly", "Weekly")], max_length=8
                    ),
                ),
                (
                    "state",
                    models.CharField(choices=[("active", "Active"), ("left", "Left")], default="active", max_length=8),
                ),
                ("handle", models.BinaryField(max_length=8, unique=True)),
                ("consent_source", models.CharField(blank=True, max_length=120)),
                ("consented_at", models.DateTimeField()),
                ("left_at", models.DateTimeField(null=True)),
                (
                    "newsletter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="subscriptions",
                        to="audience.newsletter",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Subscriber",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", models.BinaryField()),
                ("address_index", models.BinaryField(max_length=32, unique=True)),
                ("name", models.BinaryField(null=True)),
                ("openpgp", models.BinaryField(null=True)),
                ("provider_class", models.PositiveSmallIntegerField(default=0)),
                ("paused_until", models.DateTimeField(null=True)),
                ("most_a_day", models.PositiveSmallIntegerField(null=True)),
                ("counted_on", models.DateField(null=True)),
                ("counted", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="Suppression",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address_index", models.BinaryField(max_length=32, unique=True)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("bounced", "Bounced"),
                            ("complained", "Complained"),
                            ("erased", "Erased"),
                            ("refused", "Refused"),
                            ("left", "Left"),
                        ],
                        max_length=12,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Tally",
            fields=[
                (
                    "newsletter",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="tally",
                        serialize=False,
                        to="audience.newsletter",
                    ),
                ),
                ("stories", models.PositiveIntegerField(default=0)),
                ("editions", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Export",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("form", models.CharField(choices=[("csv", "CSV"), ("json", "JSON")], default="csv", max_length=4)),
                ("recipient", models.CharField(max_length=120)),
                ("reason", models.CharField(max_length=300)),
                ("asked_at", models.DateTimeField(auto_now_add=True)),
                ("agreed_at", models.DateTimeField(null=True)),
                ("taken_at", models.DateTimeField(null=True)),
                ("readers", models.PositiveIntegerField(null=True)),
                ("expires_at", models.DateTimeField()),
                (
                    "agreed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "newsletter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="audience.newsletter"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OldPath",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("pattern", models.CharField(max_length=200, unique=True)),
                (
                    "newsletter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="audience.newsletter"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OldLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("mark", models.BinaryField(max_length=32, unique=True)),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="old_links",
                        to="audience.subscription",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SignUp",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.UUIDField(unique=True)),
                ("content", models.BinaryField()),
                ("network", models.BinaryField(max_length=16)),
                ("asked_at", models.DateTimeField(auto_now_add=True)),
                ("not_before", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "indexes": [models.Index(fields=["not_before"], name="sign_ups_due")],
            },
        ),
        migrations.CreateModel(
            name="Spent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("bucket", models.BinaryField(max_length=16)),
                ("hour", models.DateTimeField()),
                ("letters", models.PositiveIntegerField(default=0)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("bucket", "hour"), name="one_count_an_hour")],
            },
        ),
        migrations.AddField(
            model_name="subscription",
            name="subscriber",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="subscriptions", to="audience.subscriber"
            ),
        ),
        migrations.CreateModel(
            name="Letter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("confirm", "Confirm"),
                            ("preferences", "Preferences"),
                            ("old_address", "Old Address"),
                            ("new_address", "New Address"),
                            ("key", "Key"),
                        ],
                        max_length=12,
                    ),
                ),
                ("language", models.CharField(max_length=12)),
                ("address", models.BinaryField(null=True)),
                ("address_index", models.BinaryField(max_length=32)),
                ("handle", models.BinaryField(max_length=8, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("sending", "Sending"),
                            ("sent", "Sent"),
                            ("refused", "Refused"),
                            ("unknown", "Unknown"),
                            ("late", "Late"),
                            ("dropped", "Dropped"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("code", models.CharField(blank=True, max_length=20)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("written_at", models.DateTimeField(auto_now_add=True)),
                ("used_at", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField()),
                (
                    "newsletter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="audience.newsletter"
                    ),
                ),
                (
                    "subscriber",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="letters",
                        to="audience.subscriber",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Change",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", models.BinaryField()),
                ("address_index", models.BinaryField(max_length=32)),
                ("language", models.CharField(max_length=12)),
                ("is_told", models.BooleanField(default=False)),
                ("old_agreed_at", models.DateTimeField(null=True)),
                ("new_agreed_at", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField()),
                (
                    "newsletter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="audience.newsletter"
                    ),
                ),
                (
                    "subscriber",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="change", to="audience.subscriber"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Wish",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", models.BinaryField()),
                ("address_index", models.BinaryField(max_length=32)),
                ("language", models.CharField(max_length=12)),
                (
                    "topics",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=80), blank=True, default=list, size=None
                    ),
                ),
                ("is_told", models.BooleanField(default=False)),
                ("not_before", models.DateTimeField(default=django.utils.timezone.now)),
                ("expires_at", models.DateTimeField()),
                (
                    "newsletter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="audience.newsletter"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Rhythm",
            fields=[
                (
                    "subscription",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="rhythm",
                        serialize=False,
                        to="audience.subscription",
                    ),
                ),
                ("hour", models.PositiveSmallIntegerField(null=True)),
                ("zone", models.CharField(blank=True, max_length=64)),
                ("discreet", models.BooleanField(default=False)),
                ("since", models.PositiveIntegerField()),
                ("told_to", models.PositiveIntegerField(null=True)),
                (
                    "held",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveIntegerField(), default=list, size=None
                    ),
                ),
                ("due_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="rhythms_due")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(
                condition=models.Q(("state", "active")), fields=["newsletter", "subscriber"], name="readers_of"
            ),
        ),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(condition=models.Q(("state", "left")), fields=["left_at"], name="who_left"),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.UniqueConstraint(fields=("subscriber", "newsletter"), name="one_subscription_each"),
        ),
        migrations.AddIndex(
            model_name="letter",
            index=models.Index(fields=["address_index", "kind"], name="letters_to"),
        ),
        migrations.AddIndex(
            model_name="letter",
            index=models.Index(
                condition=models.Q(("state", "sent"), _negated=True), fields=["next_attempt_at"], name="letters_due"
            ),
        ),
        migrations.AddIndex(
            model_name="wish",
            index=models.Index(condition=models.Q(("is_told", False)), fields=["not_before"], name="wishes_untold"),
        ),
        migrations.AddConstraint(
            model_name="wish",
            constraint=models.UniqueConstraint(fields=("address_index", "newsletter"), name="one_wish_each"),
        ),
    ]
