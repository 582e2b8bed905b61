"""Deleting users by hand, before the real services and the simulator: the guard counts it, and a release lets it through."""

from typing import Any
from uuid import uuid4

from tests.support.whole import Here

LIMIT = 11
"""5 % of the 230 users that live."""


async def test_an_admin_who_deletes_many_is_stopped_at_the_limit_of_the_day(here: Here) -> None:
    """Whoever holds an admin's token must not empty a directory in a minute; the tray says what was asked for, and by whom."""
    assert (await here.run())["state"] == "completed"
    integration = await here.ask("GET", f"/integrations/{here.integration_id}")
    common = {"credential_id": integration["credential_id"], "inputs": integration["inputs"]}
    mine = [one for one, user in here.tenant.directory.users.items() if user["source"]["type"] == "custom" and user.get("email")]

    async def delete(source_id: str, key: str, email: str | None = None) -> dict[str, Any]:
        arguments = {"source_id": source_id, "expected_email": email or here.tenant.directory.users[source_id]["email"]}
        body = {**common, "idempotency_key": key, "arguments": arguments}
        return dict(await here.ask("POST", "/operations/sophos-users/delete-user", body))

    # A slip destroys nobody: its leave comes back, or the last one below would not pass.
    assert (await delete(mine[0], str(uuid4()), "wrong@example.com"))["outcome"] == "refused"
    assert {(await delete(one, str(uuid4())))["outcome"] for one in mine[:LIMIT]} == {"done"}
    key = str(uuid4())
    refused = await delete(mine[LIMIT], key)
    assert (refused["outcome"], refused["code"]) == ("refused", "withheld_by_guard")
    assert mine[LIMIT] in here.tenant.directory.users
    (entry,) = (await here.ask("GET", "/withheld", state="held"))["items"]
    assert (entry["kind"], entry["source_id"], entry["cause"]["kind"]) == ("deleted_in_source", mine[LIMIT], "user")
    assert entry["cause"]["actor"]
    await here.ask("POST", "/withheld/release", {"ids": [entry["id"]]})
    assert (await delete(mine[LIMIT], key))["outcome"] == "done"
    assert mine[LIMIT] not in here.tenant.directory.users
