"""Single faults, which a check must find: in a project (test_doctor.py) and in the template (mutation.py)."""

FOLLOWS_NOTHING = """
dependencies = (
        ("users", "0009_gone"),
)
"""

# The check, the file to break, the text to find in it (None for all of it), what to put there (None to delete the
# file), and what is then said about it.
FAULTS = [
    ("unparsable", "users/models.py", None, "class", "users/models.py: does not parse"),
    ("unparsable", "pyproject.toml", None, "[", "pyproject.toml: does not parse"),
    ("unparsable", "compose.yaml", None, "\tservices: 1", "compose.yaml: does not parse"),
    ("unparsable", "Pipfile.lock", None, "{", "Pipfile.lock: does not parse"),
    ("template_syntax", "Caddyfile", None, "{{ name }}", "Caddyfile: line 1 has template syntax left: {{ name }}"),
    ("template_syntax", "README.md", None, "{% if x %}", "README.md: line 1 has template syntax left"),
    (
        "template_syntax",
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
    ("lock_hash", "Pipfile", 'django = "==', 'django = "==9', "Pipfile.lock: was not made from this Pipfile"),
    (
        "python_version",
        "Dockerfile",
        "python:3.14",
        "python:3.13",
        "Dockerfile: has Python 3.13, but Pipfile requires 3.14",
    ),
    ("python_version", "pyproject.toml", '"3.14"', '"3.12"', "pyproject.toml: has Python 3.12, but Pipfile requires"),
    ("python_version", "pyproject.toml", '"py314"', '"py313"', "pyproject.toml: has Python 3.13, but Pipfile requires"),
    ("python_version", "Pipfile.lock", '"3.14"', '"3.13"', "Pipfile.lock: has Python 3.13, but Pipfile requires 3.14"),
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
    ("migrations", "users/migrations/0001_initial.py", None, None, "users/models.py: has no migration; run"),
    (
        "migrations",
        "users/migrations/0002_more.py",
        None,
        FOLLOWS_NOTHING,
        "follows users.0009_gone, which is not there.",
    ),
    (
        "scripts",
        "Pipfile",
        '"mypy .',
        '"pyright .',
        "Pipfile: the script typecheck runs pyright, which no locked package",
    ),
    ("scripts", "manage.py", None, None, "Pipfile: the script migrate runs manage.py, which is not there."),
    ("file_names", "users/aux.py", None, "", "users/aux.py: aux.py cannot be a name on Windows."),
    ("file_names", "what?.md", None, "", "what?.md: what?.md cannot be a name on Windows."),
    ("file_names", "readme.md", None, "", "readme.md: differs from README.md by upper and lower case only"),
    ("kept_out", ".gitignore", ".env", "env", ".gitignore: does not keep .env out."),
    ("kept_out", ".dockerignore", "secrets", "", ".dockerignore: does not keep secrets out."),
    ("kept_out", ".dockerignore", "tests", "!.env", ".dockerignore: lets .env in again."),
    ("image_stages", "Dockerfile", "python:3.14-slim-trixie", "python", "Dockerfile: the image python has no tag"),
    (
        "image_stages",
        "Dockerfile",
        "--from=slim",
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


def breach(path, old, new):
    """Put that fault into the file."""
    if new is None:
        path.unlink()
    elif old is None:
        path.write_text(new, "utf-8")
    else:
        text = path.read_text("utf-8")
        assert old in text
        path.write_bytes(text.replace(old, new).encode())
