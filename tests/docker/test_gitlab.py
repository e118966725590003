"""What .gitlab-ci.yml runs, run here: its scripts as they are, with what a runner of GitLab gives to them.

That is the project's registry, which asks for a password, and for each job that builds an image an engine of its own.
What is for arm64 is built and run by QEMU, as on GitLab's own runners. Not run here is `container_scanning`, a job of
GitLab's: its scanner needs a list of vulnerabilities that it loads.
"""

import contextlib
import json
import platform
import re

import httpx
import pytest
import yaml

from tests.docker.stack import eventually, run

NAME = "gitlab-test"
REGISTRY = "registry:5000"
# What GitLab tells each job. The registry knows the password as bcrypt makes it.
VARIABLES = {
    "CI_COMMIT_SHA": "1",
    "CI_REGISTRY": REGISTRY,
    "CI_REGISTRY_IMAGE": f"{REGISTRY}/group/app",
    "CI_REGISTRY_PASSWORD": "for-tests-only",
    "CI_REGISTRY_USER": "job",
}
HTPASSWD = "job:$2b$04$rHs36O2fFwDBPwj.V594YO38cbPfaqIAM4bsJnIkXJdb4JteN67Ai"
PYTHON = "python:3.13-slim-trixie"
# What an engine asks Docker Hub for, and where that is out of reach another registry, which has the stand-ins.
HUB = {
    PYTHON: f"library/{PYTHON}-amd64",
    f"arm64v8/{PYTHON}": f"library/{PYTHON}-arm64",
    "docker/buildkit-syft-scanner:stable-1": "docker/buildkit-syft-scanner:stable-1",
    "tonistiigi/binfmt:qemu-v10.2.3": "tonistiigi/binfmt:qemu-v10.2.3",
}
INDEX, MANIFEST = (f"application/vnd.oci.image.{kind}.v1+json" for kind in ("index", "manifest"))
# The image's own health check asks it for an answer.
START_ON_ARM64 = """
docker run --detach --name app --platform linux/arm64 \\
    --env SECRET_KEY=for-tests-only --env ALLOWED_HOSTS=localhost $CI_REGISTRY_IMAGE:1
docker exec app python -c 'import platform; assert platform.machine() == "aarch64"'
timeout 120 sh -c 'until docker inspect --format {{.State.Health.Status}} app | grep -qx healthy; do sleep 1; done'
"""


@pytest.fixture(scope="module")
def project(bake):
    return bake(project_slug=NAME, python_version="3.13", ci="gitlab", library=False)


@pytest.fixture(scope="module")
def jobs(project):
    return yaml.safe_load((project / ".gitlab-ci.yml").read_text("utf-8"))


@contextlib.contextmanager
def container(name, *options):
    """Run a container on the runner's network, and give its address there."""
    run("docker", "rm", "--force", "--volumes", f"{NAME}-{name}", check=False)  # of a run that was killed
    place = ("--name", f"{NAME}-{name}", "--network", NAME, "--network-alias", name)
    run("docker", "run", "--detach", *place, *options)
    try:
        [found] = json.loads(run("docker", "inspect", f"{NAME}-{name}").stdout)
        yield found["NetworkSettings"]["Networks"][NAME]["IPAddress"]
    finally:
        run("docker", "rm", "--force", "--volumes", f"{NAME}-{name}", check=False)


def given(variables):
    """Return the options by which a container gets these variables."""
    return [f"--env={name}={value}" for name, value in variables.items()]


@pytest.fixture(scope="module")
def network():
    run("docker", "network", "create", NAME)
    try:
        yield
    finally:
        run("docker", "network", "rm", NAME)


@pytest.fixture(scope="module")
def image(project):
    """The image of development, which these jobs run in."""
    run("docker", "build", "--target", "development", "--tag", f"{NAME}:1", ".", cwd=project, timeout=600)
    try:
        yield f"{NAME}:1"
    finally:
        run("docker", "image", "rm", f"{NAME}:1")


@pytest.mark.parametrize("job", ["check", "test"])
def test_a_job_passes_in_the_image_of_development(project, jobs, network, image, job):
    variables = jobs[job].get("variables", {})
    with contextlib.ExitStack() as services:
        for service in jobs[job].get("services", ()):
            services.enter_context(container(service["alias"], *given(variables), service["name"]))
            ready = ("docker", "exec", f"{NAME}-{service['alias']}", "pg_isready", "--host=127.0.0.1")
            eventually(lambda ready=ready: run(*ready, check=False).returncode == 0, seconds=60)
        # As GitLab does: as root, in a clone that is not at /app.
        options = ["--rm", "--user=0", f"--network={NAME}", f"--volume={project}:/builds:ro", *given(variables)]
        script = "cp -r /builds /clone && cd /clone\n" + "\n".join(jobs[job]["script"])
        run("docker", "run", *options, image, "sh", "-e", "-c", script, timeout=600)


