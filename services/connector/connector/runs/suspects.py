"""Those whom a complete listing did not show, and what the source says when it is asked for each of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from connector.sources.base import Observed
from connector.sources.keeping import refusal
from connector.storable import storable
from connector.tables import RUN_SUSPECTS
from shared.clock import now
from shared.db.upsert import insert_for
from shared.events.sources import ProofOfAbsence

CHUNK = 500
Finding = ProofOfAbsence | Observed | dict[str, Any]
"""A proof, the user after all, or the problem that kept the question from being answered."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """Somebody whom a listing did not show, and the part of the source in which they were observed last."""

    source_id: str
    part: str = ""


async def suspect(session: AsyncSession, run_id: UUID, suspects: Iterable[Suspect]) -> None:
    """Store whom to ask for; a repeat changes nothing."""
    unique = list({one.source_id: one for one in suspects}.values())
    for start in range(0, len(unique), CHUNK):
        rows = [{"run_id": run_id, "source_id": one.source_id, "part": one.part} for one in unique[start : start + CHUNK]]
        await session.execute(insert_for(session, RUN_SUSPECTS).values(rows).on_conflict_do_nothing())


async def not_asked_yet(session: AsyncSession, run_id: UUID, limit: int) -> list[Suspect]:
    """Return the next ones to ask for."""
    statement = select(RUN_SUSPECTS.c.source_id, RUN_SUSPECTS.c.part)
    statement = statement.where(RUN_SUSPECTS.c.run_id == run_id, RUN_SUSPECTS.c.finding.is_(None))
    rows = await session.execute(statement.order_by(RUN_SUSPECTS.c.source_id).limit(limit))
    return [Suspect(row.source_id, row.part) for row in rows]


async def note_findings(session: AsyncSession, run_id: UUID, findings: Mapping[str, Finding]) -> None:
    """Store what the source said."""
    statement = (
        update(RUN_SUSPECTS)
        .where(RUN_SUSPECTS.c.run_id == bindparam("the_run"), RUN_SUSPECTS.c.source_id == bindparam("the_id"))
        .values(finding=bindparam("what"), proof=bindparam("proven"), record=bindparam("raw"), problem=bindparam("trouble"))
        .values(asked_at=now())
    )
    rows = [{"the_run": run_id, "the_id": source_id, **_columns(finding)} for source_id, finding in findings.items()]
    if rows:
        connection = await session.connection()
        await connection.execute(statement, rows)


async def give_up_on_the_rest(session: AsyncSession, run_id: UUID, problem: dict[str, Any]) -> None:
    """Note the same problem for everybody who was not asked for."""
    statement = update(RUN_SUSPECTS).where(RUN_SUSPECTS.c.run_id == run_id, RUN_SUSPECTS.c.finding.is_(None))
    await session.execute(statement.values(finding="unclear", problem=storable(problem)))


async def found(session: AsyncSession, run_id: UUID, finding: str) -> list[Row[Any]]:
    """Return the suspects with a finding, by source id."""
    statement = select(RUN_SUSPECTS).where(RUN_SUSPECTS.c.run_id == run_id, RUN_SUSPECTS.c.finding == finding)
    return list((await session.execute(statement.order_by(RUN_SUSPECTS.c.source_id))).all())


def _columns(finding: Finding) -> dict[str, Any]:
    if isinstance(finding, ProofOfAbsence):
        return {"what": "absent", "proven": finding.model_dump(mode="json"), "raw": None, "trouble": None}
    if isinstance(finding, Observed):
        rejection = refusal(finding)
        trouble = None if rejection is None else rejection.model_dump(mode="json")
        return {"what": "present", "proven": None, "raw": finding.record if rejection is None else None, "trouble": trouble}
    return {"what": "unclear", "proven": None, "raw": None, "trouble": storable(finding)}
