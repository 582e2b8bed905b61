"""The ledger of operations: one row per idempotency key, so that the same key never acts twice."""

from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from connector.sources.base import Outcome
from connector.storable import checked, storable
from connector.tables import OPERATIONS
from shared.api.sources import OperationIn, OperationOut
from shared.clock import now
from shared.db.upsert import insert_for
from shared.errors import AppError, Conflict
from shared.unit import Units


class KeyReused(Conflict):
    """The same idempotency key came with another request."""

    code = "idempotency_key_reused"


class TakenOver(AppError):
    """Another worker has taken this operation over."""

    code, retryable = "operation_taken_over", False


@dataclass(frozen=True, slots=True)
class Entry:
    """An operation that this caller alone may carry out now, and what an earlier attempt had sent."""

    key: str
    fence: int
    sent: dict[str, Any] | None
    units: Units

    async def about_to_send(self, request: dict[str, Any]) -> None:
        """Store that a request is about to leave. Raises `TakenOver`."""
        await self._write(sent=storable(request))

    async def close(self, outcome: Outcome) -> None:
        """Store the outcome, and let others ask again unless it is final. Raises `TakenOver`."""
        stored = storable(shown(outcome).model_dump(mode="json"))
        await self._write(outcome=stored, final=outcome.final, lease_until=None)

    async def _write(self, **values: Any) -> None:
        statement = update(OPERATIONS).where(OPERATIONS.c.idempotency_key == self.key, OPERATIONS.c.fence == self.fence)
        async with self.units.begin() as unit:
            written = await unit.session.execute(statement.values(**values, updated_at=now()).returning(OPERATIONS.c.fence))
            if written.first() is None:
                raise TakenOver("another worker carries out this operation", remedy="Ask again with the same key.")


def shown(outcome: Outcome) -> OperationOut:
    """Return an outcome as the API shows it."""
    return OperationOut.model_validate({name: value for name, value in asdict(outcome).items() if name != "final"})


async def opened(units: Units, provider: str, operation: str, given: OperationIn, lease: timedelta) -> Entry | OperationOut:
    """Return the entry to act under, or the stored outcome, or `unknown` while somebody else acts. Raises `KeyReused`."""
    checked("idempotency_key", given.idempotency_key)
    moment, fingerprint = now(), _fingerprint(provider, operation, given)
    values = {
        "idempotency_key": given.idempotency_key,
        "provider": provider,
        "operation": operation,
        "fingerprint": fingerprint,
        "fence": 1,
        "lease_until": moment + lease,
        "created_at": moment,
        "updated_at": moment,
    }
    async with units.begin() as unit:
        statement = insert_for(unit.session, OPERATIONS).values(**values).on_conflict_do_nothing(index_elements=["idempotency_key"])
        entry = Entry(given.idempotency_key, 1, None, units)
        if (await unit.session.execute(statement.returning(OPERATIONS.c.fence))).first() is not None:
            return entry
        return await _again(unit.session, entry, fingerprint, lease)


async def _again(session: AsyncSession, entry: Entry, fingerprint: str, lease: timedelta) -> Entry | OperationOut:
    mine = OPERATIONS.c.idempotency_key == entry.key
    row = (await session.execute(select(OPERATIONS).where(mine).with_for_update())).one()
    if row.fingerprint != fingerprint:
        raise KeyReused("this idempotency key came with another request before", remedy="Use a new key for each operation.")
    if row.final:
        return OperationOut.model_validate(row.outcome)
    if row.lease_until is not None and row.lease_until > now():
        return _in_progress(row)
    fence = row.fence + 1
    await session.execute(update(OPERATIONS).where(mine).values(fence=fence, lease_until=now() + lease, updated_at=now()))
    return replace(entry, fence=fence, sent=row.sent)


def _in_progress(row: Row[Any]) -> OperationOut:
    return OperationOut(
        outcome="unknown",
        code="in_progress",
        message="the operation is being carried out for an earlier call with this key",
        remedy="Ask again with the same key.",
        evidence={"since": row.updated_at.isoformat()},
    )


def _fingerprint(provider: str, operation: str, given: OperationIn) -> str:
    """Return what two requests must share to be the same one. The values of variables may change between them."""
    asked = {"provider": provider, "operation": operation, "credential": str(given.credential_id), "arguments": given.arguments}
    return sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).hexdigest()
