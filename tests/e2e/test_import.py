"""From a file to People: sent, looked at, mapped, checked, planned, applied; and sent again."""

import asyncio
from typing import Any

from tests.support.files import HEADER, as_csv, as_xlsx, called, drafted, employees, mapped, sent
from tests.support.whole import Here

PEOPLE = 40


async def launched(here: Here, content: bytes, **inputs: str) -> str:
    """Add an integration that has read a file once; return its path."""
    path = await drafted(here, **inputs)
    assert (await sent(here, path, content)).status_code == 201
    await here.ask("PUT", f"{path}/mapping", mapped())
    await here.ask("POST", f"{path}/launch")
    await run(here, path)
    return path


async def run(here: Here, path: str, **given: Any) -> dict[str, Any]:
    """Run an integration to its end."""
    return await here.settled((await here.ask("POST", f"{path}/runs", given))["id"])


async def broken_off(here: Here, path: str, blocks: list[bytes]) -> int | None:
    """Send some blocks of a body to the gateway and go away; return the status of its answer, should there be one."""
    app = here.http._transport.app  # type: ignore[attr-defined]  # a client would wait for an answer
    messages: list[dict[str, Any]] = [{"type": "http.request", "body": block, "more_body": True} for block in blocks]
    answered: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        answered.append(message)

    headers = [(b"authorization", f"Bearer {here.token}".encode()), (b"host", b"gateway")]
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"name=half.csv",
        "headers": headers,
    }
    more = {"http_version": "1.1", "scheme": "http", "server": ("gateway", 80), "client": ("test", 1), "asgi": {"version": "3.0"}}
    await app({**scope, **more}, receive, send)
    assert not messages
    return answered[0]["status"] if answered else None


async def test_a_file_goes_the_way_of_every_source(here: Here) -> None:
    """Whoever can read Sophos can read a list of employees: the same review, suggestions, check, plan and undo."""
    path = await drafted(here)
    gaps = {gap["field"] for gap in (await here.ask("GET", path))["missing"]}
    assert {"file"} == {field for field in gaps if not field.startswith("mapping")}
    response = await sent(here, path, as_xlsx(employees(PEOPLE)), name="people.xlsx")
    assert response.status_code == 201, response.text
    file = response.json()
    assert (file["format"], file["rows"], file["columns"], file["is_current"]) == ("xlsx", PEOPLE, list(HEADER), True)
    reviewed = await here.ask("POST", f"{path}/mapping/review")
    assert {one["path"][0] for one in reviewed["fields"]} == set(HEADER)
    suggested = {one["target"]: one for one in (await here.ask("POST", f"{path}/mapping/suggestions"))["suggestions"]}
    assert (suggested["email"]["source"]["path"], suggested["email"]["certainty"]) == (["E-Mail"], "sure")
    assert suggested["full_name"]["source"]["path"] == ["Full name"]
    await here.ask("PUT", f"{path}/mapping", mapped())
    checked = await here.ask("POST", f"{path}/check")
    assert (checked["launchable"], checked["actions"]) == (True, {"create": PEOPLE})
    planned = await run(here, path, mode="plan")
    assert (planned["state"], planned["counts"]["added"], planned["file_id"]) == ("completed", PEOPLE, file["id"])
    assert await here.people() == {}
    await here.ask("POST", f"{path}/launch")
    assert (await here.ask("GET", f"{path}/schedules"))["items"] == []
    applied = await here.settled((await here.ask("POST", f"/runs/{planned['id']}/apply"))["id"])
    assert (applied["state"], applied["counts"]["added"]) == ("completed", PEOPLE)
    assert len(await here.people()) == PEOPLE
    again = await run(here, path)
    assert (again["state"], again["counts"]["unchanged"], again["missing"]) == ("completed", PEOPLE, 0)


async def test_a_file_sent_again_with_one_change_changes_one_record_and_is_undone(here: Here) -> None:
    """The row is known again by its id, so that an address that changed renames the person in place."""
    path = await launched(here, as_csv(employees(PEOPLE)))
    changed = employees(PEOPLE, n7="Mary Somerville")
    changed[6][1] = "mary@example.com"
    assert (await sent(here, path, as_csv(changed, delimiter=";", encoding="utf-16"))).json()["encoding"] == "utf-16"
    second = await run(here, path)
    assert (second["counts"]["updated"], second["counts"]["unchanged"], second["counts"]["added"]) == (1, PEOPLE - 1, 0)
    people = await here.people()
    assert (people["mary@example.com"], len(people), "person7@example.com" in people) == ("Mary Somerville", PEOPLE, False)
    rule = '{"field": "email", "operator": "equals", "value": "mary@example.com"}'
    (mary,) = (await here.ask("GET", "/people", filter=rule))["items"]
    why = await here.ask("GET", f"/people/{mary['id']}/fields/full_name/why")
    assert (why["value"], why["change"]["source"]["run_id"], why["change"]["source"]["source_id"]) == (
        "Mary Somerville",
        second["id"],
        "007",
    )
    undo = await here.ask("POST", f"/runs/{second['id']}/undo", {"mode": "apply"})
    async with asyncio.timeout(30):
        while (await here.ask("GET", f"/undos/{undo['id']}"))["ended_at"] is None:  # noqa: ASYNC110 - an undo tells nobody outside
            await asyncio.sleep(0.05)
    assert (await here.people())["person7@example.com"] == called(7)


async def test_who_is_not_in_a_file_is_missing_only_where_the_file_is_everybody(here: Here) -> None:
    """A list of new hires says nothing of the others; a whole list does, with the file as the proof."""
    path = await launched(here, as_csv(employees(PEOPLE)))
    fewer = as_csv(employees(PEOPLE)[:-2])
    await sent(here, path, fewer)
    assert (await run(here, path))["missing"] == 0
    inputs = {"id_column": {"value": "employee id"}, "absence": {"value": "missing"}}
    await here.ask("PATCH", path, {"inputs": inputs})
    planned = await run(here, path, mode="plan")
    assert (planned["state"], planned["newly_missing"]) == ("completed", 2)
    missing = await here.items(planned["id"], action="missing")
    assert {one["source_id"] for one in missing} == {"039", "040"}
    assert "people.csv" in missing[0]["proof"]["asked"]
    assert (await run(here, path))["newly_missing"] == 2


async def test_a_file_that_loses_many_is_held_back_by_the_guard(here: Here) -> None:
    """A list that was cut off in the middle must not make half of the company leave."""
    path = await launched(here, as_csv(employees(PEOPLE)), absence="missing")
    await sent(here, path, as_csv(employees(5)))
    cut = await run(here, path)
    assert (cut["state"], cut["newly_missing"], cut["withheld_losses"]) == ("completed", 0, PEOPLE - 5), cut
    assert len(await here.people()) == PEOPLE


async def test_what_cannot_be_a_source_of_people_is_refused_and_changes_nothing(here: Here) -> None:
    """The file before it stays, and the next run reads that one."""
    path = await launched(here, as_csv(employees(PEOPLE)))
    twice = employees(PEOPLE)
    twice[4][0] = twice[2][0]
    bad = {
        "file_empty": b"",
        "file_binary": bytes(range(256)) * 10,
        "file_encoding": as_csv([["001", "x@example.com", "Zoë", ""]], encoding="latin-1"),
        "file_columns_too_many": as_csv([], header=["c"] * 1_000_000),
        "file_ids_doubled": as_csv(twice),
        "file_ids_missing": as_csv([["", "x@example.com", "X", ""]]),
        "file_column_unknown": as_csv([["x@example.com"]], header=["E-Mail"]),
        "file_formula_uncalculated": as_xlsx([["001", "x@example.com", "=1+1", ""]]),
    }
    for code, content in bad.items():
        refused = await sent(here, path, content)
        assert (refused.status_code, refused.json()["code"]) == (422, code), refused.text
        assert refused.json()["remedy"]
        assert refused.json()["fields"]
    large = await sent(here, path, b"a,b\n" + b"1,2\n" * 9_000_000)
    assert (large.status_code, large.json()["code"]) == (413, "too_large")
    assert len((await here.ask("GET", f"{path}/files"))["items"]) == 1
    assert (await run(here, path))["counts"]["unchanged"] == PEOPLE


async def test_an_upload_that_breaks_off_leaves_nothing(here: Here) -> None:
    """Half of the people would look like all of them."""
    path = await launched(here, as_csv(employees(PEOPLE)))
    content = as_csv(employees(30_000))

    assert await broken_off(here, f"/api/v1{path}/files", [content[:65_536], content[65_536:200_000]]) is None
    (file,) = (await here.ask("GET", f"{path}/files"))["items"]
    assert (file["rows"], file["is_current"]) == (PEOPLE, True)


async def test_files_are_for_whoever_may_run_integrations_and_can_be_removed(here: Here) -> None:
    """A file holds everybody: viewers send none, and its rows are gone as soon as somebody says so."""
    path = await launched(here, as_csv(employees(PEOPLE)))
    account = await here.ask("POST", "/accounts", {"name": "Vera", "kind": "person", "role": "viewer"})
    viewer = (await here.ask("POST", f"/accounts/{account['id']}/tokens", {"name": "t"}))["token"]
    refused = await here.http.post(
        f"/api/v1{path}/files", content=as_csv(employees(2)), headers={"Authorization": f"Bearer {viewer}"}, params={"name": "x"}
    )
    assert (refused.status_code, refused.json()["needed_role"]) == (403, "operator")
    (file,) = (await here.ask("GET", f"{path}/files"))["items"]
    await here.ask("DELETE", f"{path}/files/{file['id']}", expect=204)
    (removed,) = (await here.ask("GET", f"{path}/files"))["items"]
    assert (removed["is_current"], removed["removed_by"], removed["rows"]) == (False, "admin", PEOPLE)
    failed = await run(here, path)
    assert (failed["state"], failed["error"]["code"], failed["error"]["fields"][0]["field"]) == ("failed", "integration_incomplete", "file")
    assert len(await here.people()) == PEOPLE


async def test_a_source_that_is_signed_in_to_takes_no_files_and_a_file_no_schedule(here: Here) -> None:
    """Each says what it is for."""
    other = await sent(here, f"/integrations/{here.integration_id}", as_csv(employees(1)))
    assert (other.status_code, other.json()["code"]) == (409, "takes_no_files")
    path = await launched(here, as_csv(employees(3)))
    schedule = await here.ask("PUT", f"{path}/schedules/full", {"timing": {"type": "daily", "at": "02:30"}}, expect=409)
    assert schedule["code"] == "not_schedulable"
    assert (await here.ask("PATCH", path, {"installation": "local"}, expect=422))["fields"][0]["field"] == "installation"
    copied = await here.ask("POST", f"{path}/copy", {"name": "Again"})
    assert "file" in {gap["field"] for gap in copied["missing"]}
    await here.ask("POST", f"{path}/archive")
    assert (await sent(here, path, as_csv(employees(1)))).json()["code"] == "integration_state"
    await here.ask("DELETE", path, expect=204)
    await here.ask("GET", f"{path}/files", expect=404)
