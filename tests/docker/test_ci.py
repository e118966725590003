"""What the workflow of GitHub runs with Docker, run here: a file that is never run is soon wrong.

What its other job runs is in tests/test_projects.py. Not run here is what only GitHub can do, each a step of `uses:`:
to check out, to install Python, to keep the cache of the image, to list what is in it, and to look for vulnerabilities,
whose list is loaded.
"""

import yaml

from tests.docker.stack import Production, run


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
