"""What people decided on conflicts: read for a page, settled, and reopened."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.matching.listing import ConflictNotFound, shown
from mapper.records.changing import TABLES
from mapper.records.many import among
from mapper.tables import LINKS, MATCH_CANDIDATES, MATCH_CONFLICTS
from shared.api.matching import MatchConflictOut, SettleIn
from shared.clock import now
from shared.errors import Conflict
from shared.observability.logging import get_logger
from shared.unit import Unit

log = get_logger(__name__)


class ConflictSettled(Conflict):
    """Somebody settled the conflict already."""

    code = "conflict_settled"


class DecisionFollowed(Conflict):
    """A run has followed the decision: the record is linked."""

    code = "decision_followed"


class CannotBeChosen(Conflict):
    """The decision could not be followed."""

    code = "cannot_be_chosen"


async def decided_on(session: AsyncSession, integration_id: UUID, source_ids: Iterable[str]) -> dict[str, Any]:
    """Return the decisions on records of an integration, by source id, in one statement."""
    columns = (MATCH_CONFLICTS.c.source_id, MATCH_CONFLICTS.c.decision, MATCH_CONFLICTS.c.chosen_id)
    theirs = (MATCH_CONFLICTS.c.integration_id == integration_id, MATCH_CONFLICTS.c.state == "settled")
    statement = select(*columns).where(among(session, MATCH_CONFLICTS.c.source_id, "ids"), *theirs)
    return {str(row.source_id): row for row in await session.execute(statement, {"ids": list(source_ids)})}


async def settle(unit: Unit, conflict_id: UUID, given: SettleIn) -> MatchConflictOut:
    """Decide on a conflict; the next run that shows the record follows, or a replay of the run's error at once.

    Raises `ConflictNotFound`, `ConflictSettled`, `CannotBeChosen`.
    """
    row = await _locked(unit.session, conflict_id)
    if row.state == "settled":
        raise ConflictSettled(f"{row.decided_by} has settled this conflict: {row.decision}", remedy="Reopen it to decide anew.")
    await _require_possible(unit.session, row, given)
    decided = {
        "state": "settled",
        "record": None,
        "decision": given.decision,
        "chosen_id": given.record_id,
        "note": given.note,
        "decided_by": unit.actor,
        "decided_at": now(),
    }
    await unit.session.execute(update(MATCH_CONFLICTS).where(MATCH_CONFLICTS.c.id == conflict_id).values(decided))
    log.info("match_conflict_settled", conflict_id=str(conflict_id), decision=given.decision)
    return await shown(unit.session, conflict_id)


async def reopen(unit: Unit, conflict_id: UUID) -> MatchConflictOut:
    """Take a decision back that no run has followed yet. Raises `ConflictNotFound`, `DecisionFollowed`."""
    row = await _locked(unit.session, conflict_id)
    if row.state == "open":
        return await shown(unit.session, conflict_id)
    mine = (LINKS.c.source_id == row.source_id, LINKS.c.integration_id == row.integration_id, LINKS.c.deleted_at.is_(None))
    if (await unit.session.execute(select(LINKS.c.source_id).where(*mine))).first() is not None:
        remedy = "Undo the run that followed it, then reopen the conflict; or merge the people who are one."
        raise DecisionFollowed("a run has followed this decision: the record is linked, and stays so", remedy=remedy)
    values = {"state": "open", **dict.fromkeys(("decision", "chosen_id", "note", "decided_by", "decided_at"))}
    await unit.session.execute(update(MATCH_CONFLICTS).where(MATCH_CONFLICTS.c.id == conflict_id).values(values))
    return await shown(unit.session, conflict_id)


async def _locked(session: AsyncSession, conflict_id: UUID) -> Row[Any]:
    row = (await session.execute(select(MATCH_CONFLICTS).where(MATCH_CONFLICTS.c.id == conflict_id).with_for_update())).one_or_none()
    if row is None:
        raise ConflictNotFound(f"there is no conflict {conflict_id}", remedy="List the conflicts: it may be gone with its cause.")
    return row


async def _require_possible(session: AsyncSession, row: Row[Any], given: SettleIn) -> None:
    candidates = (await session.execute(select(MATCH_CANDIDATES).where(MATCH_CANDIDATES.c.conflict_id == row.id))).all()
    if given.decision == "create":
        if sole := next((one for one in candidates if one.sole), None):
            message = f"a new one cannot have the record's {sole.keys[0]}: {sole.record_id} has it, and it is unique"
            raise _refused("decision", message, "Choose that one, ignore the record, or mend the source.")
        return
    if given.decision == "ignore":
        return
    if given.record_id not in {one.record_id for one in candidates}:
        raise _refused("record_id", f"{given.record_id} is not one of the candidates", "Choose one of them.")
    table = TABLES[row.object_type]
    chosen = (await session.execute(select(table).where(table.c.id == given.record_id))).one_or_none()
    if chosen is None or (row.object_type == "person" and chosen.anonymised_at is not None):
        raise _refused("record_id", "it is not there any more, or anonymised", "Choose another one.")
    leads = LINKS.c.person_id if row.object_type == "person" else LINKS.c.asset_id
    living = (LINKS.c.integration_id == row.integration_id, LINKS.c.deleted_at.is_(None), LINKS.c.missing_since.is_(None))
    other = await session.scalar(select(LINKS.c.source_id).where(leads == given.record_id, LINKS.c.source_id != row.source_id, *living))
    if other is not None:
        raise _refused("record_id", f"the user {other} of the same source is this one already", "Create a new one, or mend the source.")


def _refused(field: str, message: str, remedy: str) -> CannotBeChosen:
    return CannotBeChosen("the conflict cannot be settled like this", remedy=remedy, fields=[{"field": field, "message": message}])
