"""The tables stand, and no model has moved away from its migrations."""

import pytest
from django.core.management import call_command
from django.db import connection


@pytest.mark.django_db
def test_every_table_is_made_by_the_migrations():
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
    assert {"audience_subscriber", "delivery_chunk", "delivery_exception", "social_post"} <= set(tables)


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", "--check", "--dry-run")
