"""The manifests for Kubernetes: what Kustomize makes of them is valid, and the image runs as they say."""

import json
import os
import shutil
import subprocess

import httpx
import pytest
import yaml
from kubernetes_validate.utils import all_versions

from tests import BIN
from tests.docker.stack import Production, eventually, run

# Three releases are supported at a time.
RELEASES = [*dict.fromkeys(all_versions())][-3:]


@pytest.fixture(scope="module")
def stack(bake):
    """Return a project whose database runs; the rest is what the manifests say."""
    answers = {"kubernetes": True, "library": False, "python_version": "3.13"}
    stack = Production(bake(project_slug="kubernetes-test", **answers))
    stack.down("--volumes")
    try:
        stack.compose("up", "--detach", "--wait", "db")
        run("docker", "build", "--tag", "kubernetes-test:1", ".", cwd=stack.project, timeout=600)
        yield stack
    finally:
        stack.down("--volumes")
        run("docker", "image", "rm", "kubernetes-test:1", check=False)


@pytest.fixture(scope="module")
def built(bake, tmp_path_factory):
    """Return the file that Kustomize makes of the overlay for production."""
    if not shutil.which("kustomize"):
        absent = pytest.fail if os.environ.get("CI") else pytest.skip
        absent("Kustomize is not installed.")
    path = tmp_path_factory.mktemp("kubernetes") / "built.yaml"
    path.write_text(run("kustomize", "build", "kubernetes/production", cwd=bake(kubernetes=True)).stdout, "utf-8")
    return path


@pytest.fixture(scope="module")
def resources(built):
    return {resource["kind"]: resource for resource in yaml.safe_load_all(built.read_text("utf-8"))}


@pytest.mark.parametrize("release", RELEASES)
def test_kubernetes_accepts_the_manifests(built, release):
    command = [BIN / "kubernetes-validate", "--strict", "--kubernetes-version", release, built]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count("passed") == 10


@pytest.mark.parametrize("kind", ["Deployment", "Job"])
def test_pods_are_restricted(resources, kind):
    pod = resources[kind]["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    [container] = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    assert container["resources"]["limits"]["memory"]


def test_names_lead_to_what_is_there(resources):
    web = resources["Deployment"]
    labels = web["spec"]["template"]["metadata"]["labels"]
    [container] = web["spec"]["template"]["spec"]["containers"]
    assert resources["Service"]["spec"]["selector"] == labels == web["spec"]["selector"]["matchLabels"]
    assert resources["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    assert resources["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
    assert resources["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"] == web["metadata"]["name"]
    assert container["envFrom"] == [{"configMapRef": {"name": resources["ConfigMap"]["metadata"]["name"]}}]
    assert container["image"] == "registry.example.com/app:1"
    [rule] = resources["Ingress"]["spec"]["rules"]
    assert resources["ConfigMap"]["data"]["ALLOWED_HOSTS"] == rule["host"]
    assert [rule["host"]] == resources["Ingress"]["spec"]["tls"][0]["hosts"]
    assert rule["http"]["paths"][0]["backend"]["service"]["name"] == resources["Service"]["metadata"]["name"]


def arguments(stack, resources, kind):
    """Return how Docker is to run the container of that resource as Kubernetes would, and its command."""
    pod = resources[kind]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    variables = {entry["name"]: entry["value"] for entry in container["env"]} | resources["ConfigMap"]["data"]
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    user, group = pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsGroup"]
    words = ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", f"--user={user}:{group}"]
    words += [f"--tmpfs={mounts['tmp']}", f"--volume={stack.project / 'secrets'}:{mounts['secrets']}:ro"]
    words += [f"--env={name}={value}" for name, value in variables.items()]
    words += [f"--memory={container['resources']['limits']['memory'].removesuffix('i').lower()}"]
    return [*words, "--network=kubernetes-test-production_database", "kubernetes-test:1", *container.get("command", [])]


def test_the_image_runs_as_the_manifests_say(stack, resources):
    (stack.project / "secrets").chmod(0o755)
    run("docker", "run", "--rm", *arguments(stack, resources, "Job"))
    name = "kubernetes-test-web"
    [container] = resources["Deployment"]["spec"]["template"]["spec"]["containers"]
    run("docker", "run", "--detach", "--name", name, *arguments(stack, resources, "Deployment"))
    try:
        [network] = json.loads(run("docker", "inspect", name).stdout)[0]["NetworkSettings"]["Networks"].values()
        address = f"http://{network['IPAddress']}:{container['ports'][0]['containerPort']}"
        probes = [container[kind]["httpGet"]["path"] for kind in ("startupProbe", "livenessProbe", "readinessProbe")]

        def every_probe_succeeds():
            return all(httpx.get(address + path, trust_env=False).status_code == 200 for path in probes)

        eventually(every_probe_succeeds, seconds=60)
        [rule] = resources["Ingress"]["spec"]["rules"]
        headers = {"Host": rule["host"], "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
        assert httpx.get(f"{address}/admin/login/", headers=headers, trust_env=False).status_code == 200
    finally:
        run("docker", "rm", "--force", name, check=False)
