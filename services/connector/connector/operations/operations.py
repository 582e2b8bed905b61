"""Carrying out one operation at a source, for a workflow or for somebody: at most once for one key."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from connector.credentials.credentials import stored_credential
from connector.operations.leave import give_back, is_weighed, leave_for, withheld
from connector.operations.ledger import Entry, TakenOver, opened, shown
from connector.rates.lane import urgent
from connector.scope import Parts
from connector.sources.base import Access, Outcome, described
from connector.variables.inputs import resolve
from shared.api.sources import OperationIn, OperationOut
from shared.errors import AppError, Invalid
from shared.http.service_tokens import Caller
from shared.observability.logging import get_logger

log = get_logger(__name__)

MARGIN = timedelta(seconds=30)
"""How much longer than the operation its lease lasts."""


async def carry_out(parts: Parts, provider: str, key: str, given: OperationIn, caller: Caller) -> OperationOut:
    """Return what came of it. Raises `NotFound`, `Invalid` and `KeyReused` before anything is sent.

    Who takes a user away needs the guard's leave, which is given back when nothing was destroyed.
    """
    operation = parts.providers.operation(provider, key)
    operation.check(given.arguments)
    access = await _access(parts, provider, given)
    lease = timedelta(seconds=parts.settings.operation_seconds) + MARGIN
    entry = await opened(parts.units, provider, key, given, lease)
    if isinstance(entry, OperationOut):
        return entry

    async def run() -> Outcome:
        if not is_weighed(parts, provider, operation, given, caller):
            return await operation.run(access, given.arguments, entry)
        leave = await leave_for(parts, provider, operation, given, actor=caller.actor)
        if leave.outcome == "withheld":
            return withheld(leave)
        try:
            outcome = await operation.run(access, given.arguments, entry)
        except TakenOver:
            raise
        except AppError:
            # An operation raises only while nothing was sent by this attempt.
            if entry.sent is None:
                await give_back(parts, leave, actor=caller.actor)
            raise
        if outcome.outcome == "refused" and entry.sent is None:
            await give_back(parts, leave, actor=caller.actor)
        return outcome

    outcome = await _carried_out(run, entry, parts.settings.operation_seconds)
    log.info("operation_ended", provider=provider, operation=key, outcome=outcome.outcome, code=outcome.code, final=outcome.final)
    return shown(outcome)


async def _access(parts: Parts, provider: str, given: OperationIn) -> Access:
    async with parts.database.reading() as session:
        stored = await stored_credential(session, given.credential_id)
        inputs = await resolve(session, given.inputs)
    if stored.provider not in parts.providers.accepted_by(parts.providers.get(provider).manifest):
        message = f"{stored.name!r} is a credential for {stored.provider}"
        raise Invalid(message, remedy=f"Use one for {provider}.", fields=[{"field": "credential_id", "message": message}])
    return stored.access(parts.vault, inputs)


async def _carried_out(run: Callable[[], Awaitable[Outcome]], entry: Entry, seconds: float) -> Outcome:
    """Run it and store what came of it; a caller who goes away or a process that ends leaves the key open for a look."""
    try:
        async with asyncio.timeout(seconds):
            # Somebody, or a workflow, waits for it.
            with urgent():
                outcome = await run()
    except TakenOver as error:
        return Outcome("unknown", error.message, code=error.code, remedy=error.remedy, final=False)
    except TimeoutError:
        outcome = _not_known("the source took too long", "timed_out", "Ask again with the same key: the source is looked at first.")
    except AppError as error:
        outcome = _before_sending(error)
    try:
        await entry.close(outcome)
    except TakenOver as error:
        return Outcome("unknown", error.message, code=error.code, remedy=error.remedy, final=False)
    return outcome


def _before_sending(error: AppError) -> Outcome:
    """Return the outcome for an error: an operation raises only while nothing was sent."""
    told = described(error)
    if error.retryable:
        return Outcome("unknown", error.message, code=error.code, remedy=error.remedy, evidence={"failed": told}, final=False)
    return Outcome("refused", error.message, code=error.code, remedy=error.remedy, evidence={"failed": told}, final=False)


def _not_known(message: str, code: str, remedy: str) -> Outcome:
    return Outcome("unknown", message, code=code, remedy=remedy, final=False)
