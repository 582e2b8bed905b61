"""From typed handlers to consumers: decode, open the transaction, claim in the inbox, call, commit."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Table

from shared.bus.port import Consumer, Message
from shared.errors import Invalid
from shared.events.base import Event
from shared.events.cloudevents import decode
from shared.inbox import claim
from shared.observability.correlation import correlated
from shared.observability.logging import get_logger
from shared.unit import Unit, Units

log = get_logger(__name__)

Handler = Callable[[Any, Unit], Awaitable[None]]
E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class Lane:
    """A queue of one service: its handlers share one order."""

    name: str
    ordered: bool = True
    prefetch: int = 8


@dataclass(slots=True)
class Subscriptions:
    """The handlers of one service. A handler is an async function `(event, unit)`; it never commits and never acks."""

    service: str
    _lanes: dict[str, Lane] = field(default_factory=dict)
    _handlers: dict[tuple[str, str], tuple[type[Event], Handler]] = field(default_factory=dict)

    def on(
        self, contract: type[E], *, lane: Lane
    ) -> Callable[[Callable[[E, Unit], Awaitable[None]]], Callable[[E, Unit], Awaitable[None]]]:
        """Register a handler for a contract. Handlers of one lane are called in the order of their events."""

        def register(handler: Callable[[E, Unit], Awaitable[None]]) -> Callable[[E, Unit], Awaitable[None]]:
            taken = (lane.name, contract.topic)
            if taken in self._handlers:
                raise TypeError(f"{self.service}.{lane.name} already handles {contract.topic}")
            self._lanes[lane.name] = lane
            self._handlers[taken] = (contract, handler)
            return handler

        return register

    def heard(self) -> list[tuple[str, str]]:
        """Return (topic, lane) of everything that this service hears."""
        return sorted((topic, lane) for lane, topic in self._handlers)

    def consumers(self, units: Units, inbox: Table) -> list[Consumer]:
        """Return this service's consumers, bound to its database."""
        return [
            Consumer(
                service=self.service,
                name=lane.name,
                topics=frozenset(topic for name, topic in self._handlers if name == lane.name),
                handle=_handling(f"{self.service}.{lane.name}", self._by_topic(lane.name), units, inbox),
                ordered=lane.ordered,
                prefetch=lane.prefetch,
            )
            for lane in self._lanes.values()
        ]

    def _by_topic(self, lane: str) -> dict[str, tuple[type[Event], Handler]]:
        return {topic: entry for (name, topic), entry in self._handlers.items() if name == lane}


def _handling(
    consumer: str, handlers: dict[str, tuple[type[Event], Handler]], units: Units, inbox: Table
) -> Callable[[Message], Awaitable[None]]:
    async def handle(message: Message) -> None:
        event = decode(message.body)
        entry = handlers.get(event.topic)
        if entry is None:
            raise Invalid(f"{consumer} does not handle {event.topic}", code="not_subscribed", remedy="Discard the message.")
        _contract, handler = entry
        correlation_id = event.correlation_id or event.id
        with correlated(correlation_id):
            async with units.begin(correlation_id=correlation_id, causation_id=event.id, actor=consumer) as unit:
                if not await claim(unit.session, inbox, consumer, event.id):
                    log.info("repeat_ignored", consumer=consumer, topic=event.topic, event_id=str(event.id))
                    return
                await handler(event, unit)

    return handle
