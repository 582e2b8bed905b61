"""A worker's process is killed with SIGKILL: whoever takes over loses nothing, and does nothing twice."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from shared.api.sources import OperationIn, OperationOut
from shared.clock import now
from shared.db.engine import opened
from shared.events import Cause, Change, RecordsChanged
from sophos_central_simulator.server import Server, configuration, listening
from tests.support.workflow_engine import KEY, Stage, connector_app, mapper_app, offboarding
from workflow_engine.tables import SCHEMA, STEPS

MOMENTS = ["before the source acted", "after the source acted and before it answered", "after the outcome was written"]


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """Serve an app on a loopback port inside the block; give its address."""
    with listening("127.0.0.1", 0) as listener:
        server = Server(configuration(app, quiet=True))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


@asynccontextmanager
async def worker(stage: Stage, spool: Path) -> AsyncIterator[None]:
    """Run an engine in a process of its own inside the block; at its end, kill it as a power cut would."""
    async with served(connector_app(stage.directory)) as connector, served(mapper_app(stage.records)) as mapper:
        given = {
            "TEST_DATABASE_URL": stage.url.get_secret_value(),
            "TEST_SERVICE_KEY": KEY.get_secret_value(),
            "TEST_SPOOL": str(spool),
            "TEST_CONNECTOR_URL": connector,
            "TEST_MAPPER_URL": mapper,
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.support.workflow_engine_worker", env={**os.environ, **given}, cwd=Path(__file__).parents[3]
        )
        try:
            yield
            assert process.returncode is None, "the worker ended by itself"
        finally:
            process.kill()
            await process.wait()


async def until(stage: Stage, state: str) -> None:
    """Wait until the working step is in this state."""
    async with opened(stage.url, SCHEMA.name) as database, asyncio.timeout(30):
        while True:
            async with database.reading() as session:
                if await session.scalar(select(STEPS.c.state).where(STEPS.c.block_id == "work")) == state:
                    return
            await asyncio.sleep(0.02)


async def started(stage: Stage) -> str:
    """Flag one user and have the run begin, with nobody there who works on it; return the workflow."""
    stage.directory.users = {"u1": "u1@example.com"}
    one = stage.records.add("u1", to_be_deleted=True)
    change = Change(record_id=one, revision=2, kind="updated", fields={"to_be_deleted": (False, True)}, after={"to_be_deleted": True})
    async with stage.engine(workers=0) as engine:
        workflow: str = (await engine.activated(offboarding()))["id"]
        cause = Cause(kind="user", id="r1", actor="ada")
        await stage.tell(RecordsChanged(record_type="saas_user", cause=cause, at=now(), changes=[change]))
        await until(stage, "ready")
    return workflow


@pytest.mark.parametrize("moment", MOMENTS)
async def test_what_a_killed_worker_left_is_taken_over_and_done_once(stage: Stage, tmp_path: Path, moment: str) -> None:
    """A host may lose power at any instruction, and a deletion can neither be lost nor be sent for somebody who is gone already."""
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def hang(_name: str, given: OperationIn) -> OperationOut | None:
        if not reached.is_set() and moment != MOMENTS[2]:
            reached.set()
            if moment == MOMENTS[1]:
                stage.directory.answers[given.idempotency_key] = stage.directory._delete(given)
            await go_on.wait()
        return None

    stage.directory.before = hang
    workflow = await started(stage)
    async with worker(stage, tmp_path / "other"):
        await (until(stage, "applying") if moment == MOMENTS[2] else asyncio.wait_for(reached.wait(), timeout=30))
    go_on.set()
    async with stage.engine() as engine:
        await engine.ended(workflow, 1, seconds=20)
        (run,) = await engine.runs(workflow)
    assert (run["state"], run["exit"]) == ("succeeded", "success")
    assert run["steps"][1]["attempt"] == (1 if moment == MOMENTS[2] else 2)
    assert stage.directory.deletions == {"u1": 1}
    assert len({key for _name, key, _given in stage.directory.calls}) == 1
    assert [request.action for request in stage.records.requests] == ["mark_deleted_in_source"]
