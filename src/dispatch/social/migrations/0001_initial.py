import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("articles", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Channel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(unique=True)),
                ("name", models.CharField(max_length=120)),
                ("network", models.CharField(max_length=20)),
                ("server", models.URLField(blank=True, max_length=300)),
                ("account", models.CharField(blank=True, max_length=200)),
                ("credentials", models.BinaryField()),
                ("languages", models.JSONField(default=list)),
                ("topics", models.JSONField(default=list)),
                ("active", models.BooleanField(default=True)),
                ("trouble", models.CharField(blank=True, max_length=300)),
                ("limits", models.JSONField(default=dict)),
                ("probed_at", models.DateTimeField(null=True)),
                ("rung_at", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField(null=True)),
                ("settings", models.JSONField(default=dict)),
                ("zone", models.CharField(blank=True, max_length=64)),
                ("quiet_from", models.TimeField(null=True)),
                ("quiet_to", models.TimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Media",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.BinaryField(max_length=32, unique=True)),
                ("kind", models.CharField(max_length=20)),
                ("content", models.BinaryField()),
                ("width", models.PositiveIntegerField()),
                ("height", models.PositiveIntegerField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="Post",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("turn", models.PositiveIntegerField(default=0)),
                ("place", models.PositiveSmallIntegerField(default=0)),
                ("text", models.TextField()),
                ("link", models.URLField(blank=True, max_length=1000)),
                ("language", models.CharField(max_length=12)),
                ("content_warning", models.CharField(blank=True, max_length=300)),
                ("settings", models.JSONField(default=dict)),
                ("version", models.PositiveIntegerField(default=1)),
                ("edited", models.BooleanField(default=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("scheduled", "Scheduled"),
                            ("claimed", "Claimed"),
                            ("deferred", "Deferred"),
                            ("sent", "Sent"),
                            ("refused", "Refused"),
                            ("unknown", "Unknown"),
                            ("dropped", "Dropped"),
                            ("withdrawn", "Withdrawn"),
                            ("gone", "Gone"),
                        ],
                        default="scheduled",
                        max_length=10,
                    ),
                ),
                ("due_at", models.DateTimeField()),
                ("attempts_made", models.PositiveSmallIntegerField(default=0)),
                ("token", models.PositiveIntegerField(default=0)),
                ("lease_until", models.DateTimeField(null=True)),
                ("rung_at", models.DateTimeField(null=True)),
                ("remote_id", models.CharField(blank=True, max_length=300)),
                ("remote_url", models.URLField(blank=True, max_length=1000)),
                ("trouble", models.CharField(blank=True, max_length=500)),
                ("warning", models.CharField(blank=True, max_length=300)),
                ("checked_at", models.DateTimeField(null=True)),
                ("sent_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "article",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="posts", to="articles.article"
                    ),
                ),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="posts", to="social.channel"
                    ),
                ),
                (
                    "follows",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="followed_by",
                        to="social.post",
                    ),
                ),
                (
                    "story",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="posts", to="articles.story"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Change",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("act", models.CharField(choices=[("edit", "Edit"), ("delete", "Delete")], max_length=6)),
                ("text", models.TextField(blank=True)),
                ("content_warning", models.CharField(blank=True, max_length=300)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("claimed", "Claimed"),
                            ("done", "Done"),
                            ("refused", "Refused"),
                            ("unknown", "Unknown"),
                            ("void", "Void"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("asked_at", models.DateTimeField(auto_now_add=True)),
                ("due_at", models.DateTimeField()),
                ("attempts_made", models.PositiveSmallIntegerField(default=0)),
                ("token", models.PositiveIntegerField(default=0)),
                ("lease_until", models.DateTimeField(null=True)),
                ("rung_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("trouble", models.CharField(blank=True, max_length=500)),
                ("evidence", models.JSONField(default=dict)),
                (
                    "post",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="changes", to="social.post"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Attempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                ("key", models.CharField(max_length=64)),
                ("frozen", models.JSONField(default=dict)),
                ("prepared", models.JSONField(null=True)),
                ("started_at", models.DateTimeField()),
                ("called_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("outcome", models.CharField(blank=True, max_length=10)),
                ("evidence", models.JSONField(default=dict)),
                (
                    "post",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="attempts", to="social.post"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PostMedia",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("alt", models.TextField(blank=True)),
                ("focus_x", models.FloatField(default=0.5)),
                ("focus_y", models.FloatField(default=0.5)),
                (
                    "media",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="social.media"),
                ),
                (
                    "post",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="media", to="social.post"
                    ),
                ),
            ],
            options={
                "ordering": ["position"],
            },
        ),
        migrations.CreateModel(
            name="Slot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("weekday", models.PositiveSmallIntegerField()),
                ("at", models.TimeField()),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="slots", to="social.channel"
                    ),
                ),
            ],
            options={
                "ordering": ["weekday", "at"],
            },
        ),
        migrations.AddIndex(
            model_name="post",
            index=models.Index(
                condition=models.Q(("state__in", ["scheduled", "deferred", "claimed", "unknown"])),
                fields=["due_at"],
                name="post_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="post",
            constraint=models.UniqueConstraint(fields=("channel", "story", "turn", "place"), name="one_post_a_channel"),
        ),
        migrations.AddConstraint(
            model_name="change",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "waiting")), fields=("post", "act"), name="one_waiting_change"
            ),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.UniqueConstraint(fields=("post", "number"), name="attempt_number"),
        ),
        migrations.AddConstraint(
            model_name="postmedia",
            constraint=models.UniqueConstraint(fields=("post", "media"), name="a_picture_once_a_post"),
        ),
        migrations.AddConstraint(
            model_name="slot",
            constraint=models.UniqueConstraint(fields=("channel", "weekday", "at"), name="a_slot_once"),
        ),
    ]
