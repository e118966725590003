"""The pages that every project has: errors, the documentation of the API, and the API in a browser."""

import re
from pathlib import Path

import pytest
from django.conf import LazySettings, settings
from django.contrib.staticfiles import finders
from django.core.exceptions import PermissionDenied
from django.template.loader import render_to_string
from django.test import Client

from users.models import User

NAME = "Ada's <b> & Co"


@pytest.fixture(autouse=True)
def _telling_name(settings: LazySettings) -> None:
    settings.PROJECT_NAME = NAME


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "413", "429", "500", "503"])
def test_an_error_has_a_page_that_needs_no_request(name: str) -> None:
    page = render_to_string(f"{name}.html")
    assert "<h1>" in page
    assert 'href="/static/style.css"' in page
    assert "Ada&#x27;s &lt;b&gt; &amp; Co</title>" in page


def test_an_unknown_host_name_is_answered_with_a_page() -> None:
    response = Client().get("/", headers={"host": "evil.example"})
    assert response.status_code == 400
    assert "That request was not understood" in response.content.decode()


def test_what_is_forbidden_is_answered_with_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbid(*arguments: object) -> None:
        raise PermissionDenied

    monkeypatch.setattr("django.urls.resolvers.URLResolver.resolve", forbid)
    response = Client().get("/x/")
    assert response.status_code == 403
    assert "You are not allowed to do that" in response.content.decode()


def test_a_form_from_another_site_is_refused_with_a_page() -> None:
    response = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "ada"})
    assert response.status_code == 403
    assert "The form was not accepted" in response.content.decode()


def test_no_page_of_the_project_has_styles_or_scripts_between_its_lines() -> None:
    for page in (settings.BASE_DIR / "templates").rglob("*.html"):
        text = page.read_text("utf-8")
        assert "<style" not in text, page
        assert "<script>" not in text, page
        assert " style=" not in text, page
        assert "https:" not in text, page


@pytest.mark.parametrize("path", ["/api/docs/", "/api/redoc/"])
def test_the_documentation_is_named_after_the_project(path: str) -> None:
    page = Client().get(path).content.decode()
    assert "<title>Ada&#x27;s &lt;b&gt; &amp; Co</title>" in page


def test_redoc_may_run_no_script_but_the_projects_own() -> None:
    policy = Client().get("/api/redoc/").headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "script-src" not in policy
    assert "default-src 'self'; " in policy


def test_the_api_in_a_browser_has_no_inline_style(user: User) -> None:
    client = Client()
    client.force_login(user)
    response = client.get("/api/v1/users/me/", headers={"accept": "text/html"})
    page = response.content.decode()
    assert response.headers["Content-Type"].startswith("text/html")
    assert "<style" not in page
    assert " style=" not in page
    assert 'href="/static/browsable-api.css"' in page


def test_pages_name_only_files_that_are_there() -> None:
    pages = [page.read_text("utf-8") for page in (settings.BASE_DIR / "templates").rglob("*.html")]
    names = {name for page in pages for name in re.findall("static '(.+?)'", page)}
    assert "style.css" in names
    assert [name for name in names if not finders.find(name)] == []


def test_browsers_find_the_icon() -> None:
    assert Client().get("/favicon.ico").headers["Location"] == "/static/favicon.svg"
    assert Path(str(finders.find("favicon.svg"))).read_text("utf-8").startswith("<svg")
