"""A local installation: an agent on another host reads the source for Rollcall, with a credential that stays there."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from connector.agents.silence import end_silent
from connector.local.gateway import TokenRefused
from connector.local.running import local_installation
from sophos_central_simulator.faults import Fault
from tests.support.agents import CREDENTIAL, Site, new_agent, site

USERS = 450
LISTED = "/common/v1/directory/users"
OFFER = {"version": "0", "providers": ["sophos-users"]}
PAGE: dict[str, Any] = {
    "records": [{"source_id": "u1", "record": {"id": "u1", "name": "Ada", "email": "ada@example.com"}}],
    "fetched_at": "2026-01-01T00:00:00Z",
    "next": {"page": 2},
    "took_ms": 1,
    "requests": 1,
}


@pytest.fixture
async def here(database_url: SecretStr, tmp_path: Path) -> AsyncIterator[Site]:
    """Give a local installation, on each database."""
    async with site(database_url, tmp_path, users=USERS) as given:
        yield given


async def begun(here: Site) -> str:
    """Ask for a run; return its id once something of it is stored."""
    run_id = str((await here.ask("POST", f"/integrations/{here.integration_id}/runs"))["id"])
    await more_fetched(here, run_id, than=0)
    return run_id


async def more_fetched(here: Site, run_id: str, *, than: int) -> None:
    """Return once more is stored of a run."""
    async with asyncio.timeout(20):
        while (await here.ask("GET", f"/runs/{run_id}"))["fetched"] <= than:  # noqa: ASYNC110 - a run tells nobody outside
            await asyncio.sleep(0.02)


async def people(here: Site) -> int:
    """Return how many people there are."""
    total = (await here.ask("GET", "/people", count=True, limit=1))["total"]
    return int(total)


async def test_an_agent_reads_the_source_with_a_credential_that_rollcall_never_sees(here: Site) -> None:
    """The whole way: a listing, an unchanged one, people who are gone and proven so, a quick run and a plan."""
    async with here.agent():
        first = await here.run()
        assert (first["state"], first["counts"]["added"], first["fetched"]) == ("completed", USERS, USERS)
        assert await people(here) == USERS
        again = await here.run()
        assert (again["counts"]["unchanged"], again["missing"]) == (USERS, 0)

        gone, renamed = list(here.tenant.directory.users)[:2]
        here.tenant.directory.remove(gone)
        here.tenant.directory.update(renamed, {"name": "Renamed by Sophos"})
        plan = await here.run(mode="plan")
        assert plan["counts"]["updated"] == 1
        quick = await here.run(kind="quick")
        assert (quick["state"], quick["counts"]["updated"], quick["missing"]) == ("completed", 1, 0)
        full = await here.run()
        assert (full["state"], full["missing"], full["counts"]["unchanged"]) == ("completed", 1, USERS - 1)
    (agent,) = (await here.ask("GET", "/agents"))["items"]
    assert (agent["name"], agent["integrations"]) == ("agent-berlin", ["Sophos behind the firewall"])
    assert "sophos-users" in agent["providers"]
    headers = {"Authorization": f"Bearer {here.admin}"}
    log = (await here.http.get(f"/api/v1/runs/{full['id']}/log", headers=headers)).text
    assert '"absent":1' in log
    assert not any(here.tenant.client_secret in answer for answer in here.answers)


async def test_a_lost_network_costs_nothing_but_time(here: Site) -> None:
    """Pages that were stored are not stored twice, and those that were not are read again, whatever was cut in between."""
    here.tenant.faults.append(Fault(kind="slow", path=LISTED, seconds=0.05, count=100))
    async with here.agent(page_size=10):
        run_id = await begun(here)
        for kept_away in (0.05, 0.3, 1.6):
            # What the agent says arrives, and the answer does not.
            here.proxy.pause("to_client")
            await asyncio.sleep(0.1)
            here.proxy.refuse()
            here.proxy.cut()
            here.proxy.resume("to_client")
            await asyncio.sleep(kept_away)
            stored = (await here.ask("GET", f"/runs/{run_id}"))["fetched"]
            assert stored < USERS, "the network must be lost while there is something to read"
            here.proxy.refuse(refusing=False)
            await more_fetched(here, run_id, than=stored)
        run = await here.ended(run_id)
    assert (run["state"], run["counts"]["added"], run["fetched"]) == ("completed", USERS, USERS)
    assert await people(here) == USERS
    pages = (await here.ask("GET", f"/runs/{run_id}/pages", limit=100))["items"]
    assert sum(page["records"] for page in pages) == USERS


async def test_an_agent_that_stops_leaves_the_rest_to_the_next_one(here: Site) -> None:
    """What it holds is given back at once, and goes on behind the last stored page."""
    here.tenant.faults.append(Fault(kind="slow", path=LISTED, seconds=0.1, count=100))
    async with here.agent(page_size=50):
        run_id = await begun(here)
    stopped = await here.ask("GET", f"/runs/{run_id}")
    assert 0 < stopped["fetched"] < USERS
    async with here.agent(page_size=50):
        run = await here.ended(run_id)
    assert (run["state"], run["counts"]["added"]) == ("completed", USERS)
    assert run["requests"] <= USERS // 50 + 1 + 12, "what was stored was not read again"


async def test_a_cancelled_run_is_dropped_by_its_agent(here: Site) -> None:
    """A cancel must bite on a host that we cannot reach."""
    here.tenant.faults.append(Fault(kind="slow", path=LISTED, seconds=0.3, count=100))
    async with here.agent(page_size=10) as local:
        run_id = await begun(here)
        await here.ask("POST", f"/runs/{run_id}/cancel")
        cancelled = await here.ended(run_id)
        async with asyncio.timeout(5):
            while local.agent._at_work:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.05)
        assert cancelled["state"] == "cancelled"
        assert (await here.ask("GET", f"/runs/{run_id}"))["fetched"] == cancelled["fetched"]


async def test_a_wrong_secret_is_said_on_the_run_and_quarantines_the_integration(here: Site) -> None:
    """Nobody looks at the agent's log first; and a secret that is mended there takes effect without a restart."""
    here.describe(client_secret="another secret")
    async with here.agent():
        run = await here.run()
        assert (run["state"], run["error"]["code"], run["error"]["agent"]) == ("failed", "sophos_wrong_secret", "agent-berlin")
        integration = await here.ask("GET", f"/integrations/{here.integration_id}")
        assert integration["state"] == "quarantined"
        assert here.tenant.client_secret not in str(run)
        here.describe()
        await here.ask("POST", f"/integrations/{here.integration_id}/release")
        assert (await here.run())["state"] == "completed"


