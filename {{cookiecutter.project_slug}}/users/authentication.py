"""How a token identifies the user."""

from typing import Any

from django.utils import timezone
from knox import auth
from knox.models import AuthToken
from rest_framework.exceptions import AuthenticationFailed

from users.models import User


class TokenAuthentication(auth.TokenAuthentication):  # type: ignore[misc]  # knox has no types
    """knox's, in one query: knox also reads all the user's tokens, to delete expired ones. Here, a login does that."""

    def authenticate_credentials(self, token: bytes) -> Any:
        try:
            return super().authenticate_credentials(token)
        except UnicodeDecodeError as error:
            raise AuthenticationFailed("Invalid token.") from error

    def _cleanup_token(self, auth_token: AuthToken) -> bool:
        return auth_token.expiry is not None and auth_token.expiry < timezone.now()


def new_token(user: User) -> tuple[AuthToken, str]:
    """Return a new token of the user's, as it is stored and as it is sent. Expired ones are deleted."""
    AuthToken.objects.filter(user=user, expiry__lt=timezone.now()).delete()
    instance, token = AuthToken.objects.create(user=user)
    return instance, token
