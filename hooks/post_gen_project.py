"""Turn what Cookiecutter rendered into a project, and check it before its owner sees it."""

import json
import os
import re
import secrets
import shlex
import shutil
import stat
import sys
from pathlib import Path

ANSWERS = json.loads(r"""{{ cookiecutter | tojson }}""")

# A terminal that cannot show the project's name must not stop the project.
sys.stdout.reconfigure(errors="replace")
sys.dont_write_bytecode = True
sys.path.insert(0, str(Path.cwd()))
import doctor  # noqa: E402 - the project's own checks


def make_writable(project):
    """A template that may only be read makes folders and files that may only be read."""
    for path in project.rglob("*"):
        if not os.access(path, os.W_OK):
            path.chmod(path.stat().st_mode | stat.S_IWUSR)


def put_features_in_place(project):
    """Copy the chosen features' files over the project and merge their locks; leave no trace of the others."""
    lock = json.loads((project / "Pipfile.lock").read_text("utf-8"))
    for feature in ANSWERS["__chosen"].split():
        folder = project / "features" / feature
        if (folder / "files").is_dir():
            shutil.copytree(folder / "files", project, dirs_exist_ok=True)
        if (folder / "appended").is_dir():
            shutil.copytree(folder / "appended", project, copy_function=append, dirs_exist_ok=True)
        if (folder / "Pipfile.lock").is_file():
            for section, packages in json.loads((folder / "Pipfile.lock").read_text("utf-8")).items():
                lock[section] = dict(sorted({**lock[section], **packages}.items()))
    shutil.rmtree(project / "features")
    finish_lock(project, lock)


def append(source, target):
    """Put what a pair of features adds at the end of a file that one of them brought."""
    with Path(target).open("a", encoding="utf-8", newline="\n") as file:
        file.write(Path(source).read_text("utf-8"))


def finish_lock(project, lock):
    """Write the lock with the hash of the project's Pipfile, by which Pipenv knows that they belong together."""
    lock["_meta"]["hash"]["sha256"] = doctor.pipfile_hash(doctor.parsed(project / "Pipfile"))
    write(project / "Pipfile.lock", json.dumps(lock, indent=4, sort_keys=True) + "\n")


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


def next_steps(project):
    chosen = [name for name in ANSWERS["_features"] if ANSWERS[name]]
    choices = {name: ANSWERS[name] for name in ANSWERS["_choices"] if name != "python_version"}
    chosen += [f"{name} {answer}" for name, answer in choices.items() if answer != "none"]
    place = shlex.quote(str(project)) if os.name == "posix" else f'"{project}"'
    return f"""
{ANSWERS["project_name"]} is ready in {project}
on Python {ANSWERS["python_version"]}, with {", ".join(chosen)}

    cd {place}
    docker compose up              # http://localhost:8000

or, without Docker:

    pipenv sync --dev
    pipenv run serve

README.md has the rest.
"""


def main(project):
    make_writable(project)
    try:
        put_features_in_place(project)
    except ValueError as error:
        sys.exit(f"Pipfile or Pipfile.lock: does not parse: {error}")
    write_environment(project)
    # Until now it said that no hook has run.
    write(project / "config/__init__.py", "")
    if problems := doctor.problems(project):
        sys.exit("\n".join(["The project that this template made is not whole; please report it:", *problems]))
    (project / ".unfinished").unlink(missing_ok=True)
    print(next_steps(project))


try:
    main(Path.cwd())
except (KeyboardInterrupt, OSError) as error:
    # Cookiecutter cleans up behind a hook that fails, but not when it is interrupted itself.
    if Path(".unfinished").exists():
        shutil.rmtree(Path.cwd(), ignore_errors=True)
    sys.exit(f"The project was not finished: {error or 'interrupted'}.")
