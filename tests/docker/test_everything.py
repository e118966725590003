"""A project with every option: they get along, in development and in production; and one with a single option."""

import json
import re
import secrets

import pytest

from tests.combinations import EVERYTHING, NOTHING, OPTIONS
from tests.docker.conftest import running
from tests.docker.stack import PASSWORD, USER, Production, Stack, free_port, run, set_variables
from tests.docker.test_attack import answers

S3 = "everything-test-s3"
# The others start alone, for production, in a file of their own: the library in most of them. Two bring nothing to it.
ALONE = [name for name in OPTIONS if name not in {"library", "redis", "celery", "kubernetes", "devcontainer"}]
CONTENT = b"%PDF-1.7\n" + secrets.token_bytes(4_000_000)
MAKE_BUCKET = "from django.core.files.storage import storages; storages['default'].bucket.create()"


@pytest.fixture(scope="module")
def development(bake):
    project = bake(project_slug="everything-test", **EVERYTHING)
    set_variables(project, MAILPIT_PORT=free_port())
    with running(Stack(project)) as stack:
        yield stack


@pytest.fixture(scope="module")
def production(bake, development):
    """Return the production stack, with an S3 server beside it: moto's, out of the image with development's tools."""
    project = bake(project_slug="everything-production-test", **EVERYTHING)
    set_variables(project, AWS_S3_ENDPOINT_URL=f"http://{S3}:5000", AWS_ACCESS_KEY_ID="a-key")
    with running(Production(project)) as stack:
        network = "--network=everything-production-test-production_front"
        server = ["moto_server", "--host=0.0.0.0", "--port=5000"]
        run("docker", "run", "--rm", "--detach", network, f"--name={S3}", "everything-test:development", *server)
        try:
            yield stack
        finally:
            run("docker", "rm", "--force", S3)


def test_its_own_tests_pass_on_postgresql(development):
    assert re.search(r"\d+ passed in ", development.execute("pytest").stdout)


def test_every_service_is_well(production):
    states = {service: state["State"] for service, state in production.states().items()}
    assert states.pop("migrate") == "exited"
    assert states == dict.fromkeys(["beat", "db", "proxy", "redis", "web", "worker"], "running")


@pytest.fixture
def user(production):
    """Return the client of somebody who has logged in, where there is a bucket to keep files in."""
    production.manage("shell", "-c", MAKE_BUCKET)
    with production.client() as client:
        token = client.post("/api/v1/auth/jwt/obtain/", json={"username": USER, "password": PASSWORD}).json()["access"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


def keep_a_file(client):
    return client.post("/api/v1/uploads/", files={"file": ("book.pdf", CONTENT)})


def test_a_user_logs_in_and_keeps_a_file(production, user):
    upload = keep_a_file(user)
    assert upload.status_code == 201, upload.text
    assert upload.json()["size"] == len(CONTENT)
    kept = user.get(f"/api/v1/uploads/{upload.json()['id']}/").json()["url"]
    command = ["python", "-c", "import sys, urllib.request as u; print(len(u.urlopen(sys.argv[1]).read()))", kept]
    assert production.execute(*command).stdout == f"{len(CONTENT)}\n"


def test_while_tmp_is_full_the_answer_to_a_file_says_when_to_come_back(production, user):
    production.execute("sh", "-c", "cat /dev/zero > /tmp/full", check=False)
    try:
        refused = keep_a_file(user)
    finally:
        production.execute("rm", "/tmp/full")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert "No space left on device" in production.compose("logs", "--no-color", "web").stdout
    assert keep_a_file(user).status_code == 201


def test_the_proxy_takes_in_no_large_body_but_a_users_file(production):
    for path, status in [("/api/v1/uploads/", "401"), ("/api/v1/users/me/", "413")]:
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\nConnection: close\r\n\r\n"
        # Of the body itself, nothing is sent, nor waited for.
        assert answers(production, head.encode()).split()[1] == status


def test_a_backup_is_copied_to_the_bucket_and_restored_from_there(production):
    production.manage("shell", "-c", MAKE_BUCKET)
    backups = production.project / "backups"
    backups.mkdir(mode=0o700)
    name = production.compose("run", "--rm", "backup").stdout.strip().removeprefix("backups/")
    copy = ("run", "--rm", "copy-backups", "python", "manage.py", "copy_backups")
    assert production.compose(*copy).stdout.split() == [name, f"{name}.sha256"]
    for path in backups.iterdir():
        path.unlink()
    assert production.compose(*copy, "--back").stdout.split() == [f"{name}.sha256", name]
    production.compose("stop")
    assert f"backups/{name} is restored" in production.compose("run", "--rm", "restore", name).stdout
    production.up()
    set_variables(production.project, COMPOSE_PROFILES="scheduled-backup")
    production.up()
    assert production.states()["copy-backups"]["Health"] == "healthy"


def test_every_container_is_closed_and_has_bounds(production):
    states = production.states()
    assert {
        "migrate",
        "worker",
        "beat",
        "redis",
    } < states.keys()  # and those for backups, after the test above
    for service in states:
        container = production.inspect(service)
        host = container["HostConfig"]
        assert 0 < host["Memory"] <= 1024**3, service
        assert 0 < host["PidsLimit"] <= 300, service
        assert 0 < host["NanoCpus"] <= 2 * 10**9, service
        assert host["ReadonlyRootfs"], service
        assert host["CapDrop"] == ["ALL"], service
        assert host["SecurityOpt"] == ["no-new-privileges:true"], service
        assert all("size=" in options for options in (host.get("Tmpfs") or {}).values()), service
        # Without it, the program of the image would not start; the process does not have it (test_production.py).
        assert bool(host["CapAdd"]) == (service == "proxy")
        if service not in {"scheduled-backup", "copy-backups"}:  # these are whoever owns the project
            assert re.match(r"[1-9]\d*:[1-9]", container["Config"]["User"]), service
        assert not [name for name, text in production.secrets.items() if text in json.dumps(container)], service


@pytest.mark.parametrize("option", ALONE)
def test_a_project_starts_with_that_option_alone(bake, option):
    project = bake(project_slug="alone-test", **NOTHING | {option: True})
    set_variables(project, AWS_ACCESS_KEY_ID="a-key")
    with running(Production(project)) as stack, stack.user_client() as client:
        assert client.get("/health/ready").status_code == 200
        assert client.get("/api/v1/users/me/").json()["username"] == USER
