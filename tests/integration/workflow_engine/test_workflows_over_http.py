"""Drafts, their problems, their versions: what the gateway sees."""

from typing import Any

from shared.clock import now
from shared.events import Cause, Change, RecordsChanged
from shared.ids import new_id
from tests.support.workflow_engine import Stage, offboarding, roles


async def test_a_draft_with_problems_is_stored_and_refused_at_activation(stage: Stage) -> None:
    """A draft may be half done; what runs may not. Each problem is data, for the editor to show at its place."""
    definition = roles()
    definition["blocks"][1]["settings"]["preset"] = "sophos-delete-everybody"
    definition["connections"] = definition["connections"][:1]
    async with stage.engine() as engine:
        workflow = await engine.call(
            "POST", "/workflows", {"name": "Half", "object_type": "saas_user", "definition": definition}, status=201
        )
        assert (workflow["state"], workflow["active_version"]) == ("draft", None)
        problems = (await engine.call("POST", f"/workflows/{workflow['id']}/validate"))["problems"]
        refused = await engine.call("POST", f"/workflows/{workflow['id']}/activate", status=422)
        assert (await engine.call("GET", f"/workflows/{workflow['id']}"))["state"] == "draft"
    assert refused["code"] == "workflow_invalid"
    assert [problem["field"] for problem in refused["fields"]] == [problem["field"] for problem in problems]
    assert {"blocks.work.settings.preset", "blocks.work.exits.success", "blocks.end"} <= {problem["field"] for problem in problems}
    assert all(problem["remedy"] for problem in refused["fields"])


async def test_a_version_never_changes_once_it_is_active(stage: Stage) -> None:
    """Who edits the draft must not change what is running; only the next activation does."""
    stage.records.add("u1")
    stage.records.add("u2", saas_name="guest")
    guests = {"field": "saas_name", "operator": "equals", "value": "guest"}
    async with stage.engine(workers=0) as engine:
        workflow = await engine.activated(roles())
        sweeps = f"/workflows/{workflow['id']}/sweeps"
        await engine.call("PATCH", f"/workflows/{workflow['id']}", {"definition": roles(rule=guests)})
        before = await engine.call("POST", sweeps, {})
        again = await engine.call("POST", f"/workflows/{workflow['id']}/activate")
        after = await engine.call("POST", sweeps, {})
        same = await engine.call("POST", f"/workflows/{workflow['id']}/activate")
    assert (before["version"], before["matched"]) == (1, 2)
    assert (again["active_version"], after["version"], after["matched"]) == (2, 2, 1)
    assert same["active_version"] == 2


async def test_an_inactive_workflow_starts_nothing(stage: Stage) -> None:
    """Deactivating is how somebody pulls the brake."""
    one = stage.records.add("u1", to_be_deleted=True)
    change = Change(record_id=one, revision=2, kind="updated", fields={"to_be_deleted": (False, True)}, after={"to_be_deleted": True})
    cause = Cause(kind="user", id="r1", actor="ada")
    async with stage.engine() as engine:
        workflow = await engine.activated(offboarding())
        stopped = await engine.call("POST", f"/workflows/{workflow['id']}/deactivate")
        assert (stopped["state"], stopped["active_version"]) == ("inactive", None)
        await stage.tell(RecordsChanged(record_type="saas_user", cause=cause, at=now(), changes=[change]))
        refused = await engine.call("POST", f"/workflows/{workflow['id']}/sweeps", {}, status=409)
        assert refused["code"] == "workflow_not_active"
        assert sum((await engine.totals(workflow["id"])).values()) == 0


