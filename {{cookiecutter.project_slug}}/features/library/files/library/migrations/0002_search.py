"""Indexes to search by part of a word, in PostgreSQL only."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

INDEXES = {
    "author_search": "library_author USING gin (UPPER(name) gin_trgm_ops)",
    "book_search": "library_book USING gin (UPPER(title) gin_trgm_ops, UPPER(subtitle) gin_trgm_ops)",
}


def create(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        for name, definition in INDEXES.items():
            schema_editor.execute(f"CREATE INDEX {name} ON {definition}")


def drop(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":  # the extension stays: indexes of other apps may need it
        for name in INDEXES:
            schema_editor.execute(f"DROP INDEX {name}")


class Migration(migrations.Migration):
    dependencies = (("library", "0001_initial"),)

    operations = (migrations.RunPython(create, drop),)
