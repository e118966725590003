"""What holds whatever apps the project has."""

import errno
import os
import runpy
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus
from io import BytesIO, StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import InterfaceError, OperationalError, connection
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.models import ProtectedError
from django.test import Client, RequestFactory
from django.test.client import encode_multipart
from django.urls import include, path
from rest_framework import serializers
from rest_framework.test import APIClient

from config import urls
from config.database import check, close_pools, refused_password
from config.problems import invalid_fields
from config.schema import statuses
from users.models import User

PRODUCTION = {
    "ALLOWED_HOSTS": "example.com",
    "DATABASE_PASSWORD": "secret",
    "DATABASE_URL": "postgres://app@db/app",
    "DEBUG": "false",
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "EMAIL_URL": "submission://mail",
    "NUM_PROXIES": "1",
    "SECRET_KEY": "a long text that nobody else knows, for this test only",
}


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """Return a function that reads the settings as in production, but for the variables given."""

    def settings_with(**variables: str) -> dict[str, Any]:
        for name, value in (PRODUCTION | variables).items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(settings.BASE_DIR / "config/settings.py"))

    return settings_with


def test_production_settings_pass_the_deployment_checks() -> None:
    result = subprocess.run(
        [sys.executable, "-W", "error", "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=settings.BASE_DIR,
        env=os.environ | PRODUCTION,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SECRET_KEY", "", "Set SECRET_KEY to"),
        ("SECRET_KEY", "change-me", "Set SECRET_KEY to"),
        ("ALLOWED_HOSTS", "", "Set ALLOWED_HOSTS to"),
        ("EMAIL_URL", "mail.example.com", "EMAIL_URL must begin with"),
    ],
)
def test_the_start_stops_with_a_sentence_where_a_setting_is_wrong(
    production: Callable[..., dict[str, Any]], name: str, value: str, sentence: str
) -> None:
    with pytest.raises(ImproperlyConfigured, match=sentence):
        production(**{name: value})


def test_a_setting_may_be_in_a_file(production: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    (tmp_path / "password").write_text("from a file\n")
    found = production(DATABASE_PASSWORD_FILE=str(tmp_path / "password"))
    assert found["DATABASES"]["default"]["PASSWORD"] == "from a file"


def test_the_mail_server_is_one_variable(production: Callable[..., dict[str, Any]]) -> None:
    found = production(EMAIL_URL="submission://ada:secret@mail")
    assert found["MAILERS"]["default"] == {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": "mail",
            "port": 587,
            "username": "ada",
            "password": "secret",
            "use_tls": True,
            "use_ssl": False,
            "timeout": 10,
        },
    }


def test_forwarded_headers_are_believed_behind_a_proxy_only(production: Callable[..., dict[str, Any]]) -> None:
    assert production(NUM_PROXIES="1")["SECURE_PROXY_SSL_HEADER"] == ("HTTP_X_FORWARDED_PROTO", "https")
    assert production(NUM_PROXIES="0")["SECURE_PROXY_SSL_HEADER"] is None


def test_what_the_address_of_the_database_asks_for_is_kept(production: Callable[..., dict[str, Any]]) -> None:
    found = production(DATABASE_URL="postgres://app@db/app?sslmode=verify-full", DATABASE_POOL_SIZE="3")
    options = found["DATABASES"]["default"]["OPTIONS"]
    assert options["sslmode"] == "verify-full"
    assert options["pool"]["max_size"] == 3


def test_a_connection_is_tried_again_after_a_second() -> None:
    tried: list[str] = []
    idle = SimpleNamespace(autocommit=True, execute=tried.append)
    check(idle)
    check(idle)
    assert tried == [""]
    idle.tried -= 2
    check(idle)
    assert tried == ["", ""]


def test_pools_of_connections_are_closed_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = []
    monkeypatch.setattr(connection, "close_pool", lambda: closed.append(True), raising=False)
    close_pools()
    assert closed == [True]


