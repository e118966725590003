"""Starts OpenTelemetry in `worker` and `beat`, which import this (CELERY_IMPORTS), as wsgi.py does in gunicorn."""

from celery.signals import worker_process_shutdown
from opentelemetry import metrics, trace

from config.telemetry import start

start()


@worker_process_shutdown.connect
def send_the_last(**_: object) -> None:
    """Send what is not sent yet: a process that is replaced by a new one ends without shutting down the SDK."""
    for provider in (trace.get_tracer_provider(), metrics.get_meter_provider()):
        if shutdown := getattr(provider, "shutdown", None):  # absent without an SDK
            shutdown()
