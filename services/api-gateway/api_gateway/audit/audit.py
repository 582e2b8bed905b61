"""The audit, as it is stored: one row for each mutating call of a known account, without bodies."""

from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from api_gateway.audit.shapes import AuditEntry
from api_gateway.auth.authentication import Account
from api_gateway.tables import AUDIT
from shared.clock import now


async def write_entry(
    session: AsyncSession, account: Account, *, method: str, route: str, target: str, status: int, correlation_id: UUID
) -> None:
    """Store what was called, by whom, and how it was answered."""
    row = {"at": now(), "account": account.name, "token_id": account.token.id, "correlation_id": correlation_id}
    await session.execute(insert(AUDIT).values(**row, method=method, route=route, target=target, status=status))


async def list_entries(session: AsyncSession, *, before: int | None, limit: int) -> list[AuditEntry]:
    """Return at most `limit` entries, the newest first; those before the position `before`."""
    statement = select(AUDIT).order_by(AUDIT.c.position.desc()).limit(limit)
    if before is not None:
        statement = statement.where(AUDIT.c.position < before)
    return [AuditEntry.model_validate(row) for row in await session.execute(statement)]


async def count_entries(session: AsyncSession) -> int:
    """Return how many entries there are."""
    return await session.scalar(select(func.count()).select_from(AUDIT)) or 0
