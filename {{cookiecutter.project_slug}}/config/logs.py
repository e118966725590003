"""Logs: one event a line, JSON in production and made for reading in development, each with its request's ID."""

import re
import time
from typing import Any

# % for feature in cookiecutter.__chosen.split()
# % include "features/" ~ feature ~ "/logs.py.imports" ignore missing
# % endfor
import structlog
from django.http import HttpRequest, HttpResponse
from django_structlog.middlewares import RequestMiddleware as StructlogMiddleware


def without_query(_: Any, __: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """Shorten a request, which Django's log of security events has as a whole, to what RequestMiddleware says of it."""
    if isinstance(request := event.get("request"), HttpRequest):
        event["request"] = RequestMiddleware.format_request(request)
    return event


# What every line has, whether it comes from structlog or from Python's own logging.
SHARED: list[structlog.types.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.ExtraAdder(),
    without_query,
    structlog.processors.TimeStamper(fmt="iso"),
]

# % for feature in cookiecutter.__chosen.split()
# % include "features/" ~ feature ~ "/logs.py.processors" ignore missing
# % endfor
structlog.configure(
    processors=[structlog.stdlib.filter_by_level, *SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)


def logging_config(level: str, *, json: bool) -> dict[str, Any]:
    """Return a configuration for Python's logging, in which everything goes to one handler in one form."""
    rendered = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": SHARED,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    *(rendered if json else [structlog.dev.ConsoleRenderer()]),
                ],
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django": {"handlers": [], "propagate": True},
            # RequestMiddleware logs requests in their place.
            "django.request": {"level": "CRITICAL"},
            "django.server": {"handlers": [], "level": "CRITICAL", "propagate": True},
            "gunicorn.error": {"handlers": [], "propagate": True},
        },
    }


class RequestMiddleware(StructlogMiddleware):
    """Log each request once it is answered, and how long it took: without its query string, which may hold secrets.

    The ID is that of the header X-Request-ID if it is sound, and a new one otherwise. It is in every line that is
    logged during the request, and in the response.
    """

    def prepare(self, request: HttpRequest) -> None:
        if not re.fullmatch(r"[\w.-]{1,64}", request.META.get("HTTP_X_REQUEST_ID", "")):
            request.META.pop("HTTP_X_REQUEST_ID", None)
        super().prepare(request)
        request.META["STARTED"] = time.perf_counter()

    def handle_response(self, request: HttpRequest, response: HttpResponse) -> None:
        milliseconds = round(1000 * (time.perf_counter() - request.META["STARTED"]))
        structlog.contextvars.bind_contextvars(milliseconds=milliseconds)
        response["X-Request-ID"] = structlog.contextvars.get_contextvars()["request_id"]
        super().handle_response(request, response)

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return f"{request.method} {request.path}"
