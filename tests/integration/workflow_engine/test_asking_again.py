"""Attempts after the first: the same question under the same key, the right user, the right correlation, and an end."""

import asyncio
from datetime import timedelta
from uuid import UUID

from sqlalchemy import update

from shared.api.sources import OperationIn, OperationOut
from shared.clock import now
from shared.events import Cause, Change, RecordsChanged
from shared.ids import new_id
from tests.support.workflow_engine import Engine, Stage, offboarding, roles
from workflow_engine.runs.claiming import claim_batch, oldest_free
from workflow_engine.tables import STEPS, VERSIONS

UNKNOWN = OperationOut(outcome="unknown", message="the source closed the connection")
DONE = OperationOut(outcome="done", message="done")


async def flag(stage: Stage, source_id: str = "u1", correlation_id: UUID | None = None) -> UUID:
    """Add a user with the flag set, and say that it was set just now."""
    stage.directory.users[source_id] = f"{source_id}@example.com"
    one = stage.records.add(source_id, to_be_deleted=True)
    change = Change(record_id=one, revision=2, kind="updated", fields={"to_be_deleted": (False, True)}, after={"to_be_deleted": True})
    cause = Cause(kind="user", id="r1", actor="ada")
    await stage.tell(RecordsChanged(record_type="saas_user", cause=cause, at=now(), changes=[change], correlation_id=correlation_id))
    return one


async def begun(engine: Engine, workflow_id: str, count: int) -> None:
    """Wait until so many runs have begun."""
    async with asyncio.timeout(15):
        while sum((await engine.totals(workflow_id)).values()) < count:  # noqa: ASYNC110 - asked over HTTP
            await asyncio.sleep(0.02)


async def test_the_same_key_is_never_used_for_another_question(stage: Stage) -> None:
    """The connector refuses a key that comes with other arguments: an e-mail that changes meanwhile must not strand the deletion."""

    async def first_unknown(_name: str, _given: OperationIn) -> OperationOut | None:
        if len(stage.directory.calls) > 1:
            return None
        next(iter(stage.records.rows.values()))["email"] = "married@example.com"
        return UNKNOWN

    stage.directory.before = first_unknown
    async with stage.engine() as engine:
        workflow = await engine.activated(offboarding())
        await flag(stage)
        await engine.ended(workflow["id"], 1)
        (run,) = await engine.runs(workflow["id"])
    asked = [given.arguments for _name, _key, given in stage.directory.calls]
    assert run["exit"] == "success"
    assert asked == [{"source_id": "u1", "expected_email": "u1@example.com"}] * 2


async def test_a_step_that_may_have_acted_on_one_user_never_acts_on_another(stage: Stage) -> None:
    """The user came back under a new identifier while the outcome was unknown: somebody has to look at both."""

    async def unknown(_name: str, _given: OperationIn) -> OperationOut | None:
        next(iter(stage.records.rows.values()))["source_id"] = "u2"
        return UNKNOWN

    stage.directory.before = unknown
    async with stage.engine() as engine:
        workflow = await engine.activated(offboarding())
        await flag(stage)
        await engine.ended(workflow["id"], 1)
        (run,) = await engine.runs(workflow["id"])
    assert run["exit"] == "failure"
    assert run["steps"][1]["evidence"]["code"] == "source_id_changed"
    assert "what came of an earlier attempt is unknown" in run["message"]
    assert len(stage.directory.calls) == 1
    assert stage.records.requests == []


async def test_only_a_deletion_marks_a_record_as_deleted(stage: Stage) -> None:
    """A preset may ask for something milder: its success must not say that the user is gone."""

    async def done(_name: str, _given: OperationIn) -> OperationOut:
        return DONE

    stage.directory.before = done
    async with stage.engine(workers=0) as engine:
        workflow = await engine.activated(offboarding())
        milder = {"key": "sophos-delete-user", "provider": "sophos-users", "name": "Sign out", "block": "api_call"}
        async with engine.app.state.parts.units.begin() as unit:
            presets = {"sophos-delete-user": {**milder, "operation": "sign-out", "destructive": False, "inputs": []}}
            await unit.session.execute(update(VERSIONS).values(presets=presets))
        await flag(stage)
        await begun(engine, workflow["id"], 1)
        assert await engine.app.state.parts.runner.work_once() == 1
        (run,) = await engine.runs(workflow["id"])
    assert run["exit"] == "success"
    assert stage.records.requests == []


async def test_each_change_names_what_its_own_run_came_from(stage: Stage) -> None:
    """Two people's flags may be worked on together; the history of one must not point to the request of the other."""
    first, second = new_id(), new_id()
    async with stage.engine(workers=0) as engine:
        workflow = await engine.activated(offboarding())
        await flag(stage, "u1", first)
        await flag(stage, "u2", second)
        await begun(engine, workflow["id"], 2)
        assert await engine.app.state.parts.runner.work_once() == 2
        await engine.ended(workflow["id"], 2)
        assert {run["correlation_id"] for run in await engine.runs(workflow["id"])} == {str(first), str(second)}
    assert stage.records.correlations == {first, second}


async def test_steps_of_a_version_that_cannot_be_read_end_and_say_so(stage: Stage) -> None:
    """After a downgrade the settings may be from the future: such steps must not be tried for ever."""
    stage.records.add("u1")
    async with stage.engine(workers=0) as engine:
        workflow = await engine.activated(roles())
        await engine.call("POST", f"/workflows/{workflow['id']}/sweeps", {})
        strange = roles()
        strange["blocks"][0]["settings"] = {"trigger": "full moon"}
        async with engine.app.state.parts.units.begin() as unit:
            await unit.session.execute(update(VERSIONS).values(definition=strange))
    async with stage.engine(max_attempts=2) as engine:
        await engine.ended(workflow["id"], 1)
        (run,) = await engine.runs(workflow["id"])
    assert run["exit"] == "failure"
    assert run["steps"][1]["attempt"] == 2


async def test_steps_of_a_dead_worker_come_before_those_that_wait(stage: Stage) -> None:
    """A queue that never empties must not keep what somebody had begun from being finished."""
    for number in range(5):
        stage.records.add(f"u{number}")
        stage.directory.users[f"u{number}"] = f"u{number}@example.com"
    async with stage.engine(workers=0) as engine:
        workflow = await engine.activated(roles())
        await engine.call("POST", f"/workflows/{workflow['id']}/sweeps", {})
        (run, *_others) = await engine.runs(workflow["id"])
        step = UUID(run["steps"][1]["id"])
        async with engine.app.state.parts.units.begin() as unit:
            left = update(STEPS).where(STEPS.c.id == step).values(state="running", claim_id=new_id(), attempt=1, lease_until=now())
            await unit.session.execute(left)
        async with engine.app.state.parts.units.begin() as unit:
            free = await oldest_free(unit.session)
            assert free is not None
            claim = await claim_batch(unit.session, free.version_id, free.block_id, limit=1, lease=timedelta(seconds=5))
    assert claim is not None
    assert [(work.step_id, work.attempt) for work in claim.works] == [(step, 2)]
