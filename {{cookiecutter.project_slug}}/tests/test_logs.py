import io
import json
import logging.config
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from rest_framework.test import APIClient

from config.logs import logging_config
from users.models import User

LOGIN = "/api/v1/auth/login/"
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Return a function that returns the lines logged so far, as they are in production."""
    stream, config = io.StringIO(), logging_config("DEBUG", json=True)
    config["handlers"]["console"]["stream"] = stream
    logging.config.dictConfig(config)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.config.dictConfig(settings.LOGGING)


def test_a_request_is_one_line_with_its_id(lines: Lines, user_api: APIClient) -> None:
    response = user_api.get("/api/v1/users/me/?secret=1", headers={"x-request-id": "an-id.of_1-proxy"})
    assert response.headers["X-Request-ID"] == "an-id.of_1-proxy"
    (line,) = [line for line in lines() if line["level"] == "info"]
    assert (line["request"], line["code"], line["request_id"]) == ("GET /api/v1/users/me/", 200, "an-id.of_1-proxy")
    assert 0 <= line["milliseconds"] < 10_000


@pytest.mark.parametrize("unsound", ["", "x" * 65, "a b", '{"'])
def test_an_unsound_id_is_replaced(api: APIClient, unsound: str) -> None:
    request_id = api.get("/api/v1/users/me/", headers={"x-request-id": unsound}).headers["X-Request-ID"]
    assert request_id != unsound
    assert len(request_id) == 36


def test_what_is_logged_on_the_way_has_the_id_too(
    lines: Lines, user_api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("users.views.MeView.serializer_class", None)
    user_api.raise_request_exception = False
    request_id = user_api.get("/api/v1/users/me/").headers["X-Request-ID"]
    logged = [line for line in lines() if line["level"] == "error"]
    assert [line["request_id"] for line in logged] == [request_id]
    assert "Traceback" in logged[0]["exception"]


def test_in_development_a_line_is_made_for_reading() -> None:
    stream, config = io.StringIO(), logging_config("INFO", json=False)
    config["handlers"]["console"]["stream"] = stream
    logging.config.dictConfig(config)
    logging.getLogger("notes").info("A note was made", extra={"number": 7})
    logging.config.dictConfig(settings.LOGGING)
    (line,) = stream.getvalue().splitlines()
    assert re.search(r"A note was made.*number", line)
    assert "{" not in line


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_health_checks_are_not_logged(lines: Lines, db: None, path: str) -> None:
    assert Client().get(path).status_code == 200
    assert lines() == []


def test_a_security_event_names_its_request_without_the_query(lines: Lines, db: None) -> None:
    assert Client(enforce_csrf_checks=True).post("/admin/login/?token=secret").status_code == 403
    (line,) = [line for line in lines() if line["logger"] == "django.security.csrf"]
    assert line["request"] == "POST /admin/login/"
    assert "secret" not in str(lines())


def test_neither_passwords_nor_tokens_are_logged(lines: Lines, api: APIClient, user: User, client: Client) -> None:
    password = "correct horse battery"
    token = api.post(LOGIN, {"username": "ada", "password": password}).data["token"]
    api.post(LOGIN, {"username": "ada", "password": password, "more": "{"})
    api.post(LOGIN, '{"password": "' + password, content_type="application/json")
    api.get(f"/api/v1/users/me/?password={password}", headers={"authorization": f"Bearer {token}"})
    client.post("/admin/login/", {"username": "ada", "password": password})
    logged = str(lines())
    assert logged.count("POST /api/v1/auth/login/") >= 3
    assert password not in logged
    assert token not in logged
