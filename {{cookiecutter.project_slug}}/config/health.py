"""Health checks: is the process alive, and is it ready to serve?"""

from collections.abc import Callable

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

GetResponse = Callable[[HttpRequest], HttpResponse]


class HealthMiddleware:
    """Answer /health/live and /health/ready with 200 or 503, whatever the method.

    It comes before all other middleware, because probes use an IP address as host name, and plain HTTP.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        match request.path:
            case "/health/live":
                problem = ""
            case "/health/ready":
                problem = not_ready()
            case _:
                return self.get_response(request)
        return JsonResponse(
            {"status": problem or "ok"},
            status=503 if problem else 200,
            headers={"Cache-Control": "no-store"},
        )


def not_ready() -> str:
    """Return why the project cannot serve requests now, or an empty text where it can."""
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return "migrations are pending"
    except Error:
        return "the database does not answer"
    return ""
