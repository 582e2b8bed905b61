"""What every service starts with: its database, its units of work, its relay and its consumers, and stops in reverse."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table

from shared.bus.port import Bus, BusUnavailable
from shared.bus.subscriptions import Subscriptions
from shared.config import CommonSettings, ServiceSettings
from shared.db.engine import Database, opened
from shared.db.migrate import Schema
from shared.errors import AppError
from shared.http.health import Check
from shared.http.service_tokens import ServiceTokens
from shared.observability.logging import get_logger
from shared.outbox import Relay
from shared.unit import Units

log = get_logger(__name__)


class MissingServiceKey(AppError):
    """A service was started without the key that signs service tokens."""

    code = "missing_service_key"


@dataclass(frozen=True, slots=True)
class Foundation:
    """What a service stands on while it runs."""

    database: Database
    units: Units
    relay: Relay
    tokens: ServiceTokens
    bus: Bus
    checks: dict[str, Check]
    """Each dependency by name, for `/health/ready`. A service may add its own."""


@asynccontextmanager
async def founded(
    *, schema: Schema, outbox: Table, service: str, settings: ServiceSettings, common: CommonSettings, bus: Bus
) -> AsyncIterator[Foundation]:
    """Open the database and give the foundation; nothing is consumed or relayed yet. Raises `MissingServiceKey`."""
    if common.service_key is None:
        raise MissingServiceKey("ROLLCALL_SERVICE_KEY is not set", remedy="Give all services the same secret of at least 32 characters.")
    async with opened(settings.database_url, schema.name) as database:
        relay = Relay(database, outbox, bus, poll=settings.outbox_poll)
        units = Units(database, outbox, after_commit=relay.nudge)

        async def relay_is_moving() -> None:
            if relay.behind_since is not None:
                raise BusUnavailable(f"the outbox has waited since {relay.behind_since.isoformat()}")

        yield Foundation(
            database=database,
            units=units,
            relay=relay,
            tokens=ServiceTokens(common.service_key, service),
            bus=bus,
            checks={"database": database.check, "bus": bus.check, "outbox": relay_is_moving},
        )


@asynccontextmanager
async def at_work(foundation: Foundation, subscriptions: Subscriptions | None, inbox: Table, *, parts: Any = None) -> AsyncIterator[None]:
    """Consume and relay inside the block. `parts` is what handlers find as `unit.parts`.

    At the end consumption stops first (what is in work is finished), then the relay, so that the last events still leave.
    """
    foundation.units.parts = parts
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(foundation.relay.running(inbox=inbox))
        if subscriptions is not None:
            await stack.enter_async_context(foundation.bus.consuming(subscriptions.consumers(foundation.units, inbox)))
        log.info("service_at_work", service=foundation.database.name)
        yield
