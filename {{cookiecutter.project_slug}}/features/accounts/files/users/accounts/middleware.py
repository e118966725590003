"""Responses to requests on which allauth itself would fail."""

import json
from collections.abc import Callable
from contextlib import suppress

from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.views import csrf

from config.problems import error_response, lost_race


class ProblemsMiddleware:
    """Answer JSON that Python cannot hold, and a passkey that is none, with 400.

    A name that another sign-up has just taken is answered with 409.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not request.path.startswith("/api/accounts/"):
            return None
        if isinstance(exception, IntegrityError) and lost_race(exception):
            return error_response(request, 409)
        refused = request.path.endswith("/webauthn") or not is_sound(request.body)
        if isinstance(exception, RecursionError | ValueError) and refused:
            return error_response(request, 400)
        return None


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return error_response(request, 403) if request.path.startswith("/api/") else csrf.csrf_failure(request, reason)


def is_sound(body: bytes) -> bool:
    """Tell whether Python can hold the JSON: its depth, the length of its numbers, and no lone surrogate."""
    with suppress(RecursionError, ValueError):
        json.dumps(json.loads(body), ensure_ascii=False).encode()
        return True
    return False
