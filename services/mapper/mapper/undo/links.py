"""Links that an undo puts back as they were, so that the next run sees what it would have seen without the one that is undone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, bindparam, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.authority.remembering import forget_links
from mapper.observations.keeping import forget_observed
from mapper.records.loading import portions
from mapper.tables import LINKS
from mapper.undo.coming_again import made, unmake
from shared.clock import now
from shared.db.upsert import insert_for
from shared.events.records import RecordType

MOMENTS = ("missing_since", "deleted_at", "last_observed_at", "first_observed_at")
IDS = ("integration_id", "person_id", "saas_user_id", "asset_id", "last_run_id")
NOTHING_TOLD = (*IDS, "assigned_source_id")
"""Columns whose emptiness is told, too."""


@dataclass(slots=True)
class Links:
    """The links of an integration that a batch has to do with, and what becomes of them."""

    integration_id: UUID
    there: dict[str, Row[Any]]
    changed: dict[str, dict[str, Any]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    again: list[dict[str, Any]] = field(default_factory=list)

    def of(self, record_type: RecordType, record_id: UUID) -> list[Row[Any]]:
        """Return the links of a record."""
        return [row for row in self.there.values() if getattr(row, f"{record_type}_id") == record_id]

    def take(self, rows: Iterable[Row[Any]]) -> list[dict[str, Any]]:
        """Remove links; return them as they are kept, to be put back once."""
        kept = []
        for row in rows:
            if row.source_id not in self.gone:
                self.gone.add(row.source_id)
                kept.append({str(name): _plain(value) for name, value in row._mapping.items()})  # noqa: SLF001 - the public way to a row's names
        return kept

    def put_back(self, link: Mapping[str, Any]) -> dict[str, Any] | None:
        """Let a link be what it was before a change, if nothing newer was said of it; return the change that would undo that."""
        row = self.there.get(link["source_id"])
        if row is None or row.content_hash != link["is"] or row.source_id in self.gone:
            return None
        if link["was"] is None:
            return {"links": self.take([row])}
        values = {"missing_since": None, "deleted_at": None, **{name: _value(name, value) for name, value in link["was"].items()}}
        self.changed[row.source_id] = {**self.changed.get(row.source_id, {}), **values}
        was = {name: _plain(getattr(row, name)) for name in values if getattr(row, name) is not None or name in NOTHING_TOLD}
        return {"wrote": [{"source_id": row.source_id, "is": values["content_hash"], "was": was}]}

    def mark_missing(self, rows: Iterable[Row[Any]], since: datetime | None) -> None:
        """Say since when the source has these no longer, or that it has them."""
        for row in rows:
            self.changed[row.source_id] = {**self.changed.get(row.source_id, {}), "missing_since": since}

    def bring_back(self, kept: Iterable[Mapping[str, Any]]) -> None:
        """Put removed links back, unless the source's ids belong to somebody else by now."""
        self.again += [{name: _value(name, value) for name, value in link.items()} for link in kept if link["source_id"] not in self.there]

    async def write(self, session: AsyncSession, undo_id: UUID) -> None:
        """Write what becomes of them; records must be there."""
        await unmake(session, self.integration_id, undo_id, self.gone)
        await made(session, self.integration_id, [link["source_id"] for link in self.again])
        # What was observed belongs to what is undone: the next run must not take it for what was there before.
        await forget_observed(session, self.integration_id, {*self.gone, *self.changed})
        for portion in portions(self.gone):
            await session.execute(delete(LINKS).where(LINKS.c.source_id.in_(portion), LINKS.c.integration_id == self.integration_id))
        by_names: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for source_id, values in self.changed.items():
            if source_id not in self.gone:
                by_names.setdefault(tuple(sorted(values)), []).append(
                    {"this": source_id, **{f"new_{name}": values[name] for name in values}}
                )
        # What a source said by way of the run that is undone is not what it says: until its next run, it counts as not asked.
        await forget_links(session, self.integration_id, self.changed)
        for names, rows in by_names.items():
            mine = and_(LINKS.c.source_id == bindparam("this"), LINKS.c.integration_id == self.integration_id)
            values = {name: bindparam(f"new_{name}", type_=LINKS.c[name].type) for name in names}
            await session.execute(update(LINKS).where(mine).values(values), rows)
        if self.again:
            await session.execute(insert_for(session, LINKS).on_conflict_do_nothing(), self.again)


async def links_around(
    session: AsyncSession,
    integration_id: UUID,
    *,
    person_ids: Iterable[UUID],
    asset_ids: Iterable[UUID],
    origins: Sequence[Mapping[str, Any]],
) -> Links:
    """Return the integration's links to these people and assets, and those that the revisions name."""
    found: dict[str, Row[Any]] = {}
    named = {link["source_id"] for origin in origins for name in ("wrote", "links") for link in origin.get(name, ())}
    wanted: list[tuple[ColumnElement[Any], Iterable[Any]]] = [
        (LINKS.c.person_id, set(person_ids)),
        (LINKS.c.asset_id, set(asset_ids)),
        (LINKS.c.source_id, named),
    ]
    for column, values in wanted:
        for portion in portions(values):
            rows = await session.execute(select(LINKS).where(column.in_(portion), LINKS.c.integration_id == integration_id))
            found |= {row.source_id: row for row in rows}
    return Links(integration_id, found)


async def linked_elsewhere(session: AsyncSession, integration_id: UUID, person_ids: Iterable[UUID]) -> set[UUID]:
    """Return the people whom another integration knows, too."""
    found: set[UUID] = set()
    for portion in portions(person_ids):
        others = or_(LINKS.c.integration_id < integration_id, LINKS.c.integration_id > integration_id)
        found |= set(await session.scalars(select(LINKS.c.person_id).where(LINKS.c.person_id.in_(portion), others).distinct()))
    return found


def since_of(value: Any) -> datetime | None:
    """Return a moment of a record's field as links keep it."""
    return None if value is None else datetime.fromisoformat(str(value))


def marked(at: datetime | None = None) -> str:
    """Return a moment as it is kept with a revision."""
    return (at or now()).isoformat()


def _value(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in MOMENTS:
        return datetime.fromisoformat(value)
    return UUID(value) if name in IDS else value


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
