"""How many records each active workflow would newly let in: by the predicate that starts runs, and nothing is started."""

from fastapi import APIRouter
from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.api.forecasts import MatchesIn, MatchesOut, WorkflowForecast
from shared.clock import now
from shared.rules import At, Predicate
from workflow_engine.scope import InParts, InReading
from workflow_engine.tables import VERSIONS, WORKFLOWS
from workflow_engine.triggers.match import began_to_match
from workflow_engine.triggers.record_changes import rule_of

router = APIRouter(tags=["workflows"])


@router.post("/matches")
async def matches(given: MatchesIn, parts: InParts, session: InReading) -> MatchesOut:
    """Return for each active workflow of the object type how many of the changes make its Begin rule true."""
    return await _matches(session, given, At(now(), parts.zone))


async def _matches(session: AsyncSession, given: MatchesIn, at: At) -> MatchesOut:
    active = and_(VERSIONS.c.workflow_id == WORKFLOWS.c.id, VERSIONS.c.version == WORKFLOWS.c.active_version)
    statement = select(WORKFLOWS.c.name, VERSIONS).join(WORKFLOWS, active)
    of_them = (WORKFLOWS.c.state == "active", VERSIONS.c.object_type == given.record_type)
    found = []
    for version in await session.execute(statement.where(*of_them).order_by(WORKFLOWS.c.name)):
        rule = rule_of(version)
        predicate = None if rule is None else Predicate(rule, at)
        found.append(
            WorkflowForecast(
                workflow_id=version.workflow_id,
                name=version.name,
                object_type=given.record_type,
                trigger=version.starts_on,
                newly_matching=sum(began_to_match(predicate, change) for change in given.changes),
            )
        )
    return MatchesOut(workflows=found)
