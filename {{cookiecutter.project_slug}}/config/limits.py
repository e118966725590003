"""Limits on the size of requests and the rate of logins, where DRF enforces none."""

from collections.abc import Callable
from contextlib import suppress

from django.conf import settings
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from rest_framework.exceptions import Throttled

from config.problems import error_response

# Caddy's own limit (Caddyfile), for when there is no Caddy.
BODY_MAX_SIZE = 10 * 2**20


def take_in(request: HttpRequest, size: int) -> None:
    """Read a body, up to Caddy's limit, and drop it: if Caddy is cut off while sending, it answers with 503."""
    with suppress(UnreadablePostError):
        while size > 0 and (part := request.read(2**16)):
            size -= len(part)


class LimitsMiddleware:
    """Answer a body that is too large with 413, before anything reads it, and a login too many with 429.

    A Content-Length that is no number is answered with 400. Django limits only the forms that it parses itself
    (DATA_UPLOAD_MAX_MEMORY_SIZE); DRF reads JSON of any size. Django does not count the files in multipart/form-data:
    with them, a body may have BODY_MAX_SIZE.
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
        """Answer a throttled login outside of DRF, such as the admin's (users/backends.py)."""
        if not isinstance(exception, Throttled):
            return None
        response = error_response(request, 429)
        response["Retry-After"] = str(getattr(exception, "wait", None) or 0)
        return response
