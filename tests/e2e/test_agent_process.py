"""`rollcall agent` as a process of its own: tried, killed, started again."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from sophos_central_simulator.faults import Fault
from tests.e2e.test_story import ROLLCALL
from tests.support.agents import Site, site

USERS = 450
LISTED = "/common/v1/directory/users"


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Site]:
    """Give a local installation."""
    async with site(SecretStr(f"sqlite:///{tmp_path}/unused.db"), tmp_path, users=USERS) as given:
        yield given


def environment(here: Site, **more: str) -> dict[str, str]:
    """Return what an agent on this host is told."""
    (here.directory / "token").write_text(here.agent_token)
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("ROLLCALL_")},
        "ROLLCALL_AGENT_GATEWAY_URL": f"http://127.0.0.1:{here.proxy.port}",
        "ROLLCALL_AGENT_TOKEN_FILE": str(here.directory / "token"),
        "ROLLCALL_AGENT_CREDENTIALS_FILE": str(here.directory / "agent.toml"),
        "ROLLCALL_AGENT_SOPHOS_ID_URL": here.simulator.url,
        "ROLLCALL_AGENT_SOPHOS_GLOBAL_URL": here.simulator.url,
        "ROLLCALL_AGENT_RATE_POLICY": "off",
        "ROLLCALL_AGENT_POLL_SECONDS": "0.1",
        "ROLLCALL_AGENT_PAGE_SIZE": "10",
        "COLUMNS": "300",
        **more,
    }


async def ran(here: Site, *words: str, **more: str) -> tuple[int, str]:
    """Run a command to its end; return its exit code and everything it printed."""
    process = await asyncio.create_subprocess_exec(
        ROLLCALL, *words, env=environment(here, **more), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
    )
    printed, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, printed.decode()


async def test_check_says_what_works_and_what_does_not(here: Site) -> None:
    """Whoever sets an agent up must see it here, not in the morning after the first night."""
    code, printed = await ran(here, "agent", "check")
    assert (code, "agent-berlin" in printed, "list_users" in printed) == (0, True, True), printed
    here.describe(client_secret="another")
    code, printed = await ran(here, "agent", "check")
    assert (code, "failed" in printed) == (1, True), printed
    code, printed = await ran(here, "agent", "check", ROLLCALL_AGENT_CREDENTIALS_FILE="/nonexistent.toml")
    assert (code, "cannot be read" in printed) == (1, True), printed
    for wrong, words in (
        ({"ROLLCALL_AGENT_TOKEN_FILE": "/nonexistent"}, "ROLLCALL_AGENT_TOKEN_FILE"),
        ({"ROLLCALL_AGENT_GATEWAY_URL": "http://rollcall.example.com"}, "must be https"),
        ({"ROLLCALL_AGENT_POL_SECONDS": "1"}, "did you mean ROLLCALL_AGENT_POLL_SECONDS?"),
        ({"ROLLCALL_AGENT_GATEWAY_CA_FILE": "/nonexistent.pem"}, "ROLLCALL_AGENT_GATEWAY_CA_FILE"),
    ):
        code, printed = await ran(here, "agent", "check", **wrong)
        assert (code, words in printed) == (2, True), printed
    (here.directory / "token").write_text("rc_not_a_token")
    assert here.agent_token not in printed


@pytest.mark.timeout(120)
async def test_a_killed_agent_is_followed_by_another_process(here: Site) -> None:
    """No page is lost and none is counted twice, whenever the host loses its power."""
    here.tenant.faults.append(Fault(kind="slow", path=LISTED, seconds=0.1, count=1000))
    run_id = (await here.ask("POST", f"/integrations/{here.integration_id}/runs"))["id"]
    with (here.directory / "agent.log").open("w") as log:
        for killed in (0.3, 0.7, None):
            process = await asyncio.create_subprocess_exec(ROLLCALL, "agent", env=environment(here), stdout=log, stderr=log)
            before = (await here.ask("GET", f"/runs/{run_id}"))["fetched"]
            async with asyncio.timeout(30):
                while (await here.ask("GET", f"/runs/{run_id}"))["fetched"] <= before:  # noqa: ASYNC110 - a run tells nobody outside
                    await asyncio.sleep(0.02)
            if killed is None:
                run = await here.ended(run_id)
                process.send_signal(signal.SIGTERM)
                assert await asyncio.wait_for(process.wait(), 20) == 0
            else:
                await asyncio.sleep(killed)
                process.kill()
                await process.wait()
    assert (run["state"], run["counts"]["added"], run["fetched"]) == ("completed", USERS, USERS)
    assert (await here.ask("GET", "/people", count=True, limit=1))["total"] == USERS
    assert here.tenant.client_secret not in (here.directory / "agent.log").read_text()
