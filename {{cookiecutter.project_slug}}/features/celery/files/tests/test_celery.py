import os
import runpy
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from queue import Queue
from typing import Any, cast

import pytest
from celery import Celery
from celery.contrib.testing.worker import start_worker
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone
from knox.models import AuthToken

import config.celery
from config.celery import app
from users.models import User
from users.tasks import delete_expired_logins

DAY = timedelta(days=1)


@pytest.fixture
def task() -> Iterator[Callable[..., Any]]:
    """Return a decorator that makes a task which only the test knows."""

    def register(function: Callable[..., Any]) -> Any:
        return app.task(name="of the test")(function)

    yield register
    app.tasks.unregister("of the test")


def test_logins_that_have_ended_are_deleted(user: User) -> None:
    AuthToken.objects.create(user=user, expiry=-DAY)
    token, _ = AuthToken.objects.create(user=user)
    Session.objects.create(session_key="ended", expire_date=timezone.now() - DAY)
    Session.objects.create(session_key="lasts", expire_date=timezone.now() + DAY)
    delete_expired_logins.delay()
    assert [*AuthToken.objects.all()] == [token]
    assert [session.session_key for session in Session.objects.all()] == ["lasts"]


def test_the_schedule_names_tasks_that_are_there() -> None:
    app.loader.import_default_modules()
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= {*app.tasks}


@pytest.mark.django_db(transaction=True)
def test_a_task_waits_until_what_it_is_about_is_saved(task: Callable[..., Any]) -> None:
    found = []

    @task
    def look(name: str) -> None:
        found.append((name, User.objects.filter(username=name).exists()))

    with transaction.atomic():
        User.objects.create_user("grace")
        look.delay_on_commit("grace")
        assert found == []
    assert found == [("grace", True)]


def test_a_task_is_tried_again_while_what_it_needs_does_not_answer(task: Callable[..., Any]) -> None:
    attempts = []

    @task
    def call() -> None:
        attempts.append(1)
        if len(attempts) < 3:
            raise ConnectionError

    call.delay()
    assert len(attempts) == 3


def test_each_wait_before_it_is_tried_again_is_longer_up_to_a_bound_and_the_tenth_is_the_last(
    task: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts, waits = [], []
    retry: Callable[..., Any] = config.celery.Task.retry

    def note(self: Any, **options: Any) -> Any:
        waits.append(options["countdown"])
        return retry(self, **options)

    @task
    def call() -> None:
        attempts.append(1)
        raise TimeoutError

    monkeypatch.setattr(config.celery.Task, "retry", note)
    monkeypatch.setattr("random.randrange", lambda stop: stop - 1)  # the longest wait that can be drawn
    call.delay()
    assert len(attempts) == 1 + 10
    assert waits[:10] == [min(2**number, settings.CELERY_TASK_TIME_LIMIT) for number in range(10)]


def test_a_worker_does_what_is_sent_to_it_as_json_and_shows_that_it_lives(
    task: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(config.celery, "SIGN_OF_LIFE", tmp_path / "worker")
    monkeypatch.setitem(app.conf, "task_always_eager", False)
    monkeypatch.setitem(app.conf, "broker_url", "memory://")
    monkeypatch.setitem(app.conf, "broker_transport_options", {"polling_interval": 0.01})
    done: Queue[dict[str, str]] = Queue()

    @task
    def do(what: dict[str, str]) -> None:
        done.put(what)

    worker = start_worker(cast("Celery", app), pool="solo", perform_ping_check=False, without_heartbeat=False)
    with worker, app.connection_for_write() as connection:
        # Reading a pickle runs what its sender likes.
        do.apply_async(({"of": "pickle"},), connection=connection, serializer="pickle")
        do.apply_async(({"of": "JSON"},), connection=connection)
        assert done.get(timeout=10) == {"of": "JSON"}
    assert config.celery.SIGN_OF_LIFE.exists()


def test_where_there_is_a_broker_tasks_are_left_to_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "CELERY_BROKER_URL", "redis://redis.example.com/1")
    namespace = runpy.run_path(str(settings.BASE_DIR / "config/settings.py"))
    assert namespace["CELERY_BROKER_URL"] == "redis://redis.example.com/1"
    assert namespace["CELERY_TASK_ALWAYS_EAGER"] is False
