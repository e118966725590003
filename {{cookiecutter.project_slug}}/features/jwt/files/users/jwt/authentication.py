"""JSON Web Tokens: access tokens, which open the API for minutes, and refresh tokens, each good for one new pair."""

from typing import Any, Self, cast

from django.db.models.signals import pre_delete
from django.dispatch import receiver
from django.utils import timezone
from rest_framework.authentication import get_authorization_header
from rest_framework.request import Request
from rest_framework_simplejwt import authentication, tokens
from rest_framework_simplejwt.exceptions import InvalidToken, TokenError
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from users.models import User


def read(kind: Any, text: str) -> Any:
    """Return a token of that class; raises InvalidToken (401) if the text is not a valid one."""
    try:
        return kind(text)
    except TokenError as error:
        raise InvalidToken(str(error)) from error


class JWTAuthentication(authentication.JWTAuthentication):
    """`Authorization: Bearer` with a JSON Web Token, which has two dots: other tokens are for the next class to read.

    Raises AuthenticationFailed (401) where it has expired, or its account is gone, deactivated, or has a new password.
    """

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        scheme, _, text = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer" or text.count(".") != 2:  # noqa: PLR2004 - header, payload and signature
            return None
        token = read(tokens.AccessToken, text)
        return self.get_user(token), token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class RefreshToken(tokens.RefreshToken):
    """The database holds only used ones, until they would have expired: nothing in it opens an account."""

    @classmethod
    def for_user(cls, user: Any) -> Self:
        return super(tokens.BlacklistMixin, cls).for_user(user)

    @classmethod
    def spend(cls, text: str) -> User:
        """End the token and return its user; raises AuthenticationFailed (401) as above, or if it was used before.

        The user's used tokens that have expired are deleted.
        """
        token = read(cls, text)
        user = cast("User", JWTAuthentication().get_user(token))
        _, first_time = token.blacklist()
        if not first_time:  # another request was quicker
            raise InvalidToken("Token is blacklisted")
        OutstandingToken.objects.filter(user=user, expires_at__lt=timezone.now()).delete()
        return user


@receiver(pre_delete, sender=User)
def forget_tokens(instance: User, **_: Any) -> None:
    """Delete an account's used tokens with it: simplejwt would keep them, as nobody's, for ever."""
    OutstandingToken.objects.filter(user=instance).delete()


def pair(user: User) -> dict[str, str]:
    """Return a token that opens the API, and one to get the next pair with."""
    refresh = RefreshToken.for_user(user)
    return {"access": str(refresh.access_token), "refresh": str(refresh)}
