"""An index to search by part of a name or an address, in PostgreSQL only."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

FIELDS = ("username", "first_name", "last_name", "email")


def create(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        columns = ", ".join(f"UPPER({field}) gin_trgm_ops" for field in FIELDS)
        schema_editor.execute(f"CREATE INDEX user_search ON users_user USING gin ({columns})")


def drop(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX user_search")  # the extension stays: indexes of other apps may need it


class Migration(migrations.Migration):
    dependencies = [
        ("users", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(create, drop),
    ]
