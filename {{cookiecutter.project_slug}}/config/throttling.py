"""How often somebody may use the API."""

from contextlib import suppress
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any

from rest_framework import throttling
from rest_framework.request import Request


def client(address: str) -> str:
    """Return what is counted as one client: an IPv4 address, or a /64 network of IPv6.

    The smallest network that anybody gets has 2**64 addresses (RFC 6177; RFC 4291, 2.5.1). An IPv4 address may be written
    as an IPv6 one (`::ffff:192.0.2.1`). What is no address stays as it is.
    """
    with suppress(ValueError):
        parsed = ip_address(address)
        if isinstance(parsed, IPv6Address):
            return str(parsed.ipv4_mapped or IPv6Network((int(parsed), 64), strict=False))
    return address


class ClientThrottle(throttling.SimpleRateThrottle):
    """A throttle that counts by `client`."""

    def get_ident(self, request: Request) -> str:
        return client(super().get_ident(request))


class AnonRateThrottle(ClientThrottle, throttling.AnonRateThrottle):
    """DRF's, for requests without a login."""


class UserRateThrottle(throttling.UserRateThrottle):
    """DRF's, only for logged-in users: AnonRateThrottle counts all others, and a count is two trips to the cache."""

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        return super().get_cache_key(request, view) if request.user.is_authenticated else None
