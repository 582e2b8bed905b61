"""Workers that die, sources that do not answer, changes that are refused: the effect happens once, and nobody is deleted by mistake."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from shared.api.sources import OperationIn, OperationOut
from shared.clock import now
from shared.errors import Upstream
from shared.events import Cause, Change, RecordsChanged
from tests.support.workflow_engine import Engine, Stage, chain, offboarding, roles
from workflow_engine.runs.claiming import extend
from workflow_engine.runs.starting import Start, start_runs
from workflow_engine.tables import STEPS, VERSIONS
from workflow_engine.workflows.workflows import active_version, one_workflow

UNKNOWN = OperationOut(outcome="unknown", message="the source closed the connection")


async def _flag(stage: Stage, source_id: str = "u1", **fields: Any) -> None:
    """Add a user with the flag set, and say that it was set just now."""
    stage.directory.users[source_id] = f"{source_id}@example.com"
    record_id = stage.records.add(source_id, **{"to_be_deleted": True, **fields})
    change = Change(record_id=record_id, revision=2, kind="updated", fields={"to_be_deleted": (False, True)}, after={"to_be_deleted": True})
    cause = Cause(kind="user", id="r1", actor="ada")
    await stage.tell(RecordsChanged(record_type="saas_user", cause=cause, at=now(), changes=[change]))


async def _swept(stage: Stage, engine: Engine, definition: dict[str, Any]) -> list[dict[str, Any]]:
    workflow = await engine.activated(definition)
    await engine.call("POST", f"/workflows/{workflow['id']}/sweeps", {})
    await engine.ended(workflow["id"], len(stage.records.rows))
    return await engine.runs(workflow["id"])


async def test_the_steps_of_a_worker_that_died_are_taken_over_and_the_user_is_deleted_once(stage: Stage) -> None:
    """A worker may vanish between the deletion and its commit: another one must find out, not delete again."""
    held = asyncio.Event()

    async def hang(_name: str, given: OperationIn) -> OperationOut | None:
        if not held.is_set():
            held.set()
            stage.directory.answers[given.idempotency_key] = stage.directory._delete(given)
            await asyncio.Event().wait()
        return None

    stage.directory.before = hang
    async with stage.engine(workers=0) as engine:
        workflow = await engine.activated(offboarding())
        await _flag(stage)
        dying = asyncio.create_task(engine.app.state.parts.runner.work_once())
        await held.wait()
        async with engine.app.state.parts.units.begin() as unit:
            # As after a kill: the lease ends without a word.
            await unit.session.execute(update(STEPS).where(STEPS.c.state == "running").values(lease_until=now()))
        async with stage.engine():
            assert (await engine.ended(workflow["id"], 1))["succeeded"] == 1
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
        (run,) = await engine.runs(workflow["id"])
    assert run["exit"] == "success"
    assert run["steps"][1]["attempt"] == 2
    assert stage.directory.deletions == {"u1": 1}
    assert len({key for _name, key, _given in stage.directory.calls}) == 1


async def test_what_was_interrupted_and_no_longer_matches_does_not_claim_that_nothing_happened(stage: Stage) -> None:
    """The flag was taken back while a worker was stopped in the middle: the run must say that somebody has to look."""
    held = asyncio.Event()

    async def hang(_name: str, _given: OperationIn) -> OperationOut | None:
        held.set()
        await asyncio.Event().wait()
        return None

    stage.directory.before = hang
    async with stage.engine(stop_seconds=0) as engine:
        workflow = await engine.activated(offboarding())
        await _flag(stage)
        await held.wait()
    (record,) = stage.records.rows.values()
    record["to_be_deleted"] = False
    async with stage.engine() as engine:
        await engine.ended(workflow["id"], 1)
        (run,) = await engine.runs(workflow["id"])
    assert run["exit"] == "failure"
    assert "what came of an earlier attempt is unknown" in run["message"]
    assert len(stage.directory.calls) == 1


async def test_what_a_worker_says_about_steps_it_has_lost_is_not_written(stage: Stage) -> None:
    """A worker that was only slow must not overwrite what its successor wrote."""
    slow, go_on = asyncio.Event(), asyncio.Event()

    async def wait(_name: str, _given: OperationIn) -> OperationOut | None:
        if not slow.is_set():
            slow.set()
            await go_on.wait()
            return OperationOut(outcome="refused", code="stale", message="an old answer")
        return None

    stage.directory.before = wait
    async with stage.engine(workers=0) as engine:
        workflow = await engine.activated(offboarding())
        await _flag(stage)
        late = asyncio.create_task(engine.app.state.parts.runner.work_once())
        await slow.wait()
        async with engine.app.state.parts.units.begin() as unit:
            await unit.session.execute(update(STEPS).where(STEPS.c.state == "running").values(lease_until=now()))
        async with stage.engine():
            await engine.ended(workflow["id"], 1)
        go_on.set()
        await late
        (run,) = await engine.runs(workflow["id"])
    assert (run["state"], run["exit"]) == ("succeeded", "success")
    assert (run["steps"][1]["exit"], run["steps"][1]["message"]) == ("success", "deleted")
    assert [told.run_id for event in stage.records.ended for told in event.runs] == [UUID(run["id"])]


async def test_a_working_worker_keeps_its_lease(stage: Stage) -> None:
    """An operation may take longer than a lease: two workers must not do the same work side by side."""

    async def slowly(_name: str, _given: OperationIn) -> None:
        await asyncio.sleep(4)

    stage.directory.before = slowly
    async with stage.engine(lease_seconds=1.5) as engine, stage.engine(lease_seconds=1.5):
        workflow = await engine.activated(offboarding())
        await _flag(stage)
        await engine.ended(workflow["id"], 1)
    assert len(stage.directory.calls) == 1


async def test_a_lease_counts_from_when_it_is_written(stage: Stage) -> None:
    """SQLite keeps a writer waiting: a sign of life that waited must not be half used up when it arrives."""
    stage.records.add("u1")
    async with stage.engine(workers=0) as engine:
        workflow = await engine.activated(roles())
        await engine.call("POST", f"/workflows/{workflow['id']}/sweeps", {})
        parts = engine.app.state.parts
        claim = await parts.runner._claim()
        busy = asyncio.Event()

        async def keep_others_waiting() -> None:
            async with parts.units.begin() as unit:
                await unit.session.execute(update(VERSIONS).values(created_by="ada"))
                busy.set()
                await asyncio.sleep(1)

        async def beat() -> datetime:
            await busy.wait()
            async with parts.units.begin() as unit:
                assert await extend(unit.session, claim.id, timedelta(seconds=60)) == 1
            return now()

        _kept, written = await asyncio.gather(keep_others_waiting(), beat())
        async with parts.database.reading() as session:
            until = await session.scalar(select(STEPS.c.lease_until).where(STEPS.c.claim_id == claim.id))
    assert until - written > timedelta(seconds=59.5)


async def test_an_unknown_outcome_is_asked_for_again_with_the_same_key(stage: Stage) -> None:
    """Unknown is neither done nor refused: the connector is asked again until it knows, and never acts twice."""
    answers = iter([UNKNOWN, None])

    async def first_unknown(_name: str, given: OperationIn) -> OperationOut | None:
        answer = next(answers)
        if answer is not None:
            stage.directory.answers[given.idempotency_key] = stage.directory._delete(given)
        return answer

    stage.directory.before = first_unknown
    async with stage.engine() as engine:
        workflow = await engine.activated(offboarding())
        await _flag(stage)
        await engine.ended(workflow["id"], 1)
        (run,) = await engine.runs(workflow["id"])
    assert run["exit"] == "success"
    assert len(stage.directory.calls) == 2
    assert len({key for _name, key, _given in stage.directory.calls}) == 1
    assert stage.directory.deletions == {"u1": 1}


async def test_what_stays_unknown_takes_the_failure_exit_and_says_so(stage: Stage) -> None:
    """After bounded attempts somebody must look; nobody may believe that the user is gone."""

    async def away(_name: str, _given: OperationIn) -> OperationOut | None:
        raise Upstream("the source does not answer")

    stage.directory.before = away
    async with stage.engine(max_attempts=3) as engine:
        workflow = await engine.activated(offboarding())
        await _flag(stage)
        await engine.ended(workflow["id"], 1)
        (run,) = await engine.runs(workflow["id"])
    assert run["exit"] == "failure"
    assert "unknown" in run["message"]
    assert run["steps"][1]["attempt"] == len(stage.directory.calls) == 3
    assert stage.records.requests == []


async def test_an_open_failure_exit_ends_the_run_as_failed(stage: Stage) -> None:
    """Who draws no line for failures wants to see them as failures."""
    stage.directory.synced = {"u1"}
    definition = offboarding()
    definition["connections"] = [line for line in definition["connections"] if line.get("exit") != "failure"]
    async with stage.engine() as engine:
        workflow = await engine.activated(definition)
        await _flag(stage)
        assert (await engine.ended(workflow["id"], 1))["failed"] == 1
        (run,) = await engine.runs(workflow["id"])
    assert (run["exit"], [step["block_id"] for step in run["steps"]]) == ("failure", ["begin", "work"])
    (told,) = [run for event in stage.records.ended for run in event.runs]
    assert told.state == "failed"


async def test_a_change_that_the_mapper_refuses_takes_the_failure_exit(stage: Stage) -> None:
    """The source was asked, yet the record says something else: that must be seen."""
    one = stage.records.add("u1")
    stage.records.refuse = {one}
    stage.directory.users = {"u1": "u1@example.com"}
    async with stage.engine() as engine:
        (run,) = await _swept(stage, engine, roles())
    assert run["exit"] == "failure"
    assert "the record is locked" in run["message"]


async def test_a_step_waits_until_its_change_is_made(stage: Stage) -> None:
    """A run that ends before the record is changed would lie."""
    stage.deaf = True
    stage.records.add("u1")
    async with stage.engine() as engine:
        workflow = await engine.activated(roles())
        await engine.call("POST", f"/workflows/{workflow['id']}/sweeps", {})
        async with asyncio.timeout(15):
            while (await engine.runs(workflow["id"]))[0]["steps"][1]["state"] != "applying":  # noqa: ASYNC110 - asked over HTTP
                await asyncio.sleep(0.02)
        assert (await engine.totals(workflow["id"]))["running"] == 1


async def test_an_empty_or_failed_lookup_deactivates_nobody(stage: Stage) -> None:
    """An answer that shows nobody once deactivated a whole company somewhere; here only a proof counts."""
    for source_id in ("u1", "u2"):
        stage.records.add(source_id)
    odd = {"source_id": "u2", "asked": "GET /users/u2", "status": 500, "asked_at": "2025-06-01T12:00:00Z"}

    async def empty(_name: str, _given: OperationIn) -> OperationOut:
        return OperationOut(outcome="done", message="looked", result={"found": [], "absent": [odd], "unknown": []})

    stage.directory.before = empty
    async with stage.engine(max_attempts=2) as engine:
        runs = await _swept(stage, engine, roles(deactivate=True))
    assert {run["exit"] for run in runs} == {"failure"}
    assert stage.records.requests == []


async def test_a_lookup_says_why_for_each_user(stage: Stage) -> None:
    """One user without an identifier must not keep the others from their roles; each failure names its remedy."""
    found, without, gone = stage.records.add("u1"), stage.records.add(None), stage.records.add("u3")
    stage.directory.users = {"u1": "u1@example.com"}
    async with stage.engine() as engine:
        runs = {run["record_id"]: run for run in await _swept(stage, engine, roles(deactivate=False))}
    assert runs[str(found)]["exit"] == "success"
    assert runs[str(without)]["steps"][1]["evidence"]["code"] == "no_source_id"
    assert "Run the integration" in runs[str(without)]["message"]
    assert (runs[str(gone)]["exit"], runs[str(gone)]["steps"][1]["message"]) == (
        "success",
        "the source no longer has this user; nothing was changed",
    )
    assert [request.action for request in stage.records.requests] == ["set_roles"]


async def test_a_step_whose_block_this_version_does_not_know_fails_with_a_name(stage: Stage) -> None:
    """After a downgrade a run may stand before a block that is not there: it must end, and say why."""
    stage.records.add("u1")
    async with stage.engine(workers=0) as engine:
        workflow = await engine.activated(roles())
        await engine.call("POST", f"/workflows/{workflow['id']}/sweeps", {})
        strange = chain({"trigger": "manual"}, {"id": "work", "type": "carrier_pigeon", "settings": {}})
        async with engine.app.state.parts.units.begin() as unit:
            await unit.session.execute(update(VERSIONS).values(definition=strange))
            await unit.session.execute(update(STEPS).where(STEPS.c.state == "ready").values(block_type="carrier_pigeon"))
        assert await engine.app.state.parts.runner.work_once() == 1
        (run,) = await engine.runs(workflow["id"])
    assert run["exit"] == "failure"
    assert "'carrier_pigeon'" in run["message"]


async def test_the_database_itself_lets_a_cause_start_a_record_once(stage: Stage) -> None:
    """Two replicas may handle the same cause at the same moment: the unique key decides, not luck."""
    one, two = stage.records.add("u1"), stage.records.add("u2")
    async with stage.engine(workers=0) as engine:
        workflow = await engine.activated(roles())
        parts = engine.app.state.parts
        cause = Start(one, "told twice")

        async def start() -> int:
            async with parts.units.begin() as unit:
                version = await active_version(unit.session, await one_workflow(unit.session, UUID(workflow["id"])))
                assert version is not None
                return await start_runs(unit, version, [one, two], cause)

        assert sorted(await asyncio.gather(start(), start())) == [0, 2]
        assert (await engine.totals(workflow["id"]))["running"] == 2


async def test_two_engines_share_the_work_without_doing_it_twice(stage: Stage) -> None:
    """Replicas are how the service grows: each step belongs to one of them at a time."""
    for number in range(60):
        stage.directory.users[f"u{number}"] = f"u{number}@example.com"
        stage.records.add(f"u{number}", to_be_deleted=True)
    async with stage.engine() as engine, stage.engine():
        workflow = await engine.activated(offboarding())
        await engine.call("POST", f"/workflows/{workflow['id']}/sweeps", {})
        assert (await engine.ended(workflow["id"], 60))["succeeded"] == 60
    assert set(stage.directory.deletions.values()) == {1}
    assert len(stage.directory.calls) == 60