async def test_a_credential_that_the_agent_does_not_have_is_named(here: Site) -> None:
    """The remedy must say which file on which side is to be mended."""
    await here.ask("PATCH", f"/integrations/{here.integration_id}", {"local_credential": "Nobody knows"})
    async with here.agent():
        run = await here.run()
    assert (run["error"]["code"], "Nobody knows" in run["error"]["message"]) == ("local_credential_unusable", True)
    assert CREDENTIAL in run["error"]["remedy"]


async def test_a_revoked_token_ends_the_agent(here: Site) -> None:
    """Waiting mends nothing: whoever watches the process must see it end."""
    (account,) = [one for one in (await here.ask("GET", "/accounts"))["items"] if one["role"] == "agent"]
    (token,) = (await here.ask("GET", f"/accounts/{account['id']}/tokens"))["items"]
    async with local_installation(here.settings()) as local:
        work = asyncio.create_task(local.agent.run(asyncio.Event()))
        await here.ask("DELETE", f"/tokens/{token['id']}")
        async with asyncio.timeout(10):
            with pytest.raises(TokenRefused):
                await work


async def test_an_agent_sees_and_touches_its_own_runs_only(here: Site) -> None:
    """One stolen host must not read, feed or end what is another's; nor may an agent do anything else at all."""
    run_id = (await here.ask("POST", f"/integrations/{here.integration_id}/runs"))["id"]
    mine = here.agent_token
    here.agent_token = await new_agent(here, "agent-paris")
    assert (await here.as_agent("/claims", OFFER))["task"] is None
    assert (await here.ask("GET", "/agent", token=here.agent_token)) == {"name": "agent-paris", "integrations": []}
    for step, body in (
        ("pages", {"fence": 0, "after": None, "pages": [PAGE]}),
        ("answers", {"fence": 0}),
        ("alive", {"fence": 0}),
        ("release", {"fence": 0}),
        ("failure", {"fence": 0, "code": "c", "message": "m"}),
    ):
        await here.as_agent(f"/runs/{run_id}/{step}", body, expect=404)
    for route in ("/people", "/integrations", "/credentials", f"/runs/{run_id}", "/me"):
        await here.ask("GET", route, token=here.agent_token, expect=403)
    here.agent_token = mine
    await here.ask("POST", "/agent/claims", OFFER, expect=403)
    task = (await here.as_agent("/claims", OFFER))["task"]
    assert (task["run_id"], task["step"], task["cursor"], task["credential"]) == (run_id, "listing", None, CREDENTIAL)
    assert (await here.as_agent("/claims", OFFER))["task"] is None, "one at a time"


