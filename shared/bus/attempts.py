"""Trying a message until it is handled or given up: the same rule for both adapters."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.bus.parcels import Parcel
from shared.bus.port import Consumer, Message, Retry, RetryPolicy
from shared.errors import AppError
from shared.observability.logging import get_logger
from shared.observability.metrics import MESSAGES_HANDLED, MESSAGES_RETRIED

log = get_logger(__name__)

WORLD_ERRORS = (Retry, OperationalError, InterfaceError, PoolTimeout, ConnectionError, TimeoutError)
"""Errors that say nothing about the message: it is tried for as long as it takes."""
WORLD_SQLSTATES = ("08", "40", "53", "55P03", "57")
"""PostgreSQL error classes of the same kind: connection, rollback by conflict, resources, lock wait, operator's intervention."""


def of_the_world(error: Exception) -> bool:
    """Return whether `error` says something about the surroundings, and nothing about the message."""
    if isinstance(error, WORLD_ERRORS):
        return True
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None) or ""
        return error.connection_invalidated or state.startswith(WORLD_SQLSTATES)
    return False


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Why a message goes to the dead letters. The reason names the error, never the message's content."""

    code: str
    reason: str
    attempts: int


async def attempt_all(
    consumer: Consumer, parcel: Parcel, policy: RetryPolicy, stopping: Callable[[], bool] = lambda: False
) -> AsyncGenerator[tuple[Message, GivenUp | None]]:
    """Handle a parcel; give each message, in order, once it is handled or given up. What is given up is for the caller to put away.

    Where they are handled one by one, none is begun any more once `stopping` says so.
    """
    if await _attempt_together(consumer, parcel, policy):
        for message in parcel:
            yield message, None
        return
    for place, message in enumerate(parcel):
        if place and stopping():
            return
        yield message, await attempt(consumer, message, policy)


async def _attempt_together(consumer: Consumer, parcel: Parcel, policy: RetryPolicy) -> bool:
    """Return whether all were handled at once. Where it fails, or is not to be tried, none of them is."""
    if consumer.together is None or len(parcel) == 1:
        return False
    try:
        async with asyncio.timeout(policy.longest_attempt):
            await consumer.together(parcel)
    except Exception as error:
        # Whatever it is: each message is tried by itself next, and says so.
        log.warning("parcel_taken_apart", consumer=consumer.id, topic=parcel[0].topic, messages=len(parcel), exc_info=error)
        return False
    MESSAGES_HANDLED.labels(consumer.id).inc(len(parcel))
    return True


async def attempt(consumer: Consumer, message: Message, policy: RetryPolicy) -> GivenUp | None:
    """Return None once the message is handled, or why it is given up. Waits between attempts; cancellation passes through."""
    tries = failures = 0
    while True:
        tries += 1
        try:
            async with asyncio.timeout(policy.longest_attempt):
                await consumer.handle(message)
        except Exception as error:  # noqa: BLE001 - the top of the loop: whatever a handler raises must end in a retry or a dead letter
            why = _judge(error, tries)
            if not of_the_world(error):
                failures += 1
                if failures >= policy.attempts or (isinstance(error, AppError) and not error.retryable):
                    return _give_up(consumer, message, why)
        else:
            MESSAGES_HANDLED.labels(consumer.id).inc()
            return None
        MESSAGES_RETRIED.labels(consumer.id).inc()
        log.warning(
            "message_retried", consumer=consumer.id, topic=message.topic, event_id=str(message.id), attempt=tries, reason=why.reason
        )
        await asyncio.sleep(policy.pause(tries))


def _judge(error: Exception, tries: int) -> GivenUp:
    if isinstance(error, AppError):
        return GivenUp(error.code, error.message[:500], tries)
    log.warning("handler_failed", exc_info=error)
    return GivenUp("handler_failed", f"{type(error).__name__} in the handler", tries)


def _give_up(consumer: Consumer, message: Message, why: GivenUp) -> GivenUp:
    log.error("message_given_up", consumer=consumer.id, topic=message.topic, event_id=str(message.id), code=why.code, attempts=why.attempts)
    return why
