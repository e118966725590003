"""The manifests for Kubernetes: what `kubectl kustomize` makes of them is valid, and the image runs as they say."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import httpx
import pytest
import yaml
from kubernetes_validate.utils import all_versions

from tests import BIN
from tests.combinations import EVERYTHING, NOTHING
from tests.docker.stack import Production, eventually, run

OVERLAYS = ("production", "staging")
# Three releases are supported at a time.
RELEASES = [*dict.fromkeys(all_versions())][-3:]


@pytest.fixture(scope="module")
def stack(bake):
    """Return a project whose database and Redis run; the rest is what the manifests say."""
    answers = {"kubernetes": True, "celery": True, "library": False, "python_version": "3.13"}
    project = bake(project_slug="kubernetes-test", **answers)
    secrets = {"redis_url": "redis://redis:6379/0", "celery_broker_url": "redis://redis:6379/1"}
    stack = Production(project)
    stack.down("--volumes")
    try:
        for name, text in secrets.items():
            (project / "secrets" / name).write_text(text, "utf-8")
        (project / "secrets").chmod(0o755)
        stack.compose("up", "--detach", "--wait", "db", "redis")
        run("docker", "build", "--tag", "kubernetes-test:1", ".", cwd=project, timeout=600)
        yield stack
    finally:
        stack.down("--volumes")
        run("docker", "image", "rm", "kubernetes-test:1", check=False)


@pytest.fixture(scope="module", params=[NOTHING | {"kubernetes": True}, EVERYTHING], ids=["alone", "everything"])
def project(request, bake):
    return bake(**request.param)


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """Return a function that gives the file which `kubectl kustomize` makes of a project's overlay."""
    if not shutil.which("kubectl"):
        absent = pytest.fail if os.environ.get("CI") else pytest.skip
        absent("kubectl is not installed.")

    def built(project, overlay="production"):
        path = tmp_path_factory.mktemp("kubernetes") / "built.yaml"
        path.write_text(run("kubectl", "kustomize", f"kubernetes/{overlay}", cwd=project).stdout, "utf-8")
        return path

    return built


def resources(file):
    """Return the resources by kind and name, without the suffix that Kustomize gives to a ConfigMap."""
    built = [*yaml.safe_load_all(file.read_text("utf-8"))]
    named = {f"{resource['kind']} {resource['metadata']['name']}": resource for resource in built}
    return {name.partition("-")[0]: resource for name, resource in named.items()}


@pytest.fixture(scope="module")
def built(build, project):
    return resources(build(project))


def pods(built):
    """Return what a pod is made from, by the name of who makes it."""
    kinds = ("Deployment", "Job")
    return {name: part["spec"]["template"] for name, part in built.items() if name.startswith(kinds)}


def environment(built, pod):
    """Return the variables of a pod's container."""
    [container] = pod["spec"]["containers"]
    settings = built["ConfigMap app"]
    assert container["envFrom"] == [{"configMapRef": {"name": settings["metadata"]["name"]}}]
    return {entry["name"]: entry["value"] for entry in container["env"]} | settings["data"]


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("release", RELEASES)
def test_kubernetes_accepts_the_manifests(build, project, built, release, overlay):
    command = [BIN / "kubernetes-validate", "--strict", "--kubernetes-version", release, build(project, overlay)]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count("passed") == len(built)


def test_staging_has_names_of_its_own_and_is_production_otherwise(build, project):
    production, staging = (build(project, overlay).read_text("utf-8").splitlines() for overlay in OVERLAYS)
    differing = [lines for lines in zip(production, staging, strict=True) if lines[0] != lines[1]]
    settings = {other.split()[0].rstrip(":") for _, other in differing} - {"-", "image", "name", "namespace"}
    assert settings - {"AWS_STORAGE_BUCKET_NAME", "OTEL_SERVICE_NAME", "SENTRY_ENVIRONMENT"} == {
        "ALLOWED_HOSTS",
        "DATABASE_URL",
    }
    built = [*yaml.safe_load_all("\n".join(staging))]
    [namespace] = [resource["metadata"].pop("name") for resource in built if resource["kind"] == "Namespace"]
    assert {resource["metadata"].get("namespace", namespace) for resource in built} == {"app-staging"}
    assert "api.example.com" not in "\n".join(staging)


