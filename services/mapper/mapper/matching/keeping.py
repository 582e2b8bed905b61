"""Keeping conflicts of matching that runs meet, until they are settled or gone."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.mappings.compiled import Compiled
from mapper.pages.comparing import usable
from mapper.pages.linking import is_called
from mapper.pages.plan import Plan
from mapper.records.changing import TABLES
from mapper.records.many import among, put
from mapper.tables import MATCH_CANDIDATES, MATCH_CONFLICTS
from shared.clock import now
from shared.events.sources import UsersObserved
from shared.ids import new_id

UNDECIDED = ("decision", "chosen_id", "note", "decided_by", "decided_at")
REPLACED = ("object_type", "state", "message", "record", "run_id", "page", "mapping_version", *UNDECIDED)
"""What a later observation replaces: the id and since when it was so stay. Whoever had been chosen is not there any more."""


async def keep_conflicts(session: AsyncSession, planned: Sequence[tuple[UsersObserved, Plan]], compiled: Compiled) -> None:
    """Keep the conflicts of one run's pages, and forget open ones of records that were written, or that nothing was asked of."""
    integration_id = planned[0][0].provenance.integration_id
    failed = {rejection.source_id for _, plan in planned for rejection in plan.rejections}
    over = [one for event, _ in planned for one in event.source_ids if usable(one) and one not in failed]
    await _forget_open(session, integration_id, over)
    rows = {}
    for event, plan in planned:
        for rejection in plan.rejections:
            if rejection.source_id in plan.conflicts:
                rows[rejection.source_id] = {
                    "id": new_id(),
                    "source_id": rejection.source_id,
                    "integration_id": integration_id,
                    "object_type": compiled.object_type,
                    "state": "open",
                    "message": rejection.message,
                    "record": rejection.record,
                    "run_id": event.provenance.run_id,
                    "page": event.page,
                    "mapping_version": compiled.version,
                    "since": now(),
                    **dict.fromkeys(UNDECIDED),
                }
    if rows:
        await put(session, MATCH_CONFLICTS, list(rows.values()), replacing=REPLACED, unique=("source_id", "integration_id"))
        await _keep_candidates(session, integration_id, list(rows), planned, compiled)


async def _keep_candidates(
    session: AsyncSession, integration_id: UUID, source_ids: list[str], planned: Sequence[tuple[UsersObserved, Plan]], compiled: Compiled
) -> None:
    theirs = (among(session, MATCH_CONFLICTS.c.source_id, "ids"), MATCH_CONFLICTS.c.integration_id == integration_id)
    found = await session.execute(select(MATCH_CONFLICTS.c.id, MATCH_CONFLICTS.c.source_id).where(*theirs), {"ids": source_ids})
    conflicts = {row.source_id: row.id for row in found}
    named = [(conflicts[source_id], given) for _, plan in planned for source_id, given in plan.conflicts.items() if source_id in conflicts]
    table = TABLES[compiled.object_type]
    wanted = list({one.record_id for _, given in named for one in given})
    # Whom an earlier page of a plan would have made is somebody else by the time it is applied.
    there = set(await session.scalars(select(table.c.id).where(among(session, table.c.id, "records")), {"records": wanted}))
    mine = among(session, MATCH_CANDIDATES.c.conflict_id, "conflicts")
    await session.execute(delete(MATCH_CANDIDATES).where(mine), {"conflicts": list(conflicts.values())})
    candidates = [
        {"conflict_id": conflict_id, "record_id": one.record_id, "place": place, "keys": list(one.keys), "sole": one.sole}
        for conflict_id, given in named
        for place, one in enumerate(given)
        if one.record_id in there
    ]
    await put(session, MATCH_CANDIDATES, candidates)


async def _forget_open(session: AsyncSession, integration_id: UUID, source_ids: list[str]) -> None:
    # Nearly always there is none: to ask for that costs less than to look for a page's ids.
    is_open = (MATCH_CONFLICTS.c.integration_id == integration_id, MATCH_CONFLICTS.c.state == "open")
    if source_ids and await session.scalar(select(exists().where(*is_open))):
        theirs = among(session, MATCH_CONFLICTS.c.source_id, "ids")
        await session.execute(delete(MATCH_CONFLICTS).where(*is_open, theirs), {"ids": source_ids})


async def forget_conflicts(session: AsyncSession, person_id: UUID) -> None:
    """Forget every conflict that has to do with a person, or with what a source calls them."""
    named = select(MATCH_CANDIDATES.c.conflict_id).where(MATCH_CANDIDATES.c.record_id == person_id)
    theirs = is_called(person_id, MATCH_CONFLICTS.c.integration_id, MATCH_CONFLICTS.c.source_id)
    of_them = or_(MATCH_CONFLICTS.c.id.in_(named), MATCH_CONFLICTS.c.chosen_id == person_id, theirs)
    await session.execute(delete(MATCH_CONFLICTS).where(of_them))
