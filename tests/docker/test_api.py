"""What clients of the API rely on in production: a schema to make them from, limits that hold, logs that tell."""

import json
import re
import subprocess
import sys

import pytest

from tests import BIN
from tests.docker.stack import PASSWORD, USER, run

LOGIN, ME, BOOKS = "/api/v1/auth/login/", "/api/v1/users/me/", "/api/v1/books/"
CLIENT = """
import sys
from client import AuthenticatedClient, Client
from client.api.auth import login
from client.api.authors import authors_create
from client.api.books import books_create, books_list
from client.models import AuthorRequest, Book, BookRequest, LoginRequest, PaginatedBookList, Problem, Token
from datetime import date

url, username, password = sys.argv[1:]
token = login.sync(client=Client(url, verify_ssl=False), body=LoginRequest(username, password))
assert isinstance(token, Token)
client = AuthenticatedClient(url, token.token, verify_ssl=False)
author = authors_create.sync(client=client, body=AuthorRequest("Edsger Dijkstra"))
fields = {"title": "A Discipline of Programming", "author": author.id, "published": date(1976, 10, 28)}
book = books_create.sync(client=client, body=BookRequest(isbn="0-13-215871-X", **fields))
assert isinstance(book, Book)
assert book.author_name == "Edsger Dijkstra"
found = books_list.sync(client=client, search="discipline dijkstra")
assert isinstance(found, PaginatedBookList)
assert [other.id for other in found.results] == [book.id]
refused = books_create.sync(client=client, body=BookRequest(isbn="0-13-215871-0", **fields))
assert isinstance(refused, Problem)
assert refused.errors[0].pointer == "#/isbn"
"""


@pytest.fixture
def visitor(production):
    with production.client() as client:
        yield client


def web_log(production):
    """Return the lines that `web` has logged."""
    container = production.compose("ps", "--quiet", "web").stdout.strip()
    return [json.loads(line) for line in run("docker", "logs", container).stderr.splitlines()]


def test_a_client_that_a_generator_makes_of_the_schema_works(production, visitor, tmp_path):
    (tmp_path / "openapi.yaml").write_text(visitor.get("/api/schema/").text, "utf-8")
    generate = [BIN / "openapi-python-client", "generate", "--path", "openapi.yaml", "--meta", "none"]
    subprocess.run([*generate, "--output-path", "client"], cwd=tmp_path, check=True)
    command = [sys.executable, "-W", "error::SyntaxWarning", "-c", CLIENT, production.url, USER, PASSWORD]
    result = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@pytest.fixture
def _counts_afresh(production):
    """Let the tests that follow log in: what was counted is in the memory of the processes."""
    yield
    production.compose("restart", "web")
    production.up()


@pytest.mark.usefixtures("_counts_afresh")
def test_a_forged_header_does_not_lead_around_a_limit(visitor):
    wrong = {"username": "nobody", "password": "wrong"}
    forged = [{"X-Forwarded-For": f"192.0.2.{number}"} for number in range(11)]
    statuses = [visitor.post(LOGIN, json=wrong, headers=headers).status_code for headers in [*forged, *forged]]
    # Each of the two processes counts for itself.
    assert statuses.count(429) >= 2
    assert int(visitor.post(LOGIN, json=wrong).headers.get("Retry-After", "1")) > 0


@pytest.mark.usefixtures("_counts_afresh")
@pytest.mark.parametrize("path", ["/login/", "/admin/login/"])
def test_passwords_cannot_be_tried_at_a_form_for_ever(visitor, path):
    statuses = []
    for _ in range(22):
        page = visitor.get(path)
        token = re.search('name="csrfmiddlewaretoken" value="([^"]+)"', page.text)[1]
        form = {"csrfmiddlewaretoken": token, "username": "nobody", "password": "wrong"}
        statuses.append(visitor.post(path, data=form, headers={"Referer": str(page.url)}).status_code)
    # Each of the two processes counts for itself.
    assert statuses[:10] == [200] * 10
    assert statuses.count(429) >= 2
    assert {*statuses} == {200, 429}


