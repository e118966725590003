"""Celery: tasks that are done outside of requests. Their settings are in settings.py, tasks in `<app>/tasks.py`."""

import os
import tempfile
import warnings
from pathlib import Path

from celery import Celery
from celery.contrib.django.task import DjangoTask
from celery.exceptions import SecurityWarning
from celery.signals import heartbeat_sent, setup_logging
from django.conf import settings
from django.db import OperationalError
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# Celery takes a user without a name, as the image's is, for root.
warnings.simplefilter("ignore", SecurityWarning)

# The health check of the Compose files looks at when this file was touched.
SIGN_OF_LIFE = Path(tempfile.gettempdir(), "worker")


class Task(DjangoTask):
    """A task that is tried again, each time later, while something that it needs does not answer.

    Also where its process is killed, for want of memory for one: after five seconds, and no more often than that.
    """

    default_retry_delay = 5
    autoretry_for = (OperationalError, ConnectionError, TimeoutError)
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
    """Be there: Celery sets up no logs of its own where somebody else does, here Django from settings.LOGGING."""


@heartbeat_sent.connect
def show_life(**_: object) -> None:
    SIGN_OF_LIFE.touch()
