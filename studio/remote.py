"""Requests to addresses that programs name: at allowed hosts, never inside the server's own network."""

import http.client
import io
import socket
import ssl
import tempfile
import time
from collections.abc import Collection, Mapping
from contextlib import closing
from ipaddress import IPv6Address, IPv6Network, ip_address
from pathlib import Path
from typing import IO
from urllib import parse

from pipeline import disk
from pipeline.errors import AddressUnusable, DiskFull, OptionError, PhotoTooLarge

_STEP_S = 10
"""Longest silence of a host."""

_MOST_S = 60
_PART_BYTES = 256_000
_IN_MEMORY = 1_000_000
"""Bytes of a photograph above which it is stored on disk while it comes."""

_TAKEN = range(200, 300)
_PORTS = {"http": 80, "https": 443}
_TRANSLATED = IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48")
"""Addresses that stand for those of IPv4, private ones included (RFC 6052, RFC 8215)."""


def fetch(url: str, hosts: Collection[str], most: int) -> IO[bytes]:
    """Return the photograph at an address as a file, which the caller closes; takes up to a minute.

    The name is resolved once, so that it cannot lead elsewhere after the check. Redirects are not followed.

    Parameters
    ----------
    url : str
        Of HTTP or HTTPS, such as a presigned one of S3.
    hosts : collection of str
        Allowed hosts; each with its port, where that is not the usual one.
    most : int
        Largest photograph in bytes.

    Raises
    ------
    OptionError
        If the host is not allowed.
    AddressUnusable
        If it leads into a private network, does not answer, or answers with something else than 200.
    PhotoTooLarge
        If there are more than `most` bytes.
    """
    parts = check(url, hosts)
    connection = _connection(parts)
    file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - the caller closes it
    try:
        connection.request("GET", _path(parts), headers={"Accept-Encoding": "identity"})
        _receive(connection.getresponse(), file, most)
        file.seek(0)
    except (OSError, http.client.HTTPException, ValueError) as error:
        file.close()
        if isinstance(error, OSError) and disk.is_full(error):
            msg = "The disk is full. Please try again later."
            raise DiskFull(msg) from error
        msg = f"Expected a photograph from {parts.hostname}, but it did not answer as it should. Check the address."
        raise AddressUnusable(msg) from error
    except BaseException:
        file.close()
        raise
    finally:
        connection.close()
    return file


def send(method: str, url: str, hosts: Collection[str], body: bytes | Path, headers: Mapping[str, str]) -> None:
    """Send a text or a file to an address; the rest is as for `fetch`.

    Raises
    ------
    OptionError
        If the host is not allowed.
    AddressUnusable
        If it leads into a private network, does not answer, or refuses.
    OSError
        If the file is no longer there.
    """
    parts = check(url, hosts)
    connection = _connection(parts)
    length = len(body) if isinstance(body, bytes) else body.stat().st_size
    with io.BytesIO(body) if isinstance(body, bytes) else body.open("rb") as file, closing(connection):
        try:
            connection.request(method, _path(parts), file, {**headers, "Content-Length": str(length)})
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException, ValueError) as error:
            msg = f"The host {parts.hostname} did not answer as it should. Check the address."
            raise AddressUnusable(msg) from error
    if status not in _TAKEN:
        msg = f"Expected {parts.hostname} to take what is sent, got the status {status}. Check the address."
        raise AddressUnusable(msg)


def _path(parts: parse.SplitResult) -> str:
    return parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))


def check(url: str, hosts: Collection[str]) -> parse.SplitResult:
    """Return the parts of an address at an allowed host."""
    if not hosts:
        msg = "This server allows no addresses. The setting api_hosts (STUDIO_API_HOSTS) names the allowed hosts."
        raise OptionError(msg)
    try:
        parts = parse.urlsplit(url)
        named = f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
    except ValueError:
        parts, named = parse.SplitResult("", "", "", "", ""), ""
    is_whole = parts.scheme in _PORTS and parts.username is None
    if not is_whole or named not in {host.lower() for host in hosts}:
        msg = f"Expected an address of http or https at one of {', '.join(hosts)}, as the setting api_hosts allows."
        raise OptionError(msg)
    return parts


def _connection(parts: parse.SplitResult) -> http.client.HTTPConnection:
    """Return a connection to a host, which is not open yet, by an address that is public."""
    host, port = str(parts.hostname), parts.port or _PORTS[parts.scheme]
    try:
        found = [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        msg = f"The host {host} has no address. Check its name."
        raise AddressUnusable(msg) from error
    if not all(is_public(address) for address in found):
        msg = f"The host {host} leads into a private network, where photographs are not fetched from."
        raise AddressUnusable(msg)
    kind = _Tls if parts.scheme == "https" else _Plain
    return kind(found[0], host, port)


def is_public(address: str) -> bool:
    """Return whether an IP address is one of the public internet."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        if any(ip in network for network in _TRANSLATED):
            return False
        inner = ip.ipv4_mapped or ip.sixtofour
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


class _Plain(http.client.HTTPConnection):
    """A connection to a host by an address that was checked."""

    def __init__(self, address: str, host: str, port: int) -> None:
        super().__init__(host, port, timeout=_STEP_S)
        self._address = address

    def connect(self) -> None:
        """Connect to the address."""
        self.sock = socket.create_connection((self._address, self.port), _STEP_S)


class _Tls(_Plain):
    """The same by TLS, with the certificate of the host."""

    default_port = _PORTS["https"]

    def connect(self) -> None:
        """Connect to the address, and check the certificate."""
        super().connect()
        self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)


def _receive(answer: http.client.HTTPResponse, file: IO[bytes], most: int) -> None:
    """Write an answer to a file."""
    if answer.status != http.client.OK:
        msg = f"Expected a photograph, got the status {answer.status}. Check the address; redirects are not followed."
        raise AddressUnusable(msg)
    until, size = time.monotonic() + _MOST_S, 0
    while part := answer.read1(_PART_BYTES):
        size += len(part)
        if size > most:
            msg = f"Expected a photograph of at most {most} bytes at this address, got more. Reduce it."
            raise PhotoTooLarge(msg)
        if time.monotonic() > until:
            msg = f"Expected a photograph within {_MOST_S} seconds, got a part of it. Try again later."
            raise AddressUnusable(msg)
        file.write(part)
    if answer.length:
        msg = f"Expected a photograph, got one without its last {answer.length} bytes. Try again later."
        raise AddressUnusable(msg)
