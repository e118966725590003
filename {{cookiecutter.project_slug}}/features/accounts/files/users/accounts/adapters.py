"""Where allauth meets the project's own tokens."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest
from django.utils.module_loading import import_string

from users.authentication import new_token
from users.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        is_open: bool = settings.SIGNUP_OPEN
        return is_open

    def send_account_already_exists_mail(self, email: str) -> None:
        """Take as long as a sign-up that makes an account, so that the time does not tell who has one."""
        make_password(email)
        super().send_account_already_exists_mail(email)


class TokenStrategy(SessionTokenStrategy):  # type: ignore[misc]  # as above
    """Gives an app, at a login, the token for the API beside the session's token."""

    def create_access_token_payload(self, request: HttpRequest) -> dict[str, Any]:
        tokens: dict[str, str] = import_string(settings.ACCOUNTS_TOKENS)(request.user)
        return {f"{kind}_token": token for kind, token in tokens.items()}


def tokens(user: User) -> dict[str, str]:
    """Return what /api/v1/auth/login/ returns."""
    return {"access": new_token(user)[1]}
