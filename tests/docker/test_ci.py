"""What the workflow of GitHub runs with Docker, run here: a file that is never run is soon wrong.

What its other job runs is in tests/test_projects.py. Not run here is what only GitHub can do, each a step of `uses:`:
to check out, to install Python, to keep the cache of the image, to list what is in it, and to look for vulnerabilities,
whose list is loaded. Its registry is another one here, which asks for no password, and the image of both platforms is
for that of this machine.
"""

import httpx
import pytest
import yaml

from tests.docker.stack import Production, eventually, run

NAME = "github-test"


@pytest.fixture
def registry():
    run("docker", "rm", "--force", "--volumes", f"{NAME}-registry", check=False)  # of a run that was killed
    run("docker", "run", "--detach", "--name", f"{NAME}-registry", "--publish", "127.0.0.1::5000", "registry:2")
    try:
        host = run("docker", "port", f"{NAME}-registry", "5000").stdout.strip()
        with httpx.Client(base_url=f"http://{host}/v2/", trust_env=False) as client:
            eventually(lambda: client.get("").status_code == 200)
            yield client
    finally:
        run("docker", "rm", "--force", "--volumes", f"{NAME}-registry")


def test_the_steps_of_github_build_the_image_start_it_and_push_it(bake, registry, tmp_path):
    stack = Production(bake(project_slug=NAME, python_version="3.13", library=False))
    jobs = yaml.safe_load((stack.project / ".github/workflows/ci.yml").read_text("utf-8"))["jobs"]
    commands = {job: [step["run"] for step in jobs[job]["steps"] if "run" in step] for job in ("image", "publish")}
    image = {"IMAGE": f"{NAME}-app", "TAG": "1"}
    host = registry.base_url.netloc.decode()
    # A login is remembered in a file.
    given = {"DOCKER_CONFIG": str(tmp_path), "GITHUB_ACTOR": "ada", "GITHUB_REPOSITORY": "Ada/App", "TOKEN": "x"}

    def step(command, **more):
        command = command.replace("//localhost/", f"//localhost:{stack.port}/").replace("ghcr.io", host)
        run("bash", "-e", "-c", command, cwd=stack.project, **image, **given, **more)

    run("rm", "-r", "secrets", cwd=stack.project)
    try:
        run("docker", "build", "--tag", f"{NAME}-app:1", ".", cwd=stack.project, timeout=600)
        *before, push = commands["image"]
        for command in before:
            step(command)
        assert f"{NAME}-app" in stack.compose("images", "web", "--format", "json", **image).stdout
        step(push, PLATFORM="amd64")
        run("docker", "tag", "registry:2", f"{NAME}-app:1")  # another image, in place of that for the other platform
        step(push, PLATFORM="arm64")
        for command in commands["publish"]:
            step(command)
        index = "application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.index.v1+json"
        published = registry.get("ada/app/manifests/1", headers={"Accept": index})
        assert len(published.json()["manifests"]) == 2
    finally:
        stack.down("--volumes")
        tags = [f"{host}/ada/app:1-{platform}" for platform in ("amd64", "arm64")]
        run("docker", "image", "rm", f"{NAME}-app:1", *tags, check=False)
