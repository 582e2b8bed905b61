"""Destructive steps ask the guard first: without leave nothing leaves, and the step says what to do."""

from uuid import UUID

from shared.api.guard import LeaveIn, LeaveOut
from shared.clock import now
from shared.errors import Upstream
from shared.events import Cause, Change, RecordsChanged
from tests.support.workflow_engine import Stage, offboarding


async def flag(stage: Stage, *record_ids: UUID) -> None:
    """Say that the flag was just set on these users."""
    changes = [
        Change(record_id=one, revision=2, kind="updated", fields={"to_be_deleted": (False, True)}, after={"to_be_deleted": True})
        for one in record_ids
    ]
    await stage.tell(RecordsChanged(record_type="saas_user", cause=Cause(kind="user", id="r1", actor="ada"), at=now(), changes=changes))


async def test_a_withheld_deletion_sends_nothing_and_says_what_to_do(stage: Stage) -> None:
    """The whole batch waits; a run that starts anew after the release goes through."""
    users = [stage.records.add(f"u{number}", to_be_deleted=True) for number in range(3)]
    stage.directory.users = {f"u{number}": f"u{number}@example.com" for number in range(3)}
    stage.records.withhold = {users[1]}
    async with stage.engine() as engine:
        workflow = await engine.activated(offboarding())
        await flag(stage, *users)
        await engine.ended(workflow["id"], 3)
        for run in await engine.runs(workflow["id"]):
            assert (run["exit"], run["steps"][1]["evidence"]["code"]) == ("failure", "withheld_by_guard")
            assert "nothing was sent" in run["message"]
            assert "Release it." in run["message"]
        assert stage.directory.calls == []
        stage.records.withhold = set()
        await engine.call("POST", f"/workflows/{workflow['id']}/sweeps", {})
        assert await engine.ended(workflow["id"], 6) == {"running": 0, "succeeded": 6, "failed": 0}
    assert sorted(stage.directory.deletions) == ["u0", "u1", "u2"]


async def test_leave_is_asked_with_the_step_as_its_key_and_the_rule_as_its_reason(stage: Stage) -> None:
    """The key makes it count once; the rule and the block are what somebody decides by."""
    one = stage.records.add("u1", to_be_deleted=True)
    stage.directory.users = {"u1": "u1@example.com"}
    async with stage.engine() as engine:
        workflow = await engine.activated(offboarding())
        await flag(stage, one)
        await engine.ended(workflow["id"], 1)
        (run,) = await engine.runs(workflow["id"])
    (given,) = stage.records.asked
    (ask,) = given.asks
    assert ask.key == run["steps"][1]["id"] == stage.directory.calls[0][1]
    assert ask.rule == {"field": "to_be_deleted", "operator": "equals", "value": True}
    assert (ask.cause.id, ask.cause.detail) == (ask.key, "Offboarding · Sophos Delete User")


async def test_a_guard_that_cannot_be_asked_lets_nothing_through(stage: Stage) -> None:
    """Silence is no leave: the step waits, and goes on when the mapper answers again."""
    one = stage.records.add("u1", to_be_deleted=True)
    stage.directory.users = {"u1": "u1@example.com"}
    real, attempts = stage.records.leave, 0

    def away_twice(given: LeaveIn) -> LeaveOut:
        nonlocal attempts
        attempts += 1
        if attempts <= 2:
            assert stage.directory.calls == []
            raise Upstream("the database is away")
        return real(given)

    stage.records.leave = away_twice  # type: ignore[method-assign]  # the mapper of this test
    async with stage.engine() as engine:
        workflow = await engine.activated(offboarding())
        await flag(stage, one)
        assert await engine.ended(workflow["id"], 1) == {"running": 0, "succeeded": 1, "failed": 0}
    assert stage.directory.deletions == {"u1": 1}


async def test_who_need_not_be_deleted_any_more_asks_for_no_leave(stage: Stage) -> None:
    """A leave that nobody uses would count against those who are deleted."""
    one = stage.records.add("u1", to_be_deleted=False)
    async with stage.engine() as engine:
        workflow = await engine.activated(offboarding())
        await flag(stage, one)
        await engine.ended(workflow["id"], 1)
    assert stage.records.asked == []


async def test_the_leave_of_a_refused_deletion_is_given_back(stage: Stage) -> None:
    """Users whom a directory owns cannot be deleted: they must not use up what others may still lose."""
    synced, deleted = (stage.records.add(source_id, to_be_deleted=True) for source_id in ("u1", "u2"))
    stage.directory.users = {"u1": "u1@example.com", "u2": "u2@example.com"}
    stage.directory.synced = {"u1"}
    async with stage.engine() as engine:
        workflow = await engine.activated(offboarding())
        await flag(stage, synced, deleted)
        await engine.ended(workflow["id"], 2)
        steps = {run["record_id"]: run["steps"][1]["id"] for run in await engine.runs(workflow["id"])}
    assert [(leave.record_id, leave.key) for leave in stage.records.given_back] == [(synced, steps[str(synced)])]
