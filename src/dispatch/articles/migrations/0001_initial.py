import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Article",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("language", models.CharField(max_length=12)),
                ("external_id", models.CharField(max_length=200)),
                ("url", models.URLField(blank=True, max_length=1000)),
                ("address", models.CharField(blank=True, max_length=1000)),
                (
                    "state",
                    models.CharField(
                        choices=[("published", "Published"), ("withdrawn", "Withdrawn")],
                        default="published",
                        max_length=12,
                    ),
                ),
                (
                    "visibility",
                    models.CharField(
                        choices=[("public", "Public"), ("members", "Members"), ("email_only", "Email Only")],
                        default="public",
                        max_length=12,
                    ),
                ),
                ("published_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("planned_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Source",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(unique=True)),
                ("name", models.CharField(max_length=120)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("native", "Standard Webhooks"),
                            ("ghost", "Ghost"),
                            ("wordpress", "WordPress"),
                            ("feed", "RSS, Atom or JSON Feed"),
                            ("desk", "Brought by hand"),
                        ],
                        max_length=12,
                    ),
                ),
                ("secrets", models.BinaryField(null=True)),
                ("api_key", models.BinaryField(null=True)),
                ("base_url", models.URLField(blank=True, max_length=500)),
                ("poll_url", models.URLField(blank=True, max_length=500)),
                ("poll_every", models.PositiveIntegerField(default=300)),
                ("polled_at", models.DateTimeField(null=True)),
                ("poll_state", models.JSONField(default=dict)),
                ("poll_trouble", models.CharField(blank=True, max_length=300)),
                ("language", models.CharField(default="en", max_length=12)),
                ("language_tags", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="Story",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=200, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("embargo_until", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Revision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("updated_at", models.DateTimeField()),
                ("received_at", models.DateTimeField(auto_now_add=True)),
                ("title", models.CharField(max_length=500)),
                ("summary", models.TextField(blank=True)),
                ("html", models.TextField()),
                ("text", models.TextField()),
                ("picture_url", models.URLField(blank=True, max_length=1000)),
                ("picture_alt", models.CharField(blank=True, max_length=1000)),
                (
                    "topics",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=80), default=list, size=None
                    ),
                ),
                ("hash", models.BinaryField(max_length=32)),
                (
                    "article",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="revisions", to="articles.article"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="article",
            name="current",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="articles.revision"
            ),
        ),
        migrations.CreateModel(
            name="Hint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("external_id", models.CharField(max_length=200)),
                ("noted_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("source", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="articles.source")),
            ],
        ),
        migrations.AddField(
            model_name="article",
            name="source",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="articles.source"),
        ),
        migrations.AddField(
            model_name="article",
            name="story",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="articles", to="articles.story"
            ),
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("delivery_id", models.CharField(max_length=200)),
                ("body_hash", models.BinaryField(max_length=32)),
                ("event", models.CharField(max_length=60)),
                ("said", models.TextField(blank=True)),
                ("due_at", models.DateTimeField(null=True)),
                ("did", models.CharField(max_length=20)),
                ("why", models.CharField(blank=True, max_length=300)),
                ("received_at", models.DateTimeField(auto_now_add=True)),
                ("source", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="articles.source")),
            ],
        ),
        migrations.CreateModel(
            name="Withdrawal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("external_id", models.CharField(max_length=200)),
                ("at", models.DateTimeField()),
                ("received_at", models.DateTimeField(auto_now=True)),
                ("source", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="articles.source")),
            ],
        ),
        migrations.AddConstraint(
            model_name="revision",
            constraint=models.UniqueConstraint(fields=("article", "number"), name="revision_number"),
        ),
        migrations.AddConstraint(
            model_name="hint",
            constraint=models.UniqueConstraint(fields=("source", "external_id"), name="one_hint_an_article"),
        ),
        migrations.AddIndex(
            model_name="article",
            index=models.Index(condition=models.Q(("planned_at", None)), fields=["id"], name="article_unplanned"),
        ),
        migrations.AddIndex(
            model_name="article",
            index=django.contrib.postgres.indexes.HashIndex(fields=["address"], name="article_address"),
        ),
        migrations.AddConstraint(
            model_name="article",
            constraint=models.UniqueConstraint(fields=("story", "language"), name="one_version_a_language"),
        ),
        migrations.AddConstraint(
            model_name="article",
            constraint=models.UniqueConstraint(
                fields=("source", "external_id", "language"), name="one_article_a_source_id"
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(fields=["received_at"], name="webhook_delivery_age"),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)), fields=["source", "id"], name="webhook_delivery_waiting"
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.UniqueConstraint(fields=("source", "delivery_id"), name="each_delivery_once"),
        ),
        migrations.AddConstraint(
            model_name="withdrawal",
            constraint=models.UniqueConstraint(fields=("source", "external_id"), name="one_withdrawal_an_article"),
        ),
    ]
