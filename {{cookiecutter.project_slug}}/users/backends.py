"""How people log in, wherever they do it: at the API, in the admin or on another page."""

import hashlib
from typing import Any, cast

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from config.throttling import ClientThrottle
from users.models import User


class AddressThrottle(ClientThrottle):
    """Limits logins from a client, whatever account they try."""

    scope = "login"

    def get_cache_key(self, request: Any, view: object) -> str:
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}


class AccountThrottle(SimpleRateThrottle):
    """Limits logins to an account, from wherever they come, and whether there is such an account or not.

    Whoever knows the name can use the limit up, and lock the owner out for an hour (tokens and sessions go on).
    It is high for that reason, and still too low to guess a password.
    """

    scope = "login_account"

    def __init__(self, username: str) -> None:
        super().__init__()
        self.username = username

    def get_cache_key(self, request: Any, view: object) -> str:
        ident = hashlib.sha256(self.username.casefold().encode("utf-8", "surrogatepass")).hexdigest()
        return self.cache_format % {"scope": self.scope, "ident": ident}


class ThrottledBackend(ModelBackend):
    """Django's backend, which takes as long for an account that does not exist as for a wrong password.

    Raises Throttled (429) beyond the limits THROTTLE_LOGIN and THROTTLE_LOGIN_ACCOUNT.
    """

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **fields: Any
    ) -> User | None:
        throttles: tuple[SimpleRateThrottle, ...] = (AddressThrottle(), AccountThrottle(username or ""))
        for throttle in throttles:
            if request and not throttle.allow_request(cast("Request", request), APIView()):
                raise Throttled(throttle.wait())
        return super().authenticate(request, username=username, password=password, **fields)
