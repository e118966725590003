"""A project with Celery: what is asked for is done, by the clock too, and nothing is lost with whoever was doing it."""

import json
import re
import time

import pytest

from tests.docker.conftest import running
from tests.docker.stack import Production, eventually, run, set_variables

TASK_SECONDS = 10
TASKS = '''

@app.task
def work(name: str, seconds: int = 0) -> None:
    """Note when this begins, by the ID of the process, and when it ends."""
    notes = get_redis_connection()
    notes.rpush(name, os.getpid())
    time.sleep(seconds)
    notes.rpush(name, "ended")


@app.task
def die() -> None:
    """Note it, and have the system end the process, as it does for want of memory."""
    get_redis_connection().rpush("die", os.getpid())
    os.kill(os.getpid(), 9)
'''
IMPORTS = "import os\nimport time\n\nfrom django_redis import get_redis_connection\n"
SCHEDULE = """
CELERY_BEAT_SCHEDULE["tick"] = {"task": "users.tasks.work", "schedule": timedelta(seconds=1), "args": ["tick"]}
"""


@pytest.fixture(scope="module")
def stack(bake):
    project = bake(project_slug="celery-production-test", celery=True, library=False, python_version="3.13")
    tasks, settings = project / "users/tasks.py", project / "config/settings.py"
    tasks.write_text(IMPORTS + tasks.read_text("utf-8") + TASKS, "utf-8")
    settings.write_text(settings.read_text("utf-8") + SCHEDULE, "utf-8")
    set_variables(project, TASK_SECONDS=TASK_SECONDS)
    with running(Production(project)) as stack:
        yield stack


def ask(stack, name, seconds=0):
    stack.manage("shell", "-c", f"from users.tasks import work; work.delay({name!r}, {seconds})")


def notes(stack, name):
    return stack.execute("redis-cli", "lrange", name, "0", "-1", service="redis").stdout.split()


def begun(stack, name):
    """Return the ID of the process that does this task, once there is one."""
    return eventually(lambda: notes(stack, name))[0]


def is_ended(stack, name):
    return lambda: notes(stack, name)[-1:] == ["ended"]


@pytest.mark.parametrize("service", ["worker", "beat"])
def test_a_service_is_well_and_has_no_rights_beyond_its_task(stack, service):
    assert stack.states()[service]["Health"] == "healthy"
    status = stack.execute("cat", "/proc/1/status", service=service).stdout
    assert re.search(r"^Uid:(\s+10001){4}$", status, re.MULTILINE)
    assert {int(value, 16) for value in re.findall(r"^Cap(?:Prm|Eff|Bnd):\s+(\w+)", status, re.MULTILINE)} == {0}
    assert stack.inspect(service)["HostConfig"]["ReadonlyRootfs"] is True


def test_what_web_asks_for_the_worker_does(stack):
    ask(stack, "simple")
    eventually(is_ended(stack, "simple"))
    assert len(notes(stack, "simple")) == 2


def test_the_clock_asks_for_tasks_too(stack):
    before = len(notes(stack, "tick"))
    eventually(lambda: len(notes(stack, "tick")) > before + 2)


def test_what_the_worker_says_is_structured_and_names_the_task(stack):
    lines = run("docker", "logs", stack.inspect("worker")["Id"]).stderr.splitlines()
    events = [json.loads(line) for line in lines]
    assert {"task_started", "task_succeeded"} <= {event["event"] for event in events}
    assert not [event for event in events if event["level"] in {"error", "critical"}]


def test_a_task_whose_process_is_killed_is_begun_again_but_not_for_ever(stack):
    ask(stack, "process", seconds=3)
    process = begun(stack, "process")
    stack.execute("sh", "-c", f"kill -9 {process}", service="worker")
    eventually(is_ended(stack, "process"))
    first, second, _ = notes(stack, "process")
    assert first == process != second
    kill = "from users.tasks import die; die.apply_async(retries=9)"
    stack.manage("shell", "-c", kill)
    eventually(lambda: len(notes(stack, "die")) == 2)
    time.sleep(15)
    assert len(notes(stack, "die")) == 2


def test_a_task_whose_worker_is_killed_is_done_by_the_next_one(stack):
    ask(stack, "worker", seconds=3)
    begun(stack, "worker")
    run("docker", "kill", stack.inspect("worker")["Id"])
    assert "ended" not in notes(stack, "worker")
    stack.up()
    eventually(is_ended(stack, "worker"), seconds=5 * TASK_SECONDS)
    assert len(notes(stack, "worker")) == 3


def test_a_worker_that_is_told_to_stop_ends_its_task_first(stack):
    ask(stack, "stop", seconds=5)
    begun(stack, "stop")
    code, took = stack.stop("worker")
    assert code == 0
    assert took < 10
    assert notes(stack, "stop")[1:] == ["ended"]


def test_a_task_that_takes_too_long_is_ended(stack):
    ask(stack, "long", seconds=60)
    process = begun(stack, "long")
    alive = ("sh", "-c", f"kill -0 {process}")
    ended = "SoftTimeLimitExceeded"
    eventually(lambda: ended in run("docker", "logs", stack.inspect("worker")["Id"]).stderr, seconds=20)
    assert stack.execute(*alive, service="worker").returncode == 0  # the process goes on with other tasks
    assert notes(stack, "long") == [process]


def test_what_waits_outlives_a_restart_of_the_broker_and_an_empty_cache(stack):
    stack.compose("stop", "worker")
    ask(stack, "waiting")
    stack.manage("shell", "-c", "from django.core.cache import cache; cache.clear()")
    stack.compose("restart", "redis")
    stack.up()
    eventually(is_ended(stack, "waiting"))
