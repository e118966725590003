"""A project without the Library is whole too, and says nothing of it."""

import re

import pytest

SLUG = "no-trace-test"


def test_the_front_page_is_the_documentation_of_the_api(development_without_library):
    with development_without_library.client() as client:
        response = client.get("/")
    assert response.status_code == 200
    assert "swagger-ui" in response.text


def test_a_user_reads_her_account(development_without_library):
    with development_without_library.user_client() as user:
        response = user.get("/api/v1/users/me/")
    assert (response.status_code, response.json()["username"]) == (200, "ada")


@pytest.mark.parametrize("path", ["/api/v1/books/", "/books/add/"])
def test_there_are_no_books(development_without_library, path):
    with development_without_library.client() as client:
        assert client.get(path).status_code == 404


@pytest.mark.parametrize("command", ["pytest", "pytest -p schemathesis tests/fuzz_api.py"])
def test_its_own_tests_pass_in_the_container(development_without_library, command):
    assert re.search(r"= \d+ passed in ", development_without_library.execute(*command.split()).stdout)


def test_no_file_names_the_library(bake):
    project = bake(library=False, project_slug=SLUG)
    files = [path for path in project.rglob("*") if path.is_file() and path.name != "Pipfile.lock"]
    assert len(files) > 20
    assert not [path for path in project.rglob("*") if "library" in path.relative_to(project).as_posix().lower()]
    assert not [path for path in files if b"library" in path.read_bytes().lower()]


@pytest.mark.parametrize("path", ["/", "/health/ready"])
def test_production_answers_by_https(production_without_library, path):
    with production_without_library.client() as client:
        assert client.get(path).status_code == 200


def test_web_stops_by_itself_within_five_seconds_on_this_python_too(production_without_library):
    with production_without_library.client() as client:
        assert [client.get("/health/ready").status_code for _ in range(6)] == [200] * 6  # each process has a pool
    code, took = production_without_library.stop("web")
    assert code == 0
    assert took < 5
