"""Imported by `worker` and `beat` alone (CELERY_IMPORTS), as wsgi.py is by the web server: starts OpenTelemetry there."""

from celery.signals import worker_process_shutdown
from opentelemetry import metrics, trace

from config.telemetry import start

start()


@worker_process_shutdown.connect
def send_the_last(**_: object) -> None:
    """Send what is not sent yet: a process that makes room for a new one ends without a word to the SDK."""
    for provider in (trace.get_tracer_provider(), metrics.get_meter_provider()):
        if shutdown := getattr(provider, "shutdown", None):  # that of no SDK has none
            shutdown()
