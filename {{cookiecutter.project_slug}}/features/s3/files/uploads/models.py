"""Files that users keep: a row for each, the file itself in the default storage."""

import uuid
from pathlib import PurePath

from django.conf import settings
from django.db import models


def random_name(upload: models.Model, name: str) -> str:
    """Return where the file is kept: nothing that can be guessed, and nothing of its user's but the suffix."""
    return f"{uuid.uuid4()}{PurePath(name).suffix.lower()}"


class Upload(models.Model):
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="uploads")
    file = models.FileField(upload_to=random_name)
    name = models.CharField(max_length=255, help_text="As its owner called it.")
    media_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField(help_text="In bytes.")
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name
