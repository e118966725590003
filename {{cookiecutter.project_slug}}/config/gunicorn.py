"""Settings of gunicorn, the web server in the production image."""

import os
import select
import selectors
import socket
import time
from functools import partial
from typing import override

from gunicorn.glogging import Logger as GunicornLogger
from gunicorn.workers.gthread import TConn, ThreadWorker

from config.logs import logging_config


class Worker(ThreadWorker):
    """gunicorn's, but idle connections occupy no thread, and queued ones are answered at shutdown.

    Connections are spread evenly over the workers.
    """

    @override
    def accept(self, listener: socket.socket) -> None:
        """Wait up to two milliseconds, longer with more connections, so that the worker with fewest accepts first.

        Connections are kept open: without this, one of two workers at times had all of a proxy's, the other none.
        """
        time.sleep(min(self.nr_conns, 10) / 5000)
        super().accept(listener)

    @override
    def enqueue_req(self, conn: TConn) -> None:
        """Wait for a new connection's request in the poller, as for a kept one's, not five seconds in a thread.

        A proxy at times opens more connections than it has requests for, and four of them would block all others
        (gunicorn's issue 3634).
        """
        if conn.data_ready:
            super().enqueue_req(conn)
            return
        conn.data_ready = True  # when the poller brings it
        conn.sock.settimeout(0)
        conn.set_timeout()
        self.keepalived_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_client_socket_readable, conn))

    @override
    def set_accept_enabled(self, enabled: bool | None) -> None:
        """When the worker is told to end, accept the queued connections too.

        They would be reset, and then a proxy must not send a POST again. After a refused connection, it may retry
        any request.
        """
        super().set_accept_enabled(enabled)
        if not self.alive:
            for listener in self.sockets:
                while select.select([listener], [], [], 0)[0]:
                    self.accept(listener)
                listener.close()


class Logger(GunicornLogger):
    """gunicorn's, but without requests: the project's RequestMiddleware logs those."""

    @override
    def access(self, *_: object) -> None:
        """Skip the work of formatting gunicorn's line, too."""


# For PostgreSQL: a query that takes longer ends with 503, and does not keep a thread from all others.
raw_env = ["PGOPTIONS=-c statement_timeout=30s -c idle_in_transaction_session_timeout=60s"]

bind = "0.0.0.0:8000"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 4
worker_class = Worker
preload_app = True

# Longer than the proxy keeps an idle connection (Caddyfile), so that none is closed as a request comes.
keepalive = 75

# The root file system is read-only: heartbeats go to memory, and there is no control socket.
worker_tmp_dir = "/dev/shm"  # noqa: S108 - Docker gives each container its own
control_socket_disable = True

# Replacing workers now and then bounds what a slow leak can take.
max_requests = 10_000
max_requests_jitter = 1_000

logger_class = Logger
logconfig_dict = logging_config(os.environ.get("LOG_LEVEL", "INFO"), json=True)
