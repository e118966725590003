"""Headers that every response has."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

# Browsers ask each time whether what they keep has changed, and nobody else keeps it.
DEFAULTS = {
    "Cache-Control": "private, max-age=0",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class HeadersMiddleware:
    """Add the defaults that Django's SecurityMiddleware has no settings for, where a view sets none of its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in DEFAULTS.items():
            response.headers.setdefault(name, value)
        return response
