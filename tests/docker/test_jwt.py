"""A project with JSON Web Tokens, in production: they end by themselves, and a used one is refused by every process."""

import time

import pytest

from tests.docker.conftest import running
from tests.docker.stack import PASSWORD, USER, Production, set_variables

AUTH, ME = "/api/v1/auth/jwt/", "/api/v1/users/me/"


@pytest.fixture(scope="module")
def stack(bake):
    answers = {"jwt": True, "accounts": True, "library": False, "python_version": "3.14"}
    project = bake(project_slug="jwt-production-test", **answers)
    set_variables(project, JWT_ACCESS_LIFETIME="2s")
    with running(Production(project)) as stack:
        yield stack


@pytest.fixture
def pair(visitor):
    return visitor.post(f"{AUTH}obtain/", json={"username": USER, "password": PASSWORD}).json()


def status(client, token):
    return client.get(ME, headers={"Authorization": f"Bearer {token}"}).status_code


def test_an_access_token_ends_by_itself_and_a_refresh_token_gets_the_next(visitor, pair):
    assert status(visitor, pair["access"]) == 200
    time.sleep(3)
    assert status(visitor, pair["access"]) == 401
    second = visitor.post(f"{AUTH}refresh/", json={"refresh": pair["refresh"]}).json()
    assert status(visitor, second["access"]) == 200


@pytest.mark.parametrize("first", ["refresh", "logout"])
def test_a_refresh_token_is_good_once(visitor, pair, first):
    body = {"refresh": pair["refresh"]}
    assert visitor.post(f"{AUTH}{first}/", json=body).is_success
    again = [visitor.post(f"{AUTH}refresh/", json=body) for _ in range(4)]
    assert [response.status_code for response in again] == [401] * 4
    assert {response.headers["Content-Type"] for response in again} == {"application/problem+json"}


def test_a_login_with_accounts_brings_such_tokens_too(stack, visitor):
    address = "email='ada@example.com', verified=True, primary=True"
    stack.manage("shell", "-c", f"EmailAddress.objects.create(user=User.objects.get(), {address})")
    credentials = {"email": "ada@example.com", "password": PASSWORD}
    meta = visitor.post("/api/accounts/app/v1/auth/login", json=credentials).json()["meta"]
    assert status(visitor, meta["access_token"]) == 200
    assert visitor.post(f"{AUTH}refresh/", json={"refresh": meta["refresh_token"]}).is_success
