"""Trying a message until it is handled or given up: the same rule for both adapters."""

import asyncio
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

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
