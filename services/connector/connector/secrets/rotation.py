"""Rotation: bringing every stored secret under the current key, in batches that each count for themselves."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Table, bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from connector.secrets.vault import Sealed, SecretUnreadable, Vault
from connector.tables import CONTACT_SECRETS, CREDENTIALS
from shared.db.engine import Database
from shared.unit import Units

SEALED: tuple[Table, ...] = (CREDENTIALS, CONTACT_SECRETS)
"""Every table that holds secrets: each has the columns id, secret, data_key and key_id."""


@dataclass(frozen=True, slots=True)
class KeyUse:
    """How many secrets need a key; `directly` are those that have no data key of their own yet."""

    key_id: str
    secrets: int
    directly: int


@dataclass(slots=True)
class Rotated:
    """What a rotation did: how many secrets it brought under the current key, and whose ids it could not read."""

    rewrapped: int
    unreadable: list[UUID]


async def keys_in_use(database: Database) -> list[KeyUse]:
    """Return the keys that stored secrets need, by id."""
    found: dict[str, KeyUse] = {}
    async with database.reading() as session:
        for table in SEALED:
            counts = func.count(), func.count().filter(table.c.data_key.is_(None))
            for key_id, secrets, directly in await session.execute(select(table.c.key_id, *counts).group_by(table.c.key_id)):
                before = found.get(key_id, KeyUse(key_id, 0, 0))
                found[key_id] = KeyUse(key_id, before.secrets + secrets, before.directly + directly)
    return [found[key_id] for key_id in sorted(found)]


async def rotate(units: Units, vault: Vault, *, batch: int, after_batch: Callable[[int], None] = lambda _done: None) -> Rotated:
    """Rewrap every data key that is not under the current key, and give one to the secrets that have none.

    Every batch is committed by itself: whatever stops the rotation, each secret is readable, and the next call goes on.
    """
    done = Rotated(0, [])
    for table in SEALED:
        after: UUID | None = None
        while True:
            async with units.begin() as unit:
                rows = await _next(unit.session, table, vault.key_id, after, batch)
                if not rows:
                    break
                rewrapped = [values for row in rows if (values := _rewrapped(row, vault, done.unreadable)) is not None]
                await _write(unit.session, table, rewrapped)
            after = rows[-1].id
            done.rewrapped += len(rewrapped)
            after_batch(done.rewrapped)
    return done


async def _next(session: AsyncSession, table: Table, key_id: str, after: UUID | None, batch: int) -> list[Row[Any]]:
    """Lock and return the rows that come next. A row that somebody else renews at this moment is waited for."""
    others = or_(table.c.key_id != key_id, table.c.data_key.is_(None))
    statement = select(table.c.id, table.c.secret, table.c.data_key, table.c.key_id).where(others)
    if after is not None:
        statement = statement.where(table.c.id > after)
    return list(await session.execute(statement.order_by(table.c.id).limit(batch).with_for_update()))


def _rewrapped(row: Row[Any], vault: Vault, unreadable: list[UUID]) -> dict[str, Any] | None:
    try:
        sealed = vault.rewrap(Sealed(row.key_id, row.secret, row.data_key), about=row.id)
    except SecretUnreadable:
        unreadable.append(row.id)
        return None
    return {"of_id": row.id, "new_secret": sealed.ciphertext, "new_data_key": sealed.data_key, "new_key_id": sealed.key_id}


async def _write(session: AsyncSession, table: Table, rewrapped: list[dict[str, Any]]) -> None:
    if rewrapped:
        values: dict[str, Any] = {
            "secret": bindparam("new_secret"),
            "data_key": bindparam("new_data_key"),
            "key_id": bindparam("new_key_id"),
        }
        connection = await session.connection()
        await connection.execute(update(table).where(table.c.id == bindparam("of_id")).values(**values), rewrapped)
