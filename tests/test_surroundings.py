"""Generation works wherever it runs, and leaves nothing behind where it cannot."""

import contextlib
import os
import pty
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests import TEMPLATE, commit, cookiecutter
from tests.test_projects import environment_with

ROOT = os.getuid() == 0
# Root writes everywhere, unless it has lost the capability to.
WITHOUT_OVERRIDE = ["setpriv", "--bounding-set=-dac_override"] if ROOT else []
COOKIECUTTER = [sys.executable, "-m", "cookiecutter"]


def generate(out, *arguments, **options):
    return cookiecutter("--no-input", "--output-dir", out, *arguments, home=out.parent, cwd=out, **options)


def is_whole(project):
    command = [sys.executable, project / "doctor.py", "--files"]
    return subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode == 0


def test_without_its_hooks_a_project_says_so_when_it_is_started(out):
    assert generate(out, "--accept-hooks", "no").returncode == 0
    command = [sys.executable, "-c", "import config.settings"]
    result = subprocess.run(command, cwd=out / "my-api", check=False, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr.startswith("This project is not finished: it was generated without its hooks.")
    assert len(result.stderr.splitlines()) == 1


def test_the_template_may_be_read_only(out, template):
    for path in [template, *template.rglob("*")]:
        path.chmod(path.stat().st_mode & ~0o222)
    result = generate(out, template=template, prefix=WITHOUT_OVERRIDE)
    for path in [template, *template.rglob("*")]:
        path.chmod(path.stat().st_mode | 0o200)
    assert result.returncode == 0, result.stderr
    assert is_whole(out / "my-api")


def test_generating_over_a_project_on_purpose_keeps_what_only_its_owner_has(bake, out):
    project = shutil.copytree(bake(), out / "my-api")
    (out / "elsewhere").write_text("not the project's")
    (out / "elsewhere").chmod(0o444)
    (project / "link").symlink_to(out / "elsewhere")
    (project / ".git/objects").mkdir(parents=True)
    own = {
        "assets/own.css": "b {}",
        "templates/rest_framework/own.html": "",
        "notes.md": "{{ name }}",
        ".git/objects/a": "x",
    }
    for name, text in own.items():
        (project / name).write_text(text)
        (project / name).chmod(0o444)
    result = generate(out, "--overwrite-if-exists", prefix=WITHOUT_OVERRIDE)
    assert result.returncode == 0, result.stderr
    assert {name: (project / name).read_text() for name in own} == own
    assert [oct(path.stat().st_mode)[-3:] for path in (out / "elsewhere", project / ".git/objects/a")] == ["444"] * 2


def test_an_owners_folder_of_features_is_not_taken_away(bake, out):
    project = shutil.copytree(bake(), out / "my-api")
    (project / "features").mkdir()
    (project / "features/models.py").write_text("MINE = 1\n")
    before = (project / "README.md").stat().st_mtime_ns
    result = generate(out, "--overwrite-if-exists")
    assert (result.returncode, len(result.stderr.splitlines())) == (1, 1)
    assert "move yours elsewhere meanwhile" in result.stderr
    assert (project / "features/models.py").read_text() == "MINE = 1\n"
    assert (project / "README.md").stat().st_mtime_ns == before


@pytest.mark.skipif(not ROOT, reason="only root can become another user")
def test_it_runs_as_another_user():
    home = Path(tempfile.mkdtemp(prefix="another-user-"))  # pytest's own folders are closed to others
    out = home / "out"
    out.mkdir()
    os.chown(home, 12345, 12345)
    os.chown(out, 12345, 12345)
    # The other user reads what root reads, so that this Python and this template are within reach.
    capability = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    become = ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups", *capability]
    result = generate(out, prefix=become)
    assert result.returncode == 0, result.stderr
    assert "HOST_UID=12345\nHOST_GID=12345\n" in (out / "my-api/.env").read_text()
    assert {path.stat().st_uid for path in (out / "my-api").rglob("*")} == {12345}
    shutil.rmtree(home)


def test_paths_may_have_spaces_and_letters_of_any_script(tmp_path, template):
    template = template.rename(tmp_path / "Meine Vorlage für später")
    out = tmp_path / "место для $HOME"
    out.mkdir()
    result = generate(out, template=template)
    assert result.returncode == 0, result.stderr
    assert is_whole(out / "my-api")


@pytest.mark.parametrize("python", [{}, {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}])
def test_no_utf8_locale_is_needed(out, python):
    result = generate(out, env={"LC_ALL": "C", "LANG": "C", **python})
    assert result.returncode == 0, result.stderr
    assert is_whole(out / "my-api")


@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_are_for_terminals_and_not_for_who_wants_none(out, variables, coloured):
    run, controller = run_in_a_terminal(out, TERM="xterm-256color", **variables)
    shown = b""
    while b"My API" not in shown:
        shown += os.read(controller, 1000)
    interrupt(run)
    assert bool(re.search(rb"\x1b\[[\d;]*3\d", shown)) == coloured


@pytest.mark.parametrize("stdout", [">&-", "| true", "> /dev/full"])
def test_a_project_is_whole_where_nobody_reads_the_next_steps(out, stdout):
    command = f'set -o pipefail; "$@" {stdout}'
    run = ["bash", "-c", command, "bash", sys.executable, "-m", "cookiecutter", TEMPLATE, "--no-input", "-o", out]
    assert subprocess.run(run, check=False).returncode == 0
    assert is_whole(out / "my-api")


def test_a_cookiecutter_that_is_too_old_is_named(out):
    folder = environment_with("cookiecutter==2.1.1", "3.11")
    command = [folder / "bin/cookiecutter", TEMPLATE, "--no-input", "--output-dir", out]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    assert "This Cookiecutter is too old; take 2.6 or newer: `pipx run cookiecutter`.\n" in result.stderr
    assert "answer true or false" not in result.stderr
    assert not list(out.iterdir())


def test_a_script_reads_no_colours_and_only_the_next_steps(out):
    result = generate(out, env={"TERM": "xterm-256color"})
    assert "\x1b" not in result.stdout
    assert result.stdout.strip().startswith("My API is ready in ")
    assert result.stderr == ""


def test_the_next_steps_can_be_pasted_wherever_the_project_is(tmp_path):
    out = tmp_path / "my projects"
    out.mkdir()
    [line] = re.findall("^    (cd .*)", generate(out).stdout, re.MULTILINE)
    assert subprocess.run(["sh", "-c", f"{line} && test -f compose.yaml"], cwd="/", check=False).returncode == 0


def test_a_name_that_the_terminal_cannot_show_is_no_obstacle(out):
    result = generate(out, "project_name=日本 🚀", env={"PYTHONIOENCODING": "ascii:strict"})
    assert result.returncode == 0, result.stderr
    assert 'PROJECT_NAME = "日本 🚀"' in (out / "ri-ben/config/settings.py").read_text("utf-8")


def test_a_clone_with_windows_line_endings_gives_unix_line_endings(out, template, tmp_path):
    commit(template)
    clone = ["git", "clone", "--quiet", "--config", "core.autocrlf=true", template, tmp_path / "clone"]
    subprocess.run(clone, check=True)
    assert generate(out, template=tmp_path / "clone").returncode == 0
    assert not [path for path in out.rglob("*") if path.is_file() and b"\r\n" in path.read_bytes()]


@pytest.mark.parametrize("umask", [0o077, 0o000])
def test_the_environment_is_private_whatever_the_umask(out, umask):
    assert generate(out, umask=umask).returncode == 0
    assert stat.S_IMODE((out / "my-api/.env").stat().st_mode) == 0o600


@pytest.mark.parametrize("apart", [0, 0.1, 0.2, 0.3])
def test_two_runs_at_once_leave_one_whole_project(out, apart):
    command = [*COOKIECUTTER, TEMPLATE, "--no-input", "--output-dir", out]
    environment = {**os.environ, "HOME": str(out.parent)}
    runs = []
    for _ in range(2):
        runs.append(subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL))
        time.sleep(apart)
    codes = [run.wait() for run in runs]
    assert 0 in codes
    assert is_whole(out / "my-api")


