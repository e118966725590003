"""The services of production on Docker Swarm, from the same file: what people notice of new versions, good and bad."""

import json
import re
import time

import pytest

from tests.docker.conftest import running
from tests.docker.load import UNLIMITED, served
from tests.docker.stack import Production, eventually, run, set_variables
from tests.docker.test_development import PING, changed
from tests.docker.test_faults import FAILING_MIGRATION
from tests.docker.test_production import USERS

pytestmark = pytest.mark.alone

NAME = "swarm-test-with-a-name-of-36-letters"  # as long as one may be that is derived


class Swarm(Production):
    """A project that runs as its README says under "On several machines", on this one."""

    def up(self):
        self.deploy("first")
        self.wait_for_the_proxy()

    def deploy(self, tag):
        """Put a version in the place of the one that runs, and return when Swarm is done with it."""
        set_variables(self.project, TAG=tag)
        self.compose("build", timeout=600)
        self.apply("--detach=false")

    def apply(self, *options):
        """Send Swarm what the project's files say; there is no registry to ask for images."""
        options = " ".join([*options, "--resolve-image never"])
        command = f"python3 swarm.py | docker stack deploy {options} --compose-file - {NAME}"
        run("sh", "-c", command, cwd=self.project, timeout=500)

    def down(self, *_):
        run("docker", "stack", "rm", NAME, check=False)

        def all_is_gone():
            networks = run("docker", "network", "ls", "--quiet", "--filter", f"name={NAME}").stdout
            return not self.containers("") and not networks

        eventually(all_is_gone, seconds=60)
        volumes = run("docker", "volume", "ls", "--quiet", "--filter", f"name={NAME}-production_").stdout.split()
        if volumes:
            run("docker", "volume", "rm", *volumes)

    def containers(self, service):
        return run("docker", "ps", "--quiet", "--filter", f"name={NAME}_{service}").stdout.split()

    def execute(self, *command, service="web", options=(), check=True):
        return run("docker", "exec", *options, self.containers(service)[0], *command, check=check)

    def inspect(self, service):
        return json.loads(run("docker", "service", "inspect", f"{NAME}_{service}").stdout)[0]

    def tasks(self, service):
        """Return the states of the service's tasks, the newest first."""
        command = ("docker", "service", "ps", "--format", "{{.CurrentState}}", f"{NAME}_{service}")
        return [line.split()[0] for line in run(*command).stdout.splitlines()]


@pytest.fixture(scope="session")
def swarm():
    """Make this machine a Swarm of one until the last test: its end takes away the names of all running services."""
    if run("docker", "info", "--format", "{{.Swarm.LocalNodeState}}").stdout.strip() == "active":
        yield
        return
    run("docker", "swarm", "init", "--advertise-addr", "127.0.0.1")
    yield
    run("docker", "swarm", "leave", "--force")


@pytest.fixture(scope="module")
def stack(swarm, bake):
    manager = run("docker", "node", "ls", "--quiet", "--filter", "role=manager").stdout.split()
    run("docker", "node", "update", "--label-add", "data=true", *manager)
    project = bake(project_slug=NAME, python_version="3.14", celery=True)
    set_variables(project, THROTTLE_USER=UNLIMITED, THROTTLE_ANON=UNLIMITED, COMPOSE_PROFILES="scheduled-backup")
    (project / "backups").mkdir(mode=0o700)
    with running(Swarm(project)) as stack:
        yield stack


def test_every_service_runs_and_a_backup_is_made(stack):
    services = ["beat", "db", "proxy", "redis", "scheduled-backup", "web", "worker"]
    eventually(lambda: [stack.tasks(service)[0] for service in services] == ["Running"] * len(services), seconds=90)
    eventually(lambda: [*(stack.project / "backups").glob("*.dump")])
    assert " 128M " in stack.execute("df", "-h", "/dev/shm", service="db").stdout


def test_containers_are_as_closed_as_those_of_compose(stack):
    for service, user in USERS.items():
        settings = json.loads(run("docker", "inspect", *stack.containers(service)).stdout)[0]
        assert settings["HostConfig"]["ReadonlyRootfs"]
        assert settings["HostConfig"]["CapDrop"] == ["ALL"]
        assert settings["HostConfig"]["Memory"]
        assert settings["HostConfig"]["PidsLimit"]
        status = stack.execute("cat", "/proc/1/status", service=service).stdout
        assert re.search(rf"^Uid:(\s+{user}){{4}}$", status, re.MULTILINE)
    assert stack.execute("touch", "/tmp/one").returncode == 0
    assert stack.execute("touch", "/app/one", check=False).returncode != 0
    assert not any(secret in json.dumps(stack.inspect("web")) for secret in stack.secrets.values())


def test_a_new_version_replaces_the_old_one_and_nobody_notices(stack, load):
    with changed(stack.project / "config/urls.py", lambda text: text + PING):
        stack.deploy("second")
    with stack.client() as client:
        assert client.get("/ping/").text == "pong"
    assert stack.tasks("migrate")[0] == "Complete"
    assert load.failures() == []


def test_more_containers_share_the_work(stack, load):
    def scale(replicas):
        set_variables(stack.project, WEB_REPLICAS=str(replicas))
        stack.apply("--detach=true")

        def each_container_answers():
            counts = served(stack.containers("web"))
            return len(counts) == replicas and min(counts) > 0

        eventually(each_container_answers, seconds=90)

    scale(3)
    scale(1)
    assert load.failures() == []


def test_a_version_that_does_not_start_gives_way_to_the_old_one(stack, load):
    with changed(stack.project / "config/wsgi.py", lambda text: text + "raise SystemExit(1)\n"):
        stack.deploy("third")
    assert stack.inspect("web")["UpdateStatus"]["State"] == "rollback_completed"
    assert stack.inspect("web")["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"] == f"{NAME}:second"
    assert load.failures() == []


def test_a_version_that_is_not_well_gives_way_to_the_old_one(stack, load):
    with (
        changed(stack.project / "swarm.py", lambda text: text.replace('"5m"', '"15s"')),
        changed(stack.project / "Dockerfile", lambda text: text.replace("--interval=10s", "--interval=1s")),
        changed(stack.project / "config/health.py", lambda text: text.replace("503 if problem else 200", "503")),
    ):
        stack.deploy("unwell")
    assert stack.inspect("web")["UpdateStatus"]["State"] == "rollback_completed"
    assert stack.inspect("web")["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"] == f"{NAME}:second"
    assert load.failures() == []


def test_a_version_whose_migration_fails_leaves_the_old_one_serving(stack, load):
    before = [*stack.containers("web"), *stack.containers("worker")]
    migration = stack.project / "users/migrations/0003_fails.py"
    migration.write_text(FAILING_MIGRATION, "utf-8")
    try:
        set_variables(stack.project, TAG="fourth")
        stack.compose("build", timeout=600)
        stack.apply("--detach=true")
        eventually(lambda: "Failed" in stack.tasks("migrate"), seconds=60)
        time.sleep(10)
    finally:
        migration.unlink()
    with stack.client() as client:
        assert client.get("/ping/").text == "pong"
    assert {*before} <= {*stack.containers("web"), *stack.containers("worker")}
    assert stack.inspect("beat")["Spec"]["UpdateConfig"]["Order"] == "stop-first"  # never two of them
    assert stack.inspect("beat")["Spec"]["UpdateConfig"]["FailureAction"] == "rollback"
    assert stack.inspect("web")["UpdateStatus"]["State"] == "updating"
    assert load.failures() == []
