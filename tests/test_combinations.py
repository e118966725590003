"""What test_projects.py checks, of sets of options in which every two meet: `make test-combinations`."""

import contextlib
import re
import shutil
import sqlite3

import pytest

from tests.combinations import NOTHING, OPTION_PAIRS
from tests.test_projects import (  # noqa: F401 - the tests are collected here too, with the projects of this file
    installed,
    named,
    test_lint_finds_nothing,
    test_the_doctor_finds_nothing,
    test_the_doctor_knows_the_settings_of_this_django,
    test_the_schema_is_valid,
    test_the_tests_pass,
    test_types_are_right,
)

pytestmark = pytest.mark.combinations
# All packages on the oldest Python, the other sets on one whose coverage takes half as long.
EVERYTHING, *OTHERS = [
    named("3.13" if place else "3.12", options) for place, options in enumerate([*OPTION_PAIRS, NOTHING])
]


@pytest.fixture(scope="module", params=[EVERYTHING, *OTHERS])
def project(request, bake, tmp_path_factory):
    """Return a project with the options, and with its packages installed."""
    return installed(*request.param, bake, tmp_path_factory)


MANAGE = """
import os, sys
from django.core.management import execute_from_command_line
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
for command in sys.argv[1:]:
    execute_from_command_line(command.split()[1:])
"""


@pytest.mark.parametrize("project", [EVERYTHING], indirect=True)
def test_the_readme_leads_back_to_the_tables_of_a_project_without_options(project, bake, tmp_path):
    chosen = shutil.copytree(project.folder, tmp_path / "chosen")
    nothing = shutil.copytree(bake(python_version="3.12", **NOTHING), tmp_path / "nothing")
    documented = re.findall(r"`(python manage\.py migrate \w+ zero)`", (chosen / "README.md").read_text("utf-8"))
    for folder, commands in {chosen: documented, nothing: []}.items():
        project.pipenv("run", "python", "-c", MANAGE, "python manage.py migrate", *commands, cwd=folder)
    assert tables(chosen) == tables(nothing)


@pytest.mark.parametrize("project", [EVERYTHING], indirect=True)
def test_the_api_keeps_to_its_schema_whatever_is_sent_to_it(project):
    assert " passed" in project.pipenv("run", "fuzz")


@pytest.mark.parametrize("project", [EVERYTHING], indirect=True)
def test_the_tests_pass_whatever_a_developer_has_in_env(project, tmp_path):
    folder = shutil.copytree(project.folder, tmp_path / "project")
    example = (folder / ".env.example").read_text("utf-8")
    names = re.findall(r"^(?:# )?((?!DATABASE_)[A-Z_]+)=", example, re.MULTILINE)
    assert {"DEBUG", "SENTRY_DSN", "THROTTLE_LOGIN"} < {*names}
    (folder / ".env").write_text("".join(f"{name}=wrong\n" for name in names), "utf-8")
    assert " passed" in project.pipenv("run", "pytest", cwd=folder)


# What is a test of the project's own: the provider is offered, and a browser is sent there, to come back to a page.
LOGIN_WITH_GOOGLE = """
from urllib.parse import parse_qs, urlsplit
from django.urls import resolve

def test_a_browser_is_sent_to_google(client, db):
    accounts = "/api/accounts/browser/v1/"
    config = client.get(accounts + "config").json()["data"]["socialaccount"]
    assert [provider["id"] for provider in config["providers"]] == ["google"]
    form = {"provider": "google", "process": "login", "callback_url": "/"}
    address = urlsplit(client.post(accounts + "auth/provider/redirect", form).headers["Location"])
    assert address.hostname == "accounts.google.com"
    assert resolve(urlsplit(parse_qs(address.query)["redirect_uri"][0]).path)
    policy = client.get("/admin/login/").headers["Content-Security-Policy"]
    assert "https://accounts.google.com" in policy.partition("form-action")[2].partition(";")[0]
"""


@pytest.mark.parametrize("project", [EVERYTHING], indirect=True)
def test_the_readme_leads_to_a_login_with_google(project, tmp_path):
    folder = shutil.copytree(project.folder, tmp_path / "project")
    section = (folder / "README.md").read_text("utf-8").partition("log in with Google")[2]
    app, code = re.search(r"add `(\S+)` to `THIRD_PARTY_APPS`.*?```python\n(.*?)```", section, re.DOTALL).groups()
    settings = (folder / "config/settings.py").read_text("utf-8")
    settings = settings.replace("THIRD_PARTY_APPS = [", f"THIRD_PARTY_APPS = [\n    {app},") + code
    (folder / "config/settings.py").write_text(settings, "utf-8")
    (folder / "tests/test_google.py").write_text(LOGIN_WITH_GOOGLE, "utf-8")
    assert "1 passed" in project.pipenv("run", "pytest", "tests/test_google.py", cwd=folder)


def tables(project):
    with contextlib.closing(sqlite3.connect(project / "db.sqlite3")) as database:
        return {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
