"""Check that the project is whole: `pipenv run doctor`.

The generator ran the same checks before it handed the project over. Each one yields its problems as sentences of the
form `file: what is wrong`. They read files only: no package of the project but PyYAML is needed, and no network.
"""

import ast
import hashlib
import json
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

Problems = Iterator[str]
YamlLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

NOT_OURS = {".git", ".venv", "__pycache__", "node_modules", "secrets", "static"}
# Settings that this Django no longer reads (the release notes of 3.0 to 6.1).
REMOVED_SETTINGS = {
    "CSRF_COOKIE_MASKED",
    "DEFAULT_FILE_STORAGE",
    "DEFAULT_HASHING_ALGORITHM",
    "FILE_CHARSET",
    "FORMS_URLFIELD_ASSUME_HTTPS",
    "PASSWORD_RESET_TIMEOUT_DAYS",
    "SECURE_BROWSER_XSS_FILTER",
    "STATICFILES_STORAGE",
    "USE_DEPRECATED_PYTZ",
    "USE_L10N",
}


def files(project: Path, *patterns: str) -> Iterator[Path]:
    """Yield the project's files whose names match one of the patterns, in a fixed order."""
    for path in sorted(project.rglob("*")):
        inner = path.relative_to(project)
        ours = not NOT_OURS.intersection(inner.parts) and not any(part.endswith("_cache") for part in inner.parts)
        if ours and path.is_file() and any(path.match(pattern) for pattern in patterns):
            yield path


def text_files(project: Path) -> Iterator[tuple[Path, str]]:
    """Yield every file that is UTF-8 text: its path in the project, and the text with its line endings as they are."""
    for path in files(project, "*"):
        content = path.read_bytes()
        if b"\0" not in content:
            yield path.relative_to(project), content.decode("utf-8", "replace")


def toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text("utf-8"))