def test_there_is_a_deployment_for_each_service_of_compose_that_is_the_project(project, built):
    compose = yaml.safe_load((project / "compose.production.yaml").read_text("utf-8"))["services"]
    services = {
        name
        for name, service in compose.items()
        if service.get("image") == compose["web"]["image"]
        and not service.get("profiles")  # what is started by hand, or for backups of Compose's
    }
    assert {name.split()[1] for name in pods(built)} == services


def test_pods_are_restricted(built):
    for template in pods(built).values():
        pod = template["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        [container] = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        }
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}
        assert container["resources"]["limits"]["memory"]


def test_names_lead_to_what_is_there(built):
    web = built["Deployment web"]
    labels = web["spec"]["template"]["metadata"]["labels"]
    assert built["Service web"]["spec"]["selector"] == labels == web["spec"]["selector"]["matchLabels"]
    assert built["PodDisruptionBudget web"]["spec"]["selector"]["matchLabels"] == labels
    assert built["HorizontalPodAutoscaler web"]["spec"]["scaleTargetRef"]["name"] == "web"
    [rule] = built["Ingress web"]["spec"]["rules"]
    assert built["ConfigMap app"]["data"]["ALLOWED_HOSTS"] == rule["host"]
    assert [rule["host"]] == built["Ingress web"]["spec"]["tls"][0]["hosts"]
    assert rule["http"]["paths"][0]["backend"]["service"]["name"] == "web"
    for name, pod in pods(built).items():
        labels = pod["metadata"]["labels"]
        assert built["NetworkPolicy app"]["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
        assert pod["spec"]["containers"][0]["image"] == "registry.example.com/app:1"
        if name.startswith("Deployment"):
            assert built[name]["spec"]["selector"]["matchLabels"] == labels


def test_pods_know_what_compose_tells_web(project, built):
    """What Compose sets is set; what it only passes on may be: .env.example explains it, as the README says."""
    production = yaml.safe_load((project / "compose.production.yaml").read_text("utf-8"))
    explained = re.findall("^(?:# )?([A-Z0-9_]+)=", (project / ".env.example").read_text("utf-8"), re.MULTILINE)
    for pod in pods(built).values():
        known = {name.removesuffix("_FILE") for name in environment(built, pod)}
        for name, value in production["services"]["web"]["environment"].items():
            assert name.removesuffix("_FILE") in (explained if value is None else known), name


def test_pods_find_their_secrets_where_the_readme_puts_them(project, built):
    readme = (project / "README.md").read_text("utf-8").partition("## Deploy it")[2]
    for pod in pods(built).values():
        [container] = pod["spec"]["containers"]
        [folder] = [mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] == "secrets"]
        files = [Path(path) for name, path in environment(built, pod).items() if name.endswith("_FILE")]
        assert {str(file.parent) for file in files} == {folder}
        assert not [file.name for file in files if file.name not in readme]


def test_the_network_lets_pods_reach_what_they_are_told_of(project, built):
    ports = {port["port"] for port in built["NetworkPolicy app"]["spec"]["egress"][0]["ports"]}
    expected = {53, 443, 587, 5432}
    expected |= {6379} if (project / "tests/test_redis.py").exists() else set()
    expected |= {4318} if (project / "config/telemetry.py").exists() else set()
    assert ports == expected


def test_a_worker_gets_the_time_that_a_task_may_take(stack, build):
    settings = (stack.project / "config/settings.py").read_text("utf-8")
    worker = pods(resources(build(stack.project)))["Deployment worker"]["spec"]
    assert worker["terminationGracePeriodSeconds"] > int(re.search(r'"TASK_SECONDS", (\d+)', settings)[1])


def test_there_is_never_a_second_beat(stack, build):
    built = resources(build(stack.project))
    beat = built["Deployment beat"]["spec"]
    assert (beat["replicas"], beat["strategy"]) == (1, {"type": "Recreate"})


