"""What the files of GitHub and GitLab run with Docker, run here: a file that is never run is soon wrong."""

import re

import pytest
import yaml

from tests.docker.stack import Production, Stack, run


def test_the_steps_of_github_build_the_image_and_start_it(bake):
    stack = Production(bake(project_slug="github-test", python_version="3.13", library=False))
    workflow = yaml.safe_load((stack.project / ".github/workflows/ci.yml").read_text("utf-8"))
    steps = [step["run"] for step in workflow["jobs"]["image"]["steps"] if "run" in step]
    make_secrets, *others = [step.replace("//localhost/", f"//localhost:{stack.port}/") for step in steps]
    run("rm", "-r", "secrets", cwd=stack.project)
    image = {"IMAGE": "github-test-app", "TAG": "1"}
    try:
        run("docker", "build", "--tag", "github-test-app:1", ".", cwd=stack.project, timeout=600)
        for step in (make_secrets, *others):
            run("bash", "-e", "-c", step, cwd=stack.project, **image)
        used = stack.compose("images", "web", "--format", "json", **image).stdout
        assert "github-test-app" in used
    finally:
        stack.down("--volumes")
        run("docker", "image", "rm", "github-test-app:1", check=False)


@pytest.fixture(scope="module")
def gitlab(bake):
    stack = Stack(bake(project_slug="gitlab-test", python_version="3.13", ci="gitlab", library=False))
    stack.down("--volumes")
    try:
        stack.compose("up", "--detach", "--wait", "db")
        yield stack
    finally:
        stack.down("--volumes")


@pytest.mark.parametrize("job", ["check", "test"])
def test_a_job_of_gitlab_passes_in_the_image_of_development(gitlab, job):
    script = yaml.safe_load((gitlab.project / ".gitlab-ci.yml").read_text("utf-8"))[job]["script"]
    # As GitLab does: as root, in a clone that is not at /app.
    options = [
        "--rm",
        "--no-deps",
        "-T",
        "--user",
        "0",
        "--volume",
        f"{gitlab.project}:/builds",
        "--workdir",
        "/builds",
    ]
    command = ["sh", "-e", "-c", "cp -r /builds /clone && cd /clone\n" + "\n".join(script)]
    gitlab.compose("run", "--build", *options, "web", *command, timeout=600)


GITLAB_IMAGES = {"development": "gitlab-image/development:1", "production": "gitlab-image:1"}


@pytest.mark.parametrize(("job", "image"), GITLAB_IMAGES.items())
def test_a_job_of_gitlab_builds_its_image(gitlab, job, image):
    *_, command = yaml.safe_load((gitlab.project / ".gitlab-ci.yml").read_text("utf-8"))[job]["script"]
    # Here is no registry, and the engine's own builder, which knows one platform and describes no image.
    away = r'--(push|cache-(from|to) "[^"]*"|(platform|sbom|provenance) \S+) '
    command, left_out = re.subn(away, "", command)
    assert left_out == (3 if job == "development" else 6)
    variables = {"CI_REGISTRY_IMAGE": "gitlab-image", "CI_COMMIT_SHA": "1"}
    try:
        run("sh", "-e", "-c", command, cwd=gitlab.project, timeout=600, **variables)
        run("docker", "image", "inspect", image)
    finally:
        run("docker", "image", "rm", image, check=False)
