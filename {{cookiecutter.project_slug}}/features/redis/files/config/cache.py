"""How the project works while Redis is down."""

import logging
import time
from typing import Any

import redis

logger = logging.getLogger(__name__)


class ConnectionPool(redis.ConnectionPool):
    """A pool that fails at once for a second after Redis did not answer, so that no request waits again and again."""

    away_until = 0.0

    def get_connection(self, command_name: Any = None, *keys: Any, **options: Any) -> redis.Connection:
        if time.monotonic() < self.away_until:
            raise redis.ConnectionError("Redis did not answer a moment ago.")
        try:
            return super().get_connection()  # the arguments are deprecated
        except redis.RedisError as error:
            self.away_until = time.monotonic() + 1
            logger.error("Redis does not answer, and counts as empty: %s", error)  # noqa: TRY400 - it says all
            raise
