"""How the project comes to its database and leaves it, and what it says where the database does not let it in."""

import time
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, connections
from psycopg_pool import ConnectionPool


def pool(size: int) -> dict[str, Any]:
    """Return the options of psycopg's pool, with at most so many connections."""
    return {"min_size": 1, "max_size": size, "timeout": 5, "check": check}


def check(idle: Any) -> None:
    """Try a connection that was not tried within the last second; raises OperationalError where it is of no use.

    Trying it before each use takes about 5% of a list's CPU. Within a second of the database's end, a query finds out.
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
    """Return what to do where PostgreSQL refuses the password, or an empty text where it does not."""
    if connection.vendor != "postgresql":
        return ""
    # Without the pool, which says only that it has waited.
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
PostgreSQL refuses the password. It goes on with the one that its volume was made with; {place} is another one
by now. Put the old one back, or tell PostgreSQL the new one, which it asks for:

    docker compose {file}exec db psql --username=app --command='\password'
"""
RESTART = """
What runs goes on with the old one, until it starts again:

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
