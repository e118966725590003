"""Whatever ends a run, it leaves a whole project or nothing, and nobody who watches."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.faults import breach
from tests.test_surroundings import ROOT, generate, interrupt, is_whole, run_in_a_terminal

PROJECT = "{{cookiecutter.project_slug}}"
HOOK = "hooks/post_gen_project.py"
SLEEP = "__import__('time').sleep(60)"
UNTIL_TOLD = "[__import__('time').sleep(0.01) for _ in iter(__import__('pathlib').Path('../go').exists, True)]"


@pytest.fixture(autouse=True)
def hang_ups_are_heard():
    """What nohup starts ignores them, and whatever that starts."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def soon(condition, seconds=5):
    """Return what the condition becomes, which has to be true within so many seconds."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return value


def watchers(out):
    """Return the processes that watch a folder in there."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if b".unfinished" in path.read_bytes() and bytes(out) in path.read_bytes():
                found.append(path.parent.name)
    return found


def nothing_is_left(out):
    return soon(lambda: not list(out.iterdir()) and not watchers(out))


def is_whole_and_unwatched(project):
    return soon(lambda: not watchers(project)) and is_whole(project) and not (project / ".unfinished").exists()


def wait_before(path, line, wait=SLEEP):
    """Have that file of a template write the number of its process beside the project and wait, before that line."""
    note = "__import__('pathlib').Path('../reached').write_text(str(__import__('os').getpid()))"
    breach(path, line, f"{line[: -len(line.lstrip())]}{note}; {wait}\n{line}")


def run_until_it_waits(out, template, *arguments):
    """Start Cookiecutter, and return it and the number of the process that waits."""
    run, _ = run_in_a_terminal(out, "--no-input", *arguments, template=template)
    reached = out / "reached"
    number = int(soon(lambda: reached.exists() and reached.read_text(), 60))
    reached.unlink()
    return run, number


def run_until_it_renders(out, template, *arguments):
    """Start Cookiecutter and return it when it reads the template's last file, of which nothing ever comes."""
    pipe = template / PROJECT / "zz"
    os.mkfifo(pipe)
    run, _ = run_in_a_terminal(out, "--no-input", *arguments, template=template)

    def opened():
        with contextlib.suppress(OSError):  # until somebody reads
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK) + 1
        return None

    soon(opened, 60)
    assert (out / "my-api/upgrade.py").exists()
    return run


def test_an_interrupted_prompt_leaves_nothing_behind(out):
    run, controller = run_in_a_terminal(out)
    shown = b""
    while b"Name of the project" not in shown:
        shown += os.read(controller, 1000)
    assert interrupt(run) != 0
    assert not list(out.iterdir())


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("hooks/pre_gen_project.py", "import difflib"),
        (HOOK, "import ast"),
        (f"{PROJECT}/doctor.py", "import ast"),
        (HOOK, "    make_writable(project)"),
        (HOOK, '    shutil.rmtree(project / "features")'),
        (HOOK, '    (project / ".unfinished").unlink('),
    ],
)
def test_an_interrupted_hook_leaves_nothing_behind(out, template, file, line):
    wait_before(template / file, line)
    run, _ = run_until_it_waits(out, template)
    assert interrupt(run) != 0
    assert nothing_is_left(out)


def test_pressing_ctrl_c_again_and_again_leaves_nothing_behind(out, template):
    wait_before(template / HOOK, "    make_writable(project)")
    run, _ = run_until_it_waits(out, template)
    while run.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGINT)
        time.sleep(0.001)
    assert nothing_is_left(out)


ENDS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL]


@pytest.mark.parametrize("end", ENDS)
def test_nothing_is_left_of_a_cookiecutter_that_is_ended_while_it_renders(out, template, end):
    run = run_until_it_renders(out, template)
    run.send_signal(end)
    assert run.wait(10) != 0
    assert nothing_is_left(out)


@pytest.mark.parametrize("line", ["import ast", "    make_writable(project)", '    (project / ".unfinished").unlink('])
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_of_a_hook_that_is_ended(out, template, end, line):
    wait_before(template / HOOK, line)
    run, hook = run_until_it_waits(out, template)
    os.kill(hook, end)
    assert run.wait(10) == 1
    assert nothing_is_left(out)


def test_nothing_is_left_where_everything_is_killed(out, template):
    wait_before(template / HOOK, "    make_writable(project)")
    run, _ = run_until_it_waits(out, template)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait(10)
    assert nothing_is_left(out)


def test_nothing_is_left_where_cookiecutter_is_killed_before_its_first_hook_has_begun(out, template):
    wait_before(template / "hooks/pre_gen_project.py", "import contextlib", UNTIL_TOLD)
    run, _ = run_until_it_waits(out, template)
    run.kill()
    run.wait(10)
    (out / "go").touch()
    assert soon(lambda: not (out / "my-api").exists())
    assert soon(lambda: not watchers(out))


