"""Pin each package of Pipfile to the newest version compatible with the others, and lock it: `pipenv run upgrade`."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

from doctor import canonical, pipfile_hash

PIN = re.compile(r'^([\w.-]+)( = .*?)"==([^"]+)"', re.MULTILINE)


def main() -> None:
    pipfile, lockfile = Path("Pipfile"), Path("Pipfile.lock")
    pinned = pipfile.read_text("utf-8")
    pipfile.write_text(PIN.sub(r'\1\2"*"', pinned), "utf-8", newline="\n")
    try:
        subprocess.run(["pipenv", "lock"], check=True)  # noqa: S607 - the one that runs this
    finally:
        pipfile.write_text(pinned, "utf-8", newline="\n")
    lock = json.loads(lockfile.read_text("utf-8"))
    packages = {name: entry for section in lock if section != "_meta" for name, entry in lock[section].items()}

    def newest(match: re.Match[str]) -> str:
        name, start, old = match.groups()
        new = packages[canonical(name)]["version"].removeprefix("==")
        if new != old:
            print(f"{name}: {old} -> {new}")
        return f'{name}{start}"=={new}"'

    text = PIN.sub(newest, pinned)
    pipfile.write_text(text, "utf-8", newline="\n")
    lock["_meta"]["hash"]["sha256"] = pipfile_hash(tomllib.loads(text))
    lockfile.write_text(json.dumps(lock, indent=4, sort_keys=True) + "\n", "utf-8", newline="\n")


if __name__ == "__main__":
    main()
