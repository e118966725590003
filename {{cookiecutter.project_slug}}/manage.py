#!/usr/bin/env python
"""Django's command-line utility for administrative tasks."""

import atexit
import os
import sys

from django.core.management import execute_from_command_line
from django.core.management.commands.runserver import Command as RunServer
from django.db import OperationalError

from config.database import close_pools, refused_password

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    atexit.register(close_pools)
    # Pipenv reads .env, so that `pipenv run serve` answers where `docker compose up` does.
    RunServer.default_port = os.environ.get("PORT") or "8000"
    try:
        execute_from_command_line(sys.argv)
    except OperationalError:
        if advice := refused_password():
            sys.exit(advice)
        raise
