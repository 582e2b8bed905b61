"""The mapper suggests: from the fields that this installation has, for what nobody mapped yet, knowing what was mapped before."""

from typing import Any
from uuid import uuid4

from sqlalchemy import event

from mapper.smart_mapping.routes import suggestions
from shared.api.suggestions import SuggestionsIn
from tests.support.mapper import MAPPING, Mapper, source_user

SAMPLES = [{"id": f"u{number}", "email": f"a{number}@example.com", "x500": f"badge {number}"} for number in range(25)]


async def asked(mapper: Mapper, integration_id: Any, **given: Any) -> Any:
    """Return what is suggested for an integration."""
    body = {"source_fields": [], "samples": SAMPLES, **given}
    return await mapper.call("POST", f"/integrations/{integration_id}/mapping/suggestions", json=body)


async def test_a_new_integration_is_suggested_a_whole_mapping(mapper: Mapper) -> None:
    """What is suggested can be stored as it stands, but for the role, which somebody has to decide."""
    await mapper.call("POST", "/fields", json={"label": "Acme User Id", "unique": True})
    new = uuid4()
    answer = await asked(mapper, new, application="Acme")
    targets = {one["target"]: one["source"] for one in answer["suggestions"]}
    assert targets["acme_user_id"] == {"kind": "source", "path": ["id"], "steps": []}
    assert (answer["sync_keys"], answer["samples"], answer["already_mapped"]) == (["email"], 25, [])
    role = {"role": {"kind": "constant", "value": "Employee"}}
    await mapper.call("PUT", f"/integrations/{new}/mapping", json={"targets": {**targets, **role}, "sync_keys": answer["sync_keys"]})


async def test_suggested_steps_are_stored_as_they_are_and_do_their_work(mapper: Mapper) -> None:
    """And the next source that says it like that is suggested the same, steps and all."""
    await mapper.call("POST", "/fields", json={"label": "Begins", "data_type": "datetime"})
    samples = [{**source_user(number), "begins": f"{number + 12}.02.2026", "x9": f"{number + 12}/02/2026"} for number in range(1, 4)]
    (found,) = [one for one in (await asked(mapper, uuid4(), samples=samples))["suggestions"] if one["target"] == "begins"]
    assert found["source"]["steps"] == [{"op": "date", "formats": ["%d.%m.%Y"], "zone": "UTC"}]
    await mapper.map(begins=found["source"])
    assert (await mapper.observe(samples))["added"] == 3
    assert {person["fields"]["begins"] for person in await mapper.people()} == {f"2026-02-{day}T00:00:00.000Z" for day in (13, 14, 15)}
    steps = [{"op": "date", "formats": ["%d/%m/%Y"], "zone": "Europe/Berlin"}]
    await mapper.map(begins={"kind": "source", "path": ["x9"], "steps": steps})
    without = [{key: value for key, value in record.items() if key != "begins"} for record in samples]
    (again,) = [one for one in (await asked(mapper, uuid4(), samples=without))["suggestions"] if one["target"] == "begins"]
    assert (again["source"]["path"], again["source"]["steps"]) == (["x9"], steps), "the zone that somebody found out is known, too"


async def test_what_is_mapped_already_is_left_alone(mapper: Mapper) -> None:
    """Asking again must not undo what somebody chose."""
    answer = await asked(mapper, mapper.integration_id)
    assert set(answer["already_mapped"]) == set(MAPPING["targets"])
    assert not {one["target"] for one in answer["suggestions"]} & set(MAPPING["targets"])


async def test_other_integrations_mappings_are_learnt_from(mapper: Mapper) -> None:
    """The second system that says x500 means what the first one meant; old versions no longer count."""
    await mapper.call("POST", "/fields", json={"label": "Badge"})
    assert "badge" not in {one["target"] for one in (await asked(mapper, uuid4()))["suggestions"]}
    await mapper.map(badge={"kind": "source", "path": ["X500"]})
    (found,) = [one for one in (await asked(mapper, uuid4()))["suggestions"] if one["target"] == "badge"]
    assert (found["source"]["path"], found["certainty"], found["reasons"][0]["kind"]) == (["x500"], "likely", "mapped_before")
    await mapper.map()
    assert "badge" not in {one["target"] for one in (await asked(mapper, uuid4()))["suggestions"]}


async def test_suggestions_cost_as_many_statements_whatever_was_mapped_before(mapper: Mapper) -> None:
    """An installation with a hundred integrations asks as quickly as one with two."""
    few = await statements(mapper)
    for _ in range(30):
        await mapper.call("PUT", f"/integrations/{uuid4()}/mapping", json=MAPPING)
    assert await statements(mapper) == few > 0


async def statements(mapper: Mapper) -> int:
    """Return how many statements suggestions take, on their own connection: the service does other things meanwhile."""
    count = 0

    def counting(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        nonlocal count
        count += statement.startswith("SELECT")

    async with mapper.database.reading() as session:
        connection = (await session.connection()).sync_connection
        event.listen(connection, "before_cursor_execute", counting)
        await suggestions(uuid4(), SuggestionsIn(source_fields=[], samples=[{"email": "ada@example.com"}]), session)
        event.remove(connection, "before_cursor_execute", counting)
    return count


async def test_too_many_samples_are_refused(mapper: Mapper) -> None:
    """What is looked at is bounded."""
    response = await mapper.answer(
        "POST", f"/integrations/{uuid4()}/mapping/suggestions", json={"source_fields": [], "samples": [{}] * 101}
    )
    assert response.status_code == 422
