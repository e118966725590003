"""How people log in by password: with a user name or an e-mail address."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.db import transaction
from django.http import HttpRequest

from users.backends import ThrottledBackend
from users.models import User


class AccountsBackend(ThrottledBackend, AuthenticationBackend):  # type: ignore[misc]  # allauth has no types
    """The throttled backend, for allauth's logins and all others.

    allauth goes on to ask for what else a login takes. Other logins do not: they are refused for an account with an
    e-mail address that is not verified, or with a second factor, unless the form has a code of it, too
    (templates/admin/login.html).
    """

    def __init__(self) -> None:
        self.checked: list[User] = []

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **fields: Any
    ) -> User | None:
        user = super().authenticate(request, username=username or fields.get("email"), password=password)
        if user is None or is_allauths(request) or getattr(request, "user", None) == user:
            return user
        if not is_verified(user):
            return None
        code = request.POST.get("code", "") if request else ""
        return user if not is_mfa_enabled(user) or (code and is_valid(code, user)) else None

    def _check_password(self, user: User | None, password: str) -> User | None:
        """Check it once: who has the address as user name too is found twice, and the time would tell of the account."""
        if user is None or user in self.checked:
            return None
        self.checked.append(user)
        checked: User | None = super()._check_password(user, password)
        return checked


def is_allauths(request: HttpRequest | None) -> bool:
    return hasattr(getattr(request, "allauth", None), "headless")


def is_verified(user: User) -> bool:
    addresses = list(EmailAddress.objects.filter(user=user).values_list("verified", flat=True))
    return any(addresses) or not addresses


@transaction.atomic
def is_valid(code: str, user: User) -> bool:
    """Tell whether the code is of the user's app, or one of their recovery codes; each is good once."""
    factors = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.WEBAUTHN)
    return any(factor.wrap().validate_code(code) for factor in factors)
