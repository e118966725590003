"""The project's own settings, with what a test run puts in place of the environment."""

import os

# % for feature in cookiecutter.__chosen.split()
# % include "features/" ~ feature ~ "/tests_settings.py.environment" ignore missing
# % endfor
os.environ.update(
    ADMIN_PATH="admin", ALLOWED_HOSTS="testserver,localhost", DEBUG="false", SECRET_KEY="a-key-for-tests-only"
)

from config.settings import *  # noqa: F403 - the same settings

# Tests speak plain HTTP, need no collected static files, and make many users.
SECURE_SSL_REDIRECT = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
