"""Whom a record belongs to, through the gateway: conflicts that somebody settles, and people who are one."""

from typing import Any

import pytest

from tests.support.files import as_csv, drafted, mapped, sent
from tests.support.places import on_each_database
from tests.support.whole import Here

HEADER = ("Employee ID", "E-Mail", "Full name", "Login")
GRACE = ("001", "grace@example.com", "Grace Hopper", "grace@example.com")


pytestmark = on_each_database


@pytest.fixture
async def here(here: Here) -> Here:
    """Give the integration once it has read its whole directory."""
    assert (await here.run())["state"] == "completed"
    return here


async def read_from_a_file(here: Here, *rows: tuple[str, ...]) -> str:
    """Launch an integration that reads people from a file, looked for by two keys; return its path."""
    path = await drafted(here)
    assert (await sent(here, path, as_csv(rows, HEADER))).status_code == 201
    by_two = {**mapped(username={"kind": "source", "path": ["Login"]}), "sync_keys": ["email", "username"]}
    await here.ask("PUT", f"{path}/mapping", by_two)
    await here.ask("POST", f"{path}/launch")
    return path


async def run(here: Here, path: str) -> dict[str, Any]:
    """Run an integration to its end."""
    return await here.ended((await here.ask("POST", f"{path}/runs", {}))["id"])


async def test_a_record_of_two_people_waits_for_somebody_who_settles_it(here: Here) -> None:
    """It is an error of its run that names both; once it is settled, runs follow without asking again."""
    people = (await here.ask("GET", "/people", limit=2, sort="email"))["items"]
    one, other = people
    path = await read_from_a_file(here, GRACE, ("007", one["fields"]["email"], "Somebody", other["fields"]["username"]))
    first = await run(here, path)
    assert (first["state"], first["counts"]["added"], first["counts"]["failed"]) == ("completed_with_errors", 1, 1)
    (conflict,) = (await here.ask("GET", "/match-conflicts", state="open"))["items"]
    assert {found["record_id"] for found in conflict["candidates"]} == {one["id"], other["id"]}
    settle = f"/match-conflicts/{conflict['id']}/settle"
    refused = await here.ask("POST", settle, {"decision": "choose"}, expect=422)
    assert "record_id" in str(refused["fields"])
    settled = await here.ask("POST", settle, {"decision": "ignore", "note": "A test account"})
    assert (settled["state"], settled["decided_by"]) == ("settled", "admin")
    assert (await here.ask("POST", settle, {"decision": "ignore"}, expect=409))["code"] == "conflict_settled"
    again = await run(here, path)
    assert (again["state"], again["counts"]["skipped"], again["counts"]["failed"]) == ("completed", 1, 0)
    for person in people:
        assert (await here.ask("GET", f"/people/{person['id']}"))["revision"] == person["revision"]
    assert (await here.ask("POST", f"/match-conflicts/{conflict['id']}/reopen"))["state"] == "open"


async def test_two_people_become_one_and_two_again(here: Here) -> None:
    """Looked at first, then done, then taken back: each has what they had, and runs in between make no third."""
    (kept,) = (await here.ask("GET", "/people", limit=1, sort="email"))["items"]
    path = await read_from_a_file(here, GRACE)
    await run(here, path)
    merged = await here.ask("GET", f"/people/by/email/{GRACE[1]}")
    into = f"/people/{kept['id']}/merge"
    planned = await here.ask("POST", into, {"merge_id": merged["id"]})
    assert (planned["id"], planned["state"], planned["moved"]["links"]) == (None, "planned", 1)
    assert (await here.ask("GET", f"/people/{merged['id']}"))["revision"] == merged["revision"], "a plan writes nothing"
    made = await here.ask("POST", into, {"merge_id": merged["id"], "mode": "apply"})
    gone = await here.ask("GET", f"/people/{merged['id']}", expect=404)
    assert (gone["code"], gone["merged_into"]) == ("person_merged", kept["id"])
    for of in (path, f"/integrations/{here.integration_id}"):
        assert (await run(here, of))["counts"]["added"] == 0
    await here.ask("POST", f"/merges/{made['id']}/unmerge", {"mode": "apply"})
    for before in (kept, merged):
        after = await here.ask("GET", f"/people/{before['id']}")
        assert told(after) == told(before)
    assert (await run(here, path))["counts"]["unchanged"] == 1


def told(person: dict[str, Any]) -> dict[str, Any]:
    """Return what is told of somebody, without the moment of the last sync."""
    return {key: value for key, value in person["fields"].items() if key != "synced_at"}
