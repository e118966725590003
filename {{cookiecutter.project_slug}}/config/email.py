"""The mail server, which is one variable in the environment and a dictionary in Django."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured

OPTIONS = {
    "host": "EMAIL_HOST",
    "port": "EMAIL_PORT",
    "username": "EMAIL_HOST_USER",
    "password": "EMAIL_HOST_PASSWORD",
    "use_tls": "EMAIL_USE_TLS",
    "use_ssl": "EMAIL_USE_SSL",
}


def mailers(parsed: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return MAILERS for what environs made of EMAIL_URL; raises ImproperlyConfigured where the scheme is unknown."""
    if "EMAIL_BACKEND" not in parsed:
        raise ImproperlyConfigured("EMAIL_URL must begin with submission://, smtps://, smtp:// or console:")
    mailer: dict[str, Any] = {"BACKEND": parsed["EMAIL_BACKEND"]}
    if parsed["EMAIL_HOST"]:
        mailer["OPTIONS"] = {option: parsed[name] for option, name in OPTIONS.items()} | {"timeout": 10}  # seconds
    return {"default": mailer}
