"""Connection pools for the database, and advice for when PostgreSQL refuses the password."""

import time
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, connections
from psycopg_pool import ConnectionPool


def pool(size: int) -> dict[str, Any]:
    """Return the options of psycopg's pool, with at most `size` connections."""
    return {"min_size": 1, "max_size": size, "timeout": 5, "check": check}


def check(idle: Any) -> None:
    """Test a connection that was not tested within the last second; raises OperationalError if it is broken.

    A test before each use would take about 5% of a list's CPU. If the database ends within that second, a query fails.
    """
    now = time.monotonic()
    if now - getattr(idle, "tried", -1) > 1:
        ConnectionPool.check_connection(idle)
        idle.tried = now


def close_pools() -> None:
    """Close the pools of connections, for `atexit`: Python 3.13 waits 20 seconds for the threads of an open one."""
    for opened in connections.all(initialized_only=True):
        if close_pool := getattr(opened, "close_pool", None):
            close_pool()


def refused_password() -> str:
    """Return advice if PostgreSQL refuses the password, or an empty text if it does not."""
    if connection.vendor != "postgresql":
        return ""
    # Without the pool, whose error says only that it timed out.
    direct = connection.copy()
    direct.settings_dict["OPTIONS"].pop("pool", None)
    try:
        direct.ensure_connection()
    except OperationalError as error:
        if "password authentication failed" in str(error):
            return REFUSED_IN_DEVELOPMENT if settings.DEBUG else REFUSED_IN_PRODUCTION
    finally:
        direct.close()
    return ""


REFUSED = r"""
PostgreSQL refuses the password. It keeps the one that its volume was made with, and {place} has another one
now. Put the old one back, or set the new one in PostgreSQL, which asks for it:

    docker compose {file}exec db psql --username=app --command='\password'
"""
RESTART = """
Running containers use the old one until they are restarted:

    docker compose --file compose.production.yaml restart
"""
REFUSED_IN_PRODUCTION = (
    REFUSED.format(place="secrets/database_password", file="--file compose.production.yaml ") + RESTART
)
AFRESH = """
or start afresh, without the data:

    docker compose down --volumes
"""
REFUSED_IN_DEVELOPMENT = REFUSED.format(place="POSTGRES_PASSWORD in .env", file="") + AFRESH
