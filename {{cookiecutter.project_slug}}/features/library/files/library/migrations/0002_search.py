"""Indexes for the search for a part of a word, which PostgreSQL has, and SQLite does without."""

from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

INDEXES = {
    "author_search": "library_author USING gin (UPPER(name) gin_trgm_ops)",
    "book_search": "library_book USING gin (UPPER(title) gin_trgm_ops, UPPER(subtitle) gin_trgm_ops)",
}


def create(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for name, definition in INDEXES.items() if schema_editor.connection.vendor == "postgresql" else ():
        schema_editor.execute(f"CREATE INDEX {name} ON {definition}")


def drop(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for name in INDEXES if schema_editor.connection.vendor == "postgresql" else ():
        schema_editor.execute(f"DROP INDEX {name}")


class Migration(migrations.Migration):
    dependencies = (("library", "0001_initial"),)

    operations = (TrigramExtension(), migrations.RunPython(create, drop))