@pytest.fixture
def refusing_database(db: None) -> Iterator[DatabaseWrapper]:
    """Yield a connection to a PostgreSQL that takes no password, nor any encryption."""
    error = b'SFATAL\0C28P01\0Mpassword authentication failed for user "app"\0\0'
    with socket.create_server(("127.0.0.1", 0)) as server:

        def refuse() -> None:
            with server.accept()[0] as client:
                while client.recv(1000)[4:8] in {b"\x04\xd2\x16\x2f", b"\x04\xd2\x16\x30"}:
                    client.sendall(b"N")
                client.sendall(b"E" + (len(error) + 4).to_bytes(4) + error)

        threading.Thread(target=refuse).start()
        address = {"HOST": "127.0.0.1", "PORT": server.getsockname()[1], "USER": "app", "PASSWORD": "another"}
        yield DatabaseWrapper(connection.settings_dict | address | {"NAME": "app", "OPTIONS": {"pool": True}})


@pytest.mark.parametrize(("debug", "place"), [(True, "POSTGRES_PASSWORD in"), (False, "secrets/database_password")])
def test_a_password_that_the_database_refuses_is_explained(
    refusing_database: DatabaseWrapper, monkeypatch: pytest.MonkeyPatch, debug: bool, place: str
) -> None:
    monkeypatch.setattr("config.database.connection", refusing_database)
    monkeypatch.setattr(settings, "DEBUG", debug)
    assert place in refused_password()


def test_no_other_failure_of_the_database_is_explained_by_the_password(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert refused_password() == ""
    nowhere = connection.settings_dict | {"HOST": "127.0.0.1", "PORT": 1, "NAME": "app", "OPTIONS": {}}
    monkeypatch.setattr("config.database.connection", DatabaseWrapper(nowhere))
    assert refused_password() == ""


def test_development_needs_neither_host_names_nor_a_mail_server(production: Callable[..., dict[str, Any]]) -> None:
    found = production(DEBUG="true", ALLOWED_HOSTS="", DATABASE_URL="sqlite://:memory:", EMAIL_URL="console:")
    assert found["DEBUG"]
    assert found["SECURE_HSTS_SECONDS"] == 0


@pytest.mark.django_db
def test_every_change_of_a_model_has_its_migration() -> None:
    call_command("makemigrations", check=True, dry_run=True)


@pytest.mark.django_db(transaction=True)
def test_every_migration_can_be_taken_back_and_applied_again() -> None:
    for app in apps.get_app_configs():
        if app.name in settings.LOCAL_APPS:
            call_command("migrate", app.label, "zero", verbosity=0)
    call_command("migrate", verbosity=0)


def test_the_process_says_that_it_is_alive_to_any_host_name() -> None:
    response = Client().get("/health/live", headers={"host": "10.0.0.7"})
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_the_project_is_ready_with_its_database() -> None:
    assert Client().get("/health/ready").status_code == 200


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_health_is_asked_for_as_often_as_one_likes_and_never_kept(
    db: None, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.throttling.AnonRateThrottle.rate", "1/min", raising=False)
    responses = [Client().get(path) for _ in range(3)]
    assert [response.status_code for response in responses] == [200] * 3
    assert {response.headers["Cache-Control"] for response in responses} == {"no-store"}


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_the_project_is_not_ready_without_its_database(db: None, error: type[Exception]) -> None:
    def fail(*arguments: object) -> None:
        raise error

    with connection.execute_wrapper(fail):
        response = Client().get("/health/ready")
    assert (response.status_code, response.json()) == (503, {"status": "the database does not answer"})


@pytest.mark.django_db(transaction=True)
def test_the_project_is_not_ready_while_migrations_are_pending() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE django_migrations SET app = 'gone' WHERE app = 'users'")
    try:
        response = Client().get("/health/ready")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE django_migrations SET app = 'users' WHERE app = 'gone'")
    assert (response.status_code, response.json()) == (503, {"status": "migrations are pending"})


@pytest.mark.parametrize("path", ["/api/docs/", "/admin/login/"])
@pytest.mark.django_db
def test_pages_come_with_a_strict_content_security_policy(path: str) -> None:
    response = Client().get(path)
    assert response.status_code == 200
    assert "default-src 'self'" in response.headers["Content-Security-Policy"]
    assert "unsafe-eval" not in response.headers["Content-Security-Policy"]


def test_the_docs_load_nothing_from_elsewhere() -> None:
    page = Client().get("/api/docs/").content.decode()
    assert 'src="http' not in page
    assert 'href="http' not in page


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("post", "/api/v1/auth/login/", {"data": "{", "content_type": "application/json"}, 400),
        ("get", "/api/v1/users/me/", {"headers": {"host": "evil.example"}}, 400),
        ("post", "/api/v1/auth/login/", {"CONTENT_LENGTH": "abc"}, 400),
        ("post", "/api/v1/auth/login/", {"CONTENT_LENGTH": "9" * 5_000}, 400),
        ("get", "/api/v1/users/me/", {}, 401),
        ("get", "/api/v1/nothing/", {}, 404),
        ("get", "/api/v1/auth/login/", {}, 405),
        ("get", "/api/v1/users/me/", {"headers": {"accept": "application/xml"}}, 406),
        ("post", "/api/v1/auth/login/", {"data": {"username": "x" * 2_700_000}}, 413),
        ("post", "/api/v1/auth/login/", {"data": "username=ada", "content_type": "text/plain"}, 415),
    ],
)
def test_every_error_of_the_api_is_a_problem(
    api: APIClient, method: str, path: str, options: dict[str, Any], status: int
) -> None:
    response = getattr(api, method)(path, **options)
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert (problem["type"], problem["title"], problem["status"]) == ("about:blank", HTTPStatus(status).phrase, status)


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=X"])
def test_a_form_that_is_too_large_is_refused(content_type: str) -> None:
    body = b'--X\r\nContent-Disposition: form-data; name="username"\r\n\r\n' + b"x" * 2_700_000 + b"\r\n--X--\r\n"
    response = Client().post("/admin/login/", body, content_type=content_type)
    assert response.status_code == 413
    assert response.headers["Content-Type"].startswith("text/html")


