"""What happens to people at work while parts of a production stack break, are replaced or grow."""

import asyncio
import collections
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.docker import clock
from tests.docker.conftest import running
from tests.docker.load import AUTHORS, BOOKS, UNLIMITED, isbn, numbers, served
from tests.docker.stack import Production, eventually, run, set_variables
from tests.docker.test_development import PING, changed

pytestmark = pytest.mark.alone

FAILING_MIGRATION = """
from django.db import migrations

class Migration(migrations.Migration):
    dependencies = [("users", "0002_search")]
    operations = [migrations.RunSQL("SELECT no_such_column FROM users_user")]
"""
KILL_A_WORKER = """
import os, pathlib, signal
parents = {path.parent.name: path.read_text().split()[3] for path in pathlib.Path("/proc").glob("[0-9]*/stat")}
os.kill(next(int(pid) for pid, parent in parents.items() if parent == "1" and int(pid) != os.getpid()), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def stack(bake):
    project = bake(project_slug="faults-test", python_version="3.14")
    set_variables(project, THROTTLE_USER=UNLIMITED, THROTTLE_ANON=UNLIMITED)
    with running(Production(project)) as stack:
        stack.manage("seed", "30")
        yield stack


def comes_back(load, seconds=5, may_break=False):
    """Wait until that time after the return of what was away, and fail if somebody was refused then or in another way.

    Until then, a refusal says that it is for a time; a connection may break only where the test allows for it.
    """
    back = clock.now()
    while clock.now() < back + seconds + 2:
        time.sleep(0.1)
    failures = load.failures()
    if failures:
        first, last = (pick(answer.time for answer in failures) for pick in (min, max))
        print(f"{len(failures)} refused for {last - first:.1f} s, until {last - back:.1f} s after the return")
    refused = [answer for answer in failures if answer.status or not may_break]
    assert {answer.status for answer in refused} <= {503}
    assert {answer.headers["Retry-After"] for answer in refused} <= {"5"}
    assert {answer.headers["Content-Type"] for answer in refused} <= {"application/problem+json"}
    assert not [answer.time - back for answer in failures if answer.time > back + seconds]
    assert [answer for answer in load.answers if answer.time > back + seconds]


def test_the_database_is_killed_and_comes_back(stack, load):
    stack.compose("kill", "db")
    time.sleep(7)  # requests wait five seconds for a connection
    stack.compose("up", "--detach", "--wait", "db")
    comes_back(load)
    assert load.failures()


def test_a_process_of_the_database_is_killed(stack, load):
    find = "SELECT pid FROM pg_stat_activity WHERE usename = 'app' AND pid <> pg_backend_pid() LIMIT 1"
    kill = f'kill -9 $(psql --username=app --no-align --tuples-only --command="{find}" app)'
    stack.execute("sh", "-c", kill, service="db")
    comes_back(load)


def test_web_is_killed_and_comes_back(stack, load):
    stack.compose("kill", "web")
    stack.compose("up", "--detach", "--wait", "--no-recreate", "web")
    comes_back(load, may_break=True)  # an answer that it had begun to send


def test_a_process_of_web_is_killed(stack, load):
    stack.execute("python", "-c", KILL_A_WORKER)
    comes_back(load, may_break=True)  # an answer that it had begun to send


@pytest.mark.parametrize("service", ["db", "web", "proxy"])
def test_what_ends_starts_again_by_itself(stack, load, service):
    """Killed from outside, as by a kernel that is out of memory: `docker kill` would count as stopped by somebody."""
    before = stack.inspect(service)
    kill = ["sh", "-c", f"kill -9 {before['State']['Pid']}"]
    image = before["Config"]["Image"]
    run("docker", "run", "--rm", "--pid=host", "--user=0", "--privileged", "--entrypoint", *kill[:1], image, *kill[1:])
    begun = clock.now()

    def it_runs_again():
        container = stack.inspect(service)
        state = container["State"]
        again = container["RestartCount"] == before["RestartCount"] + 1
        return again and state["Running"] and state.get("Health", {}).get("Status", "healthy") == "healthy"

    eventually(it_runs_again, seconds=30)
    if service == "proxy":
        eventually(lambda: load.answers[-1].status in {200, 201})
    print(f"{service} is back {clock.now() - begun:.1f} seconds after its end")
    # A web that is killed may have begun to send an answer.
    comes_back(load, may_break=service != "db")


def test_the_proxy_starts_again(stack, load):
    stack.compose("restart", "proxy")
    eventually(lambda: load.answers[-1].status in {200, 201})
    broken = len(load.failures())
    time.sleep(3)
    assert {answer.status for answer in load.failures()} <= {0, 503}
    assert len(load.failures()) == broken


def test_a_proxy_that_does_not_start_is_no_success(stack):
    caddyfile = stack.project / "Caddyfile"
    right = caddyfile.read_text("utf-8")
    caddyfile.write_text(right + "}", "utf-8")
    stack.compose("restart", "proxy")
    assert stack.compose("up", "--detach", "--wait", check=False).returncode != 0
    caddyfile.write_text(right, "utf-8")
    stack.up()


def test_a_full_tmp_fills_no_memory_and_stops_nobody(stack, load):
    filling = stack.execute("sh", "-c", "cat /dev/zero > /tmp/full", check=False)
    assert "No space left on device" in filling.stderr
    time.sleep(1)
    stack.execute("rm", "/tmp/full")
    assert load.failures() == []


def deploy(stack, tag, check=True):
    """Put a new version in the place of the one that runs, as the README says; return whether its migrations ran."""
    set_variables(stack.project, TAG=tag)
    stack.compose("build", timeout=600)
    migrated = stack.compose("run", "--rm", "--no-deps", "migrate", check=check).returncode == 0
    if migrated:
        stack.compose("up", "--detach", "--wait", "--no-deps", "web")
    return migrated


def test_a_new_version_replaces_the_old_one_and_nobody_notices(stack, load):
    with changed(stack.project / "config/urls.py", lambda text: text + PING):
        deploy(stack, "second")
    with stack.client() as client:
        assert client.get("/ping/").text == "pong"
    assert load.failures() == []


def test_a_request_under_way_is_answered_before_its_container_goes(stack):
    lock = ("psql", "--username=app", "--command=LOCK TABLE library_author; SELECT pg_sleep(14)")
    with ThreadPoolExecutor(2) as pool, stack.user_client() as client:
        pool.submit(stack.execute, *lock, service="db")
        time.sleep(1)
        slow = pool.submit(client.post, "/api/v1/authors/", json={"name": "Slow"}, timeout=60)
        time.sleep(1)
        stack.compose("up", "--detach", "--wait", "--no-deps", "--force-recreate", "web")
        assert slow.result().status_code == 201


def test_a_version_whose_migration_fails_leaves_the_old_one_serving(stack, load):
    before = stack.inspect("web")["Id"]
    migration = stack.project / "users/migrations/0003_fails.py"
    migration.write_text(FAILING_MIGRATION, "utf-8")
    try:
        assert deploy(stack, "third", check=False) is False
    finally:
        migration.unlink()
        set_variables(stack.project, TAG="second")
    assert stack.inspect("web")["Id"] == before
    assert load.failures() == []


def test_more_containers_share_the_work(stack, load):
    stack.compose("up", "--detach", "--wait", "--no-deps", "--scale", "web=3", "web")
    time.sleep(3)
    counts = served(stack.compose("ps", "--quiet", "web").stdout.split())
    stack.compose("up", "--detach", "--wait", "--no-deps", "--scale", "web=1", "web")
    assert len(counts) == 3
    assert min(counts) > 0
    assert load.failures() == []


def test_a_new_version_replaces_three_containers_and_nobody_notices(stack, load):
    set_variables(stack.project, WEB_REPLICAS="3")
    stack.compose("up", "--detach", "--wait", "--no-deps", "web")
    before = {*stack.compose("ps", "--quiet", "web").stdout.split()}
    deploy(stack, "fourth")
    after = {*stack.compose("ps", "--quiet", "web").stdout.split()}
    set_variables(stack.project, WEB_REPLICAS="1")
    stack.compose("up", "--detach", "--wait", "--no-deps", "web")
    assert len(before) == len(after) == 3
    assert not before & after
    assert load.failures() == []


def test_of_many_who_add_one_book_at_once_one_does(stack):
    with stack.user_client() as client:
        author = client.post(AUTHORS, json={"name": "Wanted By Many"}).json()["id"]
        book = {"title": "Wanted by many", "author": author, "published": "2026-01-01", "isbn": isbn(next(numbers))}

        def add(_):
            return client.post(BOOKS, json=book).status_code

        with ThreadPoolExecutor(16) as pool:
            statuses = collections.Counter(pool.map(add, range(32)))
    assert statuses.pop(201) == 1
    assert statuses.keys() <= {400, 409}


def connections(stack):
    count = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app' AND pid <> pg_backend_pid()"
    command = ["psql", "--username=app", "--no-align", "--tuples-only", f"--command={count}", "app"]
    return int(stack.execute(*command, service="db").stdout)


def test_two_hundred_clients_at_once_are_served_or_told_to_come_back(stack):
    async def work(client, ended):
        statuses = collections.Counter()
        while time.monotonic() < ended:
            response = await client.get(BOOKS)
            statuses[response.status_code] += 1
        return statuses

    async def all_at_once():
        limits = httpx.Limits(max_connections=200)
        options = {
            "base_url": stack.url,
            "verify": stack.authority,
            "trust_env": False,
            "timeout": 60,
            "limits": limits,
        }
        async with httpx.AsyncClient(**options) as client:
            return await asyncio.gather(*[work(client, time.monotonic() + 5) for _ in range(200)])

    with ThreadPoolExecutor(1) as pool:
        running_clients = pool.submit(asyncio.run, all_at_once())
        time.sleep(4)
        open_connections = connections(stack)
        statuses = sum(running_clients.result(), collections.Counter())
    assert statuses[200] > 200
    assert statuses.keys() <= {200, 429, 503}
    assert open_connections <= 2 * 8  # two processes, and a pool of DATABASE_POOL_SIZE in each
