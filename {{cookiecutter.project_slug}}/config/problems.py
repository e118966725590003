"""Errors: problem details for the API (RFC 9457, application/problem+json), pages for everything else."""

import errno
import sys
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.core.exceptions import ObjectNotUpdated, RequestDataTooBig
from django.db import IntegrityError, InterfaceError, OperationalError
from django.db.models import ProtectedError, RestrictedError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler

MEDIA_TYPE = "application/problem+json"

# The codes of PostgreSQL (its manual's appendix A) and SQLite for a duplicate value, and for a reference to nothing.
RACES = {"23505", "23503", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_FOREIGNKEY"}


class Conflict(APIException):
    """What was asked for does not go with what there is (RFC 9110, 15.5.10)."""

    status_code = 409
    default_detail = "Something else needs this, and has to go first."
    default_code = "conflict"


def exception_handler(exception: Exception, context: dict[str, Any]) -> Response | None:
    """Return the response to an exception of a view: DRF's status and headers, with a problem as its body."""
    if isinstance(exception, ProtectedError | RestrictedError):
        exception = Conflict()
    elif isinstance(exception, ObjectNotUpdated) or (isinstance(exception, IntegrityError) and lost_race(exception)):
        exception = Conflict("Another request has just taken this value, or removed what this one refers to.")
    response = drf_exception_handler(exception, context)
    if response is None:
        return None
    if isinstance(exception, ValidationError):
        response.data = {"errors": list(invalid_fields(exception.get_full_details()))}
    response.data = problem(response.status_code) | response.data
    # The browsable API shows the same problem as a page.
    renderer = getattr(context["request"], "accepted_renderer", None)
    if renderer is None or renderer.format == "json":
        response.content_type = MEDIA_TYPE
    return response


def lost_race(exception: IntegrityError) -> bool:
    """Return whether another request was quicker, between the validation of this one and its writing."""
    cause = exception.__cause__
    return bool({getattr(cause, "sqlstate", None), getattr(cause, "sqlite_errorname", None)} & RACES)


def problem(status: int) -> dict[str, Any]:
    """Return what every problem has; the title of `about:blank` is the status's phrase (RFC 9457, 4.2.1)."""
    return {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}


def invalid_fields(details: Any, pointer: str = "#") -> Iterator[dict[str, str]]:
    """Yield what is wrong with each field: its JSON pointer, a sentence and a code (the example of RFC 9457, 3)."""
    if is_message(details):
        yield {"pointer": pointer, "detail": str(details["message"]), "code": str(details["code"])}
    elif isinstance(details, dict):
        for name, inner in details.items():
            escaped = str(name).replace("~", "~0").replace("/", "~1")  # RFC 6901, 3
            yield from invalid_fields(inner, pointer if name == "non_field_errors" else f"{pointer}/{escaped}")
    else:
        for index, inner in enumerate(details):
            yield from invalid_fields(inner, pointer if is_message(inner) else f"{pointer}/{index}")


def is_message(details: Any) -> bool:
    """Tell an error of DRF's from a serializer with fields of the same two names."""
    return isinstance(details, dict) and isinstance(details.get("code"), str) and "message" in details


def error_response(request: HttpRequest, status: int) -> HttpResponse:
    """Return the answer to a request that no view of DRF's answers: a problem below /api/, a page elsewhere."""
    if request.path.startswith("/api/"):
        return JsonResponse(problem(status), status=status, content_type=MEDIA_TYPE)
    return HttpResponse(loader.render_to_string(f"{status}.html"), status=status)


# Django's error handlers, named in config/urls.py. None says what went wrong: the log does.


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(request, 413 if isinstance(exception, RequestDataTooBig) else 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    # A database that is down or a full disk is temporary; any other failure stays until it is fixed.
    exception = sys.exception()
    full = isinstance(exception, OSError) and exception.errno == errno.ENOSPC
    if not (full or isinstance(exception, OperationalError | InterfaceError)):
        return error_response(request, 500)
    response = error_response(request, 503)
    response["Retry-After"] = "5"
    return response