@pytest.mark.parametrize("size", [3_000_000, 11_000_000, 30_000_000])
def test_a_body_in_chunks_that_is_too_large_is_a_problem(visitor, size):
    chunks = (b" " * 100_000 for _ in range(size // 100_000))
    response = visitor.post(LOGIN, content=chunks, headers={"Content-Type": "application/json"})
    assert response.status_code == 413
    assert response.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("size", [2_100_000, 9_000_000, 11_000_000, 100_000_000])
def test_a_body_that_is_too_large_is_a_problem(visitor, size):
    headers = {"Content-Type": "application/json"}
    response = visitor.post(LOGIN, content=b" " * size, headers=headers)
    assert response.status_code == 413
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["status"] == 413


def test_a_body_in_chunks_is_read_too(visitor):
    chunks = iter([b'{"username": "nobody", ', b'"password": "wrong"}'])
    assert visitor.post(LOGIN, content=chunks, headers={"Content-Type": "application/json"}).status_code == 401


def test_everything_is_logged_as_json_with_the_id_that_the_client_got(production, visitor):
    request_id = visitor.get(ME).headers["X-Request-ID"]
    lines = [line for line in web_log(production) if line.get("request_id") == request_id]
    assert [(line["request"], line["code"]) for line in lines] == [(f"GET {ME}", 401)]


def test_no_secret_is_logged(production, visitor):
    token = production.token
    visitor.get(ME, params={"password": PASSWORD}, headers={"Authorization": f"Bearer {token}"})
    logged = production.compose("logs", "--no-color").stdout
    assert f"GET {ME}" in logged
    assert not [secret for secret in (*production.secrets.values(), token, PASSWORD) if secret in logged]


def test_what_has_not_changed_is_not_sent_again(visitor):
    first = visitor.get(BOOKS)
    assert visitor.get(BOOKS, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304


def test_an_index_serves_the_search(production):
    script = """
from django.db import connection
from django.contrib.admin import site
from library.models import Author, Book
from users.models import User
with connection.cursor() as cursor:
    # So few books are read from end to end sooner than any index is.
    cursor.execute("SET enable_seqscan = off; SET enable_indexscan = off; SET enable_indexonlyscan = off")
print(Book.objects.search("river").explain(), Author.objects.filter(name__icontains="river").explain())
# The admin's, by which it completes the name of an owner too.
print(site.get_model_admin(User).get_search_results(None, User.objects.all(), "river garden")[0].explain())
"""
    plan = production.manage("shell", "--verbosity=0", "--command", script)
    assert "author_search" in plan
    assert "book_search" in plan
    assert "user_search" in plan


PLANS = """
import base64
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from library.models import Book

def page(path):
    with CaptureQueriesContext(connection) as queries:
        data = client.get(path, secure=True).json()
    cursor.execute("EXPLAIN " + queries[-1]["sql"])
    print(path, *[line for line, in cursor], sep="\\n")
    return data

client = Client(headers={"host": "localhost"})
last = base64.b64encode(b"r=1").decode()
with transaction.atomic(), connection.cursor() as cursor:
    call_command("seed", 20_000)
    cursor.execute("ANALYZE")
    for order in ("id", "-id", "title", "-title", "published", "-published"):
        path = f"/api/v1/books/?ordering={order}"
        page(page(path)["next"])
        page(page(f"{path}&cursor={last}")["previous"])
    transaction.set_rollback(True)
"""


def test_an_index_serves_every_page_of_every_ordering(production):
    plans = production.manage("shell", "--verbosity=0", "--command", PLANS).split("/api/v1/books/")[1:]
    assert len(plans) == 24
    for plan in plans:
        field = re.search(r"ordering=-?(\w+)", plan)[1]
        index = {"title": "book_by_title", "published": "book_by_date"}.get(field, "library_book_pkey")
        assert re.search(f"Index Scan (Backward )?using {index} ", plan), plan
        assert not re.search("Sort|Filter|Seq Scan on library_book", plan), plan
    # Deep pages begin at a place in it.
    assert sum("Index Cond: (id <" in plan or "Index Cond: (id >" in plan for plan in plans) == 4
    assert sum("Index Cond: (ROW" in plan for plan in plans) == 8


@pytest.mark.parametrize("service", ["db", "web"])
def test_while_something_is_away_the_answer_says_when_to_come_back(production, visitor, service):
    production.compose("stop", service)
    try:
        response = visitor.get(BOOKS, timeout=60)
    finally:
        production.up()
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json() == {"type": "about:blank", "title": "Service Unavailable", "status": 503}
    assert visitor.get(BOOKS).status_code == 200
