"""Starting runs: many at once, Begin done, the first step ready."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert

from shared.api.workflows import DefinitionIn
from shared.clock import now
from shared.db.upsert import insert_for
from shared.events.records import RecordType
from shared.ids import new_id
from shared.unit import Unit
from workflow_engine.runs.advancing import Ended, tell
from workflow_engine.runs.interpreter import Graph, first, graph_of
from workflow_engine.runs.step_rows import passed_by, ready_step
from workflow_engine.tables import RUNS, STEPS

ROWS_AT_ONCE = 500
"""Runs that are made at once: what is held in memory stays small however many records a cause has."""


@dataclass(frozen=True, slots=True)
class Start:
    """Why runs start: the event or sweep, and what it is called."""

    cause_id: UUID
    cause: str


async def start_runs(unit: Unit, version: Row[Any], record_ids: Sequence[UUID], start: Start) -> int:
    """Start a version for each record that this cause has not started yet; return how many runs are new.

    Tells one `StepsReady` for all of them.
    """
    graph = graph_of(DefinitionIn.model_validate(version.definition))
    ready: list[UUID] = []
    ended: list[Ended] = []
    started = 0
    for at in range(0, len(record_ids), ROWS_AT_ONCE):
        runs = await _new_runs(unit, version, record_ids[at : at + ROWS_AT_ONCE], start, graph)
        started += len(runs)
        steps = _steps(version, runs, graph)
        if steps:
            await unit.session.execute(insert(STEPS), steps)
        ready += [step["id"] for step in steps if step["state"] == "ready"]
        if first(graph).ended:
            ended += [Ended(run_id, version.workflow_id, version.version, version.object_type, record, None) for run_id, record in runs]
    tell(unit, ready, ended)
    return started


async def _new_runs(unit: Unit, version: Row[Any], record_ids: Sequence[UUID], start: Start, graph: Graph) -> list[tuple[UUID, UUID]]:
    """Write the runs that are not there; return (run, record) of each new one."""
    moment, move = now(), first(graph)
    record_type: RecordType = version.object_type
    rows = [
        {
            "id": new_id(),
            "workflow_id": version.workflow_id,
            "version_id": version.id,
            "record_type": record_type,
            "record_id": record_id,
            "state": move.state,
            "exit": "success" if move.ended else None,
            "cause_id": start.cause_id,
            "cause": start.cause,
            "correlation_id": unit.correlation_id,
            "started_at": moment,
            "ended_at": moment if move.ended else None,
        }
        for record_id in record_ids
    ]
    if not rows:
        return []
    statement = insert_for(unit.session, RUNS).on_conflict_do_nothing(index_elements=["version_id", "record_id", "cause_id"])
    # Rows as parameters, not as .values(rows): the statement is then compiled once, not anew for each call.
    new = await unit.session.execute(statement.returning(RUNS.c.id, RUNS.c.record_id), rows)
    return [(row.id, row.record_id) for row in new]


def _steps(version: Row[Any], runs: Sequence[tuple[UUID, UUID]], graph: Graph) -> list[dict[str, Any]]:
    move = first(graph)
    rows = []
    for run_id, _record in runs:
        rows.append(passed_by(run_id, version.id, graph.begin, "begin", "success"))
        if move.next_block is not None:
            rows.append(ready_step(run_id, version.id, move.next_block, graph.types[move.next_block]))
        elif move.end is not None:
            rows.append(passed_by(run_id, version.id, move.end, "end", None))
    return rows
