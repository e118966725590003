"""Single faults, which a check must find: in a project (test_doctor.py) and in the template (mutation.py)."""

FOLLOWS_NOTHING = """
dependencies = (
        ("users", "0009_gone"),
)
"""

NEEDED = [".dockerignore", ".env.example", ".gitignore", "Caddyfile", "Dockerfile", "Pipfile", "Pipfile.lock"]
NEEDED += ["compose.production.yaml", "compose.yaml", "config/settings.py", "pyproject.toml"]

# The check, the file to break, the text to find in it (None for all of it), what to put there (None to delete the
# file), and what is then said about it. What an owner may write, and a template not, is for the hook to find.
FAULTS = [
    ("unreadable", "users/models.py", None, "class", "users/models.py: does not parse"),
    ("unreadable", "pyproject.toml", None, "[", "pyproject.toml: does not parse"),
    ("unreadable", "compose.yaml", None, "\tservices: 1", "compose.yaml: does not parse"),
    ("unreadable", "Pipfile.lock", None, "{", "Pipfile.lock: does not parse"),
    *(("unreadable", file, None, None, f"{file}: is missing.") for file in NEEDED),
    ("unreadable", "Dockerfile", None, "\ufeffFROM x", "Dockerfile: does not parse: it begins with a byte order mark"),
    ("shapeless", "Pipfile", "[requires]", "[needs]", "Pipfile: has no requires.python_version."),
    ("shapeless", "Pipfile.lock", '"develop":', '"dev":', "Pipfile.lock: has no develop."),
    ("shapeless", "compose.yaml", "services:", "service:", "compose.yaml: has no services."),
    ("shapeless", "compose.production.yaml", None, "", "compose.production.yaml: has no services."),
    ("shapeless", "compose.production.yaml", None, "- web", "compose.production.yaml: has no services."),
    ("hook", "Pipfile.lock", '"sha256:0', '"sha256:1', "Pipfile.lock: is not what `make lock` wrote; run it again."),
    ("hook", "Pipfile.lock", '"asgiref": {', '"agsiref": {', "Pipfile.lock: is not what `make lock` wrote"),
    ("hook", "users/apps.py", None, None, "users/apps.py: is missing."),
    (
        "names",
        "config/urls.py",
        "problems.not_found",
        "problems.lost",
        "names config.problems.lost, which is not there.",
    ),
    ("names", "manage.py", "config.settings", "config.setings", "manage.py: names config.setings, which is not there."),
    ("hook", "Caddyfile", None, "{{ name }}", "Caddyfile: line 1 has template syntax left: {{ name }}"),
    ("hook", "README.md", None, "{% if x %}", "README.md: line 1 has template syntax left"),
    (
        "hook",
        "compose.yaml",
        "services:",
        "# % endfor\nservices:",
        "has template syntax left: # % endfor",
    ),
    ("line_endings", "library/models.py", "\n", "\r\n", "library/models.py: has Windows line endings"),
    ("pins", "Pipfile", 'django = "==', 'django = "*', "Pipfile: django is not pinned; write == and a version, not '*"),
    ("pins", "Pipfile", 'django = "==', 'django = ">=', "Pipfile: django is not pinned"),
    ("pins", "Pipfile", 'django = "==', 'django = "==9', "Pipfile.lock: django is ==9"),
    ("pins", "Pipfile", "django = ", "jango = ", "Pipfile.lock: jango is"),
    ("pins", "Pipfile.lock", "sha256:", "md5:", "Pipfile.lock: django has no hashes, or one that is not SHA-256."),
    (
        "python_version",
        "Dockerfile",
        "python:3.14",
        "python:3.13",
        "Dockerfile: has Python 3.13, but Pipfile requires 3.14",
    ),
    ("python_version", "pyproject.toml", '"3.14"', '"3.12"', "pyproject.toml: has Python 3.12, but Pipfile requires"),
    ("python_version", "pyproject.toml", '"py314"', '"py313"', "pyproject.toml: has Python 3.13, but Pipfile requires"),
    (
        "installed_apps",
        "config/settings.py",
        "= DJANGO_APPS +",
        "= ",
        "INSTALLED_APPS is not DJANGO_APPS + THIRD_PARTY",
    ),
    (
        "installed_apps",
        "config/settings.py",
        "LOCAL_APPS = [",
        "OTHER = [",
        "config/settings.py: LOCAL_APPS is missing.",
    ),
    (
        "installed_apps",
        "config/settings.py",
        '"knox",',
        '"knox", "users",',
        "users is in INSTALLED_APPS more than once.",
    ),
    ("installed_apps", "config/settings.py", '"knox",', '"users",', "users in THIRD_PARTY_APPS is the project's own."),
    (
        "installed_apps",
        "config/settings.py",
        '    "rest_framework",',
        "",
        "rest_framework is missing from THIRD_PARTY_APPS",
    ),
    (
        "installed_apps",
        "config/settings.py",
        '"users",',
        '"people",',
        "people in LOCAL_APPS is not a folder of the project",
    ),
    (
        "installed_apps",
        "config/settings.py",
        '"knox",',
        '"django.x",',
        "django.x in THIRD_PARTY_APPS is a part of Django",
    ),
    (
        "installed_apps",
        "config/settings.py",
        '"django.contrib.auth",',
        '"x",',
        "x in DJANGO_APPS is not a part of Django",
    ),
    (
        "settings_names",
        "config/settings.py",
        "TIME_ZONE",
        "USE_L10N = TIME_ZONE",
        "USE_L10N is a setting that this Django",
    ),
    (
        "settings_names",
        "config/settings.py",
        "SECURE_HSTS_SECONDS",
        "SECURE_HSTS_SECOND",
        "did you mean SECURE_HSTS_SECONDS?",
    ),
    (
        "settings_names",
        "config/settings.py",
        'SECRET_KEY = env.str("SECRET_KEY", "")',
        'SECRET_KEY = "django-insecure"',
        "SECRET_KEY is written there for all to read",
    ),
    (
        "settings_names",
        "config/settings.py",
        "TIME_ZONE",
        "EMAIL_HOST",
        "EMAIL_HOST is a setting that this Django no longer",
    ),
    (
        "names",
        "config/settings.py",
        "config.health.Health",
        "config.health.Wealth",
        "names config.health.WealthMiddleware, which",
    ),
    (
        "names",
        "config/settings.py",
        "config.pagination",
        "config.pages",
        "names config.pages.CursorPagination, which is not",
    ),
    (
        "names",
        "config/settings.py",
        "users.User",
        "users.Person",
        "config/settings.py: names users.Person, which is not there.",
    ),
    (
        "names",
        "config/urls.py",
        "users.urls",
        "users.addresses",
        "config/urls.py: names users.addresses, which is not there.",
    ),
    (
        "names",
        "users/views.py",
        "class MeView",
        "class SelfView",
        "users/urls.py: names users.views.MeView, which is not there.",
    ),
    (
        "names",
        "users/serializers.py",
        None,
        None,
        "users/views.py: names users.serializers.UserSerializer, which is not",
    ),
    (
        "templates",
        "library/urls.py",
        "library/login.html",
        "library/signin.html",
        "library/urls.py: names the template library/signin.html, which is not there.",
    ),
    ("migrations", "users/migrations/__init__.py", None, None, "0001_initial.py: is not seen without an __init__.py"),
    (
        "migrations",
        "config/models.py",
        None,
        "class Note(models.Model): pass",
        "config/models.py: has no migration; run",
    ),
    (
        "migrations",
        "users/migrations/0003_more.py",
        None,
        FOLLOWS_NOTHING,
        "follows users.0009_gone, which is not there.",
    ),
    (
        "hook",
        "Pipfile",
        '"mypy .',
        '"pyright .',
        "Pipfile: the script typecheck runs pyright, which no locked package",
    ),
    ("scripts", "Pipfile", '"mypy ."', '" "', "Pipfile: the script typecheck is empty."),
    ("scripts", "manage.py", None, None, "Pipfile: the script migrate runs manage.py, which is not there."),
    ("file_names", "users/aux.py", None, "", "users/aux.py: 'aux.py' cannot be a name on Windows."),
    ("file_names", "what?.md", None, "", "what?.md: 'what?.md' cannot be a name on Windows."),
    ("file_names", "bell\a.md", None, "", r"'bell\x07.md' cannot be a name on Windows."),
    ("file_names", "Users/notes.md", None, "", "users: differs from Users by upper and lower case only"),
    ("file_names", "readme.md", None, "", "readme.md: differs from README.md by upper and lower case only"),
    ("kept_out", ".gitignore", ".env", "env", ".gitignore: does not keep .env out."),
    ("kept_out", ".dockerignore", "secrets", "", ".dockerignore: does not keep secrets out."),
    ("kept_out", ".dockerignore", "tests", "!.env", ".dockerignore: lets .env in again."),
    ("kept_out", ".gitignore", "secrets/", "secrets/\n!/.env", ".gitignore: lets .env in again."),
    (
        "image_stages",
        "Dockerfile",
        "python:3.14-slim-trixie",
        "python:latest",
        "image python:latest has no tag, or it is",
    ),
    ("image_stages", "Dockerfile", "python:3.14-slim-trixie", "python", "Dockerfile: the image python has no tag"),
    (
        "image_stages",
        "Dockerfile",
        "--from=packages",
        "--from=builder",
        "Dockerfile: copies from builder, which is not a stage.",
    ),
    (
        "image_stages",
        "Dockerfile",
        "mount=from=packages",
        "mount=from=builder",
        "Dockerfile: copies from builder, which is not a stage.",
    ),
    ("image_stages", "Dockerfile", "AS development", "AS dev", "service web builds development, which is not a stage"),
    (
        "builders",
        "compose.yaml",
        "    pull_policy: never",
        "    build: .",
        "compose.yaml: services migrate and web both build my-api:development; have one build it",
    ),
    ("compose_names", "compose.yaml", "postgres:18", "postgres", "service db has an image without a tag: postgres"),
    (
        "compose_names",
        "compose.yaml",
        "@db:",
        "@database:",
        "service web names database, which is not among the services.",
    ),
    (
        "compose_names",
        "compose.production.yaml",
        "secrets/secret_key",
        "secrets/key",
        "reads the secret key, which it is not given",
    ),
    ("proxy", "Caddyfile", "a web 8000", "a app 8000", "Caddyfile: sends requests to app:8000, where no service"),
    ("proxy", "Dockerfile", "EXPOSE 8000", "EXPOSE 80", "Caddyfile: sends requests to web:8000, where no service"),
    ("image_user", "Dockerfile", "USER 10001:10001", "USER root", "Dockerfile: the last stage ends as root"),
    (
        "image_user",
        "compose.yaml",
        "user: ${HOST_UID:-1000}:${HOST_GID:-1000}",
        "user: 0:0",
        "service web runs as root",
    ),
    (
        "image_user",
        "compose.production.yaml",
        'user: "65532:65532"',
        'user: "0:0"',
        "service proxy runs as root",
    ),
    ("image_user", "Dockerfile", "USER 10001:10001\n", "", "Dockerfile: the last stage ends as root"),
    (
        "compose_names",
        "compose.yaml",
        "volumes:\n  database:",
        "volumes:",
        "service db names database, which is not among",
    ),
    (
        "compose_names",
        "compose.yaml",
        "      migrate:",
        "      migration:",
        "service web names migration, which is not among",
    ),
    (
        "compose_names",
        "compose.yaml",
        "service_healthy",
        "service_helthy",
        "service web waits for db to be service_helthy, which nothing is.",
    ),
    ("compose_names", "compose.yaml", "    image: postgres:18", "", "service db has neither an image nor a build."),
    (
        "compose_names",
        "compose.production.yaml",
        "  secret_key:",
        "  key:",
        "names secret_key, which is not among the secrets",
    ),
    (
        "compose_names",
        "compose.production.yaml",
        "  front:",
        "  back:",
        "names front, which is not among the networks.",
    ),
    (
        "compose_names",
        "compose.production.yaml",
        "  caddyfile:",
        "  c:",
        "names caddyfile, which is not among the configs.",
    ),
    (
        "environment_example",
        ".env.example",
        "POSTGRES_PASSWORD=",
        "# ",
        "POSTGRES_PASSWORD, which .env.example does not set.",
    ),
    ("environment_example", ".env.example", "WEB_", "W_", "WEB_CONCURRENCY, which .env.example does not explain."),
]
# What a project may have in its lock, and the template cannot: there, the hook writes _meta.
FAULTS_OF_PROJECTS = [
    ("shapeless", "Pipfile.lock", None, '{"default": {}, "develop": {}}', "Pipfile.lock: has no _meta.hash.sha256."),
    ("python_version", "Pipfile.lock", '"3.14"', '"3.13"', "Pipfile.lock: has Python 3.13, but Pipfile requires 3.14"),
]


