"""The people who use the project."""

from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import transaction
from knox.models import AuthToken


class User(AbstractUser):
    """Django's user, as a model of the project's own so that fields can be added later."""

    def save(self, *arguments: Any, **options: Any) -> None:
        """Save; if the password is a new one, whoever set it, end every token. Sessions end by themselves."""
        if getattr(self, "_password", None) is None or self._state.adding:  # set_password was not called
            super().save(*arguments, **options)
            return
        with transaction.atomic():
            super().save(*arguments, **options)
            AuthToken.objects.filter(user=self).delete()
