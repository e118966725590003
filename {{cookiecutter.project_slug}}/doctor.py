"""Check that the project is whole, and the machine ready for it: `pipenv run doctor`, or only the files with `--files`.

The generator ran the checks of the files before it handed the project over. Each one yields its problems as sentences
of the form `file: what is wrong`; none needs a package but PyYAML, nor the network. On a server,
`python3 doctor.py --production` looks at what runs there, and needs no package at all.
"""

import ast
import contextlib
import difflib
import fnmatch
import functools
import hashlib
import json
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
import time
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Problems = Iterator[str]

NOT_OURS = {".git", ".hypothesis", ".venv", "__pycache__", "node_modules"}
# Instead of a version, a package has one of these: a commit of a repository, a folder or a file.
ELSEWHERE = {"ref", "path", "file"}
COMPOSE_FILES = ("compose.yaml", "compose.production.yaml")
TEXTS = (".dockerignore", ".env.example", ".gitignore", "Caddyfile", "Dockerfile")
NEEDED = (*COMPOSE_FILES, *TEXTS, "Pipfile", "Pipfile.lock", "config/settings.py", "pyproject.toml")
# What Django 6.1 reads from settings.py (django.conf.global_settings; with MAILERS, no EMAIL_*) ...
DJANGO_SETTINGS = frozenset(
    """
    ABSOLUTE_URL_OVERRIDES ADMINS ALLOWED_HOSTS APPEND_SLASH AUTHENTICATION_BACKENDS AUTH_PASSWORD_VALIDATORS
    AUTH_USER_MODEL CACHES CACHE_MIDDLEWARE_ALIAS CACHE_MIDDLEWARE_KEY_PREFIX CACHE_MIDDLEWARE_SECONDS
    CSRF_COOKIE_AGE CSRF_COOKIE_DOMAIN CSRF_COOKIE_HTTPONLY CSRF_COOKIE_NAME CSRF_COOKIE_PATH CSRF_COOKIE_SAMESITE
    CSRF_COOKIE_SECURE CSRF_FAILURE_VIEW CSRF_HEADER_NAME CSRF_TRUSTED_ORIGINS CSRF_USE_SESSIONS DATABASES
    DATABASE_ROUTERS DATA_UPLOAD_MAX_MEMORY_SIZE DATA_UPLOAD_MAX_NUMBER_FIELDS DATA_UPLOAD_MAX_NUMBER_FILES
    DATETIME_FORMAT DATETIME_INPUT_FORMATS DATE_FORMAT DATE_INPUT_FORMATS DEBUG DEBUG_PROPAGATE_EXCEPTIONS
    DECIMAL_SEPARATOR DEFAULT_AUTO_FIELD DEFAULT_CHARSET DEFAULT_EXCEPTION_REPORTER
    DEFAULT_EXCEPTION_REPORTER_FILTER DEFAULT_FROM_EMAIL DEFAULT_INDEX_TABLESPACE DEFAULT_TABLESPACE
    DISALLOWED_USER_AGENTS FILE_UPLOAD_DIRECTORY_PERMISSIONS FILE_UPLOAD_HANDLERS FILE_UPLOAD_MAX_MEMORY_SIZE
    FILE_UPLOAD_PERMISSIONS FILE_UPLOAD_TEMP_DIR FIRST_DAY_OF_WEEK FIXTURE_DIRS FORCE_SCRIPT_NAME FORMAT_MODULE_PATH
    FORM_RENDERER IGNORABLE_404_URLS INSTALLED_APPS INTERNAL_IPS LANGUAGES LANGUAGES_BIDI LANGUAGE_CODE
    LANGUAGE_COOKIE_AGE LANGUAGE_COOKIE_DOMAIN LANGUAGE_COOKIE_HTTPONLY LANGUAGE_COOKIE_NAME LANGUAGE_COOKIE_PATH
    LANGUAGE_COOKIE_SAMESITE LANGUAGE_COOKIE_SECURE LOCALE_PATHS LOGGING LOGGING_CONFIG LOGIN_REDIRECT_URL LOGIN_URL
    LOGOUT_REDIRECT_URL MAILERS MANAGERS MEDIA_ROOT MEDIA_URL MESSAGE_STORAGE MIDDLEWARE MIGRATION_MODULES
    MONTH_DAY_FORMAT NUMBER_GROUPING PASSWORD_HASHERS PASSWORD_RESET_TIMEOUT PREPEND_WWW ROOT_URLCONF SECRET_KEY
    SECRET_KEY_FALLBACKS SECURE_CONTENT_TYPE_NOSNIFF SECURE_CROSS_ORIGIN_OPENER_POLICY SECURE_CSP
    SECURE_CSP_REPORT_ONLY SECURE_HSTS_INCLUDE_SUBDOMAINS SECURE_HSTS_PRELOAD SECURE_HSTS_SECONDS
    SECURE_PROXY_SSL_HEADER SECURE_REDIRECT_EXEMPT SECURE_REFERRER_POLICY SECURE_SSL_HOST SECURE_SSL_REDIRECT
    SERVER_EMAIL SESSION_CACHE_ALIAS SESSION_COOKIE_AGE SESSION_COOKIE_DOMAIN SESSION_COOKIE_HTTPONLY
    SESSION_COOKIE_NAME SESSION_COOKIE_PATH SESSION_COOKIE_SAMESITE SESSION_COOKIE_SECURE SESSION_ENGINE
    SESSION_EXPIRE_AT_BROWSER_CLOSE SESSION_FILE_PATH SESSION_SAVE_EVERY_REQUEST SESSION_SERIALIZER
    SHORT_DATETIME_FORMAT SHORT_DATE_FORMAT SIGNED_COOKIE_LEGACY_SALT_FALLBACK SIGNING_BACKEND
    SILENCED_SYSTEM_CHECKS STATICFILES_DIRS STATICFILES_FINDERS STATIC_ROOT STATIC_URL STORAGES TASKS TEMPLATES
    TEST_NON_SERIALIZED_APPS TEST_RUNNER THOUSAND_SEPARATOR TIME_FORMAT TIME_INPUT_FORMATS TIME_ZONE
    URLIZE_ASSUME_HTTPS USE_BLANK_CHOICE_DASH USE_I18N USE_THOUSAND_SEPARATOR USE_TZ USE_X_FORWARDED_HOST
    USE_X_FORWARDED_PORT WSGI_APPLICATION X_FRAME_OPTIONS YEAR_MONTH_FORMAT
    """.split()  # noqa: SIM905 - as a list, it would fill two screens
)
# ... and what it read once, and no longer does (the release notes of 1.10 to 6.1).
REMOVED_SETTINGS = frozenset(
    """
    CSRF_COOKIE_MASKED DEFAULT_FILE_STORAGE DEFAULT_HASHING_ALGORITHM EMAIL_BACKEND EMAIL_HOST EMAIL_HOST_PASSWORD
    EMAIL_HOST_USER EMAIL_PORT EMAIL_SSL_CERTFILE EMAIL_SSL_KEYFILE EMAIL_SUBJECT_PREFIX EMAIL_TIMEOUT
    EMAIL_USE_LOCALTIME EMAIL_USE_SSL EMAIL_USE_TLS FILE_CHARSET FORMS_URLFIELD_ASSUME_HTTPS MIDDLEWARE_CLASSES
    PASSWORD_RESET_TIMEOUT_DAYS SECURE_BROWSER_XSS_FILTER STATICFILES_STORAGE TEMPLATE_CONTEXT_PROCESSORS
    TEMPLATE_DEBUG TEMPLATE_DIRS TEMPLATE_LOADERS USE_DEPRECATED_PYTZ USE_ETAGS USE_L10N
    """.split()  # noqa: SIM905 - as a list, it would fill two screens
)
# Names that Windows keeps to itself (learn.microsoft.com, "Naming Files, Paths, and Namespaces").
RESERVED_NAMES = {"con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)}


@functools.cache
def files(project: Path, *patterns: str) -> tuple[Path, ...]:
    """Return the project's own files whose names match one of the patterns, in a fixed order."""
    found = []
    for folder, inner, names in os.walk(project):
        if "pyvenv.cfg" in names:
            inner.clear()
            continue
        inner[:] = [name for name in inner if name not in NOT_OURS and not name.endswith("_cache")]
        if Path(folder) == project:
            inner[:] = [name for name in inner if name not in {"backups", "media", "secrets", "static"}]
        found += [Path(folder, name) for name in names if any(fnmatch.fnmatchcase(name, each) for each in patterns)]
    return tuple(sorted(found))


def parse_yaml(text: str) -> object:
    """Return a file's document, or a list of several; None for a value with a custom tag."""
    import yaml  # a server may be without it

    loader: Any = type("Loader", (getattr(yaml, "CSafeLoader", yaml.SafeLoader),), {})
    for tag in ("!", "tag:yaml.org,2002:python/"):
        loader.add_multi_constructor(tag, lambda *_: None)
    try:
        documents = list(yaml.load_all(text, loader))
    except yaml.YAMLError as error:
        raise ValueError(error) from error
    return documents[0] if len(documents) == 1 else documents


PARSERS: dict[str, Callable[[str], object]] = {
    ".py": ast.parse,
    ".sh": str,
    ".toml": tomllib.loads,
    ".yaml": parse_yaml,
    ".yml": parse_yaml,
    "Pipfile": tomllib.loads,
    "Pipfile.lock": json.loads,
    **dict.fromkeys(TEXTS, str),
}


@functools.cache
def parsed(path: Path) -> Any:
    """Return what a file holds: a syntax tree, the data of TOML and YAML, or a text; None for what is not looked at."""
    parse = PARSERS.get(path.name) or PARSERS.get(path.suffix)
    text = path.read_text("utf-8") if parse else ""
    if text.startswith("\ufeff"):
        raise ValueError("it begins with a byte order mark; save it as UTF-8 without one.")
    return parse(text) if parse else None


@functools.cache
def nodes(module: Path) -> dict[type[ast.AST], list[Any]]:
    """Return what `ast.walk` does, by type, without nodes that hold nothing, such as operators, in 0.7 of its time."""
    found = defaultdict(list)
    waiting: list[ast.AST] = [parsed(module)]
    for node in waiting:  # it grows meanwhile
        found[type(node)].append(node)
        for field in () if isinstance(node, ast.Constant | ast.Name) else node._fields:
            value = getattr(node, field, None)
            if isinstance(value, list):
                waiting += [part for part in value if isinstance(part, ast.AST)]
            elif isinstance(value, ast.AST) and value._fields:
                waiting.append(value)
    return found


def unreadable(project: Path) -> Problems:
    """Every file that is needed is there, and Python, TOML, YAML and what the image is made from can be read."""
    yield from (f"{name}: is missing." for name in NEEDED if not (project / name).is_file())
    for path in files(project, "*"):
        file = path.relative_to(project)
        if "templates" in file.parts and file.suffix in {".yaml", ".yml"}:
            continue  # Helm's, which are no YAML before rendering
        try:
            parsed(path)
        except (OSError, SyntaxError, ValueError) as error:
            yield f"{file.as_posix()}: does not parse: {' '.join(str(error).split())}"


def shapeless(project: Path) -> Problems:
    """Pipfile, its lock and the Compose files have the parts that a project needs."""
    needed = [("Pipfile", ["requires", "python_version"]), ("Pipfile.lock", ["_meta", "hash", "sha256"])]
    needed += [("Pipfile.lock", [section]) for section in ("default", "develop")]
    needed += [(name, ["services"]) for name in COMPOSE_FILES]
    for name, keys in needed:
        value = parsed(project / name)
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        if not isinstance(value, str if len(keys) > 1 else dict):
            yield f"{name}: has no {'.'.join(keys)}."


def services(project: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield each service of the project's own Compose files: the file, the name, and what is said of it."""
    for file in COMPOSE_FILES:
        for name, definition in parsed(project / file)["services"].items():
            yield file, name, definition if isinstance(definition, dict) else {}


def line_endings(project: Path) -> Problems:
    """What runs in a container has no Windows line endings, with which it would not start."""
    for path in files(project, "*.py", "*.sh", ".env*", *NEEDED):
        if b"\r\n" in path.read_bytes():
            yield f"{path.relative_to(project).as_posix()}: has Windows line endings (CRLF); save it with LF."


def canonical(name: str) -> str:
    """Return a package's name as PEP 503 normalises it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def packages(pipfile: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the Pipfile's packages in each section of the lock: default, develop, and categories of the owner's."""
    others = {"source", "packages", "dev-packages", "requires", "scripts", "pipfile", "pipenv"}
    sections = {"default": pipfile.get("packages", {}), "develop": pipfile.get("dev-packages", {})}
    sections |= {name: entries for name, entries in pipfile.items() if name not in others}
    return {
        section: {canonical(name): entry for name, entry in entries.items()} for section, entries in sections.items()
    }


def pipfile_hash(pipfile: dict[str, Any]) -> str:
    """Return the hash by which Pipenv knows that a lock belongs to this Pipfile ([scripts] do not count)."""
    meta = {"sources": pipfile.get("source", {}), "requires": pipfile.get("requires", {})}
    content = json.dumps({"_meta": meta, **packages(pipfile)}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(content.encode()).hexdigest()


def pins(project: Path) -> Problems:
    """Every package is pinned with `==`, and locked at that version with hashes; or it is a commit, or a folder."""
    lock = parsed(project / "Pipfile.lock")
    for section, entries in packages(parsed(project / "Pipfile")).items():
        for name, entry in entries.items():
            version = entry.get("version", "") if isinstance(entry, dict) else entry
            locked = lock.get(section, {}).get(name, {})
            if isinstance(entry, dict) and entry.keys() & ELSEWHERE:
                continue
            if not re.fullmatch(r"==[^*,]+", version):
                yield f"Pipfile: {name} is not pinned; write == and a version, not {version!r}."
            elif locked.get("version") != version:
                yield f"Pipfile.lock: {name} is {version} in Pipfile but {locked.get('version', 'missing')} here."
        for name, locked in lock.get(section, {}).items():
            if locked.keys() & ELSEWHERE:
                continue
            if not locked.get("version", "").startswith("=="):
                yield f"Pipfile.lock: {name} has no version."
            if not all(re.fullmatch("sha256:[0-9a-f]{64}", digest) for digest in locked.get("hashes") or [""]):
                yield f"Pipfile.lock: {name} has no hashes, or one that is not SHA-256."


def lock_hash(project: Path) -> Problems:
    """`pipenv install --deploy` accepts the lock."""
    lock = parsed(project / "Pipfile.lock")
    if lock["_meta"]["hash"]["sha256"] != pipfile_hash(parsed(project / "Pipfile")):
        yield "Pipfile.lock: was not made from this Pipfile; run `pipenv lock`."


def python_version(project: Path) -> Problems:
    """Every file names the same Python."""
    expected = parsed(project / "Pipfile")["requires"]["python_version"]
    tools = parsed(project / "pyproject.toml").get("tool", {})
    found = {
        "Pipfile.lock": [parsed(project / "Pipfile.lock")["_meta"].get("requires", {}).get("python_version")],
        "Dockerfile": re.findall(r"^FROM python:(\d+\.\d+)", parsed(project / "Dockerfile"), re.MULTILINE),
        "pyproject.toml": [
            tools.get("mypy", {}).get("python_version"),
            tools.get("ruff", {}).get("target-version", "").replace("py3", "3."),
        ],
    }
    for name, versions in found.items():
        for version in filter(None, versions):
            if version != expected:
                yield f"{name}: has Python {version}, but Pipfile requires {expected}."


def assignments(path: Path) -> dict[str, ast.expr]:
    """Return what the module assigns to each name at its top level, or nothing where it does not parse."""
    body: list[ast.stmt] = []
    with contextlib.suppress(OSError, SyntaxError):
        body = parsed(path).body
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
    django, third_party, local = ([*quoted(settings[name])] for name in names)
    every = django + third_party + local
    wrong = [(app, "is in INSTALLED_APPS more than once") for app in sorted({*every}) if every.count(app) > 1]
    wrong += [("rest_framework", "is missing from THIRD_PARTY_APPS")] * ("rest_framework" not in third_party)
    wrong += [(app, "in DJANGO_APPS is not a part of Django") for app in django if not app.startswith("django.")]
    wrong += [(app, "in THIRD_PARTY_APPS is a part of Django") for app in third_party if app.startswith("django.")]
    wrong += [(app, "in THIRD_PARTY_APPS is the project's own") for app in third_party if exists(project, app)]
    wrong += [(app, "in LOCAL_APPS is not a folder of the project") for app in local if not exists(project, app)]
    for app, problem in wrong:
        yield f"config/settings.py: {app} {problem}."


def settings_names(project: Path) -> Problems:
    """Every setting is one that Django reads: not a removed or misspelt one, which would silently do nothing."""
    settings = assignments(project / "config/settings.py")
    if isinstance(settings.get("SECRET_KEY"), ast.Constant):
        yield "config/settings.py: SECRET_KEY is written there for all to read; have it come from the environment."
    for name in sorted(filter(str.isupper, settings)):
        if name in REMOVED_SETTINGS:
            yield f"config/settings.py: {name} is a setting that this Django no longer reads."
        elif name not in DJANGO_SETTINGS and name != "ASGI_APPLICATION":  # which Channels reads
            for alike in difflib.get_close_matches(name, DJANGO_SETTINGS, n=1, cutoff=0.9):
                yield f"config/settings.py: {name} is not a setting of Django; did you mean {alike}?"


def names(project: Path) -> Problems:
    """Everything that the code imports from the project, or names by a dotted path, is there."""
    own = {path.parent.name for path in project.glob("*/__init__.py")}
    for path in files(project, "*.py"):
        for name in sorted({*dotted_names(path)} if path.parent.name != "migrations" else ()):
            if name.split(".")[0] in own and not name.endswith("__") and not exists(project, name):
                yield f"{path.relative_to(project).as_posix()}: names {name}, which is not there."


# In other calls, a text with dots may be a permission, a logger, a file.
TAKE_NAMES = {"import_string", "include", "os.environ.setdefault"}
DOTTED = re.compile(r"[a-z_]+(\.\w+)+")


def dotted_names(path: Path) -> Iterator[str]:
    """Yield the full names that a module imports, the attributes it takes of them, and the names it has in quotes."""
    found = nodes(path)
    imported = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in found[ast.ImportFrom]
        if node.level == 0
        for alias in node.names
    }
    yield from (name for name in imported.values() if not name.endswith(".*"))
    yield from (alias.name for node in found[ast.Import] for alias in node.names)
    for node in found[ast.Attribute]:
        if isinstance(node.value, ast.Name) and node.value.id in imported:
            yield f"{imported[node.value.id]}.{node.attr}"
    for node in found[ast.Call]:
        texts = [text for argument in node.args for text in quoted(argument) if DOTTED.fullmatch(text)]
        yield from texts if texts and ast.unparse(node.func) in TAKE_NAMES else ()
    if path.name in {"settings.py", "urls.py"}:
        for node in found[ast.Assign] + found[ast.AnnAssign] + found[ast.AugAssign]:
            yield from filter(DOTTED.fullmatch, quoted(node.value))


def quoted(value: ast.expr | None) -> Iterator[str]:
    """Yield the texts in a value, alone or in lists or dictionaries' values; not in keys or calls."""
    match value:
        case ast.Constant(value=str(text)):
            yield text
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Dict(values=parts):
            for part in parts:
                yield from quoted(part)
        case ast.BinOp(op=ast.Add()):
            yield from (*quoted(value.left), *quoted(value.right))


def exists(project: Path, name: str) -> bool:
    """Tell whether a dotted name is a module of the project, a name in one, or app.Model."""
    *parents, last = name.split(".")
    if module_file(project, name):
        return True
    if module := module_file(project, ".".join(parents)):
        models = module_file(project, ".".join([*parents, "models"]))
        return bool({last, "*"} & defined(module)) or bool(models and last.lower() in map(str.lower, defined(models)))
    # An attribute of a class or of a value: it is enough if the class or value is there.
    return len(parents) > 1 and exists(project, ".".join(parents))


@functools.cache
def module_file(project: Path, name: str) -> Path | None:
    path = project.joinpath(*name.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


@functools.cache
def defined(module: Path) -> set[str]:
    """Return the names that a module defines, imports or assigns."""
    found = nodes(module)
    names = {node.name for node in found[ast.ClassDef] + found[ast.FunctionDef] + found[ast.AsyncFunctionDef]}
    names |= {node.asname or node.name.split(".")[0] for node in found[ast.alias]}
    return names | {node.id for node in found[ast.Name] if isinstance(node.ctx, ast.Store)}


def templates(project: Path) -> Problems:
    """Every template that the code names for one of the project's apps is there."""
    own = {path.parent.name for path in project.glob("*/__init__.py")}
    there = {path.as_posix().rpartition("/templates/")[2] for path in files(project, "*.html")}
    for path in files(project, "*.py"):
        for name in sorted({*template_names(path)} - there):
            if name.endswith(".html") and name.partition("/")[0] in own:
                yield f"{path.relative_to(project).as_posix()}: names the template {name}, which is not there."


def template_names(path: Path) -> Iterator[str]:
    found = nodes(path)
    for node in found[ast.keyword] + found[ast.Assign] + found[ast.Call]:
        match node:
            case ast.keyword(arg="template_name") | ast.Assign(targets=[ast.Name(id="template_name")]):
                yield from quoted(node.value)
            case ast.Call(func=ast.Name(id="render" | "render_to_string")):
                yield from (name for argument in node.args for name in quoted(argument))


def migrations(project: Path) -> Problems:
    """Every app with models has migrations, and each follows only ones that are there."""
    for models in project.glob("*/models.py"):
        app = models.parent.name
        if any(map(has_table, nodes(models)[ast.ClassDef])) and not [*models.parent.glob("migrations/0*")]:
            yield f"{app}/models.py: has no migration; run `python manage.py makemigrations {app}`."
    for path in project.glob("*/migrations/0*.py"):
        if not path.with_name("__init__.py").is_file():
            yield f"{path.relative_to(project).as_posix()}: is not seen without an __init__.py beside it."
        for app, name in re.findall(r"^        \(\"(\w+)\", \"([^_]\w+)\"\),", path.read_text("utf-8"), re.MULTILINE):
            if exists(project, app) and not (project / app / "migrations" / f"{name}.py").is_file():
                yield f"{path.relative_to(project).as_posix()}: follows {app}.{name}, which is not there."


def has_table(model: ast.ClassDef) -> bool:
    """Tell whether a class is a model, neither abstract nor one that only helps others."""
    helps = re.compile(r"(Choices|Enum|Manager|QuerySet)(\[.*)?$")
    bases = [base for base in map(ast.unparse, model.bases) if not helps.search(base)]
    return bool(bases) and "abstract = True" not in ast.unparse(model)


def scripts(project: Path) -> Problems:
    """Every task that runs a file of the project finds it."""
    for name, lines in parsed(project / "Pipfile").get("scripts", {}).items():
        for line in lines if isinstance(lines, list) else [lines]:
            match line.split() if isinstance(line, str) else ["call"]:
                case []:
                    yield f"Pipfile: the script {name} is empty."
                case ["python", file, *_] if file.endswith(".py") and not (project / file).is_file():
                    yield f"Pipfile: the script {name} runs {file}, which is not there."


def file_names(project: Path) -> Problems:
    """Every file can be checked out on Windows and macOS."""
    found = {file.relative_to(project) for file in files(project, "*")}
    seen: dict[str, str] = {}
    for path in sorted(found.union(*(file.parents for file in found)) - {Path()}):
        name = path.as_posix()
        if re.search(r'[<>:"\\|?*\x00-\x1f]|[. ]$', path.name) or path.name.partition(".")[0].lower() in RESERVED_NAMES:
            yield f"{name}: {path.name!r} cannot be a name on Windows."
        if (other := seen.setdefault(name.lower(), name)) != name:
            yield f"{name}: differs from {other} by upper and lower case only, which Windows and macOS do not tell apart."


def kept_out(project: Path) -> Problems:
    """Neither Git nor Docker takes in what is secret."""
    for file in (".gitignore", ".dockerignore"):
        for secret in (".env", "backups", "secrets"):
            last = None
            for line in parsed(project / file).splitlines():
                if fnmatch.fnmatchcase(secret, line.removeprefix("!").removeprefix("**/").strip("/ ")):
                    last = line
            if not last:
                yield f"{file}: does not keep {secret} out."
            elif last.startswith("!"):
                yield f"{file}: lets {secret} in again."


def image_stages(project: Path) -> Problems:
    """Every base image has a tag, and every stage that is copied from or built is there."""
    text = parsed(project / "Dockerfile")
    stages = {"scratch"}
    for image, stage in re.findall(r"^FROM (?:--\S+ )*(\S+)(?: (?:AS|as) (\S+))?", text, re.MULTILINE):
        if image not in stages and not has_tag(image):
            yield f"Dockerfile: the image {image} has no tag, or it is `latest`."
        stages.add(stage)
    for stage in re.findall(r"[-=,]from=([^\s,]+)", text):
        if stage not in stages and not has_tag(stage):
            yield f"Dockerfile: copies from {stage}, which is not a stage."
    for file, service, definition in services(project):
        target = as_mapping(definition["build"]).get("target") if builds_here(definition) else None
        if target and target not in stages:
            yield f"{file}: service {service} builds {target}, which is not a stage of the Dockerfile."


def builds_here(definition: dict[str, Any]) -> bool:
    """Tell whether a service is built by the project's own Dockerfile."""
    build = definition.get("build")
    build = {"context": build} if isinstance(build, str) else as_mapping(build)
    return bool(build) and build.get("context", ".") in {".", "./"} and "dockerfile" not in build


def has_tag(image: str) -> bool:
    """Tell whether an image is named with its tag, or by a variable that may hold one."""
    tag = image.rsplit("/", maxsplit=1)[-1].partition(":")[2]
    return tag not in {"", "latest"} or bool(re.search(r"\$(\w+|\{[^}]*\})$", image))


def image_user(project: Path) -> Problems:
    """The image's last stage ends as somebody who is not root, and Compose makes nobody root in production."""
    last_stage = re.split(r"^FROM ", parsed(project / "Dockerfile"), flags=re.MULTILINE)[-1]
    users = re.findall(r"^USER\s+([^\s:]+)", last_stage, re.MULTILINE)
    if not users or users[-1] in {"root", "0"}:
        yield "Dockerfile: the last stage ends as root; end it with USER and somebody else."
    for file, service, definition in services(project):
        closed = definition.get("build") or file == "compose.production.yaml"
        if closed and str(definition.get("user")).partition(":")[0] in {"root", "0"}:
            yield f"{file}: service {service} runs as root; let somebody else be its user."


def builders(project: Path) -> Problems:
    """Each image is built by one service: engines that keep images in containerd fail where two build one at a time."""
    found: dict[tuple[str, str], str] = {}
    for file, service, definition in services(project):
        image = definition.get("image")
        if image and definition.get("build") and (one := found.setdefault((file, image), service)) != service:
            yield f"{file}: services {one} and {service} both build {image}; have one build it, and the other not pull it."


def compose_names(project: Path) -> Problems:
    """Services have an image with a tag, and name only volumes, secrets, networks and services that exist."""
    for file, service, definition in services(project):
        compose = parsed(project / file)
        image = str(definition.get("image", ""))
        if not definition.keys() & {"image", "build", "extends", "provider"}:
            yield f"{file}: service {service} has neither an image nor a build."
        elif image and not definition.get("build") and not has_tag(image):
            yield f"{file}: service {service} has an image without a tag: {image}"
        for kind, name in references(definition):
            if not has_part(compose, kind, name):
                yield f"{file}: service {service} names {name}, which is not among the {kind}."
        for other, needed in as_mapping(definition.get("depends_on")).items():
            if needed and needed.get("condition") not in CONDITIONS:
                yield f"{file}: service {service} waits for {other} to be {needed.get('condition')}, which nothing is."
        own = {secret_file(entry) for entry in definition.get("secrets") or []}
        for secret in re.findall(r"/run/secrets/([\w.-]+)", str(definition.get("environment"))):
            if secret not in own:
                yield f"{file}: service {service} reads the secret {secret}, which it is not given."


CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}


def secret_file(entry: str | dict[str, str]) -> str:
    """Return the name of the file by which a service gets a secret."""
    return Path(entry.get("target") or entry["source"]).name if isinstance(entry, dict) else entry


def has_part(compose: dict[str, Any], kind: str, name: str) -> bool:
    """Tell whether a Compose file has this, or may have it: from a file that it includes, or made by Compose."""
    return name in (compose.get(kind) or {}) or "include" in compose or (kind, name) == ("networks", "default")


def as_mapping(value: Any) -> dict[str, Any]:
    """Return as a mapping what Compose takes as a list of names or as a mapping."""
    return value if isinstance(value, dict) else dict.fromkeys(value or [])


def references(definition: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the top-level section and the name of everything that a service refers to."""
    for kind in ("secrets", "configs", "networks"):
        for entry in definition.get(kind) or []:
            yield kind, entry["source"] if isinstance(entry, dict) else entry
    for service in definition.get("depends_on") or []:
        yield "services", service
    for host in re.findall(r"://(?:[^@/'\s]*@)?([\w.-]+)", str(definition.get("environment"))):
        if "." not in host and host != "localhost":  # such a host is no service of Compose's
            yield "services", host
    for volume in definition.get("volumes") or []:
        if isinstance(volume, dict):
            source = volume.get("source", "") if volume.get("type") == "volume" else ""
        else:
            source = volume.partition(":")[0]
        if source and not re.match(r"[./~$]", source):
            yield "volumes", source


def proxy(project: Path) -> Problems:
    """The proxy sends requests to a service that exists, and to the project at the port that its image exposes."""
    upstreams = re.findall(r"(?:reverse_proxy|dynamic a) ([\w-]+)[: ](\d+)", parsed(project / "Caddyfile"))
    exposed = re.findall(r"^EXPOSE (\d+)", parsed(project / "Dockerfile"), re.MULTILINE)
    in_production = {name: each for file, name, each in services(project) if file == "compose.production.yaml"}
    for service, port in upstreams or [("nowhere", "0")]:
        if service not in in_production or (builds_here(in_production[service]) and port not in exposed):
            yield f"Caddyfile: sends requests to {service}:{port}, where no service of compose.production.yaml listens."


def environment_example(project: Path) -> Problems:
    """Every variable that a Compose file reads is explained in .env.example, and set there where it is required."""
    example = parsed(project / ".env.example")
    for file in COMPOSE_FILES:
        passed_on = {
            (name, "-") for each, _, definition in services(project) if each == file for name in bare(definition)
        }
        text = (project / file).read_text("utf-8")
        for name, operator in sorted({*re.findall(r"(?<!\$)\$\{(\w+)(:?[-?+])?", text), *passed_on}):
            optional = "" if operator in {"", "?", ":?"} else "(?:# ?)?"
            if name not in SHELL and not re.search(rf"^{optional}{name}=", example, re.MULTILINE):
                yield f"{file}: reads {name}, which .env.example does not {'explain' if optional else 'set'}."


SHELL = {"COMPOSE_PROJECT_NAME", "HOME", "PWD", "USER"}


def bare(definition: dict[str, Any]) -> Iterator[str]:
    """Yield the variables that a service gets from .env or the shell, if they are set there."""
    environment = definition.get("environment") or {}
    if isinstance(environment, dict):
        yield from (name for name, value in environment.items() if value is None)
    else:
        yield from (entry for entry in environment if "=" not in entry)


def docker(project: Path) -> Problems:
    """Docker and a Compose new enough for the Compose files are installed and answer."""
    del project
    if not shutil.which("docker"):
        yield "Docker is not installed: docs.docker.com/engine/install. Without it, `pipenv run serve` works all the same."
        return
    for part, command, oldest in (("Docker", ["info"], (25, 0)), ("Docker Compose", ["compose", "version"], (2, 26))):
        result = subprocess.run(["docker", *command], check=False, capture_output=True, text=True)  # noqa: S603, S607
        version = re.search(r"[Vv]ersion:? v?(\d+)\.(\d+)", result.stdout.partition("Server:")[2] or result.stdout)
        if result.returncode or not version:
            yield f"{part} does not answer: {' '.join(result.stderr.split()) or 'is its engine started?'}"
        elif tuple(map(int, version.groups())) < oldest:
            yield f"{part} is {'.'.join(version.groups())}; the Compose files need {'.'.join(map(str, oldest))} or newer."


def port(project: Path) -> Problems:
    """The port for development is free, or the project itself answers there."""
    number = int(environment(project).get("PORT") or 8000)
    answer = b""
    with socket.socket() as probe:
        probe.settimeout(2)
        if probe.connect_ex(("127.0.0.1", number)):
            return
        with contextlib.suppress(OSError):
            probe.sendall(b"GET /health/live HTTP/1.0\r\n\r\n")
            answer = probe.makefile("rb").read()
    if b'{"status": "ok"}' not in answer:
        yield f".env: something else answers at port {number}; set PORT to another one."


def filled_in(project: Path) -> Problems:
    """.env has a value for everything that .env.example sets."""
    own = environment(project)
    if not own:
        yield ".env: is not there; copy .env.example to it and fill it in."
    for name in environment(project, ".env.example") if own else ():
        if name not in own:
            yield f".env: {name} is missing; .env.example explains it."
        elif own[name] == "change-me":
            yield f".env: {name} is still change-me; put a long random text there."


def environment(project: Path, file: str = ".env") -> dict[str, str]:
    """Return what the file sets, as Compose reads it: without quotes around it, or a comment after it."""
    path = project / file
    line = r"""^(\w+)=(?:"(.*?)"|'(.*?)'|(.*?))[ \t]*(?:[ \t]#.*)?$"""
    found = re.findall(line, path.read_text("utf-8"), re.MULTILINE) if path.is_file() else []
    return {name: "".join(values) for name, *values in found}


def secret_files(project: Path) -> Problems:
    """Every secret is there, hard to guess, and closed to other people of the machine."""
    compose = (project / "compose.production.yaml").read_text("utf-8")
    for file in re.findall(r"file: \./(secrets/\w+)", compose):
        text = (project / file).read_text("utf-8") if (project / file).is_file() else ""
        if not text:  # an empty line is empty on purpose
            yield f"{file}: is missing or empty; README.md shows how to make it."
        elif not (project / file).stat().st_mode & stat.S_IROTH:
            yield f"{file}: containers, which have users of their own, cannot read it; `chmod 644 {file}`."
        elif file == "secrets/secret_key" and (len(text.strip()) < 50 or len({*text.strip()}) < 5):  # noqa: PLR2004 - as Django does
            yield f"{file}: is easy to guess; make a longer one as README.md shows, which ends all sessions."
    if (project / "secrets").is_dir() and (project / "secrets").stat().st_mode & 0o077:
        yield "secrets: other people of the machine can look into the folder; `chmod 700 secrets`."


def domain(project: Path) -> Problems:
    """DOMAIN is a name by which people find this machine."""
    name = environment(project).get("DOMAIN") or "localhost"
    if name == "localhost":
        yield ".env: DOMAIN is localhost; set it to the name by which people reach the project, and start it again."
        return
    try:
        socket.getaddrinfo(name, 443)
    except OSError as error:
        yield f".env: DOMAIN is {name}, which is not found ({error}); have it point to this machine."


def answers(project: Path) -> Problems:
    """The project answers by HTTPS, with a certificate that is renewed in time, its database and all migrations."""
    import http.client  # slow to import, and needed here alone
    import ssl

    name, number = environment(project).get("DOMAIN") or "localhost", environment(project).get("HTTPS_PORT") or 443
    connection = http.client.HTTPSConnection(name, int(number), timeout=10)
    try:
        connection.connect()
        certificate = connection.sock.getpeercert() or {}
        connection.request("GET", "/health/ready")
        status = connection.getresponse().read().decode()
    except ssl.SSLCertVerificationError as error:
        yield f"https://{name}:{number} has a certificate that nobody trusts ({error.verify_message}); see the log of proxy."
        return
    except (OSError, http.client.HTTPException) as error:
        yield f"https://{name}:{number} does not answer: {error}; `docker compose --file compose.production.yaml ps --all`."
        return
    finally:
        connection.close()
    begin, end = (ssl.cert_time_to_seconds(str(certificate[key])) for key in ("notBefore", "notAfter"))
    if end - time.time() < (end - begin) / 6:
        yield f"https://{name}:{number} has a certificate that ends {certificate['notAfter']}; look at the log of proxy."
    if status != '{"status": "ok"}':
        yield f"https://{name}:{number}/health/ready says {status}; `docker compose --file compose.production.yaml up`."


def backup_age(project: Path) -> Problems:
    """The last backup of the database is as young as it should be."""
    hours = int(environment(project).get("BACKUP_HOURS") or 24)
    made = [path.stat().st_mtime for path in (project / "backups").glob("*.dump")]
    if not made:
        yield "backups: there is none; README.md shows how to make one, and how to have one made every day."
    elif (age := (time.time() - max(made)) / 3600) > hours + 1:
        yield f"backups: the last one is {age:.0f} hours old; look at the log of scheduled-backup, if that is started."


def docker_folder() -> Path:
    """Return where Docker keeps images and volumes."""
    command = ["docker", "info", "--format", "json"]
    said = ""
    if shutil.which("docker"):
        said = subprocess.run(command, check=False, capture_output=True, text=True).stdout  # noqa: S603 - a constant
    return Path(json.loads(said or "{}").get("DockerRootDir") or "/var/lib/docker")


def disk_space(project: Path) -> Problems:
    """A tenth of each disk, and as much as three backups take, is free."""
    largest = max((path.stat().st_size for path in (project / "backups").glob("*.dump")), default=0)
    folders = [folder for folder in (docker_folder(), project) if folder.is_dir()]
    for folder in {folder.stat().st_dev: folder for folder in folders}.values():
        usage = shutil.disk_usage(folder)
        if usage.free < max(usage.total / 10, 3 * largest):
            yield f"{folder}: its disk has {usage.free / 1e9:.1f} GB left; `docker system df` and `du` show what takes it."


CHECKS: tuple[Callable[[Path], Problems], ...] = (
    unreadable,
    shapeless,
    line_endings,
    pins,
    lock_hash,
    python_version,
    installed_apps,
    settings_names,
    names,
    templates,
    migrations,
    scripts,
    file_names,
    kept_out,
    image_user,
    image_stages,
    builders,
    compose_names,
    proxy,
    environment_example,
)


MACHINE_CHECKS: tuple[Callable[[Path], Problems], ...] = (filled_in, port, docker)
PRODUCTION_CHECKS: tuple[Callable[[Path], Problems], ...] = (
    docker,
    secret_files,
    domain,
    answers,
    backup_age,
    disk_space,
)


def found_by(checks: tuple[Callable[[Path], Problems], ...], project: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield what each check asserts, with its problems; stop after files that cannot be read."""
    for check in checks:
        try:
            found = list(check(project))
        except (AttributeError, KeyError, OSError, TypeError, ValueError) as error:
            found = [f"It cannot be seen whether this holds ({error}): {check.__doc__}"]
        yield str(check.__doc__), found
        if found and check in {unreadable, shapeless}:
            return


def problems(project: Path) -> list[str]:
    """Return everything that is wrong with the files of the project in that folder."""
    return [problem for _, found in found_by(CHECKS, project) for problem in found]


def main() -> None:
    project = Path(__file__).resolve().parent
    parts = (PRODUCTION_CHECKS,) if "--production" in sys.argv else (CHECKS, MACHINE_CHECKS)
    wrong = 0
    for checks in parts[:1] if "--files" in sys.argv else parts:
        for asserted, found in found_by(checks, project):
            wrong += len(found)
            print("\n".join(f"wrong  {problem}" for problem in found) or f"ok     {asserted}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
