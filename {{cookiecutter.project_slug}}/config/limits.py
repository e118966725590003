"""How much a request may bring, and how often one may come, where DRF does not see to it."""

from collections.abc import Callable
from contextlib import suppress

from django.conf import settings
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from rest_framework.exceptions import Throttled

from config.problems import error_response

# What Caddy lets through (Caddyfile), for where there is none.
BODY_MAX_SIZE = 10 * 2**20


def take_in(request: HttpRequest, size: int) -> None:
    """Read what comes of a body, as far as Caddy lets one through: cut off while it sends, it would answer with 503."""
    with suppress(UnreadablePostError):
        while size > 0 and (part := request.read(2**16)):
            size -= len(part)


class LimitsMiddleware:
    """Answer a body that is too large with 413, before anything reads it, and a login too many with 429.

    A length that is no number is answered with 400. Django measures the forms that it parses itself
    (DATA_UPLOAD_MAX_MEMORY_SIZE); DRF reads JSON of any size. Files come as multipart/form-data, which Django measures
    without them: with them, it may have BODY_MAX_SIZE.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        has_files = request.content_type == "multipart/form-data"
        limit = BODY_MAX_SIZE if has_files else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        try:
            size = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            return error_response(request, 400)
        if limit is not None and size > limit:
            take_in(request, min(size, BODY_MAX_SIZE))
            return error_response(request, 413)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """In a view that is not DRF's, such as the admin's login (users/backends.py)."""
        if not isinstance(exception, Throttled):
            return None
        response = error_response(request, 429)
        response["Retry-After"] = str(round(getattr(exception, "wait", None) or 0))
        return response
