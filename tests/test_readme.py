"""What a project's README says of the project is so, whatever was chosen."""

import json
import os
import re
import subprocess
import sys
import tomllib

import pytest
import yaml

from tests import BIN
from tests.combinations import EVERYTHING, NOTHING, OPTIONS, differences

ALONE = [NOTHING, *[{**NOTHING, option: True} for option in OPTIONS], EVERYTHING]


@pytest.fixture(scope="module", params=ALONE, ids=differences)
def project(bake, request):
    return bake(**request.param)


def readme(project):
    return (project / "README.md").read_text("utf-8")


def section(project, heading):
    return readme(project).partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def test_the_diagram_shows_the_services_of_production(project):
    compose = yaml.safe_load((project / "compose.production.yaml").read_text("utf-8"))
    services = {name: service for name, service in compose["services"].items() if not service.get("profiles")}
    [diagram] = re.findall(r"```mermaid\n(.*?)```", readme(project), re.DOTALL)
    lines = set(re.findall(r"^    (\w+) --> (\w+)$", diagram, re.MULTILINE))
    assert {name for line in lines for name in line} == services.keys()
    for one, other in lines:
        assert {*services[one]["networks"]} & {*services[other]["networks"]}, (one, other)
    for name, service in services.items():
        reached = {other for other in service.get("depends_on", ()) if other != "migrate"}
        assert reached <= {other for one, other in lines if one == name}, name
    assert {name for name, service in services.items() if service.get("ports")} == {"proxy"}


def test_every_variable_of_the_table_is_explained_and_has_the_default_that_it_says(project):
    names = set(re.findall(r"^(?:# )?(\w+)=", (project / ".env.example").read_text("utf-8"), re.MULTILINE))
    used = defaults(project)
    rows = re.findall(r"^\| (`.*?) \| .* \| (.*) \|$", section(project, "Environment"), re.MULTILINE)
    assert len(rows) > 5
    for first, default in rows:
        named = re.findall(r"`(\w+)`", first)
        assert {*named} <= names
        if re.fullmatch("`[^`]*`(, `[^`]*`)*", default):
            for name, value in zip(named, re.findall("`([^`]*)`", default), strict=True):
                assert used.get(name) == {value}, name


def test_every_variable_that_the_settings_read_is_explained_beside_its_default(project):
    example = (project / ".env.example").read_text("utf-8")
    read = set(re.findall(r'env\.\w+\(\s*"(\w+)"', (project / "config/settings.py").read_text("utf-8")))
    assert {"SECRET_KEY", "TOKEN_DAYS"} < read
    # The one that says where .env is cannot stand in it.
    assert read - {"ENV_FILE"} <= {*re.findall(r"^(?:# )?(\w+)=", example, re.MULTILINE)}
    for name in re.findall(r"^# (\w+)=.", example, re.MULTILINE):
        assert len({value.replace("_", "") for value in defaults(project)[name]}) == 1, name


def defaults(project):
    """Return what variables are without a value, as .env.example, the Compose files and the settings say it."""
    sources = {
        ".env.example": r"^# (\w+)=(.+)$",
        "compose.yaml": r"\$\{(\w+):-(.*?)\}",
        "compose.production.yaml": r"\$\{(\w+):-(.*?)\}",
        "config/settings.py": r'env\.\w+\("(\w+)", "?(\w+|[^",()]+)"?\)',
    }
    found = {}
    for file, pattern in sources.items():
        for name, value in re.findall(pattern, (project / file).read_text("utf-8"), re.MULTILINE):
            found.setdefault(name, set()).add({"False": "false", "True": "true"}.get(value, value))
    return found


def test_what_it_shows_of_the_project_is_there(project):
    tree = re.findall(r"^(\S.*?)  ", section(project, "Where things are"), re.MULTILINE)
    assert len(tree) > 10
    assert not [name for names in tree for name in names.split(", ") if not (project / name).exists()]


def test_every_block_of_code_stands_apart_from_the_text_before_it(project):
    outside = re.sub(r"```\w*\n.*?```", "```", readme(project), flags=re.DOTALL)
    assert not re.findall(r"^.*\S.*\n *```", outside, re.MULTILINE)


def test_the_commands_that_it_shows_are_tasks_of_the_project(project):
    scripts = tomllib.loads((project / "Pipfile").read_text("utf-8"))["scripts"]
    assert {*re.findall(r"pipenv run ([\w-]+)", readme(project))} - {"python"} <= scripts.keys()


def test_another_port_is_taken_by_the_variables_that_it_names(bake):
    environment = {**os.environ, "PORT": "8765", "HTTP_PORT": "8080", "HTTPS_PORT": "8443"}
    published = set()
    for file in ("compose.yaml", "compose.production.yaml"):
        command = [BIN / "docker-compose", "--file", bake() / file, "config", "--format", "json"]
        said = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
        services = json.loads(said)["services"].values()
        published |= {port["published"] for service in services for port in service.get("ports", ())}
    assert published - {"0"} == {"8765", "8080", "8443"}


def test_the_image_takes_packages_from_the_mirror_that_was_locked(bake, tmp_path):
    [script] = re.findall(r"<<'SCRIPT'\n(.*?)\nSCRIPT\n", (bake() / "Dockerfile").read_text("utf-8"), re.DOTALL)
    lock = json.loads((bake() / "Pipfile.lock").read_text("utf-8"))
    lock["_meta"]["sources"][0]["url"] = "https://mirror.example.com/simple"
    (tmp_path / "Pipfile.lock").write_text(json.dumps(lock), "utf-8")
    assert "/opt/" in script
    subprocess.run([sys.executable, "-c", script.replace("/opt/", "")], cwd=tmp_path, check=True)
    for part in ("default", "develop"):
        lines = (tmp_path / f"{part}.txt").read_text().splitlines()
        assert lines[0] == "--index-url https://mirror.example.com/simple"
        assert len(lines) == 1 + len(lock[part])


def test_every_link_within_it_leads_to_a_heading(project):
    headings = re.findall(r"^##+ (.*)$", readme(project), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert {*re.findall(r"\]\(#([^)]*)\)", readme(project))} <= anchors


def test_a_block_of_code_has_a_blank_line_before_and_after_it(project):
    lines = readme(project).splitlines()
    fences = [number for number, line in enumerate(lines) if line.lstrip().startswith("```")]
    around = [*(number - 1 for number in fences[::2]), *(number + 1 for number in fences[1::2])]
    assert not [lines[number] for number in around if lines[number]]
