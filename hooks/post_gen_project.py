"""Turn what Cookiecutter rendered into a project, and check it before its owner sees it."""

import contextlib
import os
from pathlib import Path

# Has the shell of pre_gen_project.py wait for this process too, and before the imports that take long.
with contextlib.suppress(OSError), Path(".unfinished").open("r+") as marker:
    marker.read()
    marker.write(f"{os.getpid()}\n")

import ast
import gc
import hashlib
import json
import re
import secrets
import shlex
import shutil
import stat
import sys

ANSWERS = json.loads(r"""{{ cookiecutter | tojson }}""")

# A syntax tree is many objects, none of them garbage: to look for it took a seventh of the checks' time.
gc.disable()
# A terminal that cannot show the project's name must not stop the project.
if sys.stdout:
    sys.stdout.reconfigure(errors="replace")
sys.dont_write_bytecode = True
sys.path.insert(0, str(Path.cwd()))


def make_writable(project):
    """A template that may only be read makes folders and files that may only be read. It has no links, and no .git."""
    for folder, inner, names in os.walk(project):
        inner[:] = [name for name in inner if name != ".git"]
        for path in (folder, *(os.path.join(folder, name) for name in names)):  # noqa: PTH118 - half the time of pathlib
            if not os.access(path, os.W_OK) and not Path(path).is_symlink():
                Path(path).chmod(Path(path).stat().st_mode | stat.S_IWUSR)


def changed_locks(project):
    """Every lock is what `make lock` wrote, to the last digit of a hash."""
    for path in (project / "features").rglob("Pipfile.sha256"):
        lock = (project if path.parent.name == "features" else path.parent) / "Pipfile.lock"
        # What is missing or cannot be read, the doctor names.
        with contextlib.suppress(FileNotFoundError, ValueError):
            packages = json.dumps(json.loads(lock.read_text("utf-8")), sort_keys=True)
            if hashlib.sha256(packages.encode()).hexdigest() != path.read_text("utf-8").strip():
                yield f"{lock.relative_to(project).as_posix()}: is not what `make lock` wrote; run it again."


def put_features_in_place(project):
    """Move the chosen features' files over the project, leave no trace of the others, and return the locks to merge."""
    locks = []
    for feature in ANSWERS["__chosen"].split():
        folder = project / "features" / feature
        if (folder / "files").is_dir():
            shutil.copytree(folder / "files", project, copy_function=os.replace, dirs_exist_ok=True)
        if (folder / "appended").is_dir():
            shutil.copytree(folder / "appended", project, copy_function=append, dirs_exist_ok=True)
        if (folder / "Pipfile.lock").is_file():
            locks.append(json.loads((folder / "Pipfile.lock").read_text("utf-8")))
    shutil.rmtree(project / "features")
    return locks


def append(source, target):
    """Put what a pair of features adds at the end of a file that one of them brought."""
    with Path(target).open("a", encoding="utf-8", newline="\n") as file:
        file.write(Path(source).read_text("utf-8"))


def merge_locks(project, locks):
    """Write the lock as Pipenv does: with the hash of the Pipfile, by which it knows that they belong together."""
    pipfile = doctor.parsed(project / "Pipfile")
    merged = json.loads((project / "Pipfile.lock").read_text("utf-8"))
    for lock in locks:
        for section, packages in lock.items():
            merged[section] = dict(sorted({**merged[section], **packages}.items()))
    merged["_meta"] = {
        "hash": {"sha256": doctor.pipfile_hash(pipfile)},
        "pipfile-spec": 6,
        "requires": pipfile["requires"],
        "sources": pipfile["source"],
    }
    write(project / "Pipfile.lock", json.dumps(merged, indent=4, sort_keys=True) + "\n")


def write_environment(project):
    """Write .env from .env.example, for its owner's eyes only. One that is there already is its owner's, and stays."""
    if (project / ".env").exists():
        return
    own = {"HOST_UID": getattr(os, "getuid", lambda: 1000)(), "HOST_GID": getattr(os, "getgid", lambda: 1000)()}
    example = (project / ".env.example").read_text("utf-8")
    text = re.sub("(?<==)change-me$", lambda _: secrets.token_urlsafe(48), example, flags=re.MULTILINE)
    for name, value in own.items():
        text = re.sub(f"^{name}=.*", f"{name}={value}", text, flags=re.MULTILINE)
    (project / ".env").touch(mode=0o600)
    write(project / ".env", text)


def write(path, text):
    path.write_text(text, "utf-8", newline="\n")


