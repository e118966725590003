"""Put one fault after the other into the template, and write down which ones the hook refuses: `make mutation`."""

import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests import TEMPLATE
from tests.faults import FAULTS, breach

REPORT = TEMPLATE / "docs/mutations.md"
# What a project has in place of what the template has.
RENDERED = {
    '"py314"': "\"py{{ cookiecutter.python_version | replace('.', '') }}\"",
    '"3.14"': '"{{ cookiecutter.python_version }}"',
    "python:3.14": "python:{{ cookiecutter.python_version }}",
}
# Faults of behaviour, which no reading of files shows, and the test that finds each.
BEHAVIOUR = [
    (
        "config/settings.py",
        'env.bool("DEBUG", False)',
        'env.bool("DEBUG", True)',
        "tests/docker/test_production.py::test_an_unknown_address_tells_nothing_of_the_project",
    ),
    (
        "library/permissions.py",
        "obj.owner_id == request.user.pk",
        "True",
        "the project's tests/test_library.py::test_only_the_owner_and_staff_may_change_something",
    ),
    (
        "config/settings.py",
        '    "django_filters",',
        '    "django_filters",\n    "guardian",',
        "tests/test_projects.py::test_the_tests_pass",
    ),
    (
        "config/settings.py",
        "REST_KNOX = ",
        "REST_KNOKS = ",
        "tests/test_projects.py::test_the_tests_pass",
    ),
    (
        "Caddyfile",
        "strict_sni_host on",
        "strict_sni_host insecure_off",
        "tests/docker/test_production.py::test_a_forged_host_name_is_refused_by_the_proxy",
    ),
]


def in_template(fault):
    """Return the fault's file, old and new text as they are in the template."""
    _, file, old, new, _ = fault
    if file.startswith("library/"):
        file = f"features/library/files/{file}"
    if new and ("{{" in new or "{%" in new or "# %" in new):
        new = "{% raw %}" + new + "{% endraw %}"
    for project, template in RENDERED.items():
        old = old and old.replace(project, template)
    return file, old, new


def refusal(fault):
    """Generate from a copy of the template with that fault; return the line of the hook that names it, or None."""
    file, old, new = in_template(fault)
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder, "drf-docker")
        shutil.copytree(TEMPLATE, template, ignore=shutil.ignore_patterns(".git", ".venv", ".cache"))
        breach(template / "{{cookiecutter.project_slug}}" / file, old, new)
        command = [sys.executable, "-m", "cookiecutter", template, "--no-input", "--output-dir", folder]
        result = subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder)
        if result.returncode == 0:
            return None
        assert not Path(folder, "my-api").exists()
        return next((line for line in result.stderr.splitlines() if fault[4] in line), None)


def cell(text):
    return "" if text is None else f"`{' '.join(text.split()) or ' '}`".replace("|", "\\|")


def main():
    faults = [in_template(fault) for fault in FAULTS]
    with ThreadPoolExecutor(2) as pool:
        refusals = list(pool.map(refusal, FAULTS))
        missed = list(pool.map(lambda fault: refusal(("", *fault[:3], "")), BEHAVIOUR))
    caught, total = sum(map(bool, refusals + missed)), len(refusals + missed)
    lines = [
        "# Faults in the template, and what finds them",
        "",
        f"Written by `make mutation`: the hook refuses {caught} of {total} single faults ({caught / total:.1%}).",
        "",
        "| file | is | becomes | found by |",
        "|---|---|---|---|",
    ]
    for (file, old, new), said in zip(faults, refusals, strict=True):
        becomes = "(deleted)" if new is None else cell(new)
        lines.append(f"| {file} | {cell(old)} | {becomes} | {said or '**nothing**'} |")
    for (file, old, new, test), said in zip(BEHAVIOUR, missed, strict=True):
        lines.append(f"| {file} | {cell(old)} | {cell(new)} | {said or test} |")
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text("\n".join(lines) + "\n", "utf-8")
    print(lines[2])
    sys.exit(caught / total < 0.95)


if __name__ == "__main__":
    main()
