"""What drf-spectacular cannot see in views: the API's versions, and the problems that any operation may answer with."""

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from drf_spectacular import openapi
from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from drf_spectacular.generators import SchemaGenerator

from config.problems import MEDIA_TYPE

METHODS = {"get", "post", "put", "patch", "delete"}
TEXT = {"type": "string"}
PROBLEM = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": TEXT,
        "status": {"type": "integer"},
        "detail": TEXT,
        "errors": {
            "type": "array",
            "description": "What is wrong with the request, field by field; `pointer` is a JSON pointer.",
            "items": {
                "type": "object",
                "properties": {"pointer": TEXT, "detail": TEXT, "code": TEXT},
                "required": ["pointer", "detail", "code"],
            },
        },
    },
    "required": ["type", "title", "status"],
}


class AutoSchema(openapi.AutoSchema):
    """drf-spectacular's, with names that tell the versions of an operation apart: `login`, `v2_login`."""

    def get_operation(self, *arguments: Any, **options: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*arguments, **options)
        if operation and (later := re.match(r"/api/(v(?!1/)[0-9]+)/", self.path)):
            operation["operationId"] = f"{later[1]}_{operation['operationId']}"
        return operation


class TokenScheme(KnoxTokenScheme):  # type: ignore[no-untyped-call]  # drf-spectacular registers subclasses so
    """Describes the project's own class as drf-spectacular describes knox's."""

    target_class = "users.authentication.TokenAuthentication"


def add_problems(result: dict[str, Any], generator: SchemaGenerator, **options: Any) -> dict[str, Any]:
    """Describe in each operation of the schema the problems that it may answer with, and return the schema."""
    del generator, options
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    used = set()
    for path, operations in result["paths"].items():
        for method in METHODS & operations.keys():
            for status in statuses(path, method, operations[method]):
                used.add(status)
                reference = {"$ref": f"#/components/responses/{name(status)}"}
                operations[method]["responses"].setdefault(str(status), reference)
    components["responses"] = {name(status): response(status) for status in sorted(used)}
    return result


def statuses(path: str, method: str, operation: dict[str, Any]) -> Iterator[int]:
    """Yield the statuses that an operation may answer with when it does not do what it was asked for."""
    parameters = {parameter["name"] for parameter in operation.get("parameters", ())}
    if "requestBody" in operation:
        yield from (400, 413, 415)
    elif parameters:
        yield 400
    if security := operation.get("security"):
        yield 401
        # `[{}]` is a login: it needs no authentication, and checks no permission.
        if method != "get" and any(security):
            yield 403
    if method == "delete" or ("requestBody" in operation and any(security or ())):
        yield 409
    # A list answers an invalid cursor, or a page that it does not have, with 404.
    if "{" in path or parameters & {"cursor", "page"}:
        yield 404
    yield from (406, 429, 500, 503)


def name(status: int) -> str:
    return HTTPStatus(status).phrase.title().replace(" ", "").replace("-", "")


def response(status: int) -> dict[str, Any]:
    example = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
    headers = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
    return {
        "description": HTTPStatus(status).description or HTTPStatus(status).phrase,
        **({"headers": headers} if status in {429, 503} else {}),
        "content": {MEDIA_TYPE: content},
    }