@pytest.mark.skipif(not ROOT, reason="only root can mount a small disk")
@pytest.mark.parametrize("limit", ["size=64k", "size=400k", "size=1900k", "nr_inodes=3", "nr_inodes=500"])
def test_a_full_disk_leaves_nothing_behind(out, limit):
    script = f'mount -t tmpfs -o {limit} none "$0" && cd "$0" && "$@"; ls -A "$0"'
    result = generate(out, prefix=["unshare", "--mount", "sh", "-c", script, out])
    assert "There is no room here: a project takes 1 MB" in result.stderr
    assert result.stdout.splitlines()[-1] == "Hook script failed (exit status: 1)"


def run_in_a_terminal(out, *arguments, template=TEMPLATE, **variables):
    """Start Cookiecutter with a terminal of its own, whose Ctrl-C reaches it and its hooks."""
    controller, terminal = pty.openpty()
    command = [*COOKIECUTTER, template, "--output-dir", out, *arguments]
    environment = {**os.environ, "HOME": str(out.parent), **variables}
    run = subprocess.Popen(
        command,
        env=environment,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
        # A test run in the background ignores Ctrl-C, and so would what it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
    )
    os.close(terminal)
    return run, controller


def interrupt(run):
    """Press Ctrl-C until it is heard: one that comes just before Python reads a line is seen only after the line."""
    for _ in range(12):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return run.wait(5)
    os.killpg(run.pid, signal.SIGKILL)
    return pytest.fail("Ctrl-C was not heard for a minute.")


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("Dockerfile", "Dockerfile: is missing."),
        ("features", "The project was not finished: [Errno 2] No such file or directory:"),
    ],
)
def test_what_a_template_lacks_is_said_in_a_line(out, template, missing, said):
    path = template / "{{cookiecutter.project_slug}}" / missing
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    result = generate(out, template=template)
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith(said)
    assert "Traceback" not in result.stderr
    assert not list(out.iterdir())


def test_a_name_that_no_locale_can_read_is_refused(out):
    without_utf8 = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    result = generate(out, "project_name=日本", "project_slug=nihon", env=without_utf8)
    assert result.returncode == 1
    assert result.stderr.startswith("project_name '\\udce6\\udc97\\udca5")
    assert len(result.stderr.splitlines()) == 1
    assert not list(out.iterdir())


@pytest.mark.parametrize("release", ["2.6.0", "2.7.1"])
# On Python 3.14: tests/docker/test_python_314.py.
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_it_runs_on_each_cookiecutter_and_python(out, version, release):
    command = [
        environment_with(f"cookiecutter=={release}", version) / "bin/cookiecutter",
        TEMPLATE,
        "--no-input",
        "--output-dir",
        out,
    ]
    result = subprocess.run(command, check=False, capture_output=True, text=True, env={**os.environ, "HOME": str(out)})
    assert result.returncode == 0, result.stderr
    assert is_whole(Path(out / "my-api"))
