import json
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from knox.models import AuthToken
from pytest_django import DjangoAssertNumQueries
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.test import APIClient, APIRequestFactory
from rest_framework.views import APIView

from config.throttling import AnonRateThrottle, UserRateThrottle, client
from users.models import User
from users.serializers import UserSerializer

LOGIN, LOGOUT = "/api/v1/auth/login/", "/api/v1/auth/logout/"
ME, PASSWORD, DELETE = "/api/v1/users/me/", "/api/v1/users/me/password/", "/api/v1/users/me/delete/"
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


@pytest.mark.parametrize("wrong", ["0" * 64, "\xff"])
def test_what_is_no_token_opens_nothing(token: str, wrong: str) -> None:
    response = bearer(wrong).get(ME)
    assert (response.status_code, response.json()["detail"]) == (401, "Invalid token.")


def test_an_expired_token_opens_nothing(token: str) -> None:
    AuthToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    assert bearer(token).get(ME).status_code == 401


def test_a_token_takes_one_query_however_many_there_are(
    api: APIClient, token: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(5):
        api.post(LOGIN, CREDENTIALS)
    with django_assert_num_queries(1):
        bearer(token).get(ME)


def test_a_login_deletes_tokens_that_have_expired(api: APIClient, token: str) -> None:
    AuthToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    api.post(LOGIN, CREDENTIALS)
    assert AuthToken.objects.get().expiry > timezone.now()


def test_a_request_is_counted_once(user: User) -> None:
    request = Request(APIRequestFactory().get("/"))
    for request.user in (AnonymousUser(), user):
        throttles = [AnonRateThrottle(), UserRateThrottle()]
        assert len([each for each in throttles if each.get_cache_key(request, APIView())]) == 1


def test_logging_out_ends_only_the_token_used(api: APIClient, token: str) -> None:
    other = api.post(LOGIN, CREDENTIALS).data["token"]
    assert bearer(token).post(LOGOUT).status_code == 204
    assert bearer(token).get(ME).status_code == 401
    assert bearer(other).get(ME).status_code == 200


def test_too_many_logins_are_held_back(api: APIClient, user: User) -> None:
    statuses = [api.post(LOGIN, CREDENTIALS | {"password": "wrong"}).status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]
    assert int(api.post(LOGIN, CREDENTIALS).headers["Retry-After"]) > 0


def test_logins_without_a_password_are_held_back_too(api: APIClient, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.throttling.AnonRateThrottle.rate", "2/min", raising=False)
    assert [api.post(LOGIN, {"username": "ada"}).status_code for _ in range(3)] == [400, 400, 429]


def test_logins_to_one_account_are_held_back_wherever_they_come_from(
    api: APIClient, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("users.backends.AccountThrottle.rate", "3/hour", raising=False)
    addresses = [f"192.0.2.{number}" for number in range(4)]
    statuses = [api.post(LOGIN, CREDENTIALS, REMOTE_ADDR=address).status_code for address in addresses]
    assert statuses == [200] * 3 + [429]
    assert api.post(LOGIN, CREDENTIALS | {"username": "other"}).status_code == 401


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2::7", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::7", "2001:db8:1:3::/64"),
        ("fe80::7%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_a_client_is_an_ipv4_address_or_a_network_of_ipv6(address: str, counted: str) -> None:
    assert client(address) == counted


@pytest.mark.parametrize(("name", "proxies"), [("REMOTE_ADDR", 0), ("HTTP_X_FORWARDED_FOR", 1)])
def test_another_address_of_the_same_ipv6_network_does_not_lead_around_a_limit(
    api: APIClient, db: None, name: str, proxies: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_settings, "NUM_PROXIES", proxies)
    monkeypatch.setattr("users.backends.AddressThrottle.rate", "3/min", raising=False)
    addresses = [f"2001:db8:0:{network}::{number}" for network in (1, 2) for number in range(4)]
    sent: list[dict[str, Any]] = [{name: address} for address in addresses]
    assert [api.post(LOGIN, CREDENTIALS, **each).status_code for each in sent] == [401, 401, 401, 429] * 2
    requests = [Request(APIRequestFactory().get("/", **each)) for each in sent]
    keys = {AnonRateThrottle().get_cache_key(request, APIView()) for request in requests}
    assert keys == {"throttle_anon_2001:db8:0:1::/64", "throttle_anon_2001:db8:0:2::/64"}


def test_many_others_do_not_make_a_count_be_forgotten(
    api: APIClient, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("users.backends.AccountThrottle.rate", "1/hour", raising=False)
    assert api.post(LOGIN, CREDENTIALS).status_code == 200
    for number in range(400):
        cache.set(f"throttle_anon_{number}", [timezone.now().timestamp()])
    assert api.post(LOGIN, CREDENTIALS).status_code == 429


def test_logins_to_the_admin_are_held_back_too(client: Client, user: User) -> None:
    responses = [client.post("/admin/login/", CREDENTIALS | {"password": "wrong"}) for _ in range(11)]
    assert [response.status_code for response in responses] == [200] * 10 + [429]
    assert int(responses[-1].headers["Retry-After"]) > 0


def test_the_admin_lists_and_finds_users_without_counting_them_all(admin_client: Client, user: User) -> None:
    with CaptureQueriesContext(connection) as queries:
        page = admin_client.get("/admin/users/user/?q=ADA@example").content.decode()
    assert f"/admin/users/user/{user.pk}/change/" in page
    counts = [query["sql"] for query in queries if "COUNT" in query["sql"]]
    assert counts
    assert [sql for sql in counts if "LIMIT 2000" not in sql] == []


@pytest.mark.parametrize("username", ["ada", "nobody"])
def test_a_wrong_login_takes_as_long_for_an_account_that_does_not_exist(
    api: APIClient, user: User, username: str, hashed: list[str]
) -> None:
    api.post(LOGIN, {"username": username, "password": "wrong"})
    assert hashed == ["wrong"]


def test_changing_the_password_ends_all_other_logins(api: APIClient, token: str, user: User) -> None:
    other, session = api.post(LOGIN, CREDENTIALS).data["token"], Client()
    session.force_login(user)
    change = {"current_password": CREDENTIALS["password"], "new_password": "a wholly new one"}
    assert bearer(token).post(PASSWORD, change).status_code == 204
    assert bearer(token).get(ME).status_code == 200
    assert bearer(other).get(ME).status_code == 401
    assert session.get(ME).status_code == 401
    assert api.post(LOGIN, CREDENTIALS).status_code == 401
    assert api.post(LOGIN, CREDENTIALS | {"password": "a wholly new one"}).status_code == 200


def test_a_password_that_staff_set_ends_every_token(admin_client: Client, token: str, user: User) -> None:
    passwords = dict.fromkeys(("password1", "password2"), "a wholly new one")
    assert admin_client.post(f"/admin/users/user/{user.pk}/password/", passwords).status_code == 302
    assert bearer(token).get(ME).status_code == 401


def test_a_password_that_is_hashed_anew_ends_no_token(api: APIClient, token: str, settings: LazySettings) -> None:
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    assert api.post(LOGIN, CREDENTIALS).status_code == 200
    assert User.objects.get().password.startswith("pbkdf2")
    assert bearer(token).get(ME).status_code == 200


@pytest.mark.parametrize("password", ["  a wholly new one ", "a wholly new one " * 20])
def test_a_password_is_taken_as_typed_here_and_in_the_admin(
    api: APIClient, client: Client, token: str, password: str
) -> None:
    User.objects.update(is_staff=True)
    change = {"current_password": CREDENTIALS["password"], "new_password": password}
    assert bearer(token).post(PASSWORD, change).status_code == 204
    assert api.post(LOGIN, CREDENTIALS | {"password": password}).status_code == 200
    assert api.post(LOGIN, CREDENTIALS | {"password": password.strip() + "x"}).status_code == 401
    assert client.post("/admin/login/?next=/admin/", CREDENTIALS | {"password": password}).status_code == 302


def test_a_session_outlives_the_change_that_it_made(user: User) -> None:
    client = APIClient()
    client.force_login(user)
    change = {"current_password": CREDENTIALS["password"], "new_password": "a wholly new one"}
    assert client.post(PASSWORD, change).status_code == 204
    assert client.get(ME).status_code == 200


@pytest.mark.parametrize(
    ("change", "field"), [({"current_password": "wrong"}, "current_password"), ({"new_password": "1"}, "new_password")]
)
def test_a_password_is_changed_to_a_good_one_by_who_knows_the_old_one(
    token: str, change: dict[str, str], field: str
) -> None:
    whole = {"current_password": CREDENTIALS["password"], "new_password": "a wholly new one"} | change
    response = bearer(token).post(PASSWORD, whole)
    assert response.status_code == 400
    assert {error["pointer"] for error in response.json()["errors"]} == {f"#/{field}"}


def test_a_user_may_change_the_name_but_not_the_rights(user_api: APIClient, user: User) -> None:
    response = user_api.patch(ME, {"first_name": "Ada", "username": "root", "is_staff": True})
    assert response.status_code == 200
    user.refresh_from_db()
    assert (user.first_name, user.username, user.is_staff) == ("Ada", "ada", False)


def test_a_change_of_the_name_leaves_what_another_request_changes_meanwhile(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = UserSerializer.update

    def late(serializer: UserSerializer, instance: User, validated_data: dict[str, Any]) -> User:
        User.objects.update(is_active=False, password="another")
        return update(serializer, instance, validated_data)

    monkeypatch.setattr(UserSerializer, "update", late)
    assert bearer(token).patch(ME, {"first_name": "Ada"}).status_code == 200
    found = User.objects.get()
    assert (found.first_name, found.is_active, found.password) == ("Ada", False, "another")


def test_ones_own_account_by_token_takes_one_query(
    token: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        assert bearer(token).get(ME).status_code == 200


def test_who_knows_the_password_may_delete_the_account(token: str, user: User) -> None:
    current = {"current_password": CREDENTIALS["password"]}
    wrong = bearer(token).post(DELETE, {"current_password": "wrong"})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (400, "#/current_password")
    assert User.objects.get() == user
    assert bearer(token).post(DELETE, current).status_code == 204
    assert not User.objects.exists()
    assert not AuthToken.objects.exists()
    assert bearer(token).get(ME).status_code == 401


def test_a_session_ends_with_its_account(user: User) -> None:
    client = APIClient()
    client.force_login(user)
    assert client.post(DELETE, {"current_password": CREDENTIALS["password"]}).status_code == 204
    assert not Session.objects.exists()
    assert client.get(ME).status_code == 401


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (ME, {"first_name": "Ada"}),
        (PASSWORD, {"current_password": CREDENTIALS["password"], "new_password": "a wholly new one"}),
    ],
)
def test_a_change_of_an_account_that_is_deleted_meanwhile_is_a_conflict(
    token: str, path: str, body: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    save = User.save

    def late(user: User, **options: Any) -> None:
        User.objects.all().delete()
        save(user, **options)

    monkeypatch.setattr(User, "save", late)
    response = bearer(token).generic("PATCH" if path == ME else "POST", path, json.dumps(body), "application/json")
    assert (response.status_code, response.headers["Content-Type"]) == (409, "application/problem+json")


def test_an_account_of_staff_is_for_staff_to_delete(token: str, user: User) -> None:
    User.objects.update(is_staff=True)
    response = bearer(token).post(DELETE, {"current_password": CREDENTIALS["password"]})
    assert (response.status_code, response.json()["detail"]) == (403, "An account of staff is deleted in the admin.")
    assert User.objects.get() == user


def test_nobody_else_has_an_account_here(api: APIClient) -> None:
    response = api.get(ME)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
