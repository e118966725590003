from datetime import timedelta

import pytest
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.test import APIClient

from users.models import User

LOGIN, LOGOUT, ME = "/api/v1/auth/login/", "/api/v1/auth/logout/", "/api/v1/users/me/"
CREDENTIALS = {"username": "ada", "password": "correct horse battery"}


@pytest.fixture
def token(api: APIClient, user: User) -> str:
    return str(api.post(LOGIN, CREDENTIALS).data["token"])


def bearer(token: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def test_a_token_opens_the_account(token: str) -> None:
    response = bearer(token).get(ME)
    assert response.status_code == 200
    assert response.data["username"] == "ada"


@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"username": "nobody"}])
def test_wrong_credentials_get_no_token(api: APIClient, user: User, wrong: dict[str, str]) -> None:
    response = api.post(LOGIN, CREDENTIALS | wrong)
    assert response.status_code == 401
    assert not AuthToken.objects.exists()


def test_tokens_are_stored_as_hashes(token: str) -> None:
    assert token not in str(AuthToken.objects.values_list())


def test_an_expired_token_opens_nothing(token: str) -> None:
    AuthToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    assert bearer(token).get(ME).status_code == 401


def test_logging_out_ends_only_the_token_used(api: APIClient, token: str) -> None:
    other = api.post(LOGIN, CREDENTIALS).data["token"]
    assert bearer(token).post(LOGOUT).status_code == 204
    assert bearer(token).get(ME).status_code == 401
    assert bearer(other).get(ME).status_code == 200


def test_too_many_logins_are_held_back(api: APIClient, user: User) -> None:
    statuses = [api.post(LOGIN, CREDENTIALS | {"password": "wrong"}).status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]
    assert int(api.post(LOGIN, CREDENTIALS).headers["Retry-After"]) > 0


def test_a_user_may_change_the_name_but_not_the_rights(user_api: APIClient, user: User) -> None:
    response = user_api.patch(ME, {"first_name": "Ada", "username": "root", "is_staff": True})
    assert response.status_code == 200
    user.refresh_from_db()
    assert (user.first_name, user.username, user.is_staff) == ("Ada", "ada", False)


def test_nobody_else_has_an_account_here(api: APIClient) -> None:
    response = api.get(ME)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
