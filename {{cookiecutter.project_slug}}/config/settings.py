"""Settings, read from the environment; `.env.example` explains every variable.

Production is the default: it does not start without what it needs. NAME_FILE may name a file with the value of NAME.
"""

from datetime import timedelta
from pathlib import Path

# % for feature in cookiecutter.__chosen.split()
# % include "features/" ~ feature ~ "/settings.py.imports" ignore missing
# % endfor
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP
from environs import FileAwareEnv

# % for feature in cookiecutter.__chosen.split()
# % include "features/" ~ feature ~ "/settings.py.config" ignore missing
# % endfor
from config.database import pool
from config.email import mailers
from config.logs import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent
# % set name = cookiecutter.project_name | replace("\\", "\\\\")
# % set quote = "'" if name.count('"') > name.count("'") else '"'
PROJECT_NAME = {{quote + name | replace(quote, "\\" + quote) + quote}}

env = FileAwareEnv(strip_whitespace=True)
env.read_env(env.path("ENV_FILE", BASE_DIR / ".env"), recurse=False)

# Core

DEBUG = env.bool("DEBUG", False)

SECRET_KEY = env.str("SECRET_KEY", "")
if SECRET_KEY in {"", "change-me"}:
    raise ImproperlyConfigured("Set SECRET_KEY to a long random text; README.md shows how to make one.")

ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", [])
if not (ALLOWED_HOSTS or DEBUG):
    raise ImproperlyConfigured("Set ALLOWED_HOSTS to the host names to answer to, with commas between them.")

# The number of proxies in front that add to X-Forwarded-For. With none, no forwarded header is believed.
NUM_PROXIES = env.int("NUM_PROXIES", 0)

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ADMIN_PATH = env.str("ADMIN_PATH", "admin")

# Applications

DJANGO_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

THIRD_PARTY_APPS = [
    "rest_framework",
    "corsheaders",
    "django_filters",
    "django_structlog",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    # % for feature in cookiecutter.__chosen.split()
    # % include "features/" ~ feature ~ "/settings.py.third_party_apps" ignore missing
    # % endfor
    "knox",
]

LOCAL_APPS = [
    # % for feature in cookiecutter.__chosen.split()
    # % include "features/" ~ feature ~ "/settings.py.local_apps" ignore missing
    # % endfor
    "users",
]

INSTALLED_APPS = DJANGO_APPS + THIRD_PARTY_APPS + LOCAL_APPS

MIDDLEWARE = [
    "config.headers.HeadersMiddleware",
    "config.health.HealthMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.logs.RequestMiddleware",
    "config.limits.LimitsMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # % for feature in cookiecutter.__chosen.split()
    # % include "features/" ~ feature ~ "/settings.py.middleware" ignore missing
    # % endfor
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["config.template_tags"],
        },
    },
]

# Database and cache

DATABASES = {"default": env.dj_db_url("DATABASE_URL", f"sqlite:///{BASE_DIR / 'db.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    if password := env.str("DATABASE_PASSWORD", ""):
        DATABASES["default"]["PASSWORD"] = password
    # Connections stay open between requests, at most this many in a process.
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = pool(env.int("DATABASE_POOL_SIZE", 8))

# Throttles count in it. A count that is evicted is lost, and Django's default has room for only 300.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 100_000}}}

# Authentication

AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = ["users.backends.ThrottledBackend"]
PASSWORD_HASHERS = [f"django.contrib.auth.hashers.{name}PasswordHasher" for name in ("Argon2", "PBKDF2")]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{rule}Validator"}
    for rule in ("UserAttributeSimilarity", "MinimumLength", "CommonPassword", "NumericPassword")
]

# Internationalization

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"

# Static files

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "assets"]
STATIC_ROOT = BASE_DIR / "static"
STORAGES: dict[str, dict[str, object]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
if DEBUG:
    STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"

# Email

MAILERS = mailers(env.dj_email_url("EMAIL_URL", "console:" if DEBUG else "smtp://localhost:25"))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "webmaster@localhost")

# Security

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if NUM_PROXIES else None
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
SECURE_HSTS_SECONDS = 0 if DEBUG else int(timedelta(days=365).total_seconds())
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not DEBUG
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
CORS_ALLOWED_ORIGINS: list[str] = env.list("CORS_ALLOWED_ORIGINS", [])
CORS_URLS_REGEX = "^/api/"
CORS_EXPOSE_HEADERS = ["Retry-After", "X-Request-ID"]
SECURE_CSP: dict[str, list[str]] = {
    "default-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}

# Logging

LOGGING = logging_config(env.str("LOG_LEVEL", "INFO"), json=not DEBUG)
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = 10  # debug
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False

# API

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        # % for feature in cookiecutter.__chosen.split()
        # % include "features/" ~ feature ~ "/settings.py.authentication_classes" ignore missing
        # % endfor
        "users.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["config.parsers.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": [
        "config.filters.FilterBackend",
        "config.filters.SearchFilter",
        "config.pagination.OrderingFilter",
    ],
    "DEFAULT_PAGINATION_CLASS": "config.pagination.CursorPagination",
    "DEFAULT_SCHEMA_CLASS": "config.schema.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["config.throttling.AnonRateThrottle", "config.throttling.UserRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {
        "anon": env.str("THROTTLE_ANON", "120/min"),
        "user": env.str("THROTTLE_USER", "1200/min"),
        "login": env.str("THROTTLE_LOGIN", "10/min"),
        "login_account": env.str("THROTTLE_LOGIN_ACCOUNT", "100/hour"),
    },
    "EXCEPTION_HANDLER": "config.problems.exception_handler",
    "NUM_PROXIES": NUM_PROXIES,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

# Tokens are stored as hashes; each login makes another one, and logging out ends only that one.
REST_KNOX = {"AUTH_HEADER_PREFIX": "Bearer", "TOKEN_TTL": timedelta(days=env.int("TOKEN_DAYS", 14))}

SPECTACULAR_SETTINGS = {
    "TITLE": PROJECT_NAME,
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "config.schema.add_problems"],
    "SCHEMA_PATH_PREFIX": "/api/v[0-9]+",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
}
# % for feature in cookiecutter.__chosen.split()
# % include "features/" ~ feature ~ "/settings.py.end" ignore missing
# % endfor
