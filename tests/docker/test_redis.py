"""A project with Redis: what one process counts, all know; and without the server, requests are served all the same."""

import re
import time

import pytest

from tests.docker.conftest import running
from tests.docker.load import UNLIMITED, served
from tests.docker.stack import PASSWORD, USER, Production, set_variables

LOGIN, ME = "/api/v1/auth/login/", "/api/v1/users/me/"


@pytest.fixture(scope="module", params=["redis:8", "valkey/valkey:9"])
def stack(bake, request):
    """Three containers of web, whose processes know of each other by Redis alone."""
    name = request.param.partition(":")[0].rpartition("/")[2]
    project = bake(project_slug=f"{name}-production-test", redis=True, python_version="3.13")
    set_variables(project, WEB_REPLICAS="3", THROTTLE_USER=UNLIMITED, THROTTLE_ANON=UNLIMITED)
    compose = project / "compose.production.yaml"
    compose.write_text(compose.read_text("utf-8").replace("image: redis:8", f"image: {request.param}"), "utf-8")
    with running(Production(project)) as stack:
        stack.manage("seed", "30")
        yield stack


def log_in(client, password=PASSWORD):
    return client.post(LOGIN, json={"username": USER, "password": password})


def test_a_limit_counts_for_all_processes_together(stack, visitor):
    stack.execute("redis-cli", "flushall", service="redis")
    assert [log_in(visitor, "wrong").status_code for _ in range(12)] == [401] * 10 + [429] * 2
    stack.compose("restart", "redis")
    stack.up()
    assert log_in(visitor, "wrong").status_code == 429  # what was counted is on disk


def test_who_is_signed_in_to_one_container_is_to_all(stack, visitor):
    stack.execute("redis-cli", "flushall", service="redis")
    assert stack.sign_in_to_admin(visitor).status_code == 302
    assert [visitor.get("/admin/").status_code for _ in range(12)] == [200] * 12
    counts = served(stack.compose("ps", "--quiet", "web").stdout.split())
    assert len(counts) == 3
    assert min(counts) > 0


def test_the_server_has_no_rights_beyond_its_task(stack):
    status = stack.execute("cat", "/proc/1/status", service="redis").stdout
    assert not re.search(r"^Uid:\s+0", status, re.MULTILINE)
    assert {int(value, 16) for value in re.findall(r"^Cap(?:Prm|Eff|Bnd):\s+(\w+)", status, re.MULTILINE)} == {0}
    assert stack.inspect("redis")["HostConfig"]["PortBindings"] == {}


def test_without_the_server_the_api_and_sessions_still_work(stack, visitor):
    stack.execute("redis-cli", "flushall", service="redis")
    stack.sign_in_to_admin(visitor)
    stack.compose("stop", "redis")
    try:
        assert visitor.get("/admin/").status_code == 200  # the session is in the database too
        token = log_in(visitor).json()["token"]
        assert visitor.get(ME, headers={"Authorization": f"Bearer {token}"}).json()["username"] == USER
        assert visitor.get("/health/ready").status_code == 200
    finally:
        stack.up()


@pytest.mark.alone
def test_the_server_is_killed_and_nobody_notices(stack, load):
    stack.execute("redis-cli", "flushall", service="redis")
    stack.compose("kill", "redis")
    time.sleep(3)
    stack.compose("up", "--detach", "--wait", "--no-deps", "redis")
    time.sleep(2)
    slowest = max(answer.seconds for answer in load.answers)
    print(f"The slowest answer took {slowest:.2f} seconds")
    assert load.failures() == []
    assert slowest < 2
