"""How a token says who sends a request."""

from django.utils import timezone
from knox import auth
from knox.models import AuthToken


class TokenAuthentication(auth.TokenAuthentication):  # type: ignore[misc]  # knox has no types
    """knox's, in one query: at each request it reads all tokens of the user, to tidy up. Here, a login tidies up."""

    def _cleanup_token(self, auth_token: AuthToken) -> bool:
        return auth_token.expiry is not None and auth_token.expiry < timezone.now()
