"""What an agent says about a run that it has taken: written as if a worker of ours had read it, under the same lease and fence."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from connector.runs.books import end
from connector.runs.claims import Claim, give_back, lost
from connector.runs.listing import Listing
from connector.runs.log import Entry, write_log
from connector.runs.phases import LISTING, PROVING
from connector.runs.proving import Proving
from connector.runs.reading import Read
from connector.runs.runs import RunNotFound
from connector.runs.suspects import Finding
from connector.scope import Parts
from connector.sources.base import Note, Observed, SourcePage
from connector.sources.keeping import kept
from connector.storable import storable
from connector.tables import RUNS
from shared.api.agents import AnswerIn, AnswersIn, DeliveredIncident, DeliveredPage, FailureIn, PagesIn, QuestionsOut
from shared.errors import Conflict
from shared.events.syncs import Rejection


class OutOfStep(Conflict):
    """What was delivered does not follow what is stored; `cursor` says what is."""

    code = "out_of_step"


class RunMovedOn(Conflict):
    """The run no longer waits for this."""

    code = "run_moved_on"


async def store_pages(parts: Parts, agent: str, run_id: UUID, given: PagesIn) -> None:
    """Store pages, all or none. Raises `RunNotFound`, `LeaseLost`, `RunMovedOn`, and `OutOfStep` unless they follow what is stored."""
    held = await _held(parts, agent, run_id, given.fence, LISTING)
    if held.row.next_cursor != given.after:
        raise OutOfStep(
            "these pages do not follow the last one that is stored",
            remedy="Go on reading at `cursor`.",
            cursor=held.row.next_cursor,
        )
    await Listing(parts.units, held).store([_read(page) for page in given.pages])


async def store_answers(parts: Parts, agent: str, run_id: UUID, given: AnswersIn) -> QuestionsOut:
    """Store answers; return whom to ask for next. After the last one the run goes on without the agent.

    Raises `RunNotFound`, `LeaseLost`, `RunMovedOn`.
    """
    held = await _held(parts, agent, run_id, given.fence, PROVING)
    proving = Proving(parts.units, held, parts.settings.page_size)
    findings = {answer.source_id: _finding(answer) for answer in given.answers}
    given_up = None if given.given_up is None else storable(given.given_up)
    await proving.store(findings, requests=given.requests, entries=_entries(given.incidents), given_up=given_up)
    questions = await proving.questions()
    if not questions:
        await proving.conclude()
    return QuestionsOut(questions=[one.source_id for one in questions], parts=[one.part for one in questions])


async def keep_alive(parts: Parts, agent: str, run_id: UUID, fence: int) -> float:
    """Renew the lease; return its seconds. Raises `RunNotFound`, `LeaseLost`."""
    held = await _held(parts, agent, run_id, fence)
    async with parts.units.begin() as unit:
        await held.advance(unit.session)
    return held.lease / timedelta(seconds=1)


async def let_go(parts: Parts, agent: str, run_id: UUID, fence: int) -> None:
    """Give a run back: the next claim goes on where it stands. Raises `RunNotFound`, `LeaseLost`."""
    await give_back(parts.units, await _held(parts, agent, run_id, fence))


async def fail_run(parts: Parts, agent: str, run_id: UUID, given: FailureIn) -> None:
    """End a run as failed, with what kept the agent from it. Raises `RunNotFound`, `LeaseLost`."""
    held = await _held(parts, agent, run_id, given.fence)
    problem = storable({**given.details, "code": given.code, "message": given.message, "remedy": given.remedy, "agent": agent})
    async with parts.units.begin(correlation_id=held.row.correlation_id) as unit:
        await held.advance(unit.session, requests=RUNS.c.requests + given.requests)
        await write_log(unit.session, run_id, _entries(given.incidents))
        await end(unit, held.row, "failed", problem, of_credential=given.of_credential)


async def _held(parts: Parts, agent: str, run_id: UUID, fence: int, phase: str | None = None) -> Claim:
    """Return the run as it is now. Another agent's run is none that this one may know of."""
    async with parts.database.reading() as session:
        row = (await session.execute(select(RUNS).where(RUNS.c.id == run_id, RUNS.c.agent == agent))).first()
    if row is None:
        raise RunNotFound(f"there is no run {run_id} of the agent {agent!r}", remedy="Ask for the next run that is due.")
    if row.fence != fence or row.ended_at is not None:
        raise lost(run_id)
    if phase is not None and row.phase != phase:
        remedy = "Ask for the next run that is due."
        raise RunMovedOn(f"the run is {row.state}: this was stored already, or is not asked for", remedy=remedy)
    return Claim(run_id, fence, timedelta(seconds=parts.settings.lease_seconds), row)


def _read(given: DeliveredPage) -> Read:
    page = SourcePage(
        users=[Observed(one.source_id, one.record) for one in given.records],
        rejected=[Rejection.model_validate(one.model_dump()) for one in given.rejected],
        fetched_at=given.fetched_at,
        next=given.next,
        notes=tuple(Note(**note.model_dump()) for note in given.notes),
        complete=given.complete,
        source_time=given.source_time,
        total=given.total,
        part=storable(given.part),
        ends_part=given.ends_part,
    )
    return Read(kept(page), given.took_ms, given.requests, _entries(given.incidents))


def _entries(incidents: Iterable[DeliveredIncident]) -> list[Entry]:
    return [Entry(one.kind, one.details, one.at) for one in incidents]


def _finding(answer: AnswerIn) -> Finding:
    if answer.absent is not None:
        return answer.absent
    return answer.problem or {} if answer.present is None else Observed(answer.source_id, answer.present)
