"""What a project's README says of the project is so, whatever was chosen."""

import re

import pytest
import yaml

from tests.combinations import EVERYTHING, NOTHING, OPTIONS, differences

ALONE = [NOTHING, *[{**NOTHING, option: True} for option in OPTIONS], EVERYTHING]


@pytest.fixture(scope="module", params=ALONE, ids=differences)
def project(bake, request):
    return bake(**request.param)


def readme(project):
    return (project / "README.md").read_text("utf-8")


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


def test_every_variable_of_the_table_is_explained_where_it_is_set(project):
    example = dict(re.findall(r"^# (\w+)=(.*)$", (project / ".env.example").read_text("utf-8"), re.MULTILINE))
    names = set(re.findall(r"^(?:# )?(\w+)=", (project / ".env.example").read_text("utf-8"), re.MULTILINE))
    table = readme(project).partition("\n## Environment\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \| .* \| (.*) \|$", table, re.MULTILINE)
    assert len(rows) > 5
    for first, default in rows:
        named = re.findall(r"`(\w+)`", first)
        assert {*named} <= names
        if re.fullmatch("`[^`]*`(, `[^`]*`)*", default):
            for name, value in zip(named, re.findall("`([^`]*)`", default), strict=True):
                assert example.get(name, value) == value, name


def test_every_link_within_it_leads_to_a_heading(project):
    headings = re.findall(r"^##+ (.*)$", readme(project), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert {*re.findall(r"\]\(#([^)]*)\)", readme(project))} <= anchors


def test_a_block_of_code_has_a_blank_line_before_and_after_it(project):
    lines = readme(project).splitlines()
    fences = [number for number, line in enumerate(lines) if line.lstrip().startswith("```")]
    around = [*(number - 1 for number in fences[::2]), *(number + 1 for number in fences[1::2])]
    assert not [lines[number] for number in around if lines[number]]
