"""How the project bears that Redis is away."""

import time
from typing import Any

import redis


class ConnectionPool(redis.ConnectionPool):
    """One that asks no server for a second after it did not answer: a request would wait for it again and again."""

    away_until = 0.0

    def get_connection(self, command_name: Any = None, *keys: Any, **options: Any) -> redis.Connection:
        if time.monotonic() < self.away_until:
            raise redis.ConnectionError("Redis did not answer a moment ago.")
        try:
            return super().get_connection()  # what it is for makes no difference
        except redis.RedisError:
            self.away_until = time.monotonic() + 1
            raise
