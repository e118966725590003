"""Settings of a project that does nothing but answer: no middleware."""

from config.settings import *  # noqa: F403 - the same but for what follows

ROOT_URLCONF = "variants.urls"
MIDDLEWARE = []
