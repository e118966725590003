"""Authors outlive the account that added them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def give_back(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Give an author of nobody to the owner of one of the books, or delete one without books."""
    books = apps.get_model("library", "Book").objects.filter(author=models.OuterRef("pk"))
    nobodys = apps.get_model("library", "Author").objects.filter(owner=None)
    nobodys.update(owner=models.Subquery(books.values("owner")[:1]))
    nobodys.delete()
    if schema_editor.connection.vendor == "postgresql":  # which changes no table while a check of it is put off
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    dependencies = (
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("library", "0002_search"),
    )

    operations = (
        migrations.AlterField(
            model_name="author",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="authors",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunPython(migrations.RunPython.noop, give_back),
    )
