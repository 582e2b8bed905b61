"""Conflicts of matching, shown: the oldest first, with whom each record may belong to."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.records.changing import TABLES
from mapper.tables import LINKS, MATCH_CANDIDATES, MATCH_CONFLICTS
from shared.api.mappings import MappedType
from shared.api.matching import ConflictState, MatchCandidateOut, MatchConflictOut
from shared.errors import NotFound
from shared.http.paging import Page, encode_cursor, id_in

NAMES: dict[MappedType, tuple[str, str]] = {"person": ("full_name", "username"), "asset": ("hostname", "device_id")}
NEXT = {
    "choose": "the next run that shows the record gives it to whom was chosen",
    "create": "the next run that shows the record makes a new one of it",
    "ignore": "every run that shows the record skips it",
}


class ConflictNotFound(NotFound):
    """No conflict has this id: it never was, or its cause is gone."""

    code = "match_conflict_not_found"


async def list_conflicts(
    session: AsyncSession, *, state: ConflictState | None, integration_id: UUID | None, cursor: str | None, limit: int
) -> Page[MatchConflictOut]:
    """Return a page of conflicts. Raises `BadCursor`."""
    statement = select(MATCH_CONFLICTS).order_by(MATCH_CONFLICTS.c.id).limit(limit + 1)
    for column, value in ((MATCH_CONFLICTS.c.state, state), (MATCH_CONFLICTS.c.integration_id, integration_id)):
        if value is not None:
            statement = statement.where(column == value)
    if cursor is not None:
        statement = statement.where(MATCH_CONFLICTS.c.id > id_in(cursor))
    rows = (await session.execute(statement)).all()
    more = encode_cursor([str(rows[limit - 1].id)]) if len(rows) > limit else None
    return Page(items=await _shown(session, rows[:limit]), next_cursor=more)


async def shown(session: AsyncSession, conflict_id: UUID) -> MatchConflictOut:
    """Return one conflict. Raises `ConflictNotFound`."""
    rows = (await session.execute(select(MATCH_CONFLICTS).where(MATCH_CONFLICTS.c.id == conflict_id))).all()
    if not rows:
        raise ConflictNotFound(f"there is no conflict {conflict_id}", remedy="List the conflicts: it may be gone with its cause.")
    return (await _shown(session, rows))[0]


async def _shown(session: AsyncSession, rows: Sequence[Row[Any]]) -> list[MatchConflictOut]:
    candidates: dict[UUID, list[MatchCandidateOut]] = {row.id: [] for row in rows}
    for object_type in NAMES:
        mine = [row.id for row in rows if row.object_type == object_type]
        if mine:
            await _add_candidates(session, object_type, mine, candidates)
    linked = await _linked(session, rows)
    return [_out(row, candidates[row.id], followed=(row.source_id, row.integration_id) in linked) for row in rows]


async def _add_candidates(
    session: AsyncSession, object_type: MappedType, conflict_ids: list[UUID], candidates: dict[UUID, list[MatchCandidateOut]]
) -> None:
    table = TABLES[object_type]
    first, second = NAMES[object_type]
    leads = LINKS.c.person_id if object_type == "person" else LINKS.c.asset_id
    living = and_(
        leads == MATCH_CANDIDATES.c.record_id,
        LINKS.c.integration_id == MATCH_CONFLICTS.c.integration_id,
        LINKS.c.source_id != MATCH_CONFLICTS.c.source_id,
        LINKS.c.deleted_at.is_(None),
        LINKS.c.missing_since.is_(None),
    )
    values = {name: table.c.fields[name].as_string().label(f"their_{name}") for name in {first, second, "email"}}
    statement = (
        select(MATCH_CANDIDATES, LINKS.c.source_id.label("linked_source_id"), *values.values())
        .join(MATCH_CONFLICTS, MATCH_CONFLICTS.c.id == MATCH_CANDIDATES.c.conflict_id)
        .outerjoin(table, table.c.id == MATCH_CANDIDATES.c.record_id)
        .outerjoin(LINKS, living)
        .where(MATCH_CANDIDATES.c.conflict_id.in_(conflict_ids))
        .order_by(MATCH_CANDIDATES.c.conflict_id, MATCH_CANDIDATES.c.place)
    )
    seen: set[tuple[UUID, UUID]] = set()
    for row in await session.execute(statement):
        if (row.conflict_id, row.record_id) not in seen:
            seen.add((row.conflict_id, row.record_id))
            name = getattr(row, f"their_{first}") or getattr(row, f"their_{second}")
            told = {"record_id": row.record_id, "keys": row.keys, "linked_source_id": row.linked_source_id}
            candidates[row.conflict_id].append(MatchCandidateOut(**told, name=name, email=row.their_email))


async def _linked(session: AsyncSession, rows: Sequence[Row[Any]]) -> set[tuple[str, UUID]]:
    theirs = (LINKS.c.source_id.in_([row.source_id for row in rows]), LINKS.c.deleted_at.is_(None))
    return {
        (row.source_id, row.integration_id)
        for row in await session.execute(select(LINKS.c.source_id, LINKS.c.integration_id).where(*theirs))
    }


def _out(row: Row[Any], candidates: list[MatchCandidateOut], *, followed: bool) -> MatchConflictOut:
    if row.state == "open":
        says = "nothing is written until somebody settles it"
    elif followed:
        says = "the decision was followed: the record is linked"
    else:
        says = f"{NEXT[row.decision]}; to follow at once, replay the error of its run"
    columns = {str(name): value for name, value in row._mapping.items()}  # noqa: SLF001 - the public way to a row's names
    return MatchConflictOut(**columns, candidates=candidates, followed=followed, says=says)
