"""Counting failures in a row, and leaving an integration alone that has too many: at once when its credential is refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from connector.notices.saying import say_quarantined
from connector.tables import INTEGRATIONS, QUARANTINES
from shared.api.integrations import QuarantineOut
from shared.clock import now
from shared.db.upsert import insert_for
from shared.errors import Conflict
from shared.observability.logging import get_logger

log = get_logger(__name__)

LONGEST_DOUBLING = 20
GOOD_ENDS = frozenset({"completed", "completed_with_errors", "empty"})


class NotQuarantined(Conflict):
    """The integration is not in quarantine."""

    code = "not_quarantined"


@dataclass(frozen=True, slots=True)
class Limits:
    """How many failures in a row it takes, and how long the pauses are: each twice the one before it."""

    failures: int = 3
    first: timedelta = timedelta(hours=1)
    longest: timedelta = timedelta(hours=24)

    def pause(self, trials: int) -> timedelta:
        """Return how long to leave an integration alone that has had so many trials."""
        doubled: timedelta = self.first * 2 ** min(trials, LONGEST_DOUBLING)
        return min(doubled, self.longest)


async def note_end(session: AsyncSession, limits: Limits, run: Row[Any], *, of_credential: bool) -> None:
    """Count how a run ended. A good end ends the quarantine; a failure lengthens it, or begins it."""
    if run.file_id is not None:
        # A file is read when somebody asks: there is no schedule that a quarantine would hold back.
        return
    if run.state in GOOD_ENDS:
        await session.execute(delete(QUARANTINES).where(QUARANTINES.c.integration_id == run.integration_id))
    elif run.state == "failed":
        await _count_failure(session, limits, run, of_credential=of_credential)


async def _count_failure(session: AsyncSession, limits: Limits, run: Row[Any], *, of_credential: bool) -> None:
    first = {"integration_id": run.integration_id, "failures": 1, "trials": 0}
    counting = insert_for(session, QUARANTINES).values(first)
    more = counting.on_conflict_do_update(index_elements=["integration_id"], set_={"failures": QUARANTINES.c.failures + 1})
    row = (await session.execute(more.returning(QUARANTINES))).one()
    if row.since is None and row.failures < limits.failures and not of_credential:
        return
    moment = now()
    reason = {name: (run.error or {}).get(name) for name in ("code", "message", "remedy")} | {"run_id": str(run.id)}
    values = {"since": row.since or moment, "trials": row.trials + 1, "next_trial_at": moment + limits.pause(row.trials), "reason": reason}
    await session.execute(update(QUARANTINES).where(QUARANTINES.c.integration_id == run.integration_id).values(values))
    await say_quarantined(session, run, reason, row.failures)
    log.warning("integration_quarantined", integration_id=str(run.integration_id), failures=row.failures, code=reason["code"])


async def quarantines_of(session: AsyncSession, integration_ids: Sequence[UUID]) -> dict[UUID, QuarantineOut]:
    """Return the quarantines there are among these integrations."""
    mine = select(QUARANTINES).where(QUARANTINES.c.integration_id.in_(integration_ids), QUARANTINES.c.since.is_not(None))
    return {row.integration_id: QuarantineOut.model_validate(row) for row in await session.execute(mine)}


async def release(session: AsyncSession, integration_id: UUID) -> None:
    """End a quarantine: its schedules hold again at once. Raises `NotQuarantined`."""
    mine = delete(QUARANTINES).where(QUARANTINES.c.integration_id == integration_id, QUARANTINES.c.since.is_not(None))
    if (await session.execute(mine.returning(QUARANTINES.c.integration_id))).first() is None:
        raise NotQuarantined("the integration is not in quarantine", remedy="There is nothing to release.")


async def try_soon(session: AsyncSession, integration_id: UUID) -> None:
    """Let the next trial begin at once: somebody has mended something."""
    mine = (QUARANTINES.c.integration_id == integration_id, QUARANTINES.c.since.is_not(None))
    await session.execute(update(QUARANTINES).where(*mine).values(next_trial_at=now()))


async def try_soon_with(session: AsyncSession, credential_id: UUID) -> None:
    """Let the trials of whatever uses a credential begin at once: it was renewed."""
    theirs = select(INTEGRATIONS.c.id).where(INTEGRATIONS.c.credential_id == credential_id)
    mine = (QUARANTINES.c.integration_id.in_(theirs), QUARANTINES.c.since.is_not(None))
    await session.execute(update(QUARANTINES).where(*mine).values(next_trial_at=now()))


async def trials_due(session: AsyncSession, moment: datetime, limit: int) -> list[Row[Any]]:
    """Return the quarantines (integration_id, next_trial_at) whose pause is over."""
    due = (QUARANTINES.c.since.is_not(None), QUARANTINES.c.next_trial_at <= moment, INTEGRATIONS.c.state == "active")
    statement = select(QUARANTINES).join(INTEGRATIONS, INTEGRATIONS.c.id == QUARANTINES.c.integration_id).where(*due)
    return list((await session.execute(statement.order_by(QUARANTINES.c.next_trial_at).limit(limit))).all())


async def take_trial(session: AsyncSession, limits: Limits, row: Row[Any], moment: datetime) -> bool:
    """Take a trial that was seen due; False when another replica was faster. Should its run be lost, there is another one later."""
    mine = (QUARANTINES.c.integration_id == row.integration_id, QUARANTINES.c.next_trial_at == row.next_trial_at)
    taken = update(QUARANTINES).where(*mine).values(next_trial_at=moment + limits.pause(row.trials))
    return (await session.execute(taken.returning(QUARANTINES.c.integration_id))).first() is not None
