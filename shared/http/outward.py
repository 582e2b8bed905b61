"""Speaking to addresses that somebody typed in: only to those where a stranger may send us, checked where the connection is made.

A name is resolved once, every address it has is checked, and the connection goes to an address that was checked: a name that
changes its address in between gains nothing. Redirects are not followed, and no proxy of the environment is used, since both
would choose the address after the check.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable, Sequence

import httpcore
import httpx
from typing_extensions import override

from shared.errors import UpstreamRefused

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
LAST_32_BITS = 0xFFFF_FFFF


class AddressRefused(UpstreamRefused):
    """A host has an address to which nobody outside may send us, or is asked over plain http."""

    code, title = "address_refused", "This address may not be reached"


def outward_client(
    *, private: Sequence[Network], timeout: httpx.Timeout, connections: int, tls: ssl.SSLContext | None = None
) -> httpx.AsyncClient:
    """Return a client that reaches public addresses over https, and those in the networks `private` over https or http."""
    context = tls or ssl.create_default_context()
    return httpx.AsyncClient(
        follow_redirects=False,
        trust_env=False,
        timeout=timeout,
        headers={"User-Agent": "rollcall", "Accept": "application/json"},
        mounts={
            "https://": _Transport(CheckedBackend(private, public=True), connections, context),
            "http://": _Transport(CheckedBackend(private, public=False), connections, context),
        },
    )


class CheckedBackend(httpcore.AnyIOBackend):
    """Opens connections, but only to addresses that are allowed."""

    def __init__(self, private: Sequence[Network], *, public: bool) -> None:
        self._private = private
        self._public = public

    @override
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of `host`. Raises `AddressRefused` when any of its addresses is not allowed."""
        addresses = await _addresses(host, port)
        for address in addresses:
            if not self._allows(address):
                over = "" if self._public else " over plain http"
                raise AddressRefused(
                    f"{host} is at {address}, which may not be reached{over}",
                    remedy="Use a public host over https, or have ROLLCALL_CONNECTOR_PRIVATE_NETWORKS name the network of an inner one.",
                )
        return await super().connect_tcp(str(addresses[0]), port, timeout, local_address, socket_options)

    def _allows(self, address: Address) -> bool:
        meant = _meant(address)
        if any(meant in network for network in self._private if network.version == meant.version):
            return True
        return self._public and meant.is_global and not meant.is_multicast


class _Transport(httpx.AsyncHTTPTransport):
    """HTTP over a backend of our choice, which httpx's own transport has no argument for."""

    def __init__(self, backend: httpcore.AsyncNetworkBackend, connections: int, context: ssl.SSLContext) -> None:
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context, max_connections=connections, max_keepalive_connections=connections, network_backend=backend
        )


async def _addresses(host: str, port: int) -> list[Address]:
    """Return every address of a name. Raises `httpcore.ConnectError` when it has none."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"{host} has no address") from error
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]


def _meant(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for, where it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & LAST_32_BITS)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None) or address
