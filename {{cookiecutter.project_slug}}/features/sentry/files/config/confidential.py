"""What is not reported to Sentry."""

from typing import Any


def without_values(event: Any, hint: Any) -> Any:
    """Cut off what PostgreSQL says of a row: `DETAIL:  Key (email)=(ada@example.com) already exists.`"""
    for exception in event.get("exception", {}).get("values", []):
        exception["value"] = str(exception.get("value", "")).partition("\nDETAIL:")[0]
    return event