async def test_a_workflow_is_not_started_by_its_own_steps(stage: Stage) -> None:
    """A workflow that starts itself would never stop."""
    one = stage.records.add("u1", to_be_deleted=True)
    change = Change(record_id=one, revision=2, kind="updated", fields={"to_be_deleted": (False, True)}, after={"to_be_deleted": True})
    async with stage.engine(workers=0) as engine:
        workflow = await engine.activated(offboarding())
        await engine.call("POST", f"/workflows/{workflow['id']}/sweeps", {})
        (run,) = await engine.runs(workflow["id"])
        cause = Cause(kind="workflow_step", id=run["steps"][1]["id"], actor="workflow:Offboarding")
        await stage.tell(RecordsChanged(record_type="saas_user", cause=cause, at=now(), changes=[change]))
        assert sum((await engine.totals(workflow["id"])).values()) == 1


async def test_a_sweep_can_be_narrowed_and_pages_through_the_rest(stage: Stage) -> None:
    """A thousand records must not come in one answer; and one record can be tried first."""
    records = [stage.records.add(f"u{number}") for number in range(7)]
    async with stage.engine(workers=0, sweep_page=3) as engine:
        workflow = await engine.activated(roles())
        sweeps = f"/workflows/{workflow['id']}/sweeps"
        one = await engine.call("POST", sweeps, {"record_ids": [str(records[0]), str(new_id())]})
        everybody = await engine.call("POST", sweeps, {})
        first = await engine.call("GET", f"/workflows/{workflow['id']}/runs", limit=5, count=True)
        rest = await engine.call("GET", f"/workflows/{workflow['id']}/runs", limit=5, cursor=first["next_cursor"])
    assert (one["matched"], one["started"]) == (1, 1)
    assert (everybody["matched"], everybody["started"]) == (7, 7)
    assert (len(first["items"]), first["total"], len(rest["items"]), rest["next_cursor"]) == (5, 8, 3, None)
    assert not {run["id"] for run in first["items"]} & {run["id"] for run in rest["items"]}


async def test_the_palette_shows_each_block_with_its_form(stage: Stage) -> None:
    """The editor draws its forms from the schemas; nothing about a block is known twice."""
    async with stage.engine(workers=0) as engine:
        blocks: dict[str, Any] = {block["type"]: block for block in (await engine.call("GET", "/blocks"))["items"]}
        presets = {preset["key"]: preset["block"] for preset in (await engine.call("GET", "/presets"))["items"]}
    assert blocks.keys() == {"begin", "end", "saas_user_role_retrieval", "api_call"}
    assert [kind for kind, block in blocks.items() if block["destructive"]] == ["api_call"]
    assert blocks["saas_user_role_retrieval"]["settings_schema"]["properties"]["deactivate_user"]["type"] == "boolean"
    assert (blocks["begin"]["exits"], blocks["end"]["exits"]) == (["success"], [])
    assert presets == {"sophos-saas-user-role": "saas_user_role_retrieval", "sophos-delete-user": "api_call"}, "what blocks can use"


async def test_what_is_not_there_and_what_is_taken_are_named(stage: Stage) -> None:
    """Errors of the API have codes that programs can rely on."""
    async with stage.engine(workers=0) as engine:
        await engine.activated(roles(), name="Roles")
        body = {"name": " ROLES ", "object_type": "saas_user", "definition": roles()}
        assert (await engine.call("POST", "/workflows", body, status=409))["code"] == "name_taken"
        other = await engine.call("POST", "/workflows", {**body, "name": "Others"})
        assert (await engine.call("PATCH", f"/workflows/{other['id']}", {"name": "roles"}, status=409))["code"] == "name_taken"
        assert (await engine.call("GET", f"/workflows/{new_id()}", status=404))["code"] == "workflow_not_found"
        assert (await engine.call("GET", f"/workflow-runs/{new_id()}", status=404))["code"] == "workflow_run_not_found"
        assert (await engine.call("GET", "/workflows", cursor="nonsense", status=422))["code"] == "bad_cursor"
        assert (await engine.http.get("/internal/workflows")).status_code == 401
        assert [workflow["name"] for workflow in (await engine.call("GET", "/workflows", limit=1))["items"]] == ["Others"]
