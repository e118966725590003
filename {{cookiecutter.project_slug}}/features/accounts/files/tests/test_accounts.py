import base64
import hashlib
import hmac
import json
import os
import re
import runpy
import socket
import struct
import time
from asyncio import AbstractServer
from collections.abc import Awaitable, Iterator
from email import message_from_bytes, policy
from typing import Any
from urllib.parse import unquote

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from allauth.account.models import EmailAddress
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import LazySettings
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.test import Client
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData
from knox.models import AuthToken
from rest_framework.test import APIClient

from users.accounts.adapters import AccountAdapter
from users.accounts.backends import AccountsBackend
from users.models import User

LOGIN, ME = "/api/v1/auth/login/", "/api/v1/users/me/"
NEW = {"email": "grace@example.com", "password": "a compiler for all"}
CREDENTIALS = {"username": "ada", "password": "correct horse battery"}


class App:
    """An app's client, which sends the session's token with each request."""

    def __init__(self) -> None:
        self.client = APIClient()
        self.meta: dict[str, Any] = {}

    def send(self, method: str, path: str, body: dict[str, Any] | None = None, **options: Any) -> Any:
        headers = {"X-Session-Token": self.meta["session_token"]} if "session_token" in self.meta else {}
        response = getattr(self.client, method)(f"/api/accounts/app/v1/{path}", body, headers=headers, **options)
        self.meta |= response.json().get("meta", {}) if response.content else {}
        return response

    def post(self, path: str, body: dict[str, Any] | None = None, **options: Any) -> Any:
        return self.send("post", path, body, **options)


class MailServer(Controller):
    """A mail server on a free port of this machine, which keeps the recipients and the text of what it is sent."""

    def __init__(self) -> None:
        super().__init__(self, hostname="127.0.0.1")
        self.received: list[tuple[list[str], str]] = []

    def _create_server(self) -> Awaitable[AbstractServer]:
        """Listen at a port that the system chooses: with port=0, the controller does not find out which one."""
        listener = socket.create_server((self.hostname, 0))
        self.port = listener.getsockname()[1]
        return self.loop.create_server(self._factory_invoker, sock=listener)

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name for it
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        mail = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        self.received.append((envelope.rcpt_tos, mail.get_content().replace("\r\n", "\n")))
        return "250 OK"


@pytest.fixture(autouse=True)
def _no_query_but_those_asked_for() -> None:
    """In place of the check for the project's own code: allauth's makes queries as it needs them."""


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def mail_server(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    """A mail server that the settings send to, as they do in production, and not to a list in memory."""
    server = MailServer()
    server.start()
    monkeypatch.setitem(os.environ, "EMAIL_URL", f"smtp://127.0.0.1:{server.port}")
    settings.MAILERS = runpy.run_path(str(settings.BASE_DIR / "config/settings.py"))["MAILERS"]
    yield server
    server.stop()


@pytest.fixture
def ada(user: User) -> App:
    """An app in which the user has logged in, whose address is verified."""
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    app = App()
    assert app.post("auth/login", CREDENTIALS).status_code == 200
    return app


@pytest.fixture
def secret(ada: App, settings: LazySettings) -> str:
    """The secret of the user's second factor."""
    settings.MFA_TOTP_TOLERANCE = 1  # for a test that runs while one code follows another
    ada.post("auth/reauthenticate", {"password": CREDENTIALS["password"]})
    secret = str(ada.send("get", "account/authenticators/totp").json()["meta"]["secret"])
    assert ada.post("account/authenticators/totp", {"code": totp(secret)}).status_code == 200
    return secret


def totp(secret: str) -> str:
    """Return what an authenticator shows now (RFC 6238)."""
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30), "sha1")
    start = digest[-1] & 0xF
    return f"{(int.from_bytes(digest[start : start + 4]) & 0x7FFFFFFF) % 1_000_000:06}"