def template_syntax(project):
    """Nothing of the template's own syntax is left. Django's templates use the same braces for themselves."""
    # The project's name, which may look like anything.
    name = doctor.assignments(project / "config/settings.py").get("PROJECT_NAME")
    for path in doctor.files(project, "*"):
        content = path.read_bytes()
        file = path.relative_to(project).as_posix()
        if "templates/" in file or b"\0" in content:
            continue
        text = content.decode("utf-8", "replace")
        own = ast.get_source_segment(text, name) if name and file == "config/settings.py" else None
        rest = text.replace(own, "") if own else text
        # The look back comes last: a pattern of which each branch begins with a letter is found six times as fast.
        for found in re.finditer(r"[{][{](?<![$]..)|[{]%|# %|cookiecutter\.", rest):
            number = rest.count("\n", 0, found.start())
            yield f"{file}: line {number + 1} has template syntax left: {rest.splitlines()[number].strip()}"


def json_files(project):
    """Every JSON file parses."""
    for path in doctor.files(project, "*.json"):
        try:
            json.loads(path.read_text("utf-8"))
        except ValueError as error:
            yield f"{path.relative_to(project).as_posix()}: does not parse: {error}"


def scripts(project):
    """Every task runs a command of a locked package."""
    lock = doctor.parsed(project / "Pipfile.lock")
    commands = {"python", "pipenv", *lock["default"], *lock["develop"]}
    for name, lines in doctor.parsed(project / "Pipfile").get("scripts", {}).items():
        for command in [line.partition(" ")[0] for line in ([lines] if isinstance(lines, str) else lines)]:
            if doctor.canonical(command) not in commands:
                yield f"Pipfile: the script {name} runs {command}, which no locked package brings."


def apps(project):
    """Every app has a configuration of its own, for what it does when the project starts."""
    for models in project.glob("*/models.py"):
        if not models.with_name("apps.py").is_file():
            yield f"{models.parent.name}/apps.py: is missing."


def problems(project):
    """Return what the doctor finds, and what only a template gets wrong, since an owner may well write it."""
    found = doctor.problems(project)
    return [*template_syntax(project), *json_files(project), *apps(project), *(found or scripts(project))]


def next_steps(project):
    chosen = [name for name in ANSWERS["_features"] if ANSWERS[name]]
    choices = {name: ANSWERS[name] for name in ANSWERS["_choices"] if name != "python_version"}
    chosen += [f"{name} {answer}" for name, answer in choices.items() if answer != "none"]
    if os.name == "posix":
        enter = f"cd {shlex.quote(str(project))}"
    else:  # pushd changes the drive too, in cmd, PowerShell and Bash; the last two read a $ between double quotes
        quote = "'" if "$" in str(project) else '"'
        enter = f"pushd {quote}{project}{quote}"
    return f"""
{ANSWERS["project_name"]} is ready in {project}
on Python {ANSWERS["python_version"]}, with {", ".join(chosen)}

    {enter}
    docker compose up              # http://localhost:8000

or, without Docker:

    pipenv sync --dev
    pipenv run serve

README.md has the rest.
"""


def tell(text):
    """Print it where somebody reads it. A project is whole without that."""
    try:
        print(text, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # Python tries again at its end, and would fail


def main(project):
    make_writable(project)
    found = [*changed_locks(project)]
    locks = put_features_in_place(project)
    # What is wrong with Pipfile or its lock, the doctor says in a sentence.
    with contextlib.suppress(AttributeError, FileNotFoundError, KeyError, TypeError, ValueError):
        merge_locks(project, locks)
    # Until now it said that no hook has run.
    write(project / "config/__init__.py", "")
    if (project / ".unfinished").exists() or os.name != "posix":
        check, said = problems, "The project that this template made is not whole; please report it:"
    else:  # the folder was there (pre_gen_project.py), and its owner's files are
        check, said = doctor.problems, "The project is written, but what is in its folder now is not whole:"
    if found := [*found, *check(project)]:
        sys.exit("\n".join([said, *found]))
    write_environment(project)
    (project / ".unfinished").unlink(missing_ok=True)
    tell(next_steps(project))
    gc.freeze()  # Python looks for garbage at its end, too


try:
    import doctor  # the project's own checks

    main(Path.cwd())
except OSError as error:
    sys.exit(f"The project was not finished: {error}.")
except KeyboardInterrupt:
    import signal

    # Pressed again, Ctrl-C would stop this halfway.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Cookiecutter cleans up behind a hook that fails, but not when it is interrupted itself.
    if Path(".unfinished").exists():
        shutil.rmtree(Path.cwd(), ignore_errors=True)
    sys.exit("The project was not finished: interrupted.")
