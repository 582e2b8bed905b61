"""Plans against the real services and the simulator: nothing is written before somebody says so, and then just what was shown."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import update

from connector.runs.worker import Worker
from connector.tables import RUNS
from shared.clock import now
from tests.support.whole import USERS, Here


async def test_a_first_load_is_planned_looked_at_and_applied_just_so(here: Here) -> None:
    """Whoever connects a tenant wants to see what it would do before it does it."""
    planned = await here.run(mode="plan")
    assert (planned["state"], planned["mode"], planned["counts"]["added"]) == ("completed", "plan", USERS)
    assert await here.people() == {}
    plan = await here.ask("GET", f"/runs/{planned['id']}/plan")
    assert (plan["actions"], plan["outcomes"]) == ({"create": USERS}, {})
    items = await here.items(planned["id"])
    emails = {item["changes"]["person"]["email"][1] for item in items}
    assert emails == {user["email"].lower() for user in here.tenant.directory.users.values()}
    applying = await here.settled((await here.ask("POST", f"/runs/{planned['id']}/apply"))["id"])
    assert (applying["state"], applying["kind"], applying["counts"]["added"]) == ("completed", "apply", USERS), applying
    assert len(await here.people()) == USERS
    assert (await here.ask("GET", f"/runs/{planned['id']}/plan"))["outcomes"] == {"applied": USERS}
    again = await here.ask("POST", f"/runs/{planned['id']}/apply", expect=409)
    assert again["code"] == "plan_applied"
    assert (await here.run())["counts"]["unchanged"] == USERS, "a full run finds all of it done"


async def test_a_plan_shows_differences_and_who_is_gone_and_leaves_alone_who_moved(here: Here) -> None:
    """What somebody did to a record since is worth more than a plan of before."""
    await here.run()
    before = await here.people()
    still, moved = here.rename(3), here.rename(4)
    gone = here.remove(7)
    planned = await here.run(mode="plan")
    assert (planned["counts"]["updated"], planned["newly_missing"]) == (2, 1)
    assert await here.people() == before
    plan = await here.ask("GET", f"/runs/{planned['id']}/plan")
    assert plan["actions"] == {"update": 2, "missing": 1, "unchanged": USERS - 3}
    (missing,) = await here.items(planned["id"], action="missing")
    assert (missing["source_id"], missing["proof"]["status"]) == (gone, 404)
    diffs = {item["changes"]["person"]["full_name"][1] for item in await here.items(planned["id"], action="update")}
    assert diffs == {"Renamed 3", "Renamed 4"}
    (person,) = (await here.ask("GET", "/people", filter=f'{{"field": "email", "operator": "equals", "value": "{moved}"}}'))["items"]
    await here.ask("PATCH", f"/people/{person['id']}", {"fields": {"full_name": "By hand"}})
    applying = await here.settled((await here.ask("POST", f"/runs/{planned['id']}/apply"))["id"])
    assert (applying["state"], applying["newly_missing"]) == ("completed_with_errors", 1), applying
    assert (applying["counts"]["updated"], applying["counts"]["failed"]) == (1, 1)
    (error,) = (await here.ask("GET", f"/runs/{applying['id']}/errors"))["items"]
    assert error["code"] == "moved_since_planned"
    people = await here.people()
    assert (people[still], people[moved]) == ("Renamed 3", "By hand")
    assert [item["outcome"] for item in await here.items(planned["id"], outcome="moved")] == ["moved"]
    query = '{"field": "missing_since", "operator": "is_not_empty"}'
    assert (await here.ask("GET", "/saas-users", filter=query, count=True))["total"] == 1


async def test_a_plan_under_another_mapping_is_refused(here: Here) -> None:
    """What was shown is not what would be written."""
    planned = await here.run(mode="plan")
    mapping = await here.ask("GET", f"/integrations/{here.integration_id}/mapping")
    targets = {**mapping["targets"], "full_name": {"kind": "constant", "value": "Nobody"}}
    await here.ask("PUT", f"/integrations/{here.integration_id}/mapping", {"targets": targets, "sync_keys": ["email"]})
    refused = await here.ask("POST", f"/runs/{planned['id']}/apply", expect=409)
    assert (refused["code"], "mapping" in refused["detail"]) == ("plan_outdated", True)
    written = await here.run()
    assert (await here.ask("POST", f"/runs/{written['id']}/apply", expect=404))["code"] == "plan_not_found"
    assert (await here.ask("POST", f"/runs/{planned['id']}/errors/replay", expect=409))["code"] == "nothing_to_replay"


async def test_two_pages_of_a_plan_see_what_the_other_takes(here: Here) -> None:
    """Two users with one address would become one person: the plan must say so before, not the run afterwards."""
    users = list(here.tenant.directory.users.values())
    here.tenant.directory.update(users[-1]["id"], {"email": users[0]["email"]})
    planned = await here.run(mode="plan")
    assert (planned["counts"]["added"], planned["counts"]["failed"]) == (USERS - 1, 1)
    (rejected,) = await here.items(planned["id"], action="reject")
    assert rejected["problem"]["code"] == "duplicate_sync_key"
    applying = await here.settled((await here.ask("POST", f"/runs/{planned['id']}/apply"))["id"])
    assert (applying["counts"]["added"], applying["counts"]["failed"]) == (USERS - 1, 1)


async def test_a_run_that_would_rewrite_most_records_waits_for_somebody(here: Here) -> None:
    """A source that suddenly names everybody otherwise is more likely broken than right."""
    await here.run()
    before = await here.people()
    for number in range(USERS - 30):
        here.rename(number)
    gone = here.remove(USERS - 1)
    waits = await here.run()
    assert (waits["state"], waits["existing"]) == ("waiting_for_approval", USERS), waits
    assert (waits["counts"]["updated"], waits["would_update"], waits["newly_missing"]) == (0, USERS - 30, 0)
    assert await here.people() == before, "not one record is written first"
    assert (await here.ask("GET", f"/runs/{waits['id']}/plan"))["actions"]["update"] == USERS - 30
    busy = await here.ask("POST", f"/integrations/{here.integration_id}/runs", expect=409)
    assert busy["code"] == "run_in_progress"
    rejected = await here.decided(waits["id"], "reject", "cancelled")
    assert (rejected["counts"]["withheld"], rejected["fetched"], await here.people()) == (USERS - 1, USERS - 1, before)
    assert (await here.ask("POST", f"/runs/{waits['id']}/approve", expect=409))["code"] == "run_not_waiting"
    again = await here.run()
    assert again["state"] == "waiting_for_approval"
    approved = await here.decided(again["id"], "approve", "completed")
    assert (approved["counts"]["updated"], approved["counts"]["withheld"], approved["newly_missing"]) == (USERS - 30, 0, 1)
    assert sum(name.startswith("Renamed") for name in (await here.people()).values()) == USERS - 30
    assert gone not in here.tenant.directory.users


async def test_a_run_that_nobody_approves_in_time_is_rejected_and_the_integration_runs_again(here: Here) -> None:
    """Everybody on holiday must not mean that nobody is synced any more; and what was not approved is not written."""
    await here.run()
    before = await here.people()
    for number in range(USERS - 30):
        here.rename(number)
    waits = await here.run()
    assert waits["state"] == "waiting_for_approval"
    await tidied_as_if(here, waits["id"], timedelta(days=6, hours=23))
    assert (await here.ask("GET", f"/runs/{waits['id']}"))["state"] == "waiting_for_approval"
    await tidied_as_if(here, waits["id"], timedelta(days=7, hours=1))
    rejected = await here.ask("GET", f"/runs/{waits['id']}")
    assert (rejected["state"], rejected["counts"]["withheld"], await here.people()) == ("cancelled", USERS, before)
    notices = {notice["kind"]: notice for notice in (await here.ask("GET", "/notices", open=True))["items"]}
    assert "waiting_for_approval" not in notices
    assert (notices["approval_expired"]["details"]["run_id"], "7 days" in notices["approval_expired"]["message"]) == (waits["id"], True)
    log = await here.http.get(f"/api/v1/runs/{waits['id']}/log", headers={"Authorization": f"Bearer {here.token}"})
    assert "approval_expired" in log.text
    assert (await here.ask("POST", f"/runs/{waits['id']}/approve", expect=409))["code"] == "run_not_waiting"
    again = await here.run()
    assert again["state"] == "waiting_for_approval"
    await here.decided(again["id"], "approve", "completed")
    assert "approval_expired" not in {notice["kind"] for notice in (await here.ask("GET", "/notices", open=True))["items"]}


async def tidied_as_if(here: Here, run_id: str, waited: timedelta) -> None:
    """Let the worker tidy up as if a run had waited so long."""
    async with here.connector.units.begin() as unit:
        await unit.session.execute(update(RUNS).where(RUNS.c.id == UUID(run_id)).values(applying_since=now() - waited))
    await Worker(here.connector)._tidy()


async def test_a_run_that_rewrites_less_goes_on_by_itself(here: Here) -> None:
    """A third of the company moving to another name is a large day, and no reason to wake anybody."""
    await here.run()
    for number in range(USERS // 3):
        here.rename(number)
    done = await here.run()
    assert (done["state"], done["counts"]["updated"], done["counts"]["unchanged"]) == ("completed", USERS // 3, USERS - USERS // 3)


async def test_a_draft_is_planned_before_it_is_launched(here: Here) -> None:
    """What a launch would do is best looked at before it; what is not complete says so, and nothing else of a draft runs."""
    path = f"/integrations/{here.integration_id}"
    await here.ask("POST", f"{path}/archive")
    await here.ask("POST", f"{path}/restore")
    planned = await here.run(mode="plan")
    assert (planned["state"], planned["counts"]["added"]) == ("completed", USERS)
    assert await here.people() == {}
    assert (await here.ask("POST", f"{path}/runs", expect=409))["code"] == "integration_not_active"
    assert (await here.ask("POST", f"/runs/{planned['id']}/apply", expect=409))["code"] == "integration_not_active"
    await here.ask("POST", f"{path}/launch")
    applied = await here.settled((await here.ask("POST", f"/runs/{planned['id']}/apply"))["id"])
    assert applied["counts"]["added"] == USERS
    draft = await here.ask("POST", "/integrations", {"provider": "sophos-users", "name": "Half of one"})
    refused = await here.ask("POST", f"/integrations/{draft['id']}/runs", {"mode": "plan"}, expect=409)
    assert refused["code"] == "integration_incomplete"
    assert {"credential_id", "mapping"} <= {gap["field"].partition(".")[0] for gap in refused["fields"]}


async def test_a_filter_is_tried_as_a_plan_and_its_runs_balance(here: Here) -> None:
    """Whoever narrows an integration sees first who would be held back, and why; nobody is lost by it."""
    await here.run()
    before = await here.people()
    some = sorted({str(user["name"]) for user in here.tenant.directory.users.values()})[:5]
    kept = sum(user["name"] in some for user in here.tenant.directory.users.values())
    path = f"/integrations/{here.integration_id}/mapping"
    mapping = await here.ask("GET", path)
    rule = {"field": "name_there", "operator": "in", "value": [name.upper() for name in some]}
    given = {"rule": rule, "source_fields": {"name_there": {"path": ["name"]}}}
    await here.map({"targets": mapping["targets"], "sync_keys": mapping["sync_keys"], "filter": given})
    planned = await here.run(mode="plan")
    assert (planned["counts"]["filtered"], planned["counts"]["unchanged"]) == (USERS - kept, kept)
    run = await here.run()
    assert (run["state"], run["fetched"], run["counts"]["filtered"], run["missing"]) == ("completed", USERS, USERS - kept, 0), run
    assert await here.people() == before
    for run_id in (planned["id"], run["id"]):
        held_back = (await here.ask("GET", f"/runs/{run_id}/filtered", limit=500))["items"]
        assert len(held_back) == USERS - kept
        (reason,) = held_back[0]["reasons"]
        assert (reason["path"], reason["operator"], reason["value"]) == ("rule", "in", rule["value"])
        assert reason["found"] == here.tenant.directory.users[held_back[0]["source_id"]]["name"]
    await here.ask("GET", f"/runs/{here.integration_id}/filtered", expect=404)
