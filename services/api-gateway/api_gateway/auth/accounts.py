"""Accounts, as they are stored. They are never removed: their names stand beside what they changed."""

import unicodedata
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from api_gateway.auth.shapes import AccountIn, AccountOut
from api_gateway.tables import ACCOUNTS
from shared.clock import now
from shared.db.upsert import insert_for
from shared.errors import Conflict, NotFound
from shared.ids import new_id

RESERVED = frozenset({"system", "connector", "mapper", "workflow-engine", "api-gateway"})
"""Names under which services act: an account of that name would pass for one of them in every record's history."""


def name_key(name: str) -> str:
    """Return what two names have in common that people take for the same."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


async def add_account(session: AsyncSession, given: AccountIn) -> AccountOut:
    """Store an account. Raises `Conflict` when its name is taken or reserved."""
    made = None if name_key(given.name) in RESERVED else await insert_account(session, given)
    if made is None:
        remedy = "Choose another name."
        problem = {"field": "name", "message": "is taken", "remedy": remedy}
        raise Conflict(f"the account name {given.name!r} is taken", code="name_taken", remedy=remedy, fields=[problem])
    return made


async def insert_account(session: AsyncSession, given: AccountIn) -> AccountOut | None:
    """Store an account; None when its name is taken, also by a transaction that is under way."""
    row = {**given.model_dump(), "id": new_id(), "name_key": name_key(given.name), "created_at": now()}
    statement = insert_for(session, ACCOUNTS).values(row).on_conflict_do_nothing(index_elements=["name_key"])
    stored = (await session.execute(statement.returning(*ACCOUNTS.c))).first()
    return None if stored is None else AccountOut.model_validate(stored)


async def list_accounts(session: AsyncSession, *, after: str | None, limit: int) -> list[AccountOut]:
    """Return at most `limit` accounts, by name; those after `after`, which is a name key."""
    statement = select(ACCOUNTS).order_by(ACCOUNTS.c.name_key).limit(limit)
    if after is not None:
        statement = statement.where(ACCOUNTS.c.name_key > after)
    return [AccountOut.model_validate(row) for row in await session.execute(statement)]


async def count_accounts(session: AsyncSession) -> int:
    """Return how many accounts there are."""
    return await session.scalar(select(func.count()).select_from(ACCOUNTS)) or 0


async def named_account(session: AsyncSession, name: str) -> AccountOut | None:
    """Return the account of this name."""
    row = (await session.execute(select(ACCOUNTS).where(ACCOUNTS.c.name_key == name_key(name)))).first()
    return None if row is None else AccountOut.model_validate(row)


async def require_account(session: AsyncSession, account_id: UUID) -> None:
    """Raise `NotFound` when there is no such account."""
    if await session.scalar(select(ACCOUNTS.c.id).where(ACCOUNTS.c.id == account_id)) is None:
        raise NotFound(f"there is no account {account_id}", remedy="GET /api/v1/accounts lists them.")
