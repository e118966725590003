"""What is not reported to Sentry."""

from typing import Any


def without_values(event: Any, hint: Any) -> Any:
    """Cut off what PostgreSQL says of a row: `DETAIL:  Key (email)=(ada@example.com) already exists.`

    Leave out requests, with their query, in what was logged.
    """
    for exception in event.get("exception", {}).get("values", []):
        exception["value"] = str(exception.get("value", "")).partition("\nDETAIL:")[0]
    breadcrumbs = event.get("breadcrumbs", {}).get("values", [])
    for extra in (event.get("extra"), *(breadcrumb.get("data") for breadcrumb in breadcrumbs)):
        (extra or {}).pop("request", None)
    return event
