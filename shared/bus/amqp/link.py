"""Connections to RabbitMQ: opened with a time-out, closed without waiting for a broker that is gone.

Plain connections, not self-healing ones: whoever owns one knows when it is lost, and decides what that means.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

import aio_pika
from aio_pika.abc import AbstractConnection
from aio_pika.exceptions import AMQPError, AuthenticationError, ChannelPreconditionFailed, ProbableAuthenticationError
from pamqp.exceptions import PAMQPException
from pydantic import SecretStr
from yarl import URL

from shared.bus.port import BusUnavailable
from shared.errors import Invalid

CONNECT_SECONDS = 5.0
CLOSE_SECONDS = 3.0
HEARTBEAT_SECONDS = 15

TROUBLE = (AMQPError, PAMQPException, OSError, RuntimeError, EOFError)
"""What the client library raises when a connection or channel is not there (any more)."""


class BadBusUrl(Invalid):
    """The address of the bus is not one of RabbitMQ."""

    code = "bad_bus_url"


@dataclass(frozen=True, slots=True)
class Address:
    """Where the broker is. Printing it shows no password."""

    url: SecretStr
    place: str
    """Host and port, for people."""


def address_of(url: SecretStr) -> Address:
    """Return the address that `url` names. Raises `BadBusUrl`, which does not repeat it."""
    try:
        parsed = URL(url.get_secret_value())
    except ValueError:
        parsed = URL()
    if parsed.scheme not in {"amqp", "amqps"} or not parsed.host:
        raise BadBusUrl("the bus URL does not name a RabbitMQ server", remedy="Use amqp://user:password@host:port/vhost, or amqps://.")
    query = {"heartbeat": str(HEARTBEAT_SECONDS), **parsed.query}
    port = parsed.port or (5671 if parsed.scheme == "amqps" else 5672)
    return Address(SecretStr(str(parsed.with_query(query))), f"{parsed.host}:{port}")


async def connection_to(address: Address, purpose: str) -> AbstractConnection:
    """Return a new connection; `purpose` is what the broker's own tools show. Raises `BusUnavailable`."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            return await aio_pika.connect(address.url.get_secret_value(), client_properties={"connection_name": f"rollcall {purpose}"})
    except (AuthenticationError, ProbableAuthenticationError):
        raise BusUnavailable(
            f"RabbitMQ at {address.place} refuses the login", remedy="Correct the user, the password or the virtual host in the bus URL."
        ) from None
    except TROUBLE as error:
        raise unavailable(address, error) from None


def unavailable(address: Address, error: BaseException) -> BusUnavailable:
    """Return what the client library's error means to us. Its own words are left out: they may quote the address."""
    if isinstance(error, ChannelPreconditionFailed):
        return BusUnavailable(
            f"RabbitMQ at {address.place} has one of our queues or exchanges with other settings",
            remedy="Drain and delete it, or choose another ROLLCALL_BUS_NAME.",
        )
    return BusUnavailable(
        f"RabbitMQ at {address.place} does not answer ({type(error).__name__})", remedy="It is tried again by itself; see that it runs."
    )


async def close_quietly(connection: AbstractConnection) -> None:
    """Close a connection that may be broken already; never raises, never waits long."""
    with suppress(Exception):
        async with asyncio.timeout(CLOSE_SECONDS):
            await connection.close()
