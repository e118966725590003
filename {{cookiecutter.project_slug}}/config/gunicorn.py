"""Settings of gunicorn, the web server in the production image."""

import os

from config.logs import logging_config

bind = "0.0.0.0:8000"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 4
worker_class = "gthread"
preload_app = True

# The root file system is read-only: heartbeats go to memory, and there is no control socket.
worker_tmp_dir = "/dev/shm"  # noqa: S108 - Docker gives each container its own
control_socket_disable = True

# Replacing workers now and then bounds what a slow leak can take.
max_requests = 10_000
max_requests_jitter = 1_000

# The project's RequestMiddleware logs requests.
logconfig_dict = logging_config(os.environ.get("LOG_LEVEL", "INFO"), json=True)
