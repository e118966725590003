import os
import shutil
import subprocess
import sys
from pathlib import Path

# Where the commands of requirements-dev.txt are.
BIN = Path(sys.executable).parent
TEMPLATE = Path(__file__).resolve().parent.parent


def copy_of_template(folder):
    ignored = shutil.ignore_patterns(".git", ".venv", ".cache")
    return shutil.copytree(TEMPLATE, folder / "drf-docker", ignore=ignored)


def cookiecutter(*arguments, home, template=TEMPLATE, prefix=(), env=None, **options):
    """Run Cookiecutter for somebody whose home, with its configuration and replays, is that folder."""
    command = [*prefix, sys.executable, "-m", "cookiecutter", template, *arguments]
    environment = {**os.environ, "HOME": str(home), **(env or {})}
    return subprocess.run(command, check=False, capture_output=True, text=True, env=environment, **options)


def git(folder, *arguments):
    """Run a command of Git's in that folder, and return what it prints."""
    command = ["git", "-C", folder, "-c", "user.name=test", "-c", "user.email=test@localhost", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def commit(folder):
    """Commit everything to the folder's own Git repository, made where there is none, and return the folder."""
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "test"]):
        git(folder, *command)
    return folder
