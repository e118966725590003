"""What developers rely on when they work in the containers of compose.yaml."""

import contextlib
import json
import os
import re
import shutil
import socket
import time

import pytest

from tests.docker import clock
from tests.docker.stack import Stack, eventually, free_port, set_variables

PROOF_OF_POSTGRESQL = """
from django.db import connection


def test_the_database_is_postgresql(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT version()")
        assert cursor.fetchone()[0].startswith("PostgreSQL 18")
"""
PING = 'urlpatterns.append(path("ping/", lambda request: __import__("django.http").http.HttpResponse("pong")))\n'


@contextlib.contextmanager
def changed(path, change):
    """Give the file what change() makes of its text, and its own text back afterwards."""
    before = path.read_text("utf-8")
    path.write_text(change(before), "utf-8")
    try:
        yield
    finally:
        path.write_text(before, "utf-8")


def test_an_edited_template_is_served_at_once(development):
    template = development.project / "library/templates/library/book_list.html"

    def the_new_heading_is_there():
        return "<h1>Edited books</h1>" in client.get("/").text

    with development.client() as client, changed(template, lambda text: text.replace("<h1>Books", "<h1>Edited books")):
        eventually(the_new_heading_is_there)


def test_edited_python_is_served_after_a_moment(development):
    def the_new_path_answers():
        return client.get("/ping/").text == "pong"

    def the_new_path_is_gone():
        return client.get("/ping/").status_code == 404

    with development.client() as client:
        with changed(development.project / "config/urls.py", lambda text: text + PING):
            eventually(the_new_path_answers)
            # A server that has just started answers a moment before its reloader first looks at the files,
            # and what changes before that look is not seen.
            time.sleep(2)
        eventually(the_new_path_is_gone)


def test_web_says_what_a_check_finds_and_goes_on_when_it_is_mended(development):
    def the_check_is_named():
        return "(admin.E108)" in development.compose("logs", "--no-log-prefix", "web").stdout

    def the_list_is_there_again():
        return client.get("/").status_code == 200

    admin = development.project / "library/admin.py"
    with changed(admin, lambda text: text.replace("list_display = (", 'list_display = ("publishd", ')):
        development.compose("up", "--detach", "--force-recreate", "migrate", "web")
        eventually(the_check_is_named)
        time.sleep(2)  # as above
    with development.client() as client:
        eventually(the_list_is_there_again)


def test_a_file_made_in_the_container_belongs_to_the_owner_of_the_project(development):
    development.execute("touch", "made-here")
    made = (development.project / "made-here").stat()
    owner = development.project.stat()
    assert (made.st_uid, made.st_gid) == (owner.st_uid, owner.st_gid)


@pytest.fixture
def owned_by_12345(bake):
    project = bake(project_slug="other-owner-test", python_version="3.14")
    set_variables(project, HOST_UID=12345, HOST_GID=12345)
    stack = Stack(project)
    for path in [project, *project.rglob("*")]:
        shutil.chown(path, 12345, 12345)
    yield stack
    stack.down("--volumes")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to somebody else")
def test_files_belong_to_whoever_the_environment_names(owned_by_12345):
    commands = "touch made-here && python manage.py startapp shop && ruff check --quiet config"
    owned_by_12345.compose("run", "--build", "--rm", "--no-deps", "-T", "web", "sh", "-c", commands, timeout=600)
    made = [owned_by_12345.project / name for name in ("made-here", "shop", "shop/migrations/__init__.py")]
    assert {(path.stat().st_uid, path.stat().st_gid) for path in made} == {(12345, 12345)}


def test_the_projects_own_tests_pass_in_the_container_on_postgresql(development):
    proof = development.project / "tests/test_postgresql.py"
    proof.write_text(PROOF_OF_POSTGRESQL, "utf-8")
    try:
        report = development.execute("pytest").stdout
    finally:
        proof.unlink()
    assert re.search(r"= \d+ passed in ", report)  # and nothing was skipped


def test_the_api_keeps_to_its_schema_whatever_is_sent_to_it(development):
    result = development.execute("pytest", "-p", "schemathesis", "tests/fuzz_api.py")
    assert re.search(r"= \d+ passed in ", result.stdout)


def initialize(port):
    """Send the first request of the Debug Adapter Protocol and return what comes back until it is answered."""
    arguments = {"clientID": "test", "adapterID": "python"}
    body = json.dumps({"seq": 1, "type": "request", "command": "initialize", "arguments": arguments})
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
        while b'"initialize"' not in received and (part := connection.recv(4096)):
            received += part
    return received


def test_a_debugger_can_attach_where_a_port_is_set_for_it(development):
    port = free_port()

    def the_answer():
        return initialize(port)

    try:
        development.up(DEBUGGER_PORT=str(port))
        assert b'"success": true' in eventually(the_answer)
        with development.client() as client:
            assert client.get("/health/ready").status_code == 200
    finally:
        development.up()


def test_data_survive_down_and_up(development):
    with development.client() as client:
        before = client.get("/api/v1/books/").json()
    development.down()
    assert not development.states()
    development.up()
    with development.client() as client:
        assert client.get("/api/v1/books/").json() == before
    with development.user_client() as user:
        assert user.get("/api/v1/users/me/").status_code == 200


def test_the_database_and_the_website_are_for_this_machine_only(development):
    bindings = [development.inspect(service)["HostConfig"]["PortBindings"] for service in ("db", "web")]
    assert bindings[0] == {}
    assert {binding["HostIp"] for port in bindings[1].values() for binding in port} == {"127.0.0.1"}


def test_development_stops_without_a_wait(development):
    start = clock.now()
    development.compose("stop", "--timeout", "20", "web")
    took = clock.now() - start
    development.up()
    assert took < 5