@pytest.mark.parametrize("line", ["import ast", '    shutil.rmtree(project / "features")'])
def test_a_hook_makes_the_project_whole_without_cookiecutter(out, template, line):
    wait_before(template / HOOK, line, UNTIL_TOLD)
    run, _ = run_until_it_waits(out, template)
    run.kill()
    run.wait(10)
    time.sleep(0.5)  # the watcher looks ten times a second
    (out / "go").touch()
    assert soon(lambda: is_whole_and_unwatched(out / "my-api"))


def test_a_fault_in_the_templates_syntax_is_named_and_leaves_nothing_behind(out, template):
    breach(template / PROJECT / "Caddyfile", None, "one\n{% if %}\n")
    result = generate(out, template=template)
    assert result.returncode == 1
    assert "TemplateSyntaxError: Expected an expression, got 'end of statement block'\n" in result.stderr
    assert result.stderr.endswith('  File "Caddyfile", line 2\n    {% if %}\n')
    assert nothing_is_left(out)


@pytest.mark.skipif(not ROOT, reason="only root can mount a small disk")
def test_a_disk_that_gets_full_meanwhile_leaves_nothing_behind(out, template):
    (template / PROJECT / "zz").write_bytes(bytes(4_000_000))
    script = """mount -t tmpfs -o size=3m none "$0" && cd "$0" && "$@"
        for _ in $(seq 50); do [ "$(ls -A)" ] && sleep 0.1; done; ls -A"""
    result = generate(out, template=template, prefix=["unshare", "--mount", "sh", "-c", script, out])
    assert "OSError: [Errno 28] No space left on device" in result.stderr.splitlines()[-1]
    assert result.stdout == ""
    assert nothing_is_left(out)


def test_nobody_watches_any_more_after_a_project_and_after_a_refusal(out):
    assert generate(out).returncode == 0
    assert is_whole_and_unwatched(out / "my-api")
    assert generate(out, "project_slug=My API").returncode == 1
    assert soon(lambda: not watchers(out))


def test_without_a_shell_a_project_is_made_that_nobody_watches(out):
    assert generate(out, env={"PATH": str(out)}).returncode == 0
    assert is_whole_and_unwatched(out / "my-api")


def test_a_process_that_goes_on_keeps_what_failed_until_it_ends(out, template):
    (template / PROJECT / "broken").write_text("{% if %}")
    script = """if True:
        import contextlib, pathlib, sys, time
        from cookiecutter.main import cookiecutter
        with contextlib.suppress(Exception):
            cookiecutter(sys.argv[1], no_input=True, output_dir=".")
        time.sleep(0.5)
        print(pathlib.Path("my-api").exists())"""
    command = [sys.executable, "-c", script, template]
    assert subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=out).stdout == "True\n"
    assert nothing_is_left(out)


@pytest.mark.parametrize("broken", [{"Dockerfile": None}, {"zz": "{% if %}"}, {"zz": "{{ unknown }}"}])
def test_who_asks_to_keep_what_failed_keeps_it(out, template, broken):
    [(file, content)] = broken.items()
    breach(template / PROJECT / file, None, content)
    assert generate(out, "--keep-project-on-failure", template=template).returncode == 1
    assert soon(lambda: not watchers(out))
    assert (out / "my-api/manage.py").exists()


@pytest.fixture
def precious(out):
    """Return an owner's file in a folder that is named as the project, and marked by a run that could not clean up."""
    (out / "my-api").mkdir()
    (out / "my-api/.unfinished").write_text("1\n")
    (out / "my-api/precious").write_text("mine")
    return out / "my-api/precious"


@pytest.mark.parametrize("option", ["--overwrite-if-exists", "--skip-if-file-exists"])
def test_generating_over_a_folder_on_purpose_finishes_it(out, precious, option):
    assert generate(out, "--overwrite-if-exists", option).returncode == 0
    assert is_whole_and_unwatched(out / "my-api")
    assert precious.read_text() == "mine"


@pytest.mark.parametrize("end", ENDS)
def test_what_was_there_before_a_run_outlives_its_end(out, template, precious, end):
    run = run_until_it_renders(out, template, "--overwrite-if-exists")
    assert not watchers(out)
    run.send_signal(end)
    run.wait(10)
    time.sleep(0.3)
    assert precious.read_text() == "mine"


def test_what_was_there_before_outlives_an_interrupted_hook(out, template, precious):
    wait_before(template / HOOK, "    make_writable(project)")
    run, _ = run_until_it_waits(out, template, "--overwrite-if-exists")
    assert interrupt(run) != 0
    assert precious.read_text() == "mine"


def test_a_refusal_leaves_an_empty_folder_that_was_there(out):
    (out / "my-api").mkdir()
    assert generate(out, "--overwrite-if-exists", "project_name= ", "project_slug=my-api").returncode == 1
    assert soon(lambda: not watchers(out))
    assert [path.name for path in out.rglob("*")] == ["my-api"]
