"""The story's two workflows, with a thousand users."""

from typing import Any
from uuid import UUID

from shared.clock import now
from shared.events import Cause, Change, RecordsChanged
from tests.support.workflow_engine import Stage, offboarding, roles


def flagged(*ids: UUID, before: bool = False, initial: bool = False, kind: Any = "updated") -> RecordsChanged:
    """Return the event that says that somebody set the flag."""
    changes = [
        Change(record_id=one, revision=2, kind=kind, fields={"to_be_deleted": (before, True)}, after={"to_be_deleted": True}) for one in ids
    ]
    cause = Cause(kind="user", id="r1", actor="ada")
    return RecordsChanged(record_type="saas_user", cause=cause, at=now(), changes=changes, initial=initial)


async def test_a_sweep_over_a_thousand_users_sets_roles_with_few_operations(stage: Stage) -> None:
    """One operation for each user would take hours at the source's rate limit; and only who is provably gone is deactivated."""
    for number in range(1000):
        stage.records.add(f"u{number}")
        if number >= 5:
            stage.directory.users[f"u{number}"] = f"u{number}@example.com"
    async with stage.engine() as engine:
        workflow = await engine.activated(roles())
        assert await engine.totals(workflow["id"]) == {"running": 0, "succeeded": 0, "failed": 0}
        swept = await engine.call("POST", f"/workflows/{workflow['id']}/sweeps", {}, status=202)
        assert (swept["matched"], swept["started"]) == (1000, 1000)
        totals = await engine.ended(workflow["id"], 1000)
    assert totals == {"running": 0, "succeeded": 1000, "failed": 0}
    assert len(stage.directory.called("lookup-users")) <= 12
    rows = stage.records.rows.values()
    assert sum(row.get("roles") == ["User"] for row in rows) == 995
    assert sorted(row["source_id"] for row in rows if row.get("deactivated")) == ["u0", "u1", "u2", "u3", "u4"]
    gone = next(request for request in stage.records.requests if request.action == "deactivate")
    assert gone.proof["status"] == 404
    assert len(stage.records.correlations) == 1
    assert gone.cause.detail == "Offboarding · SaaS user role retrieval"


async def test_setting_the_flag_deletes_the_user_and_a_refusal_takes_the_failure_exit(stage: Stage) -> None:
    """The flag is the order; what the source refuses must be told with what to do instead."""
    custom, synced = stage.records.add("u1", to_be_deleted=True), stage.records.add("u2", to_be_deleted=True)
    stage.directory.users = {"u1": "u1@example.com", "u2": "u2@example.com"}
    stage.directory.synced = {"u2"}
    async with stage.engine() as engine:
        workflow = await engine.activated(offboarding())
        await stage.tell(flagged(custom, synced))
        assert await engine.ended(workflow["id"], 2) == {"running": 0, "succeeded": 2, "failed": 0}
        (good,) = await engine.runs(workflow["id"], record_id=str(custom))
        (bad,) = await engine.runs(workflow["id"], record_id=str(synced))
    assert (good["exit"], [step["block_id"] for step in good["steps"]]) == ("success", ["begin", "work", "end"])
    assert stage.records.rows[custom]["deleted_in_source_at"] is not None
    assert bad["exit"] == "failure"
    assert bad["message"].endswith("Remove the user in Active Directory.")
    failing = next(step for step in bad["steps"] if step["exit"] == "failure")
    assert failing["evidence"]["answer"]["status"] == 409
    assert failing["evidence"]["code"] == "directory_synced"
    assert stage.directory.users == {"u2": "u2@example.com"}
    told = [run for event in stage.records.ended for run in event.runs]
    assert {run.record_id for run in told} == {custom, synced}


