"""Advancing runs: steps take their exits, the next ones become ready, runs end. Many at once, in the caller's transaction."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.api.workflows import DefinitionIn, Exit
from shared.clock import now
from shared.db.upsert import insert_for
from shared.events.records import RecordType
from shared.events.workflows import EndedRun, StepsReady, WorkflowRunsEnded
from shared.unit import Unit
from workflow_engine.runs.interpreter import Graph, Move, after, graph_of
from workflow_engine.runs.step_rows import passed_by, ready_step
from workflow_engine.tables import RUNS, STEPS, VERSIONS


@dataclass(frozen=True, slots=True)
class Result:
    """How one step ends."""

    step_id: UUID
    exit: Exit
    message: str | None
    code: str | None
    remedy: str | None
    evidence: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that is over."""

    run_id: UUID
    workflow_id: UUID
    version: int
    record_type: RecordType
    record_id: UUID
    message: str | None
    succeeded: bool = True


async def finish(unit: Unit, results: Sequence[Result]) -> None:
    """Write how steps end and take their runs on. The caller has made sure, in this transaction, that they are still its own."""
    if not results:
        return
    await _write_results(unit.session, results)
    taken = {result.step_id: result for result in results}
    rows = await _standing(unit.session, list(taken))
    graphs = await _graphs(unit.session, {row.version_id for row in rows})
    moves = [(row, taken[row.id], after(graphs[row.version_id], row.block_id, taken[row.id].exit)) for row in rows]
    ready = await _write_next(unit.session, moves, graphs)
    await _write_runs(unit.session, moves)
    tell(unit, ready, [_ended(row, result, move) for row, result, move in moves if move.ended])


def tell(unit: Unit, ready: Sequence[UUID], ended: Iterable[Ended]) -> None:
    """Record one event for all steps that became ready, and one for each version whose runs ended."""
    if ready:
        unit.record(StepsReady(step_ids=list(ready)))
    by_version: dict[tuple[UUID, int, RecordType], list[EndedRun]] = defaultdict(list)
    for run in ended:
        shown = EndedRun(run_id=run.run_id, record_id=run.record_id, state="succeeded" if run.succeeded else "failed", message=run.message)
        by_version[run.workflow_id, run.version, run.record_type].append(shown)
    for (workflow_id, version, record_type), runs in by_version.items():
        unit.record(WorkflowRunsEnded(workflow_id=workflow_id, version=version, record_type=record_type, runs=runs))


def said(result: Result) -> str | None:
    """Return what a run says about its failing step: what happened, and what to do."""
    if result.exit == "success":
        return None
    return ". ".join(part.rstrip(".") for part in (result.message, result.remedy) if part) + "."


async def _write_results(session: AsyncSession, results: Sequence[Result]) -> None:
    statement = (
        update(STEPS)
        .where(STEPS.c.id == bindparam("this"))
        .values(
            state=bindparam("to_state"),
            exit=bindparam("taken"),
            code=bindparam("said_code"),
            message=bindparam("said_message"),
            remedy=bindparam("said_remedy"),
            evidence=bindparam("left"),
            ended_at=bindparam("moment"),
            claim_id=None,
            lease_until=None,
        )
    )
    moment = now()
    rows = [
        {
            "this": result.step_id,
            "to_state": "succeeded" if result.exit == "success" else "failed",
            "taken": result.exit,
            "said_code": result.code,
            "said_message": result.message,
            "said_remedy": result.remedy,
            "left": result.evidence,
            "moment": moment,
        }
        for result in results
    ]
    await session.execute(statement, rows)


async def _standing(session: AsyncSession, step_ids: list[UUID]) -> Sequence[Row[Any]]:
    of_step = (STEPS.c.id, STEPS.c.block_id, STEPS.c.run_id, STEPS.c.version_id)
    of_run = (RUNS.c.workflow_id, RUNS.c.record_id, RUNS.c.record_type, RUNS.c.message.label("run_message"))
    columns: tuple[Any, ...] = (*of_step, *of_run, VERSIONS.c.version)
    joined = select(*columns).join(RUNS, RUNS.c.id == STEPS.c.run_id).join(VERSIONS, VERSIONS.c.id == STEPS.c.version_id)
    return (await session.execute(joined.where(STEPS.c.id.in_(step_ids)))).all()


async def _graphs(session: AsyncSession, version_ids: set[UUID]) -> dict[UUID, Graph]:
    rows = await session.execute(select(VERSIONS.c.id, VERSIONS.c.definition).where(VERSIONS.c.id.in_(version_ids)))
    return {row.id: graph_of(DefinitionIn.model_validate(row.definition)) for row in rows}


async def _write_next(session: AsyncSession, moves: Sequence[tuple[Row[Any], Result, Move]], graphs: dict[UUID, Graph]) -> list[UUID]:
    """Write the steps that come next; return those that wait for a worker."""
    rows = []
    for row, _result, move in moves:
        if move.next_block is not None:
            rows.append(ready_step(row.run_id, row.version_id, move.next_block, graphs[row.version_id].types[move.next_block]))
        elif move.end is not None:
            rows.append(passed_by(row.run_id, row.version_id, move.end, "end", None))
    if not rows:
        return []
    statement = insert_for(session, STEPS).on_conflict_do_nothing(index_elements=["run_id", "block_id"])
    return [row.id for row in await session.execute(statement.returning(STEPS.c.id, STEPS.c.state), rows) if row.state == "ready"]


async def _write_runs(session: AsyncSession, moves: Sequence[tuple[Row[Any], Result, Move]]) -> None:
    """Note the first failure of a run, and its end."""
    failures = [{"this": row.run_id, "why": said(result)} for row, result, _move in moves if result.exit == "failure"]
    if failures:
        first_one = update(RUNS).where(RUNS.c.id == bindparam("this"), RUNS.c.exit.is_(None))
        await session.execute(first_one.values(exit="failure", message=bindparam("why")), failures)
    ends: dict[str, list[UUID]] = defaultdict(list)
    for row, _result, move in moves:
        if move.ended:
            ends[move.state].append(row.run_id)
    for state, run_ids in ends.items():
        over = update(RUNS).where(RUNS.c.id.in_(run_ids))
        await session.execute(over.values(state=state, exit=func.coalesce(RUNS.c.exit, "success"), ended_at=now()))


def _ended(row: Row[Any], result: Result, move: Move) -> Ended:
    message = row.run_message or said(result)
    return Ended(row.run_id, row.workflow_id, row.version, row.record_type, row.record_id, message, move.state == "succeeded")
