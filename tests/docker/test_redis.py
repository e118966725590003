"""A project with Redis: what one process counts, all know; and without the server, requests are served all the same."""

import re

import pytest

from tests.docker.conftest import running
from tests.docker.stack import PASSWORD, USER, Production

LOGIN, ME = "/api/v1/auth/login/", "/api/v1/users/me/"


@pytest.fixture(scope="module", params=["redis:8", "valkey/valkey:9"])
def stack(bake, request):
    name = request.param.partition(":")[0].rpartition("/")[2]
    answers = {"redis": True, "library": False, "python_version": "3.13"}
    project = bake(project_slug=f"{name}-production-test", **answers)
    compose = project / "compose.production.yaml"
    compose.write_text(compose.read_text("utf-8").replace("image: redis:8", f"image: {request.param}"), "utf-8")
    with running(Production(project)) as stack:
        yield stack


def log_in(client, password=PASSWORD):
    return client.post(LOGIN, json={"username": USER, "password": password})


def test_a_limit_counts_for_all_processes_together(stack, visitor):
    stack.execute("redis-cli", "flushall", service="redis")
    assert [log_in(visitor, "wrong").status_code for _ in range(12)] == [401] * 10 + [429] * 2
    stack.compose("restart", "redis")
    stack.up()
    assert log_in(visitor, "wrong").status_code == 429  # what was counted is on disk


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
