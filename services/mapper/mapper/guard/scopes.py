"""Scopes: where losses are counted together. A SaaS instance, or the integration of people who are in none."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.tables import GUARD_SCOPES
from shared.db.upsert import insert_for


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """What losses are counted by."""

    kind: Literal["integration", "saas_instance"]
    id: UUID

    @property
    def key(self) -> str:
        """How a scope is stored."""
        return f"{self.kind}:{self.id}"

    @classmethod
    def stored(cls, key: str) -> "Scope":
        """Return it from how it is stored."""
        kind, _, told = key.partition(":")
        return cls("integration" if kind == "integration" else "saas_instance", UUID(told))


def instance(saas_instance_id: UUID) -> Scope:
    """Return the scope of a SaaS instance's users."""
    return Scope("saas_instance", saas_instance_id)


def integration(integration_id: UUID) -> Scope:
    """Return the scope of the people whom an integration keeps without a SaaS instance, or of its assets."""
    return Scope("integration", integration_id)


async def locked(session: AsyncSession, scopes: Iterable[Scope]) -> None:
    """Hold scopes until the transaction ends. Call it before any record is locked: everybody takes them in one order."""
    keys = sorted({scope.key for scope in scopes})
    if not keys:
        return
    row = insert_for(session, GUARD_SCOPES).on_conflict_do_nothing()
    await session.execute(row, [{"scope": key} for key in keys])
    mine = select(GUARD_SCOPES.c.scope).where(GUARD_SCOPES.c.scope.in_(keys)).order_by(GUARD_SCOPES.c.scope)
    await session.execute(mine.with_for_update())
