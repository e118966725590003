import os
import runpy
from collections.abc import Callable
from typing import Any

import pytest
import redis
from django.conf import LazySettings, settings
from django.core.cache import cache
from rest_framework.test import APIClient

from config.cache import ConnectionPool
from users.models import User

NOBODY_LISTENS = "redis://127.0.0.1:1/0"


@pytest.fixture
def read_settings(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], dict[str, Any]]:
    """Return a function that reads the settings with that REDIS_URL."""

    def with_url(url: str) -> dict[str, Any]:
        monkeypatch.setitem(os.environ, "REDIS_URL", url)
        return runpy.run_path(str(settings.BASE_DIR / "config/settings.py"))

    return with_url


def test_the_cache_is_shared_where_there_is_a_server(read_settings: Callable[[str], dict[str, Any]]) -> None:
    assert read_settings(NOBODY_LISTENS)["CACHES"]["default"]["LOCATION"] == NOBODY_LISTENS
    assert "LOCATION" not in read_settings("")["CACHES"]["default"]


def test_a_server_that_is_away_stops_nobody(
    settings: LazySettings, user: User, read_settings: Callable[[str], dict[str, Any]]
) -> None:
    settings.CACHES = read_settings(NOBODY_LISTENS)["CACHES"]
    cache.set("name", "value")
    assert cache.get("name") is None
    client = APIClient()
    client.force_login(user)
    assert client.get("/api/v1/users/me/").status_code == 200


def test_a_server_that_is_away_is_logged_once(
    settings: LazySettings, read_settings: Callable[[str], dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    settings.CACHES = read_settings(NOBODY_LISTENS)["CACHES"]
    for name in ("one", "two", "three"):
        cache.set(name, "value")
    assert [record.name for record in caplog.records] == ["config.cache"]


def test_a_server_that_is_away_is_not_asked_again_at_once() -> None:
    pool = ConnectionPool.from_url(NOBODY_LISTENS)
    with pytest.raises(redis.ConnectionError, match="Connection refused"):
        pool.get_connection()
    with pytest.raises(redis.ConnectionError, match="a moment ago"):
        pool.get_connection()
    pool.away_until = 0
    with pytest.raises(redis.ConnectionError, match="Connection refused"):
        pool.get_connection()