def arguments(stack, built, name):
    """Return how Docker is to run the container of that pod as Kubernetes would, and its command."""
    pod = pods(built)[name]
    spec = pod["spec"]
    [container] = spec["containers"]
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    user, group = spec["securityContext"]["runAsUser"], spec["securityContext"]["runAsGroup"]
    words = ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", f"--user={user}:{group}"]
    words += [f"--tmpfs={mounts['tmp']}", f"--volume={stack.project / 'secrets'}:{mounts['secrets']}:ro"]
    words += [f"--env={variable}={value}" for variable, value in environment(built, pod).items()]
    words += [f"--memory={container['resources']['limits']['memory'].removesuffix('i').lower()}"]
    # Kubernetes knows nothing of the image's own health check.
    words += ["--no-healthcheck", "--network=kubernetes-test-production_database", "kubernetes-test:1"]
    return [*words, *container.get("command", [])]


@contextlib.contextmanager
def running(stack, built, name):
    """Run a deployment's container, and give its name in Docker."""
    container = f"kubernetes-test-{name}"
    run("docker", "run", "--detach", "--name", container, *arguments(stack, built, f"Deployment {name}"))
    try:
        yield container
    finally:
        run("docker", "rm", "--force", container, check=False)


def is_well(built, name, container):
    """Return whether a deployment's probes succeed, as a function."""
    [spec] = pods(built)[f"Deployment {name}"]["spec"]["containers"]
    commands = [part["exec"]["command"] for kind, part in spec.items() if kind.endswith("Probe")]

    def every_probe_succeeds():
        return not any(run("docker", "exec", container, *command, check=False).returncode for command in commands)

    return every_probe_succeeds


def said(container):
    return run("docker", "logs", container).stderr


def ends(container, seconds):
    """Return whether a container that is told to stop ends by itself."""
    run("docker", "stop", "--time", str(seconds), container)
    return json.loads(run("docker", "inspect", container).stdout)[0]["State"]["ExitCode"] == 0


def test_a_worker_begins_no_task_before_the_migrations_and_shows_when_it_hangs(stack, build):
    built = resources(build(stack.project))
    with running(stack, built, "worker") as worker:
        well = is_well(built, "worker", worker)
        time.sleep(5)
        assert not well()
        run("docker", "run", "--rm", *arguments(stack, built, "Job migrate"))
        eventually(well, seconds=60)
        ask = "from users.tasks import delete_expired_logins; delete_expired_logins.delay()"
        run("docker", "exec", worker, "python", "manage.py", "shell", "-c", ask)
        eventually(lambda: "task_succeeded" in said(worker))
        run("docker", "kill", "--signal", "STOP", worker)
        run("docker", "exec", worker, "touch", "--date", "2 minutes ago", "/tmp/worker")
        assert not well()
        run("docker", "kill", "--signal", "CONT", worker)
        eventually(well)
        assert ends(worker, pods(built)["Deployment worker"]["spec"]["terminationGracePeriodSeconds"])


def test_a_worker_that_waits_for_migrations_may_be_stopped(stack, build):
    built = resources(build(stack.project))
    stack.compose("stop", "db")
    try:
        with running(stack, built, "worker") as worker:
            eventually(lambda: "OperationalError" in said(worker))
            assert ends(worker, 20)
    finally:
        stack.compose("up", "--detach", "--wait", "db")


def test_beat_is_well_as_the_manifests_say(stack, build):
    built = resources(build(stack.project))
    with running(stack, built, "beat") as beat:
        eventually(is_well(built, "beat", beat), seconds=60)
        assert ends(beat, 20)


def test_the_image_runs_as_the_manifests_say(stack, build):
    built = resources(build(stack.project))
    run("docker", "run", "--rm", *arguments(stack, built, "Job migrate"))
    [container] = pods(built)["Deployment web"]["spec"]["containers"]
    with running(stack, built, "web") as name:
        [network] = json.loads(run("docker", "inspect", name).stdout)[0]["NetworkSettings"]["Networks"].values()
        address = f"http://{network['IPAddress']}:{container['ports'][0]['containerPort']}"
        probes = [container[kind]["httpGet"]["path"] for kind in ("startupProbe", "livenessProbe", "readinessProbe")]

        def every_probe_succeeds():
            return all(httpx.get(address + path, trust_env=False).status_code == 200 for path in probes)

        eventually(every_probe_succeeds, seconds=60)
        [rule] = built["Ingress web"]["spec"]["rules"]
        headers = {"Host": rule["host"], "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
        assert httpx.get(f"{address}/admin/login/", headers=headers, trust_env=False).status_code == 200