def test_a_file_that_is_too_large_is_refused() -> None:
    body = b'--X\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n' + b"x" * 11_000_000
    response = Client().post("/admin/login/", body, content_type="multipart/form-data; boundary=X")
    assert response.status_code == 413


def served(environ: dict[str, Any]) -> bytes:
    """Return the body that the server gets for a request."""
    from config.wsgi import application

    return b"".join(application(environ, lambda *_: lambda _: None))


@pytest.mark.django_db
def test_a_body_in_chunks_is_read_too() -> None:
    sent = {"CONTENT_TYPE": "application/json", "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": BytesIO(b"{}x")}
    environ = RequestFactory().post("/api/v1/auth/login/").environ | sent
    del environ["CONTENT_LENGTH"]
    assert b"JSON parse error" in served(environ)


@pytest.mark.parametrize("parameter", ["charset=hex", "charset=utf-8", "charset=undefined", "x*=none''x"])
@pytest.mark.django_db
def test_a_body_is_read_whatever_characters_it_is_said_to_have(parameter: str) -> None:
    environ = RequestFactory().post("/api/v1/auth/login/?format=json", b"{}x", "text/plain").environ
    assert b"JSON parse error" in served(environ | {"CONTENT_TYPE": f"application/json; {parameter}"})


@pytest.mark.parametrize("parameters", ["boundary=X", "charset=hex; Boundary=X", "boundary=X; charset=undefined"])
@pytest.mark.django_db
def test_a_form_is_read_whatever_characters_it_is_said_to_have(parameters: str) -> None:
    fields = {"csrfmiddlewaretoken": "x" * 32, "username": "Ada Lovelace"}
    environ = RequestFactory().post("/admin/login/", encode_multipart("X", fields), "text/plain").environ
    sent = {"CONTENT_TYPE": f"multipart/form-data; {parameters}", "HTTP_COOKIE": "csrftoken=" + "x" * 32}
    assert b"Ada Lovelace" in served(environ | sent)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("options", "/api/v1/auth/login/", 200), ("get", "/api/v1/users/me/", 401), ("get", "/api/nothing/", 404)],
)
def test_scripts_of_an_origin_that_is_allowed_may_use_the_api(
    api: APIClient, settings: Any, method: str, path: str, status: int
) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example.com"]
    headers = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "POST"}
    response = getattr(api, method)(path, headers=headers)
    assert response.status_code == status
    assert response.headers["Access-Control-Allow-Origin"] == "https://app.example.com"
    assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize(
    ("origin", "path"),
    [("https://example.com", "/api/v1/users/me/"), ("https://app.example.com", "/admin/login/")],
)
def test_other_scripts_may_not(api: APIClient, db: None, settings: Any, origin: str, path: str) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example.com"]
    assert "Access-Control-Allow-Origin" not in api.get(path, headers={"Origin": origin}).headers


