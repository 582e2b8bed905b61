"""From typed handlers to consumers: decode, open the transaction, claim in the inbox, call, commit."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
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

Handler = Callable[[Sequence[Any], Unit], Awaitable[None]]
E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class Lane:
    """A queue of one service: its handlers share one order."""

    name: str
    ordered: bool = True
    prefetch: int = 8


@dataclass(slots=True)
class Subscriptions:
    """The handlers of one service. A handler is an async function `(event, unit)`; it never commits and never acks.

    One that was registered by `on_several` takes events of one key and one cause at once, in their order: `(events, unit)`.
    """

    service: str
    _lanes: dict[str, Lane] = field(default_factory=dict)
    _handlers: dict[tuple[str, str], Handler] = field(default_factory=dict)

    def on(
        self, contract: type[E], *, lane: Lane
    ) -> Callable[[Callable[[E, Unit], Awaitable[None]]], Callable[[E, Unit], Awaitable[None]]]:
        """Register a handler for a contract. Handlers of one lane are called in the order of their events."""

        def register(handler: Callable[[E, Unit], Awaitable[None]]) -> Callable[[E, Unit], Awaitable[None]]:
            self._register(contract, lane, _one_by_one(handler))
            return handler

        return register

    def on_several(
        self, contract: type[E], *, lane: Lane
    ) -> Callable[[Callable[[Sequence[E], Unit], Awaitable[None]]], Callable[[Sequence[E], Unit], Awaitable[None]]]:
        """Register a handler that takes one event, or several of one key and one cause."""

        def register(handler: Callable[[Sequence[E], Unit], Awaitable[None]]) -> Callable[[Sequence[E], Unit], Awaitable[None]]:
            self._register(contract, lane, handler)
            return handler

        return register

    def _register(self, contract: type[Event], lane: Lane, handler: Handler) -> None:
        taken = (lane.name, contract.topic)
        if taken in self._handlers:
            raise TypeError(f"{self.service}.{lane.name} already handles {contract.topic}")
        self._lanes[lane.name] = lane
        self._handlers[taken] = handler

    def heard(self) -> list[tuple[str, str]]:
        """Return (topic, lane) of everything that this service hears."""
        return sorted((topic, lane) for lane, topic in self._handlers)

    def consumers(self, units: Units, inbox: Table) -> list[Consumer]:
        """Return this service's consumers, bound to its database."""
        return [self._consumer(lane, units, inbox) for lane in self._lanes.values()]

    def _consumer(self, lane: Lane, units: Units, inbox: Table) -> Consumer:
        handlers = {topic: handler for (name, topic), handler in self._handlers.items() if name == lane.name}
        handling = _Handling(f"{self.service}.{lane.name}", handlers, units, inbox)
        return Consumer(
            service=self.service,
            name=lane.name,
            topics=frozenset(handlers),
            handle=handling.one,
            ordered=lane.ordered,
            prefetch=lane.prefetch,
            together=handling.several,
        )


@dataclass(frozen=True, slots=True)
class _Handling:
    """How a consumer handles what arrives."""

    consumer: str
    handlers: dict[str, Handler]
    units: Units
    inbox: Table

    async def one(self, message: Message) -> None:
        """Handle a message in a transaction of its own."""
        await self.several([message])

    async def several(self, messages: Sequence[Message]) -> None:
        """Handle the messages of a parcel, those of one cause in one transaction; what was handled before is left out."""
        events = [decode(message.body) for message in messages]
        for _, alike in groupby(events, key=lambda event: (event.topic, event.correlation_id)):
            await self._handle(list(alike))

    async def _handle(self, events: Sequence[Event]) -> None:
        first = events[0]
        handler = self.handlers.get(first.topic)
        if handler is None:
            raise Invalid(f"{self.consumer} does not handle {first.topic}", code="not_subscribed", remedy="Discard the message.")
        correlation_id = first.correlation_id or first.id
        with correlated(correlation_id):
            async with self.units.begin(correlation_id=correlation_id, causation_id=first.id, actor=self.consumer) as unit:
                new = await claim(unit.session, self.inbox, self.consumer, [event.id for event in events])
                wanted = [event for event in {event.id: event for event in events}.values() if event.id in new]
                if len(wanted) < len(events):
                    log.info("repeat_ignored", consumer=self.consumer, topic=first.topic, events=len(events) - len(wanted))
                if wanted:
                    await handler(wanted, unit)


def _one_by_one(handler: Callable[[Any, Unit], Awaitable[None]]) -> Handler:
    async def each(events: Sequence[Any], unit: Unit) -> None:
        for event in events:
            unit.causation_id = event.id
            await handler(event, unit)

    return each
