"""How the project leaves its database."""

from django.db import connections


def close_pools() -> None:
    """Close the pools of connections, for `atexit`: Python 3.13 waits 20 seconds for the threads of an open one."""
    for connection in connections.all(initialized_only=True):
        if close_pool := getattr(connection, "close_pool", None):
            close_pool()
