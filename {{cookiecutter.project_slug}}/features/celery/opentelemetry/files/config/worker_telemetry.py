"""Imported by `worker` and `beat` alone (CELERY_IMPORTS), as wsgi.py is by the web server: starts OpenTelemetry there."""

from config.telemetry import start

start()