async def test_who_is_anonymised_is_named_by_no_run_any_more(stage: Stage) -> None:
    """Runs are kept for good, and what a source was asked and answered names people; that something was done, and when, stays."""
    ids = {name: stage.records.add(name) for name in ("u1", "u2")}
    stage.directory.users = {name: f"{name}@example.com" for name in ids}
    async with stage.engine() as engine:
        workflow = await engine.activated(roles())
        await engine.call("POST", f"/workflows/{workflow['id']}/sweeps", {}, status=202)
        await engine.ended(workflow["id"], 2)
        before = {name: (await engine.runs(workflow["id"], record_id=str(one)))[0] for name, one in ids.items()}
        assert all(f"{name}@example.com" in str(run) for name, run in before.items())
        anonymised = Change(record_id=ids["u1"], revision=3, kind="anonymised", fields={}, after={})
        cause = Cause(kind="user", id="r1", actor="ada")
        await stage.tell(RecordsChanged(record_type="saas_user", cause=cause, at=now(), changes=[anonymised]))
        after = {name: (await engine.runs(workflow["id"], record_id=str(one)))[0] for name, one in ids.items()}
    assert "u1@example.com" not in str(after["u1"])
    assert [step["evidence"] for step in after["u1"]["steps"]] == [{}, {}, {}]
    assert [(step["state"], step["message"]) for step in after["u1"]["steps"]] == [
        (step["state"], step["message"]) for step in before["u1"]["steps"]
    ]
    assert after["u2"] == before["u2"]


async def test_an_event_told_twice_starts_once(stage: Stage) -> None:
    """The bus delivers at least once; the second time nobody may be deleted again."""
    one = stage.records.add("u1", to_be_deleted=True)
    stage.directory.users = {"u1": "u1@example.com"}
    event = flagged(one)
    async with stage.engine() as engine:
        workflow = await engine.activated(offboarding())
        await stage.tell(event)
        await stage.tell(event)
        await engine.ended(workflow["id"], 1)
        assert len(await engine.runs(workflow["id"])) == 1
    assert stage.directory.deletions == {"u1": 1}


async def test_only_the_edge_starts_and_never_an_initial_load(stage: Stage) -> None:
    """A first load of ten thousand users must not start ten thousand deletions; nor must a flag that was set already."""
    one = stage.records.add("u1", to_be_deleted=True)
    async with stage.engine() as engine:
        workflow = await engine.activated(offboarding())
        await stage.tell(flagged(one, initial=True, kind="created"))
        await stage.tell(flagged(one, before=True))
        assert await engine.totals(workflow["id"]) == {"running": 0, "succeeded": 0, "failed": 0}
        await stage.tell(flagged(one))
        await engine.ended(workflow["id"], 1)


async def test_a_record_that_no_longer_matches_is_not_deleted(stage: Stage) -> None:
    """Somebody took the flag back in time: nothing may be sent."""
    one = stage.records.add("u1", to_be_deleted=False)
    stage.directory.users = {"u1": "u1@example.com"}
    async with stage.engine() as engine:
        workflow = await engine.activated(offboarding())
        await stage.tell(flagged(one))
        await engine.ended(workflow["id"], 1)
        (run,) = await engine.runs(workflow["id"])
    assert run["exit"] == "failure"
    assert run["steps"][1]["evidence"]["code"] == "no_longer_matches"
    assert stage.directory.calls == []


async def test_who_is_deleted_already_is_not_asked_for_again(stage: Stage) -> None:
    """Another run was faster; the identifier may by now belong to somebody whom the directory brought back."""
    one = stage.records.add("u1", to_be_deleted=True, deleted_in_source_at="2025-06-01T12:00:00Z")
    stage.directory.users = {"u1": "u1@example.com"}
    async with stage.engine() as engine:
        workflow = await engine.activated(offboarding())
        await stage.tell(flagged(one))
        await engine.ended(workflow["id"], 1)
        (run,) = await engine.runs(workflow["id"])
    assert run["exit"] == "failure"
    assert "already deleted" in run["message"]
    assert stage.directory.calls == []
