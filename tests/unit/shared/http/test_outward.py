"""Addresses that somebody typed in: where they may lead, checked where the connection is made."""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator
from typing import Any

import httpcore
import httpx
import pytest

from shared.http.outward import AddressRefused, CheckedBackend, outward_client

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
TIMEOUT = httpx.Timeout(5)


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """Give the port of a server on this machine that says hello."""

    async def hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(hello, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Let every name have these addresses."""

    async def found(*_: Any, **__: Any) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", found)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_this_machine_is_not_reached_unless_its_network_is_named(host: str, port: int) -> None:
    """Whoever may type a URL in must not reach what listens beside us."""
    async with outward_client(private=[], timeout=TIMEOUT, connections=1) as client:
        with pytest.raises(AddressRefused, match="may not be reached over plain http"):
            await client.get(f"http://{host}:{port}/")
        with pytest.raises(AddressRefused, match=r"is at (127\.0\.0\.1|::1), which may not be reached$"):
            await client.get(f"https://{host}:{port}/")


async def test_a_named_network_is_reached_over_http(port: int) -> None:
    """A source behind the firewall is what somebody may want."""
    async with outward_client(private=[LOOPBACK], timeout=TIMEOUT, connections=1) as client:
        assert (await client.get(f"http://127.0.0.1:{port}/")).text == "hi"


@pytest.mark.parametrize(
    "address",
    [
        "10.1.2.3",
        "169.254.169.254",
        "192.168.0.1",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - an address to refuse
        "224.0.0.1",
        "::1",
        "fe80::1",
        "fd00::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:0001::1",
    ],
)
async def test_a_name_with_an_inner_address_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In whichever notation, and also when it has a public address beside it."""
    resolving(monkeypatch, "93.184.216.34", address)
    with pytest.raises(AddressRefused):
        await CheckedBackend([], public=True).connect_tcp("public.example", 443)


async def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second look at the name could give another one."""
    went: list[str] = []

    async def connect(_self: Any, host: str, *_: Any, **__: Any) -> Any:
        went.append(host)
        raise httpcore.ConnectError

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
    resolving(monkeypatch, "93.184.216.34")
    with pytest.raises(httpcore.ConnectError):
        await CheckedBackend([], public=True).connect_tcp("public.example", 443)
    assert went == ["93.184.216.34"]


async def test_a_name_without_an_address_is_a_connection_that_failed() -> None:
    """And no crash."""
    async with outward_client(private=[], timeout=TIMEOUT, connections=1) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get("https://nobody.invalid/")