GIT = '"ref": "1f2e3d4", "git": "https://example.org/barcode.git"'
SCRIPTS = """[scripts]
up = "docker compose up"
hello = "sh -c 'echo hello'"
shell = ["django-admin shell", "python"]
call = {call = "config.wsgi:application"}
"""
ABSTRACT = """
from django.db import models


class Colour(models.TextChoices):
    RED = "red"


class Dated(models.Model):
    class Meta:
        abstract = True


class Found(models.QuerySet["Dated"]): ...
"""

# What owners write, which is no fault: the file, the text to find in it (None for all of it), and what to put there.
ORDINARY = {
    "asynchronous views": [
        ("users/views.py", "class MeView", "async def ping(request): ...\n\n\nclass MeView"),
        ("users/urls.py", "urlpatterns = [", 'urlpatterns = [\n    path("ping/", views.ping),'),
    ],
    "names from everywhere": [
        ("users/names.py", None, "from django.views import *\n"),
        ("users/more.py", None, "from users import names\n\nlogout = names.LogoutView\n"),
    ],
    "a module by the name of another app": [
        ("users/library.py", None, "SHELF = 1\n"),
        ("users/more.py", None, "from .library import SHELF\n"),
    ],
    "permissions, loggers and files": [
        (
            "users/more.py",
            None,
            'CALL = ask("library.add_book")\nlog = getLogger("library.payments")\nfile = "users.csv"\n',
        ),
        ("config/settings.py", "# Logging", 'IMPORT = BASE_DIR / "users.csv"\nLEVELS = {"library.payments": "INFO"}'),
    ],
    "models in a folder": [
        ("users/models.py", "class User", "from users.people.models import Person as Person\n\n\nclass User"),
        ("users/people/__init__.py", None, ""),
        ("users/people/models/__init__.py", None, "class Person: ...\n"),
        (
            "users/more.py",
            None,
            "from django.utils.module_loading import import_string\n\nimport_string('users.people.Person')\n",
        ),
    ],
    "a setting of Channels": [("config/settings.py", "# Logging", 'ASGI_APPLICATION = "config.wsgi.application"')],
    "a network of Compose's own, and a stage in lower case": [
        ("compose.yaml", "services:", "services:\n  web2: {image: 'a:1', networks: [default]}"),
        ("Dockerfile", " AS packages", " as packages"),
    ],
    "configurations of apps": [("config/settings.py", '"users",', '"users.apps.UsersConfig",')],
    "apps that are not always there": [
        ("config/settings.py", '"knox",', '"knox",\n    *(["debug_toolbar"] if DEBUG else []),')
    ],
    "braces": [
        ("users/more.py", None, '# %% a cell\nx = 1\nprint(f"{{{x}}}", "{%s}" % x)\n'),
        ("web/page.jsx", None, "<p style={{ color: 1 }}>{% x %}</p>\n"),
        ("docs/notes.md", None, "`cookiecutter.project_name` is {{ name }}\n"),
    ],
    "more Compose files": [
        ("compose.override.yaml", None, "services:\n  web:\n    ports: !reset []\n    environment:\n      A: b\n"),
        ("compose.test.yaml", None, "include: [compose.yaml]\n"),
    ],
    "tags and many documents": [
        (".gitlab-ci.yml", None, "a: &a [x]\nb: !reference [a, script]\n"),
        ("deploy/all.yaml", None, "kind: A\n---\nkind: B\n"),
        ("mkdocs.yml", None, "emoji_index: !!python/name:material.extensions.emoji.twemoji\n"),
        ("charts/templates/web.yaml", None, "{{- if .Values.web }}\nkind: A\n{{- end }}\n"),
    ],
    "comments in JSON": [("tsconfig.json", None, '{\n  // strict\n  "strict": true,\n}\n')],
    "addresses out of Compose's reach": [
        (
            "compose.yaml",
            "      POSTGRES_DB: app",
            "      POSTGRES_DB: app\n      A: https://example.org/x http://localhost:1",
        )
    ],
    "variables of the shell": [("compose.yaml", "- database:/var", "- ${HOME}/${COMPOSE_PROJECT_NAME}/data:/var")],
    "secrets of other names": [
        ("compose.production.yaml", "\nsecrets:\n", "\nsecrets:\n  x: {file: ./secrets/x}\n"),
        ("compose.production.yaml", "    command: gun", "    secrets: [{source: x, target: a-b}]\n    command: gun"),
        (
            "compose.production.yaml",
            "    command: gun",
            "    environment: {A_FILE: /run/secrets/a-b}\n    command: gun",
        ),
    ],
    "services of an included file": [
        ("compose.yaml", "services:", "include: [more.yaml]\nservices:\n  web2: {image: 'a:1', depends_on: [other]}"),
        ("more.yaml", None, "services:\n  other: {image: 'a:1'}\n"),
    ],
    "images of other Dockerfiles": [
        ("compose.yaml", "services:", "services:\n  front: {build: {context: front, target: dev}}"),
        ("compose.production.yaml", "\nservices:\n", "\nservices:\n  front: {build: ./front}\n"),
        ("Caddyfile", "\treverse_proxy {", "\treverse_proxy /shop/* front:3000\n\treverse_proxy {"),
    ],
    "an app without tables": [("core/__init__.py", None, ""), ("core/models.py", None, ABSTRACT)],
    "names that every module has": [("users/more.py", None, "from users import models\n\nprint(models.__name__)\n")],
    "images by variable": [
        ("compose.yaml", "image: postgres:18", "image: ${IMG}"),
        (".env.example", "# ", "IMG=postgres:18\n# "),
    ],
    "another service behind the proxy": [
        ("Caddyfile", "	reverse_proxy {", "	reverse_proxy /shop/* shop:3000\n	reverse_proxy {"),
        ("compose.production.yaml", "\nservices:\n", "\nservices:\n  shop:\n    image: shop:1\n"),
    ],
    "images and stages of others": [
        ("Dockerfile", "--from=packages", "--from=ghcr.io/x/y:1"),
        ("Dockerfile", "FROM python", "FROM --platform=linux/amd64 python"),
    ],
    "scripts of any kind": [("Pipfile", "[scripts]\n", SCRIPTS)],
    "a tool less": [("pyproject.toml", '[tool.mypy]\npython_version = "3.14"\n', "[tool.other]\n")],
    "a package from Git": [
        ("Pipfile", "[packages]", '[packages]\nbarcode = {git = "https://example.org/barcode.git", ref = "1f2e3d4"}'),
        ("Pipfile.lock", '"default": {', f'"default": {{"barcode": {{{GIT}}},'),
    ],
    "a category of packages": [
        ("Pipfile", "[requires]", '[docs]\nSphinx = "==9.0"\n\n[requires]'),
        (
            "Pipfile.lock",
            '"develop": {',
            '"docs": {"sphinx": {"version": "==9.0", "hashes": ["sha256:' + "0" * 64 + '"]}}, "develop": {',
        ),
    ],
    "a virtual environment": [
        ("venv/pyvenv.cfg", None, ""),
        ("venv/broken.py", None, "class"),
        ("venv/CON", None, ""),
    ],
    "files of data": [
        ("data.csv", None, "a;b\r\n1;2\r\n"),
        ("page.html", None, "<p>\r\n</p>\r\n"),
    ],
    "migrations that wait for the first": [
        ("users/migrations/0003_more.py", None, FOLLOWS_NOTHING.replace("0009_gone", "__first__")),
    ],
}


def breach(path, old, new):
    """Put that fault into the file."""
    if new is None:
        path.unlink()
    elif old is None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(new.encode())
    else:
        text = path.read_text("utf-8")
        assert old in text
        path.write_bytes(text.replace(old, new).encode())
