"""The people who use the project."""

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """Django's user, as a model of the project's own so that fields can be added later."""
