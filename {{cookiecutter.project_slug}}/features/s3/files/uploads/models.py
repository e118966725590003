"""Files that users keep: a row for each, the file itself in the default storage."""

import mimetypes
import uuid
from typing import Any

from django.conf import settings
from django.db import models


def random_name(upload: Any, name: str) -> str:
    """Return where the file is kept: nothing that can be guessed, with the suffix of what it is found to be."""
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
