import gzip
import logging
import os
import runpy
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import sentry_sdk
from django.conf import settings
from django.test import Client, RequestFactory
from sentry_sdk.envelope import Envelope

from users.models import User


class Sink(ThreadingHTTPServer):
    """A server that keeps what is reported to it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.bodies: list[bytes] = []

    def received(self, kind: str) -> list[Any]:
        """Return the items of that kind, events or transactions, of all envelopes."""
        sentry_sdk.flush(5)
        items = [item for body in self.bodies for item in Envelope.deserialize(body).items]
        return [item.payload.json for item in items if item.type == kind]


class Receiver(BaseHTTPRequestHandler):
    server: Sink

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


def fail(*arguments: object, **options: object) -> None:
    # A report quotes the source around the failure: the value must not be in it.
    secret = "-".join(["in", "a", "variable"])  # noqa: F841
    # As PostgreSQL reports a duplicate value.
    detail = "-".join(["in", "a", "detail"])
    raise RuntimeError(f"the cause\nDETAIL:  Key (email)=({detail}) already exists.")


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    """Return a server to which the project reports, as its settings say."""
    with Sink() as sink:
        threading.Thread(target=sink.serve_forever, daemon=True).start()
        monkeypatch.setitem(os.environ, "SENTRY_DSN", f"http://key@127.0.0.1:{sink.server_port}/1")
        monkeypatch.setitem(os.environ, "SENTRY_RELEASE", "1.2.3")
        monkeypatch.setitem(os.environ, "SENTRY_TRACES_SAMPLE_RATE", "1.0")
        runpy.run_path(str(settings.BASE_DIR / "config/settings.py"))
        yield sink
        sentry_sdk.get_client().close()
        sentry_sdk.init(dsn="")  # without it, the variable would be read again
        sink.shutdown()


def test_an_error_is_reported_once_and_without_personal_data(
    sink: Sink, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("users.serializers.UserSerializer.is_valid", fail)
    client = Client(raise_request_exception=False)
    client.force_login(user)
    headers = {"authorization": "Basic in-a-header", "x-forwarded-for": "192.0.2.7"}
    body = {"first_name": "in-a-body"}
    response = client.patch("/api/v1/users/me/?q=in-a-query", body, "application/json", headers=headers)
    assert response.status_code == 500
    (event,) = sink.received("event")
    assert event["exception"]["values"][-1]["value"] == "the cause"
    assert event["release"] == "1.2.3"
    sent = b"".join(sink.bodies).decode()
    personal = [
        "in-a-detail",
        "in-a-variable",
        "in-a-header",
        "in-a-body",
        "in-a-query",
        "192.0.2.7",
        "127.0.0.1",
        f'"{user.username}"',
    ]
    personal += [user.email, client.cookies["sessionid"].value]
    assert not [secret for secret in personal if secret in sent]


def test_a_security_event_is_reported_without_its_query_and_the_command(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["manage.py", "in-a-command"])
    client = Client(enforce_csrf_checks=True)
    client.post("/admin/login/?q=in-a-query")  # a breadcrumb of the next one
    logging.getLogger("django.security").error("A test", extra={"request": RequestFactory().get("/?q=in-a-query")})
    (event,) = sink.received("event")
    assert "django.security.csrf" in {each["category"] for each in event["breadcrumbs"]["values"]}
    sent = b"".join(sink.bodies).decode()
    assert not [secret for secret in ("in-a-query", "in-a-command") if secret in sent]


def test_a_request_and_its_queries_are_traced(sink: Sink, user: User) -> None:
    client = Client()
    client.force_login(user)
    # Sentry begins a trace in the WSGI application, which the test client bypasses.
    with sentry_sdk.start_transaction(op="http.server"):
        client.get("/api/v1/users/me/")
    (trace,) = sink.received("transaction")
    assert trace["transaction"] == "/api/v1/users/me/"
    assert "db" in {span["op"] for span in trace["spans"]}