@pytest.fixture(scope="module")
def hub(network):
    """A registry with the stand-ins that there are, for the engine to look in first."""
    with container("hub", "--publish", "127.0.0.1::5000", "registry:2"):
        host = run("docker", "port", f"{NAME}-hub", "5000").stdout.strip()
        eventually(lambda: httpx.get(f"http://{host}/v2/", trust_env=False).status_code == 200)
        labels = ("docker", "image", "inspect", "--format", '{{index .Config.Labels "stand-in"}}')
        stand_ins = [image for image in HUB if run(*labels, image, check=False).stdout.strip()]
        for image in stand_ins:
            run("docker", "tag", image, f"{host}/{HUB[image]}")
            run("docker", "push", f"{host}/{HUB[image]}", timeout=600)
            run("docker", "image", "rm", f"{host}/{HUB[image]}")
        if PYTHON in stand_ins:
            platforms = [f"{host}/{HUB[image]}" for image in stand_ins if image.endswith(PYTHON)]
            run("docker", "buildx", "imagetools", "create", "--tag", f"{host}/library/{PYTHON}", *platforms)
        yield "hub:5000"


@pytest.fixture(scope="module")
def registry(network, tmp_path_factory):
    """The project's registry, as a client that may look into it."""
    users = tmp_path_factory.mktemp("registry") / "htpasswd"
    users.write_text(HTPASSWD)
    settings = {
        "REGISTRY_AUTH": "htpasswd",
        "REGISTRY_AUTH_HTPASSWD_REALM": "x",
        "REGISTRY_AUTH_HTPASSWD_PATH": "/users",
    }
    with container("registry", *given(settings), "--volume", f"{users}:/users:ro", "registry:2") as address:
        auth = (VARIABLES["CI_REGISTRY_USER"], VARIABLES["CI_REGISTRY_PASSWORD"])
        with httpx.Client(base_url=f"http://{address}:5000/v2/", auth=auth, trust_env=False) as client:
            eventually(lambda: client.get("").status_code == 200)
            yield client


@pytest.fixture
def build(project, jobs, hub, registry):
    """Return a function that runs a job of GitLab's with an engine that is new, and returns what it said."""
    options = ["--rm", f"--network={NAME}", f"--volume={project}:/builds:ro", "--workdir=/builds", *given(VARIABLES)]

    def build(job, *more):
        definition = jobs[job] | jobs[jobs[job]["extends"]]
        [service] = definition["services"]
        certificates = ("--volume", "/certs/client")  # what the engine's own image shares with the job's
        arguments = (f"--registry-mirror=http://{hub}", f"--insecure-registry={hub}", f"--insecure-registry={REGISTRY}")
        with container("docker", "--privileged", *certificates, service, *arguments):
            shared = ("--volumes-from", f"{NAME}-docker:ro")
            docker = ("docker", "run", *options, *shared, definition["image"])
            eventually(lambda: run(*docker, "docker", "info", check=False).returncode == 0, seconds=60)
            script = "\n".join([*definition["before_script"], *definition["script"], *more])
            return run(*docker, "sh", "-e", "-c", script, timeout=1800).stderr

    return build


def steps(said):
    """Return the commands of a Dockerfile that a build came to, and those of them that it took from a cache."""
    commands = dict(re.findall(r"^#(\d+) \[.*\] (RUN .*)", said, re.MULTILINE))
    return set(commands), set(commands) & set(re.findall(r"^#(\d+) CACHED$", said, re.MULTILINE))


def test_the_image_of_development_is_pushed_and_its_cache_is_there_for_the_next_engine(build, registry):
    build("development")
    assert registry.head("group/app/development/manifests/1", headers={"Accept": INDEX}).status_code == 200
    commands, cached = steps(build("development"))
    assert len(commands) >= 3
    assert cached == commands


@pytest.mark.timeout(1800)
@pytest.mark.skipif(platform.machine() != "x86_64", reason="The job has arm64 emulated, for a runner that is amd64.")
def test_the_image_of_production_is_for_two_platforms_and_tells_what_is_in_it(build, project, registry):
    build("production", START_ON_ARM64)
    manifests = registry.get("group/app/manifests/1", headers={"Accept": INDEX}).json()["manifests"]
    images = {manifest["platform"]["architecture"]: manifest["digest"] for manifest in manifests}
    assert images.keys() == {"amd64", "arm64", "unknown"}  # the last is what is said of the others
    said = {
        manifest["annotations"]["vnd.docker.reference.digest"]: manifest["digest"]
        for manifest in manifests
        if manifest["platform"]["architecture"] == "unknown"
    }
    lock = json.loads((project / "Pipfile.lock").read_text("utf-8"))["default"]
    for architecture in ("amd64", "arm64"):
        sbom, provenance = statements(registry, said[images[architecture]])
        found = {(package["name"].lower(), package.get("versionInfo")) for package in sbom["packages"]}
        assert {(name, entry["version"].removeprefix("==")) for name, entry in lock.items()} - found == set()
        assert "Dockerfile" in json.dumps(provenance)


def statements(registry, digest):
    """Return what the registry knows of what is in an image, and of how it was made."""
    layers = registry.get(f"group/app/manifests/{digest}", headers={"Accept": MANIFEST}).json()["layers"]
    found = [registry.get(f"group/app/blobs/{layer['digest']}").json() for layer in layers]
    return [statement["predicate"] for statement in sorted(found, key=lambda one: "slsa" in one["predicateType"])]
