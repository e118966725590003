"""What people can do with a project that runs, in development over HTTP and in production over HTTPS alike."""

import re

import pytest

AUTHORS, BOOKS = "/api/v1/authors/", "/api/v1/books/"
# The modules that a start of the project imports, but for its own, and those of them that have no bytecode.
BYTECODE = """
import os, sys, django
from django.core.management import call_command
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
django.setup()
call_command("check")
specs = [module.__spec__ for module in sys.modules.values() if getattr(module, "__spec__", None)]
files = {spec.cached for spec in specs if spec.cached and not spec.cached.startswith("/app/")}
print(len(files), *sorted(file for file in files if not os.path.exists(file)))
"""


@pytest.fixture(scope="module", params=["development", "production"])
def stack(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def user(stack):
    with stack.user_client() as client:
        yield client


def test_all_services_are_up_and_the_migrations_are_done(stack):
    states = stack.states()
    migrate = states.pop("migrate")
    assert (migrate["State"], migrate["ExitCode"]) == ("exited", 0)
    assert {state["State"] for state in states.values()} == {"running"}
    assert (states["db"]["Health"], states["web"]["Health"]) == ("healthy", "healthy")


def test_no_start_compiles_anything_but_the_projects_own_modules(stack):
    # Without -B, root would write what it misses, as others cannot.
    result = stack.compose("run", "--rm", "--no-deps", "--no-TTY", "web", "python", "-B", "-c", BYTECODE)
    count, *missing = result.stdout.splitlines()[-1].split()
    assert int(count) > 500
    assert not missing


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_the_project_says_that_it_is_well(visitor, path):
    response = visitor.get(path)
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_the_website_lists_books(visitor):
    page = visitor.get("/")
    assert page.status_code == 200
    assert "The Garden and the Garden" in page.text
    assert page.text.count('<li><a href="/books/') == 20


def test_anybody_may_list_books(visitor):
    response = visitor.get(BOOKS, params={"page_size": 30})
    assert response.status_code == 200
    assert len({book["isbn"] for book in response.json()["results"]}) == 30


def test_nobody_adds_a_book_without_a_token(visitor):
    response = visitor.post(BOOKS, json={"title": "Anonymous"})
    assert response.status_code == 401
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["status"] == 401


def test_a_user_adds_an_author_and_a_book_that_others_can_read(user, visitor):
    author = user.post(AUTHORS, json={"name": "Thomas Cormen"}).json()
    fields = {"title": "Introduction to Algorithms", "author": author["id"], "published": "2009-07-31"}
    added = user.post(BOOKS, json=fields | {"isbn": "0-262-03384-4"})
    assert added.status_code == 201, added.text
    book = visitor.get(f"{BOOKS}{added.json()['id']}/").json()
    assert (book["title"], book["author_name"], book["isbn"]) == (fields["title"], "Thomas Cormen", "9780262033848")


@pytest.mark.parametrize("path", ["/", "/admin/login/", "/api/docs/"])
def test_a_page_comes_with_its_styles_and_scripts(visitor, path):
    assets = re.findall('(?:<link[^>]* href|<script[^>]* src)="(/[^"]+)"', visitor.get(path).text)
    assert any(asset.startswith("/static/") for asset in assets)
    assert {asset: visitor.get(asset).status_code for asset in assets} == dict.fromkeys(assets, 200)


def test_the_docs_describe_the_api(visitor):
    schema = visitor.get("/api/schema/", params={"format": "json"}).json()
    assert {AUTHORS, BOOKS, "/api/v1/auth/login/"} <= {*schema["paths"]}


def test_the_admin_asks_who_is_there(visitor):
    response = visitor.get("/admin/")
    assert (response.status_code, response.headers["Location"]) == (302, "/admin/login/?next=/admin/")


def test_an_administrator_signs_in_and_sees_the_index(stack, visitor):
    response = stack.sign_in_to_admin(visitor)
    assert (response.status_code, response.headers["Location"]) == (302, "/admin/")
    index = visitor.get("/admin/")
    assert index.status_code == 200
    assert "Site administration" in index.text


def test_a_login_that_another_site_sends_is_refused(visitor):
    page = visitor.get("/admin/login/")
    assert page.status_code == 200
    assert visitor.post("/admin/login/", data={}, headers={"Origin": "https://evil.example"}).status_code == 403