class Passkey:
    """What a browser and the key in a device make together for https://testserver (W3C: Web Authentication)."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        public: Any = ES256.from_cryptography_key(self.key.public_key())  # type: ignore[no-untyped-call]  # fido2's
        self.credential: Any = AttestedCredentialData.create(bytes(16), b"a passkey", public)

    def answer(self, kind: str, challenge: str, **response: bytes) -> dict[str, Any]:
        client = CollectedClientData.create(kind, challenge, "https://testserver")
        flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV
        data: Any = hashlib.sha256(b"testserver").digest()
        if kind == CollectedClientData.TYPE.CREATE:
            data = AuthenticatorData.create(data, flags | AuthenticatorData.FLAG.AT, 0, self.credential)
            response["attestationObject"] = AttestationObject.create("none", data, {})
        else:
            response["authenticatorData"] = AuthenticatorData.create(data, flags, 0)
            signed = response["authenticatorData"] + client.hash
            response["signature"] = self.key.sign(signed, ec.ECDSA(hashes.SHA256()))
        encoded = {name: websafe_encode(value) for name, value in {"clientDataJSON": client, **response}.items()}
        identity = {"id": websafe_encode(b"a passkey"), "rawId": websafe_encode(b"a passkey"), "type": "public-key"}
        return {**identity, "response": encoded, "clientExtensionResults": {"credProps": {"rk": True}}}


def code(text: object) -> str:
    found = re.search(r"^[A-Z0-9]{4,}(-[A-Z0-9]{4,})*$", str(text), re.MULTILINE)
    assert found, text
    return found[0]


def pending(response: Any) -> list[str]:
    """Return the steps that a login still takes."""
    assert response.status_code == 401
    return [flow["id"] for flow in response.json()["data"]["flows"] if flow.get("is_pending")]


def status(token: str) -> int:
    return int(APIClient().get(ME, headers={"authorization": f"Bearer {token}"}).status_code)


@pytest.mark.django_db
def test_who_signs_up_and_verifies_the_address_can_use_the_api(app: App, mailoutbox: list[EmailMessage]) -> None:
    assert pending(app.post("auth/signup", NEW)) == ["verify_email"]
    (mail,) = mailoutbox
    assert (mail.to, mail.subject.startswith("[")) == ([NEW["email"]], True)
    response = app.post("auth/email/verify", {"key": code(mail.body)})
    assert response.status_code == 200
    assert status(response.json()["meta"]["access_token"]) == 200


@pytest.mark.django_db
def test_the_code_comes_by_smtp(app: App, mail_server: MailServer) -> None:
    app.post("auth/signup", NEW)
    [(recipients, text)] = mail_server.received
    assert recipients == [NEW["email"]]
    response = app.post("auth/email/verify", {"key": code(text)})
    assert status(response.json()["meta"]["access_token"]) == 200


@pytest.mark.django_db
def test_an_address_is_verified_before_any_login(
    app: App, api: APIClient, client: Client, mailoutbox: list[EmailMessage]
) -> None:
    app.post("auth/signup", NEW | {"username": "grace"})
    credentials = {"username": "grace", "password": NEW["password"]}
    assert api.post(LOGIN, credentials).status_code == 401
    cache.clear()  # a second code is sent after a while only
    assert pending(App().post("auth/login", credentials)) == ["verify_email"]
    assert app.post("auth/email/verify", {"key": "WRONG"}).status_code == 400
    assert app.post("auth/email/verify", {"key": code(mailoutbox[0].body)}).status_code == 200
    assert api.post(LOGIN, credentials).status_code == 200
    assert api.post(LOGIN, credentials | {"username": NEW["email"]}).status_code == 200


def test_nobody_learns_who_has_an_account(app: App, ada: App, mailoutbox: list[EmailMessage]) -> None:
    same = [App().post("auth/signup", NEW | {"email": email}) for email in ("ada@example.com", "nobody@example.com")]
    assert pending(same[0]) == pending(same[1]) == ["verify_email"]
    assert "There is an account with it already" in str(mailoutbox[0].body)
    same = [App().post("auth/password/request", {"email": email}) for email in ("ada@example.com", "no@example.com")]
    assert pending(same[0]) == pending(same[1]) == ["password_reset_by_code"]
    assert "There is no such account" in str(mailoutbox[-1].body)


@pytest.mark.parametrize("username", ["ada@example.com", "nobody@example.com"])
def test_a_wrong_login_takes_as_long_for_an_address_that_is_a_user_name_too(
    app: App, ada: App, username: str, hashed: list[str]
) -> None:
    User.objects.update(username="ada@example.com")
    app.post("auth/login", {"username": username, "password": "wrong"})
    assert hashed == ["wrong"]


def test_the_password_of_somebody_else_is_not_the_current_one(ada: App, api: APIClient) -> None:
    User.objects.create_user("other", "other@example.com", "of somebody else")
    EmailAddress.objects.create(user=User.objects.get(username="other"), email="other@example.com", verified=True)
    User.objects.filter(username="ada").update(username="other@example.com")
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {ada.meta['access_token']}")
    response = api.post("/api/v1/users/me/delete/", {"current_password": "of somebody else"})
    assert (response.status_code, response.json()["errors"][0]["code"]) == (400, "wrong_password")


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_an_account_has_no_phone(app: App, ada: App, method: str) -> None:
    assert [each.send(method, "account/phone").status_code for each in (app, ada)] == [404, 404]


def test_a_passkey_that_is_none_is_refused(ada: App) -> None:
    ada.post("auth/reauthenticate", {"password": CREDENTIALS["password"]})
    ada.send("get", "account/authenticators/webauthn?passwordless")
    response = {"clientDataJSON": "AAAA", "attestationObject": "AAAA"}
    credential = {"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": response}
    refused = ada.post("account/authenticators/webauthn", {"name": "Phone", "credential": credential})
    assert (refused.status_code, refused.headers["Content-Type"]) == (400, "application/problem+json")


@pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com"])
def test_a_sign_up_takes_as_long_where_there_is_an_account(app: App, ada: App, email: str, hashed: list[str]) -> None:
    app.post("auth/signup", NEW | {"email": email})
    assert len(hashed) == 1


def test_of_two_sign_ups_for_one_name_at_a_time_one_is_told_of_the_other(
    app: App, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = AccountAdapter.save_user

    def late(adapter: AccountAdapter, request: Any, user: User, form: Any, **options: Any) -> Any:
        User.objects.create_user("grace")
        return save(adapter, request, user, form, **options)

    monkeypatch.setattr(AccountAdapter, "save_user", late)
    response = app.post("auth/signup", NEW | {"username": "grace"})
    assert (response.status_code, response.headers["Content-Type"]) == (409, "application/problem+json")


@pytest.mark.parametrize(
    "body",
    [
        "[" * 100_000,
        '{"username": ' + "1" * 5_000 + "}",
        *(json.dumps(CREDENTIALS | {name: "\ud800"}) for name in CREDENTIALS),
    ],
)
def test_json_that_python_cannot_hold_is_refused(app: App, db: None, body: str) -> None:
    response = app.client.post("/api/accounts/app/v1/auth/login", body, content_type="application/json")
    assert (response.status_code, response.headers["Content-Type"]) == (400, "application/problem+json")


def test_a_failure_that_is_not_of_what_was_sent_is_no_fault_of_the_sender(
    app: App, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any, **options: Any) -> None:
        raise ValueError

    app.client.raise_request_exception = False
    monkeypatch.setattr(AccountsBackend, "authenticate", fail)
    assert app.post("auth/login", CREDENTIALS).status_code == 500


def test_a_forgotten_password_is_replaced_and_ends_all_logins(
    app: App, ada: App, api: APIClient, mailoutbox: list[EmailMessage]
) -> None:
    token, session = api.post(LOGIN, CREDENTIALS).data["token"], ada.meta["access_token"]
    app.post("auth/password/request", {"email": "ada@example.com"})
    response = app.post("auth/password/reset", {"key": code(mailoutbox[0].body), "password": "a wholly new one"})
    assert response.status_code == 401  # a new password, but no login yet
    assert [status(token), status(session), ada.send("get", "auth/session").status_code] == [401, 401, 401]
    assert app.post("auth/login", CREDENTIALS).status_code == 400
    assert app.post("auth/login", CREDENTIALS | {"password": "a wholly new one"}).status_code == 200


def test_an_account_without_a_password_gets_one_and_can_then_be_deleted(
    app: App, ada: App, user: User, api: APIClient, mailoutbox: list[EmailMessage]
) -> None:
    user.set_unusable_password()
    user.save()
    app.post("auth/password/request", {"email": "ada@example.com"})
    app.post("auth/password/reset", {"key": code(mailoutbox[0].body), "password": "a wholly new one"})
    app.post("auth/login", CREDENTIALS | {"password": "a wholly new one"})
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {app.meta['access_token']}")
    assert api.post("/api/v1/users/me/delete/", {"current_password": "a wholly new one"}).status_code == 204
    assert not EmailAddress.objects.exists()


def test_changing_the_password_ends_all_other_logins(ada: App, user: User) -> None:
    other = App()
    other.post("auth/login", CREDENTIALS)
    change = {"current_password": CREDENTIALS["password"], "new_password": "a wholly new one"}
    assert ada.post("account/password/change", change).status_code == 200
    assert not AuthToken.objects.exists()
    assert [client.send("get", "auth/session").status_code for client in (ada, other)] == [200, 401]


def test_a_second_factor_is_asked_for(app: App, secret: str) -> None:
    assert pending(app.post("auth/login", CREDENTIALS)) == ["mfa_authenticate"]
    assert "access_token" not in app.meta
    shown = totp(secret)
    assert app.post("auth/2fa/authenticate", {"code": shown[::-1] + "0"}).status_code == 400
    assert app.post("auth/2fa/authenticate", {"code": shown}).status_code == 200
    assert status(app.meta["access_token"]) == 200
    second = App()
    second.post("auth/login", CREDENTIALS)
    assert second.post("auth/2fa/authenticate", {"code": shown}).status_code == 400


def test_a_recovery_code_is_a_second_factor_once(ada: App, secret: str) -> None:
    recovery_code = ada.send("get", "account/authenticators/recovery-codes").json()["data"]["unused_codes"][0]
    for expected in (200, 400):
        app = App()
        app.post("auth/login", CREDENTIALS)
        assert app.post("auth/2fa/authenticate", {"code": recovery_code}).status_code == expected


def test_a_password_alone_opens_nothing_to_an_account_with_a_second_factor(
    api: APIClient, client: Client, secret: str, user: User
) -> None:
    User.objects.update(is_staff=True)
    assert api.post(LOGIN, CREDENTIALS).status_code == 401
    client.post("/admin/login/?next=/admin/", CREDENTIALS)
    assert client.get("/admin/").status_code == 302
    client.force_login(user)
    change = {"current_password": CREDENTIALS["password"], "new_password": "a wholly new one"}
    assert client.post(f"{ME}password/", change, content_type="application/json").status_code == 204


def test_staff_log_in_to_the_admin_with_their_second_factor(ada: App, client: Client, secret: str) -> None:
    User.objects.update(is_staff=True)
    recovery_codes = ada.send("get", "account/authenticators/recovery-codes").json()["data"]["unused_codes"]
    assert 'name="code"' in client.get("/admin/login/").content.decode()
    shown = totp(secret)
    for code, status in [(shown[::-1] + "0", 200), (shown, 302), (shown, 200), (recovery_codes[0], 302)]:
        assert client.post("/admin/login/?next=/admin/", CREDENTIALS | {"code": code}).status_code == status
        client.logout()


def test_a_passkey_logs_in_without_a_password(app: App, ada: App, api: APIClient) -> None:
    passkey = Passkey()
    ada.post("auth/reauthenticate", {"password": CREDENTIALS["password"]})
    options = ada.send("get", "account/authenticators/webauthn?passwordless").json()["data"]["creation_options"]
    asked = options["publicKey"]
    credential = passkey.answer("webauthn.create", asked["challenge"])
    added = ada.post("account/authenticators/webauthn", {"name": "Phone", "credential": credential})
    assert added.status_code == 200, added.content
    challenge = app.send("get", "auth/webauthn/login").json()["data"]["request_options"]["publicKey"]["challenge"]
    credential = passkey.answer("webauthn.get", challenge, userHandle=websafe_decode(asked["user"]["id"]))
    assert app.post("auth/webauthn/login", {"credential": credential}).status_code == 200
    assert status(app.meta["access_token"]) == 200
    assert App().post("auth/webauthn/login", {"credential": credential}).status_code == 400
    assert api.post(LOGIN, CREDENTIALS).status_code == 401


def test_a_browser_logs_in_with_cookies_and_needs_the_csrf_token(ada: App) -> None:
    browser, url = Client(enforce_csrf_checks=True), "/api/accounts/browser/v1/auth/login"
    assert browser.get("/api/accounts/browser/v1/config").status_code == 200
    refused = browser.post(url, CREDENTIALS, content_type="application/json")
    assert (refused.status_code, refused.headers["Content-Type"]) == (403, "application/problem+json")
    assert "The form was not accepted" in browser.post("/admin/login/").text
    headers = {"X-CSRFToken": browser.cookies["csrftoken"].value}
    assert browser.post(url, CREDENTIALS, content_type="application/json", headers=headers).status_code == 200
    assert browser.get(ME).json()["username"] == "ada"


def test_logins_here_count_with_all_others(app: App, api: APIClient, user: User, monkeypatch: Any) -> None:
    monkeypatch.setattr("users.backends.AccountThrottle.rate", "1/hour", raising=False)
    api.post(LOGIN, CREDENTIALS)
    response = app.post("auth/login", CREDENTIALS)
    assert (response.status_code, response.headers["Content-Type"]) == (429, "application/problem+json")
    assert int(response.headers["Retry-After"]) > 0


@pytest.mark.django_db
def test_limits_count_by_the_address_that_the_proxy_saw(app: App, settings: LazySettings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    settings.ACCOUNT_RATE_LIMITS = {"signup": "1/m/ip"}
    addresses = ["192.0.2.1", "192.0.2.2", "192.0.2.9, 192.0.2.1"]
    statuses = [app.post("auth/signup", {}, HTTP_X_FORWARDED_FOR=address).status_code for address in addresses]
    assert statuses == [400, 400, 429]


@pytest.mark.django_db
def test_nobody_signs_up_where_that_is_closed(app: App, settings: LazySettings) -> None:
    settings.SIGNUP_OPEN = False
    assert app.post("auth/signup", NEW).status_code == 403
    assert not User.objects.exists()


def test_with_a_frontend_emails_lead_to_it(
    app: App, ada: App, settings: LazySettings, monkeypatch: pytest.MonkeyPatch, mailoutbox: list[EmailMessage]
) -> None:
    monkeypatch.setitem(os.environ, "FRONTEND_URL", "https://app.example.com/")
    for name, value in runpy.run_path(str(settings.BASE_DIR / "config/settings.py")).items():
        if name.startswith(("ACCOUNT_", "HEADLESS_")):
            setattr(settings, name, value)
    App().post("auth/signup", NEW)
    app.post("auth/password/request", {"email": "ada@example.com"})
    pages = [re.findall(r"https://app\.example\.com/account/(\S+)/(\S+)", str(mail.body)) for mail in mailoutbox]
    (verify, key), (reset, reset_key) = pages[0][0], pages[1][0]
    assert (verify, reset) == ("verify-email", "password/reset/key")
    assert app.post("auth/email/verify", {"key": unquote(key)}).status_code == 401  # verified, and not logged in
    assert EmailAddress.objects.get(email=NEW["email"]).verified
    new = {"key": unquote(reset_key), "password": "a wholly new one"}
    assert app.post("auth/password/reset", new).status_code == 401
    assert app.post("auth/login", CREDENTIALS | {"password": "a wholly new one"}).status_code == 200


def test_scripts_of_the_frontend_may_use_the_addresses_for_apps(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "FRONTEND_URL", "https://app.example.com/shop")
    with_a_frontend = runpy.run_path(str(settings.BASE_DIR / "config/settings.py"))
    settings.CORS_ALLOWED_ORIGINS = with_a_frontend["CORS_ALLOWED_ORIGINS"]
    headers = {
        "Origin": "https://app.example.com",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-session-token",
    }
    response = Client().options("/api/accounts/app/v1/auth/login", headers=headers)
    assert response.headers["Access-Control-Allow-Origin"] == "https://app.example.com"
    assert "x-session-token" in response.headers["Access-Control-Allow-Headers"]


def test_an_address_is_changed_where_it_is_verified_only(ada: App, user: User) -> None:
    headers = {"authorization": f"Bearer {ada.meta['access_token']}"}
    assert APIClient().patch(ME, {"email": "other@example.com"}, headers=headers).status_code == 200
    user.refresh_from_db()
    assert user.email == "ada@example.com"


def test_the_documentation_shows_what_there_is(client: Client) -> None:
    page = client.get("/api/accounts/docs/")
    assert 'spec-url="/api/accounts/openapi.json"' in page.content.decode()
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert "/api/accounts/{client}/v1/auth/signup" in client.get("/api/accounts/openapi.json").json()["paths"]
