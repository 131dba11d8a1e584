"""Whether a request comes from the server's own machine."""

from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address
from urllib import parse

_PROXIED = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP")
"""Headers of reverse proxies; behind one on the same machine, everybody's address is that of the machine."""


def is_direct(address: str, headers: Mapping[str, str]) -> bool:
    """Return whether a request comes from the server's own machine, by a name of that machine and through no proxy.

    Parameters
    ----------
    address : str
        Where the connection comes from.
    headers : mapping
        Of the request. ``Host`` is the name by which it addresses the server; one of another site which leads here
        does not count.
    """
    if any(name in headers for name in _PROXIED):
        return False
    return is_loopback(address) and is_loopback(host_of(f"//{headers.get('Host', '')}"))


def host_of(url: str) -> str:
    """Return the name of the host in a URL, in lower case and without a final dot; empty where there is none."""
    try:
        return (parse.urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def is_loopback(name: str) -> bool:
    """Return whether a name or an address means the machine itself."""
    if name == "localhost":
        return True
    try:
        address = ip_address(name)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback
