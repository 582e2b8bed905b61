"""A bad run, found, explained and undone, through the API, from the simulator to the records and back."""

from typing import Any

from shared.clock import now
from tests.support.places import on_each_database
from tests.support.whole import Here

pytestmark = on_each_database


async def test_a_bad_run_is_found_explained_and_undone(here: Here) -> None:
    """The whole question of an operator: since when, why, and take it back, without touching what a hand has mended."""
    await here.run()
    before, good = await here.people(), now()
    spoilt, mended = here.rename(0), here.rename(1)
    bad = await here.run()
    people = {person["fields"]["email"]: person for person in (await here.ask("GET", "/people", limit=200))["items"]}
    person_id = people[spoilt]["id"]
    since: dict[str, Any] = {"from": good.isoformat()}
    found = await here.ask("GET", f"/people/{person_id}/diff", **since)
    assert (found["fields"]["full_name"]["after"], found["fields"]["full_name"]["cause"]["id"]) == ("Renamed 0", bad["id"])
    why = await here.ask("GET", f"/people/{person_id}/fields/full_name/why")
    assert (why["change"]["source"]["run_id"], why["change"]["source"]["mapped_from"]["path"]) == (bad["id"], ["name"])
    await here.ask("PATCH", f"/people/{people[mended]['id']}", {"fields": {"full_name": "By hand"}})
    undone = await here.ask("POST", f"/runs/{bad['id']}/undo", {"mode": "apply"})
    assert (undone["state"], undone["conflicts"]) == ("done", 1)
    assert await here.people() == {**before, mended: "By hand"}
    (kept,) = (await here.ask("GET", f"/undos/{undone['id']}/items", conflicts=True))["items"]
    assert (kept["record_id"], kept["conflicts"][0]["field"]) == (people[mended]["id"], "full_name")
    then = await here.ask("GET", f"/people/{person_id}", as_of=good.isoformat())
    assert then["fields"]["full_name"] == before[spoilt]
    again = await here.run()
    assert again["counts"]["updated"] == 1, "what the source still says comes again"
    assert await here.people() == {**before, spoilt: "Renamed 0", mended: "By hand"}, "but not over what somebody mended"
    not_there = await here.ask("GET", f"/integrations/{here.integration_id}/why-not", source_id="nobody")
    assert not_there["state"] == "unknown"
