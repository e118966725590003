"""Where allauth meets the project's own tokens."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string
from knox.models import AuthToken

from users.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    def set_password(self, user: User, password: str) -> None:
        """End all other logins, as /api/v1/users/me/password/ does: sessions end by themselves."""
        super().set_password(user, password)
        AuthToken.objects.filter(user=user).delete()


class TokenStrategy(SessionTokenStrategy):  # type: ignore[misc]  # as above
    """Tells an app that logs in, beside the session's token, the token that opens the API."""

    def create_access_token_payload(self, request: HttpRequest) -> dict[str, Any]:
        tokens: dict[str, str] = import_string(settings.ACCOUNTS_TOKENS)(request.user)
        return {f"{kind}_token": token for kind, token in tokens.items()}


def tokens(user: User) -> dict[str, str]:
    """Return what /api/v1/auth/login/ returns."""
    return {"access": AuthToken.objects.create(user=user)[1]}
