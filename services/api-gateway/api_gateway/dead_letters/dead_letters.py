"""Reading the dead letters of the bus, whichever it is, and deciding on them."""

import asyncio
from typing import Any
from uuid import UUID

import orjson

from api_gateway.dead_letters.outline import outline
from api_gateway.dead_letters.shapes import DeadLetterOut, DeadLetterWhole
from shared.bus.consumers import CONSUMERS
from shared.bus.port import Bus, DeadLetter, UnknownConsumer
from shared.errors import AppError, NotFound, Upstream
from shared.events.cloudevents import decode

MOST = 1_000
"""Letters of one consumer that are looked through for one: a broker's queue cannot be searched."""
REPLAY_SECONDS = 30.0
"""The in-process bus handles what is replayed at once: nobody waits longer for it."""


class DeadLetterNotFound(NotFound):
    """The consumer has no such dead letter."""

    code = "dead_letter_not_found"


class ReplayTakesLong(Upstream):
    """The consumer is at it still, or cannot begin."""

    code, title = "replay_takes_long", "The consumer takes its time"


async def listed(bus: Bus, consumer: str | None, limit: int) -> list[DeadLetterOut]:
    """Return the oldest dead letters of one consumer, or of all together. Raises `UnknownConsumer`, `BusUnavailable`."""
    names = CONSUMERS if consumer is None else (consumer,)
    found: list[DeadLetter] = []
    for name in names:
        try:
            found += [letter async for letter in bus.dead_letters(name, limit=limit)]
        except UnknownConsumer:
            # A service that has never started has no dead letters; one that was asked for by name does not exist.
            if consumer is not None:
                raise
    found.sort(key=lambda letter: (letter.died_at, letter.message.id))
    return [_shown(letter) for letter in found[:limit]]


async def whole(bus: Bus, consumer: str, message_id: UUID) -> DeadLetterWhole:
    """Return one with its body. Raises `DeadLetterNotFound`, `UnknownConsumer`, `BusUnavailable`."""
    async for letter in bus.dead_letters(consumer, limit=MOST):
        if letter.message.id == message_id:
            shown = _shown(letter).model_dump()
            return DeadLetterWhole(**shown, body=_json(letter.message.body, letter.message.body.decode("utf-8", "replace")))
    raise _not_found(consumer, message_id)


async def replay(bus: Bus, consumer: str, message_id: UUID) -> None:
    """Put one before its consumer again: handled it is gone, failed again it comes back with the new reason.

    Raises `DeadLetterNotFound`, `UnknownConsumer`, `BusUnavailable`, `ReplayTakesLong`; in each case it stays.
    """
    try:
        async with asyncio.timeout(REPLAY_SECONDS):
            there = await bus.replay(consumer, message_id)
    except TimeoutError:
        remedy = "Look whether the database of its service is up; the dead letter is still there, replay it later."
        raise ReplayTakesLong(f"{consumer} has not handled the event in {REPLAY_SECONDS:.0f} seconds", remedy=remedy) from None
    if not there:
        raise _not_found(consumer, message_id)


async def discard(bus: Bus, consumer: str, message_id: UUID) -> None:
    """Remove one for good. Raises `DeadLetterNotFound`, `UnknownConsumer`, `BusUnavailable`."""
    if not await bus.discard(consumer, message_id):
        raise _not_found(consumer, message_id)


def _shown(letter: DeadLetter) -> DeadLetterOut:
    message = letter.message
    sent = _json(message.body, None)
    return DeadLetterOut(
        consumer=letter.consumer,
        id=message.id,
        topic=message.topic,
        key=message.key,
        code=letter.code,
        reason=letter.reason,
        attempts=letter.attempts,
        died_at=letter.died_at,
        bytes=len(message.body),
        summary=_summary(message.body),
        data=outline(sent.get("data")) if isinstance(sent, dict) else None,
    )


def _summary(body: bytes) -> str | None:
    try:
        return decode(body).summary
    except AppError:
        return None


def _json(body: bytes, otherwise: Any) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return otherwise


def _not_found(consumer: str, message_id: UUID) -> DeadLetterNotFound:
    return DeadLetterNotFound(
        f"{consumer} has no dead letter {message_id}", remedy="List them (GET /dead-letters); it may be replayed already."
    )
