"""What tests ask for by name: clients of the API, and users."""

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.cache import cache
from django.db.models import FETCH_RAISE
from rest_framework.test import APIClient

from users.models import User


@pytest.fixture(autouse=True)
def _no_throttle_from_another_test() -> None:
    cache.clear()


@pytest.fixture(autouse=True)
def _no_query_but_those_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse to fetch a relation for one object at a time, so that no list makes a query for each of its rows."""
    monkeypatch.setattr("django.db.models.query.DEFAULT_FETCH_MODE", FETCH_RAISE)


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_user("ada", "ada@example.com", "correct horse battery")


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list of the passwords that are hashed from now on."""
    passwords: list[str] = []
    encode = MD5PasswordHasher.encode

    def noted(self: MD5PasswordHasher, password: str, salt: str) -> str:
        passwords.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", noted)
    return passwords


@pytest.fixture
def api() -> APIClient:
    """Somebody who has not logged in."""
    return APIClient()


@pytest.fixture
def user_api(user: User) -> APIClient:
    """The user, logged in."""
    client = APIClient()
    client.force_authenticate(user)
    return client