async def test_pages_are_taken_in_their_order_and_once(here: Site) -> None:
    """A late repeat, a gap, and a claim of before must change nothing."""
    run_id = (await here.ask("POST", f"/integrations/{here.integration_id}/runs"))["id"]
    task = (await here.as_agent("/claims", OFFER))["task"]
    given = {"fence": task["fence"], "after": None, "pages": [PAGE]}
    await here.as_agent(f"/runs/{run_id}/pages", given)
    for after in (None, {"page": 7}):
        refused = await here.as_agent(f"/runs/{run_id}/pages", {**given, "after": after}, expect=409)
        assert (refused["code"], refused["cursor"]) == ("out_of_step", {"page": 2})
    stale = await here.as_agent(f"/runs/{run_id}/pages", {**given, "fence": task["fence"] + 1, "after": {"page": 2}}, expect=409)
    assert stale["code"] == "lease_lost"
    wrong = await here.as_agent(f"/runs/{run_id}/pages", {**given, "pages": [{**PAGE, "next": None}, PAGE]}, expect=422)
    assert "only the last of the pages" in str(wrong["fields"])
    assert (await here.as_agent(f"/runs/{run_id}/answers", {"fence": task["fence"]}, expect=409))["code"] == "run_moved_on"
    await here.as_agent(f"/runs/{run_id}/pages", {**given, "after": {"page": 2}, "pages": [{**PAGE, "records": [], "next": None}]})
    again = {**given, "after": {"page": 2}, "pages": [{**PAGE, "records": [], "next": None}]}
    assert (await here.as_agent(f"/runs/{run_id}/pages", again, expect=409))["code"] in {"run_moved_on", "lease_lost"}
    assert (await here.ended(run_id))["fetched"] == 1


async def test_what_an_agent_does_is_in_the_log_of_the_run_and_not_in_the_audit(here: Site) -> None:
    """An agent asks many times a minute: the trail of what people do must stay readable."""
    async with here.agent():
        await here.run()
    entries = (await here.ask("GET", "/audit", limit=200))["items"]
    assert [entry for entry in entries if "/agent/" in entry["route"]] == []


async def test_a_local_integration_says_what_only_its_agent_can_do(here: Site) -> None:
    """A preview from here would need a credential that is not here; and two places for a credential would be one too many."""
    path = f"/integrations/{here.integration_id}"
    for method, route in (("POST", f"{path}/preview"), ("GET", f"{path}/forecast")):
        refused = await here.ask(method, route, expect=409)
        assert (refused["code"], "rollcall agent check" in refused["remedy"]) == ("read_by_agent", True)
    assert "credential_id" in str(await here.ask("PATCH", path, {"credential_id": here.integration_id}, expect=422))
    assert (await here.ask("PATCH", path, {"agent": "admin"}, expect=422))["code"] == "account_not_agent"
    assert (await here.ask("PATCH", path, {"agent": "nobody"}, expect=422))["code"] == "unknown_account"
    await here.ask("POST", f"{path}/runs")
    busy = await here.ask("PATCH", path, {"installation": "cloud"}, expect=409)
    assert busy["code"] == "run_in_progress"
    draft = await here.ask("POST", "/integrations", {"provider": "sophos-users", "name": "Another"})
    shown = await here.ask("PATCH", f"/integrations/{draft['id']}", {"installation": "local"})
    assert {"agent", "local_credential"} <= {gap["field"] for gap in shown["missing"]}
    assert "credential_id" not in {gap["field"] for gap in shown["missing"]}
    assert (await here.ask("PATCH", f"/integrations/{draft['id']}", {"installation": "cloud"}))["installation"] == "cloud"
    refused = await here.ask("PATCH", f"/integrations/{draft['id']}", {"agent": "agent-berlin"}, expect=422)
    assert refused["fields"][0]["field"] == "agent"


async def test_a_run_whose_agent_does_not_come_ends_and_says_so(here: Site) -> None:
    """Otherwise its integration would never run again, and nobody would be told."""
    units = here.connector.state.parts.units
    never_begun = (await here.ask("POST", f"/integrations/{here.integration_id}/runs"))["id"]
    await end_silent(units, timedelta(hours=1))
    assert (await here.ask("GET", f"/runs/{never_begun}"))["state"] == "queued"
    await end_silent(units, timedelta())
    run = await here.ended(never_begun)
    assert (run["state"], run["error"]["code"]) == ("failed", "agent_silent")
    begun = (await here.ask("POST", f"/integrations/{here.integration_id}/runs"))["id"]
    await here.as_agent("/claims", OFFER)
    await end_silent(units, timedelta())
    assert (await here.ask("GET", f"/runs/{begun}"))["state"] == "running", "its lease has not run out"
    await asyncio.sleep(1.1)
    await end_silent(units, timedelta())
    assert (await here.ended(begun))["error"]["code"] == "agent_silent"
