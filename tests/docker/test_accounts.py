"""A project with accounts, in development: e-mails go through SMTP to the mailbox that comes with it."""

import re
import secrets

import httpx
import pytest

from tests.docker.conftest import running
from tests.docker.stack import Stack, eventually, free_port, set_variables

ACCOUNTS, LOGIN, ME = "/api/accounts/app/v1/", "/api/v1/auth/login/", "/api/v1/users/me/"


class AccountsStack(Stack):
    def latest_mail(self, address):
        """Return the text of the last e-mail, once it has come and is for that address."""

        def arrived():
            mail = httpx.get(f"http://127.0.0.1:{self.mailbox}/api/v1/message/latest", trust_env=False)
            return mail.is_success and mail.json()["To"][0]["Address"] == address and mail.json()["Text"]

        return eventually(arrived)


@pytest.fixture(scope="module")
def stack(bake):
    project = bake(project_slug="accounts-development-test", accounts=True, library=False, python_version="3.14")
    stack = AccountsStack(project)
    stack.mailbox = free_port()
    set_variables(project, MAILPIT_PORT=stack.mailbox)
    with running(stack):
        yield stack


def code(text):
    return re.search(r"^[A-Z0-9]{4,}(-[A-Z0-9]{4,})*\s*$", text, re.MULTILINE)[0].strip()


def post(client, path, body):
    """Send a step of a login as an app does, with the token of the session that the steps are part of."""
    response = client.post(ACCOUNTS + path, json=body)
    if token := response.json().get("meta", {}).get("session_token"):
        client.headers["X-Session-Token"] = token
    return response


def test_from_signing_up_to_a_forgotten_password(stack, visitor):
    address, password = f"{secrets.token_hex(4)}@example.com", "a compiler for all"
    assert post(visitor, "auth/signup", {"email": address, "password": password}).status_code == 401
    credentials = {"username": address, "password": password}
    assert visitor.post(LOGIN, json=credentials).status_code == 401
    response = post(visitor, "auth/email/verify", {"key": code(stack.latest_mail(address))})
    assert response.status_code == 200, response.text
    bearer = {"Authorization": f"Bearer {response.json()['meta']['access_token']}"}
    assert visitor.get(ME, headers=bearer).json()["email"] == address
    assert visitor.post(LOGIN, json=credentials).status_code == 200

    with stack.client() as forgetful:
        verification = stack.latest_mail(address)
        post(forgetful, "auth/password/request", {"email": address})

        def another_mail():
            text = stack.latest_mail(address)
            return text != verification and text

        new = {"key": code(eventually(another_mail)), "password": "a wholly new one"}
        assert post(forgetful, "auth/password/reset", new).status_code == 401
    assert visitor.get(ME, headers=bearer).status_code == 401
    assert visitor.post(LOGIN, json=credentials).status_code == 401
    assert visitor.post(LOGIN, json=credentials | {"password": "a wholly new one"}).status_code == 200


def test_the_documentation_is_shown(visitor):
    assert "openapi.json" in visitor.get("/api/accounts/docs/").text
    assert visitor.get("/api/accounts/openapi.json").json()["info"]["title"]
