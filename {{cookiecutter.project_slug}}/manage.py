#!/usr/bin/env python
"""Django's command-line utility for administrative tasks."""

import atexit
import os
import sys

from django.core.management import execute_from_command_line

from config.database import close_pools

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    atexit.register(close_pools)
    execute_from_command_line(sys.argv)
