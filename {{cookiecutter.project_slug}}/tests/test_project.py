"""What holds whatever apps the project has."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import Client
from rest_framework.test import APIClient

PRODUCTION = {
    **os.environ,
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "ALLOWED_HOSTS": "example.com",
    "DEBUG": "false",
    "SECRET_KEY": "a long text that nobody else knows, for this test only",
}


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "manage.py", *arguments]
    return subprocess.run(  # noqa: S603 - the project's own command
        command,
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("database", ["sqlite://:memory:", "postgres://app@db/app"])
def test_production_settings_pass_the_deployment_checks(database: str) -> None:
    more = {
        "DATABASE_URL": database,
        "DATABASE_PASSWORD": "secret",
        "EMAIL_URL": "submission://mail",
        "NUM_PROXIES": "1",
    }
    result = manage("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION | more)
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
def test_the_start_stops_with_a_sentence_where_a_setting_is_wrong(name: str, value: str, sentence: str) -> None:
    result = manage("check", **PRODUCTION | {name: value})
    assert result.returncode != 0
    assert sentence in result.stderr


def test_a_setting_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text("from-a-file.example\n")
    hosts = {"ALLOWED_HOSTS_FILE": str(tmp_path / "hosts")}
    result = manage(
        "shell", "--command", "from django.conf import settings; print(settings.ALLOWED_HOSTS)", **PRODUCTION | hosts
    )
    assert "['from-a-file.example']" in result.stdout, result.stderr


@pytest.mark.django_db
def test_every_change_of_a_model_has_its_migration() -> None:
    call_command("makemigrations", check=True, dry_run=True)


def test_the_process_says_that_it_is_alive_to_any_host_name() -> None:
    response = Client().get("/health/live", headers={"host": "10.0.0.7"})
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_the_project_is_ready_with_its_database() -> None:
    assert Client().get("/health/ready").status_code == 200


def test_the_project_is_not_ready_without_its_database(db: None) -> None:
    def fail(*arguments: object) -> None:
        raise OperationalError

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


def test_the_schema_is_valid_and_complete() -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file=os.devnull)


def test_an_unknown_address_of_the_api_is_a_problem(api: APIClient) -> None:
    response = api.get("/api/v1/nothing/")
    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json() == {"type": "about:blank", "title": "Not Found", "status": 404}


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


def test_a_browser_sees_a_problem_as_a_page(api: APIClient) -> None:
    response = api.get("/api/v1/users/me/", headers={"accept": "text/html"})
    assert response.status_code == 401
    assert response.headers["Content-Type"].startswith("text/html")


def test_malformed_json_is_a_problem_that_says_so(api: APIClient) -> None:
    response = api.post("/api/v1/auth/login/", "{", content_type="application/json")
    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/problem+json"
    assert "JSON" in response.json()["detail"]


def test_each_invalid_field_is_named(api: APIClient) -> None:
    response = api.post("/api/v1/auth/login/", {"username": "ada"})
    assert response.status_code == 400
    assert response.json()["errors"] == [
        {"pointer": "#/password", "detail": "This field is required.", "code": "required"}
    ]
