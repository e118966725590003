"""Celery: tasks that are done outside of requests. Their settings are in settings.py, tasks in `<app>/tasks.py`."""

import os
import tempfile
import warnings
from pathlib import Path
from smtplib import SMTPServerDisconnected
from socket import gaierror

from celery import Celery
from celery.contrib.django.task import DjangoTask
from celery.exceptions import SecurityWarning
from celery.signals import heartbeat_sent, setup_logging
from django.conf import settings
from django.db import OperationalError
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# Celery takes a user without a name, such as the image's, for root.
warnings.simplefilter("ignore", SecurityWarning)

# The health checks look at when this file was touched.
SIGN_OF_LIFE = Path(tempfile.gettempdir(), "worker")


class Task(DjangoTask):
    """A task that is retried, with growing delays, while something that it needs does not answer.

    If its process is killed (out of memory, say), it is retried after five seconds, within the same `max_retries`.
    """

    default_retry_delay = 5
    autoretry_for = (OperationalError, ConnectionError, TimeoutError, gaierror, SMTPServerDisconnected)
    max_retries = 10
    retry_backoff = True
    retry_backoff_max = settings.CELERY_TASK_TIME_LIMIT
    retry_jitter = True


app = Celery("config", task_cls=Task)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)


@setup_logging.connect
def leave_logging_alone(**_: object) -> None:
    """Do nothing: with a receiver here, Celery leaves logging to Django, which reads settings.LOGGING."""


@heartbeat_sent.connect
def show_life(**_: object) -> None:
    SIGN_OF_LIFE.touch()
