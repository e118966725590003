"""The project's own settings, with what a test run puts in place of the environment."""

import os
from pathlib import Path

from dotenv import dotenv_values

# Tests run with the defaults, not with a developer's .env, which Pipenv has put into the environment already; only its
# database counts.
os.environ["ENV_FILE"] = os.devnull
for name, value in dotenv_values(Path(__file__).resolve().parent.parent / ".env").items():
    if name.startswith("DATABASE_"):
        os.environ.setdefault(name, value or "")
    elif os.environ.get(name) == value:
        os.environ.pop(name, None)

# % for feature in cookiecutter.__chosen.split()
# % include "features/" ~ feature ~ "/tests_settings.py.environment" ignore missing
# % endfor
os.environ.update(
    ADMIN_PATH="admin", ALLOWED_HOSTS="testserver,localhost", DEBUG="false", SECRET_KEY="a-key-for-tests-only"
)

from config.settings import *  # noqa: E402, F403 - the same settings, in the environment of tests

# Tests speak plain HTTP, need no collected static files, and make many users.
SECURE_SSL_REDIRECT = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
