"""How people log in by password: with a user name or an e-mail address."""

from typing import Any, cast

from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.models import EmailAddress
from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest

from users.backends import ThrottledBackend
from users.models import User


class AccountsBackend(ThrottledBackend, AuthenticationBackend):  # type: ignore[misc]  # allauth has no types
    """The throttled backend, for allauth's logins and all others.

    allauth goes on to ask for what else it takes. Other logins, the admin's for one, would not: there a password is
    refused where an account has a second factor, or an e-mail address that waits for its verification.
    """

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **fields: Any
    ) -> User | None:
        user = super().authenticate(request, username=username or fields.get("email"), password=password)
        if user is None or is_allauths(request) or getattr(request, "user", None) == user:
            return user
        return None if takes_more(user) else user


def is_allauths(request: HttpRequest | None) -> bool:
    return hasattr(getattr(request, "allauth", None), "headless")


def takes_more(user: User) -> bool:
    """Tell whether a password is not all that it takes to log in."""
    addresses = list(EmailAddress.objects.filter(user=user).values_list("verified", flat=True))
    return bool(addresses and not any(addresses)) or cast("bool", is_mfa_enabled(user))
