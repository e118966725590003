"""Settings of gunicorn, the web server in the production image."""

import os
import select
from typing import override

from gunicorn.workers.gthread import ThreadWorker

from config.logs import logging_config


class Worker(ThreadWorker):
    """gunicorn's, which leaves no connection unanswered when it is told to end.

    It stops to accept at once, and would reset at its end what has queued up meanwhile, which a proxy must not send
    again if it is a POST. A connection that is refused is tried again, whatever it asks for.
    """

    @override
    def set_accept_enabled(self, enabled: bool | None) -> None:
        super().set_accept_enabled(enabled)
        if not self.alive:
            for listener in self.sockets:
                while select.select([listener], [], [], 0)[0]:
                    self.accept(listener)
                listener.close()


bind = "0.0.0.0:8000"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 4
worker_class = Worker
preload_app = True

# Longer than the proxy keeps an idle connection (Caddyfile), so that none ends as a request comes.
keepalive = 75

# The root file system is read-only: heartbeats go to memory, and there is no control socket.
worker_tmp_dir = "/dev/shm"  # noqa: S108 - Docker gives each container its own
control_socket_disable = True

# Replacing workers now and then bounds what a slow leak can take.
max_requests = 10_000
max_requests_jitter = 1_000

# The project's RequestMiddleware logs requests.
logconfig_dict = logging_config(os.environ.get("LOG_LEVEL", "INFO"), json=True)
