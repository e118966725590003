"""The project's settings without throttles."""

from config.settings import *  # noqa: F403 - the same but for what follows
from config.settings import REST_FRAMEWORK

REST_FRAMEWORK["DEFAULT_THROTTLE_CLASSES"] = []