def test_an_unknown_address_elsewhere_is_a_page() -> None:
    response = Client().get("/nothing/")
    assert response.status_code == 404
    assert response.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(
    ("path", "media_type"), [("/api/v1/users/me/", "application/problem+json"), ("/x/", "text/html")]
)
def test_a_failure_tells_nothing_of_its_cause(path: str, media_type: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> None:
        raise RuntimeError("the cause")

    monkeypatch.setattr("django.urls.resolvers.URLResolver.resolve", fail)
    response = Client(raise_request_exception=False).get(path)
    assert response.status_code == 500
    assert response.headers["Content-Type"].startswith(media_type)
    assert b"the cause" not in response.content


def test_a_failure_in_a_view_tells_nothing_of_its_cause(user_api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("users.views.MeView.serializer_class", None)
    user_api.raise_request_exception = False
    response = user_api.get("/api/v1/users/me/")
    assert response.status_code == 500
    assert response.json() == {"type": "about:blank", "title": "Internal Server Error", "status": 500}


@pytest.mark.parametrize("failure", [OperationalError(), OSError(errno.ENOSPC, "No space left on device")])
@pytest.mark.parametrize(
    ("path", "media_type"), [("/api/v1/users/me/", "application/problem+json"), ("/admin/", "text/html")]
)
def test_while_the_database_is_away_or_a_disk_full_the_answer_says_when_to_come_back(
    user: User, path: str, media_type: str, failure: Exception
) -> None:
    def fail(*arguments: object) -> None:
        raise failure

    client = Client(raise_request_exception=False)
    client.force_login(user)
    with connection.execute_wrapper(fail):
        response = client.get(path)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert response.headers["Content-Type"].startswith(media_type)


def test_what_something_else_needs_does_not_go(user_api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> None:
        raise ProtectedError("the cause", set())

    monkeypatch.setattr("users.views.MeView.get_object", fail)
    response = user_api.get("/api/v1/users/me/")
    assert (response.status_code, response.json()["title"]) == (409, "Conflict")
    assert "has to go first" in response.json()["detail"]


def test_a_browser_sees_a_problem_as_a_page(api: APIClient) -> None:
    response = api.get("/api/v1/users/me/", headers={"accept": "text/html"})
    assert response.status_code == 401
    assert response.headers["Content-Type"].startswith("text/html")


def test_the_committed_schema_is_that_of_the_code(tmp_path: Path) -> None:
    """Clients are made from `openapi.yaml`. If missing, it is written, but not in CI, which checks the commit."""
    committed, fresh = settings.BASE_DIR / "openapi.yaml", tmp_path / "openapi.yaml"
    call_command("spectacular", fail_on_warn=True, file=str(fresh))
    if not committed.exists():
        if "CI" in os.environ:
            pytest.skip("There is no openapi.yaml to compare with; run `pipenv run schema`, and commit openapi.yaml.")
        committed.write_text(fresh.read_text("utf-8"), "utf-8")
    assert committed.read_text("utf-8") == fresh.read_text("utf-8"), "Run `pipenv run schema`, and commit the file."


@pytest.mark.parametrize(
    ("path", "method", "operation", "expected"),
    [
        ("/api/v1/notes/", "get", {}, set()),
        ("/api/v1/notes/", "get", {"parameters": [{"name": "page"}]}, {400, 404}),
        ("/api/v1/notes/", "get", {"parameters": [{"name": "cursor"}], "security": [{"token": []}]}, {400, 401, 404}),
        ("/api/v1/notes/", "post", {"requestBody": {}, "security": [{"token": []}]}, {400, 401, 403, 409, 413, 415}),
        ("/api/v1/notes/{id}/", "delete", {"security": [{"token": []}]}, {401, 403, 404, 409}),
    ],
)
def test_the_schema_tells_which_problems_an_operation_may_answer_with(
    path: str, method: str, operation: dict[str, Any], expected: set[int]
) -> None:
    assert {*statuses(path, method, operation)} == expected | {406, 429, 500, 503}


def test_a_second_version_may_have_operations_of_the_same_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(urls, "urlpatterns", [*urls.urlpatterns, path("api/v2/", include(urls.api_v1))])
    both = tmp_path / "openapi.yaml"
    call_command("spectacular", fail_on_warn=True, file=str(both))
    assert "operationId: v2_login" in both.read_text("utf-8")


def test_the_schema_says_nothing_of_the_projects_own_code() -> None:
    schema = StringIO()
    call_command("spectacular", stdout=schema)
    assert "DRF" not in schema.getvalue()


@pytest.mark.parametrize("path", ["/api/v1/users/me/", "/api/docs/", "/nothing"])
def test_every_response_is_for_its_receiver_alone_and_for_pages_of_this_origin(
    client: Client, db: None, path: str
) -> None:
    headers = client.get(path).headers
    assert headers["Cache-Control"] == "private, max-age=0"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


def test_a_view_may_say_how_long_its_response_is_kept(client: Client, db: None) -> None:
    assert "no-store" in client.get("/admin/login/").headers["Cache-Control"]


def test_what_has_not_changed_is_not_sent_again(user_api: APIClient) -> None:
    first = user_api.get("/api/v1/users/me/")
    second = user_api.get("/api/v1/users/me/", headers={"if-none-match": first.headers["ETag"]})
    assert (second.status_code, second.content) == (304, b"")


def test_malformed_json_is_a_problem_that_says_so(api: APIClient) -> None:
    response = api.post("/api/v1/auth/login/", "{", content_type="application/json")
    assert "JSON" in response.json()["detail"]


@pytest.mark.parametrize("value", ["[" * 100_000, '{"a":' * 100_000])
def test_json_that_is_nested_too_deep_is_a_problem(api: APIClient, value: str) -> None:
    response = api.post("/api/v1/auth/login/", value, content_type="application/json")
    assert (response.status_code, response.json()["detail"]) == (400, "JSON parse error - nested too deep.")


@pytest.mark.parametrize("value", ["1e400", "-1e400", "Infinity", "NaN", "1" * 5_000, '"\udcff"'])
def test_json_that_python_cannot_hold_is_a_problem(api: APIClient, value: str) -> None:
    body = f'["username", {value}]'.encode("utf-8", "surrogateescape")
    response = api.post("/api/v1/auth/login/", body, content_type="application/json")
    assert response.status_code == 400
    assert response.json()["detail"].startswith("JSON parse error - ")


class MessageSerializer(serializers.Serializer):
    message = serializers.CharField()
    code = serializers.CharField()


def test_fields_may_be_called_as_drf_calls_what_it_says_of_them() -> None:
    serializer = MessageSerializer(data={})
    serializer.is_valid()
    errors = invalid_fields(serializers.ValidationError(serializer.errors).get_full_details())
    assert [error["pointer"] for error in errors] == ["#/message", "#/code"]


def test_the_pointer_to_a_field_is_escaped() -> None:
    details = serializers.ValidationError({"a/b": {"c~d": ["wrong"]}}).get_full_details()
    assert [error["pointer"] for error in invalid_fields(details)] == ["#/a~1b/c~0d"]


def test_each_invalid_field_is_named(api: APIClient) -> None:
    response = api.post("/api/v1/auth/login/", {"username": "ada"})
    assert response.status_code == 400
    assert response.json()["errors"] == [
        {"pointer": "#/password", "detail": "This field is required.", "code": "required"}
    ]
