"""Files that users keep: a row for each, the file itself in the default storage."""

import mimetypes
import uuid
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver


def random_name(upload: Any, name: str) -> str:
    """Return the name in the store: one that nobody can guess, with the suffix of the type that was found."""
    return f"{uuid.uuid4()}{mimetypes.guess_extension(upload.media_type) or ''}"


class Upload(models.Model):
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="uploads")
    file = models.FileField(upload_to=random_name)
    name = models.CharField(max_length=255, help_text="As its owner called it.")
    media_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField(help_text="In bytes.")
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


@receiver(post_delete, sender=Upload)
def delete_file(instance: Upload, **_: Any) -> None:
    """Delete an upload's file with it, whether the owner or staff delete it, or the account is deleted."""
    # Only once the deletion is committed. If the store fails for this file, the next ones are still deleted.
    transaction.on_commit(lambda: instance.file.delete(save=False), robust=True)
