import os
import runpy
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from rest_framework.test import APIClient
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import AccessToken

from users.jwt.authentication import RefreshToken
from users.models import User

OBTAIN, REFRESH, LOGOUT = (f"/api/v1/auth/jwt/{name}/" for name in ("obtain", "refresh", "logout"))
ME, PASSWORD = "/api/v1/users/me/", "/api/v1/users/me/password/"
CREDENTIALS = {"username": "ada", "password": "correct horse battery"}


@pytest.fixture
def pair(api: APIClient, user: User) -> dict[str, str]:
    """What a login returns."""
    return dict(api.post(OBTAIN, CREDENTIALS).data)


def bearer(token: str, scheme: str = "Bearer") -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"{scheme} {token}")
    return client


def assert_refused(response: Any, detail: str) -> None:
    assert response.status_code == 401
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert detail in response.json()["detail"]


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_an_access_token_opens_the_account(pair: dict[str, str], scheme: str) -> None:
    assert bearer(pair["access"], scheme).get(ME).data["username"] == "ada"


def test_the_tokens_of_the_database_are_good_beside_it(api: APIClient, user: User) -> None:
    token = api.post("/api/v1/auth/login/", CREDENTIALS).data["token"]
    assert bearer(token).get(ME).status_code == 200


@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"username": "nobody"}])
def test_wrong_credentials_get_no_tokens(api: APIClient, user: User, wrong: dict[str, str]) -> None:
    assert_refused(api.post(OBTAIN, CREDENTIALS | wrong), "do not match an account")


def test_logins_are_held_back_together_with_all_others(api: APIClient, user: User) -> None:
    paths = [OBTAIN, "/api/v1/auth/login/"] * 5
    assert [api.post(path, CREDENTIALS | {"password": "wrong"}).status_code for path in paths] == [401] * 10
    assert int(api.post(OBTAIN, CREDENTIALS).headers["Retry-After"]) > 0


@pytest.mark.parametrize("token", ["a.b.c", "\xe9.b.c", "a.b.c d"])
def test_a_token_that_is_none_opens_nothing(token: str) -> None:
    assert_refused(bearer(token).get(ME), "invalid")


def test_a_token_without_a_signature_opens_nothing(user: User) -> None:
    assert_refused(bearer(jwt.encode(AccessToken.for_user(user).payload, "", algorithm="none")).get(ME), "invalid")


def test_an_expired_access_token_opens_nothing(user: User) -> None:
    token = AccessToken.for_user(user)
    token.set_exp(lifetime=-timedelta(seconds=1))
    assert_refused(bearer(str(token)).get(ME), "Token is expired")


def test_a_refresh_token_does_not_open_the_account(pair: dict[str, str]) -> None:
    assert_refused(bearer(pair["refresh"]).get(ME), "wrong type")


def test_an_access_token_cannot_be_renewed(api: APIClient, pair: dict[str, str]) -> None:
    assert_refused(api.post(REFRESH, {"refresh": pair["access"]}), "wrong type")


def test_a_refresh_token_gets_one_new_pair(api: APIClient, pair: dict[str, str]) -> None:
    second = api.post(REFRESH, {"refresh": pair["refresh"]}).data
    assert bearer(second["access"]).get(ME).status_code == 200
    assert_refused(api.post(REFRESH, {"refresh": pair["refresh"]}), "blacklisted")
    assert api.post(REFRESH, {"refresh": second["refresh"]}).status_code == 200


def test_a_refresh_token_gets_one_new_pair_when_it_comes_twice_at_once(
    api: APIClient, pair: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RefreshToken, "check_blacklist", lambda token: None)
    statuses = [api.post(REFRESH, {"refresh": pair["refresh"]}).status_code for _ in range(2)]
    assert statuses == [200, 401]


def test_logging_out_ends_the_refresh_token(api: APIClient, pair: dict[str, str]) -> None:
    assert api.post(LOGOUT, {"refresh": pair["refresh"]}).status_code == 204
    assert_refused(api.post(REFRESH, {"refresh": pair["refresh"]}), "blacklisted")


def test_no_token_in_the_database_is_good_for_anything(api: APIClient, pair: dict[str, str]) -> None:
    assert not OutstandingToken.objects.exists()
    second = api.post(REFRESH, {"refresh": pair["refresh"]}).data
    assert list(OutstandingToken.objects.values_list("token", flat=True)) == [pair["refresh"]]
    assert second["refresh"] not in str(OutstandingToken.objects.values_list())


def test_changing_the_password_ends_every_token(api: APIClient, pair: dict[str, str]) -> None:
    change = {"current_password": CREDENTIALS["password"], "new_password": "a wholly new one"}
    assert bearer(pair["access"]).post(PASSWORD, change).status_code == 204
    assert_refused(bearer(pair["access"]).get(ME), "password has been changed")
    assert_refused(api.post(REFRESH, {"refresh": pair["refresh"]}), "password has been changed")


@pytest.mark.parametrize("gone", ["deactivated", "deleted"])
def test_nothing_is_open_to_an_account_that_is_gone(
    api: APIClient, user: User, pair: dict[str, str], gone: str
) -> None:
    if gone == "deleted":
        user.delete()
    else:
        User.objects.update(is_active=False)
    reason = "not found" if gone == "deleted" else "inactive"
    assert_refused(bearer(pair["access"]).get(ME), reason)
    assert_refused(api.post(REFRESH, {"refresh": pair["refresh"]}), reason)


def test_spending_a_token_deletes_those_that_have_expired(api: APIClient, pair: dict[str, str]) -> None:
    second = api.post(REFRESH, {"refresh": pair["refresh"]}).data
    third = api.post(REFRESH, {"refresh": second["refresh"]}).data
    OutstandingToken.objects.filter(token=pair["refresh"]).update(expires_at="2000-01-01T00:00Z")
    api.post(LOGOUT, {"refresh": third["refresh"]})
    assert {*OutstandingToken.objects.values_list("token", flat=True)} == {second["refresh"], third["refresh"]}
    assert BlacklistedToken.objects.count() == 2


def test_used_tokens_go_with_their_account(api: APIClient, user: User, pair: dict[str, str]) -> None:
    api.post(REFRESH, {"refresh": pair["refresh"]})
    user.delete()
    assert not OutstandingToken.objects.exists()


def test_tokens_are_signed_with_a_key_that_is_long_enough_and_not_the_secret_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def key(value: str) -> object:
        monkeypatch.setitem(os.environ, "JWT_SIGNING_KEY", value)
        return runpy.run_path(str(settings.BASE_DIR / "config/settings.py"))["SIMPLE_JWT"]["SIGNING_KEY"]

    assert key("") not in {"", settings.SECRET_KEY}
    assert key("x" * 32) == "x" * 32
    with pytest.raises(ImproperlyConfigured, match="JWT_SIGNING_KEY must have 32 characters"):
        key("x" * 31)