def compose_files(project: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in files(project, "compose*.yaml"):
        yield path.name, yaml.load(path.read_text("utf-8"), YamlLoader)  # noqa: S506 - a safe loader


PARSERS: dict[str, Callable[[str], object]] = {
    ".py": ast.parse,
    ".json": json.loads,
    ".toml": tomllib.loads,
    ".yaml": lambda text: yaml.load(text, YamlLoader),  # noqa: S506 - a safe loader
    "Pipfile": tomllib.loads,
    "Pipfile.lock": json.loads,
}
PARSERS[".yml"] = PARSERS[".yaml"]


def unparsable(project: Path) -> Problems:
    """Every Python, TOML, YAML and JSON file parses."""
    for path, text in text_files(project):
        parse = PARSERS.get(path.name) or PARSERS.get(path.suffix)
        if parse is None:
            continue
        try:
            parse(text)
        except (SyntaxError, ValueError, yaml.YAMLError) as error:
            yield f"{path.as_posix()}: does not parse: {' '.join(str(error).split())}"


def template_syntax(project: Path) -> Problems:
    """Nothing of the template's own syntax is left. Django's pages use the same braces for themselves."""
    name = assignments(project / "config/settings.py").get("PROJECT_NAME")
    shown = str(name.value) if isinstance(name, ast.Constant) else ""
    quoted = shown.replace("\\", "\\\\").replace('"', '\\"')
    for path, text in text_files(project):
        if path.suffix == ".html" or path.name == "doctor.py":
            continue
        rest = text.replace(quoted, "").replace(shown, "") if shown else text
        for number, line in enumerate(rest.splitlines(), 1):
            if re.search(r"(?<!\$)[{][{]|[{]%|^\s*# %|cookiecutter\.", line):
                yield f"{path.as_posix()}: line {number} has template syntax left: {line.strip()}"


def line_endings(project: Path) -> Problems:
    """Scripts with CRLF do not start in a container."""
    for path, text in text_files(project):
        if "\r\n" in text:
            yield f"{path.as_posix()}: has Windows line endings (CRLF); save it with LF."


def canonical(name: str) -> str:
    """Return a package's name as PEP 503 normalises it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pipfile_hash(pipfile: dict[str, Any]) -> str:
    """Return the hash by which Pipenv knows that a lock belongs to this Pipfile ([scripts] do not count)."""
    content: dict[str, Any] = {
        "_meta": {"sources": pipfile.get("source", []), "requires": pipfile.get("requires", {})},
        "default": {canonical(name): entry for name, entry in pipfile.get("packages", {}).items()},
        "develop": {canonical(name): entry for name, entry in pipfile.get("dev-packages", {}).items()},
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def pins(project: Path) -> Problems:
    """Every package is pinned with `==`, and locked at that version with hashes."""
    pipfile, lock = toml(project / "Pipfile"), json.loads((project / "Pipfile.lock").read_text("utf-8"))
    for section, locked_section in (("packages", "default"), ("dev-packages", "develop")):
        for name, entry in pipfile.get(section, {}).items():
            version = entry.get("version", "") if isinstance(entry, dict) else entry
            locked = lock[locked_section].get(canonical(name), {})
            if not re.fullmatch(r"==[^*,]+", version):
                yield f"Pipfile: {name} is not pinned; write == and a version, not {version!r}."
            elif locked.get("version") != version:
                yield f"Pipfile.lock: {name} is {version} in Pipfile but {locked.get('version', 'missing')} here."
        for name, locked in lock[locked_section].items():
            if not locked.get("version", "").startswith("=="):
                yield f"Pipfile.lock: {name} has no version."
            if not all(re.fullmatch("sha256:[0-9a-f]{64}", digest) for digest in locked.get("hashes") or [""]):
                yield f"Pipfile.lock: {name} has no hashes, or one that is not SHA-256."


def lock_hash(project: Path) -> Problems:
    """`pipenv install --deploy` accepts the lock."""
    lock = json.loads((project / "Pipfile.lock").read_text("utf-8"))
    if lock["_meta"]["hash"]["sha256"] != pipfile_hash(toml(project / "Pipfile")):
        yield "Pipfile.lock: was not made from this Pipfile; run `pipenv lock`."


def python_version(project: Path) -> Problems:
    """Every file means the same Python."""
    expected = toml(project / "Pipfile")["requires"]["python_version"]
    lock = json.loads((project / "Pipfile.lock").read_text("utf-8"))
    tools = toml(project / "pyproject.toml")["tool"]
    found = {
        "Pipfile.lock": [lock["_meta"]["requires"].get("python_version")],
        "Dockerfile": re.findall(r"^FROM python:([\d.]+)", (project / "Dockerfile").read_text("utf-8"), re.MULTILINE),
        "pyproject.toml": [tools["mypy"]["python_version"], tools["ruff"]["target-version"].replace("py3", "3.")],
    }
    for name, versions in found.items():
        for version in versions or ["none"]:
            if version != expected:
                yield f"{name}: has Python {version}, but Pipfile requires {expected}."


def assignments(path: Path) -> dict[str, ast.expr]:
    """Return what the module assigns to each name at its top level, or nothing where it does not parse."""
    try:
        body = ast.parse(path.read_text("utf-8")).body
    except (OSError, SyntaxError):
        return {}
    return {
        target.id: node.value
        for node in body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }


def installed_apps(project: Path) -> Problems:
    """INSTALLED_APPS is the sum of three lists, and each app stands in the right one, once."""
    settings = assignments(project / "config/settings.py")
    names = ("DJANGO_APPS", "THIRD_PARTY_APPS", "LOCAL_APPS")
    if missing := [name for name in (*names, "INSTALLED_APPS") if name not in settings]:
        yield f"config/settings.py: {', '.join(missing)} is missing."
        return
    if ast.unparse(settings["INSTALLED_APPS"]) != " + ".join(names):
        yield f"config/settings.py: INSTALLED_APPS is not {' + '.join(names)}."
    django, third_party, local = (ast.literal_eval(settings[name]) for name in names)
    every = django + third_party + local
    wrong = [(app, "is in INSTALLED_APPS more than once") for app in sorted({*every}) if every.count(app) > 1]
    wrong += [("rest_framework", "is missing from THIRD_PARTY_APPS")] * ("rest_framework" not in third_party)
    wrong += [(app, "in DJANGO_APPS is not a part of Django") for app in django if not app.startswith("django.")]
    wrong += [(app, "in THIRD_PARTY_APPS is a part of Django") for app in third_party if app.startswith("django.")]
    wrong += [(app, "in THIRD_PARTY_APPS is the project's own") for app in third_party if is_folder(project, app)]
    wrong += [(app, "in LOCAL_APPS is not a folder of the project") for app in local if not is_folder(project, app)]
    for app, problem in wrong:
        yield f"config/settings.py: {app} {problem}."


def is_folder(project: Path, app: str) -> bool:
    return project.joinpath(*app.split("."), "__init__.py").is_file()


def removed_settings(project: Path) -> Problems:
    """A setting that Django no longer reads does nothing, silently."""
    for name in sorted(REMOVED_SETTINGS.intersection(assignments(project / "config/settings.py"))):
        yield f"config/settings.py: {name} is a setting that this Django no longer reads."


def image_user(project: Path) -> Problems:
    """The image's last stage ends as somebody who is not root."""
    last_stage = re.split(r"^FROM ", (project / "Dockerfile").read_text("utf-8"), flags=re.MULTILINE)[-1]
    users = re.findall(r"^USER\s+([^\s:]+)", last_stage, re.MULTILINE)
    if not users or users[-1] in {"root", "0"}:
        yield "Dockerfile: the last stage ends as root; end it with USER and somebody else."


def compose_names(project: Path) -> Problems:
    """Services name only volumes, secrets, configs, networks and services that exist."""
    for file, compose in compose_files(project):
        for service, definition in compose["services"].items():
            if not (definition.get("image") or definition.get("build")):
                yield f"{file}: service {service} has neither an image nor a build."
            for kind, name in references(definition):
                if name not in (compose.get(kind) or {}):
                    yield f"{file}: service {service} names {name}, which is not among the {kind}."


def references(definition: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the top-level section and the name of everything that a service refers to."""
    for kind in ("secrets", "configs", "networks"):
        for entry in definition.get(kind) or []:
            yield kind, entry["source"] if isinstance(entry, dict) else entry
    for service in definition.get("depends_on") or []:
        yield "services", service
    for volume in definition.get("volumes") or []:
        if isinstance(volume, dict):
            source = volume.get("source", "") if volume.get("type") == "volume" else ""
        else:
            source = volume.partition(":")[0]
        if source and not re.match(r"[./~$]", source):
            yield "volumes", source


def environment_example(project: Path) -> Problems:
    """Every variable that a Compose file reads is explained in .env.example, and set there where it is required."""
    example = (project / ".env.example").read_text("utf-8")
    for file, compose in compose_files(project):
        text = (project / file).read_text("utf-8")
        read = {*re.findall(r"\$\{(\w+)(:?[-?+])?", text), *((name, "-") for name in passed_on(compose))}
        for name, operator in sorted(read):
            optional = "" if operator in {"", "?", ":?"} else "(?:# ?)?"
            if not re.search(rf"^{optional}{name}=", example, re.MULTILINE):
                yield f"{file}: reads {name}, which .env.example does not {'explain' if optional else 'set'}."


def passed_on(compose: dict[str, Any]) -> Iterator[str]:
    """Yield the variables that services get as they are in .env or the shell, and do without where they are not."""
    for definition in compose["services"].values():
        environment = definition.get("environment") or {}
        if isinstance(environment, dict):
            yield from (name for name, value in environment.items() if value is None)
        else:
            yield from (entry for entry in environment if "=" not in entry)


CHECKS: tuple[Callable[[Path], Problems], ...] = (
    template_syntax,
    line_endings,
    pins,
    lock_hash,
    python_version,
    installed_apps,
    removed_settings,
    image_user,
    compose_names,
    environment_example,
)


def problems(project: Path) -> list[str]:
    """Return everything that is wrong with the project in that folder; where files do not parse, those alone."""
    return list(unparsable(project)) or [problem for check in CHECKS for problem in check(project)]


if __name__ == "__main__":
    found = problems(Path(__file__).parent)
    print("\n".join(found) or "The project is whole.")
    sys.exit(bool(found))
