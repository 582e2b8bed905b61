"""Forecasts: what another configuration would do to known records, said before it is saved, and needed to save it."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, event, update

from mapper.forecasts import working
from mapper.forecasts.counting import count_some
from mapper.plans.retention import remove_old
from mapper.tables import FORECASTS, PLAN_ITEMS
from shared.unit import Unit
from tests.support.mapper import MAPPING, Mapper, source_user

BY_DEPARTMENT = {"kind": "source", "path": ["dept"], "steps": [{"op": "default", "value": "Employee"}]}


def mapped(**targets: Any) -> dict[str, Any]:
    """Return the usual mapping with other targets."""
    return {**MAPPING, "targets": {**MAPPING["targets"], **targets}}  # type: ignore[dict-item]


async def full_run(mapper: Mapper, users: list[dict[str, Any]], **changes: Any) -> dict[str, int]:
    """Read the whole directory in a run of its own."""
    mapper.run_id = uuid4()
    counts = await mapper.observe(users, **changes)
    await mapper.publish(mapper.listing(len(users)))
    return counts


async def forecast(mapper: Mapper, *, expect: int = 201, **asked: Any) -> dict[str, Any]:
    """Ask for a forecast, and wait until it has come to its end."""
    path = f"/integrations/{mapper.integration_id}/mapping/forecasts"
    said = dict(await mapper.call("POST", path, json=asked, expect=expect))
    while said.get("state", "done") != "done":
        said = await mapper.call("GET", f"{path}/{said['id']}")
    return said


async def save(mapper: Mapper, mapping: dict[str, Any], *, expect: int = 200) -> dict[str, Any]:
    """Store a mapping as that of a launched integration."""
    path = f"/integrations/{mapper.integration_id}/mapping"
    return dict(await mapper.call("PUT", path, json=mapping, params={"complete": True}, expect=expect))


async def test_a_forecast_says_what_the_next_run_would_do_and_it_does(mapper: Mapper) -> None:
    """Counts, fields and examples; nothing is changed by asking, and the run that follows does just that."""
    users = [source_user(1, dept="Ops"), source_user(2), source_user(3, email=None, login="zoe.3@example.com"), source_user(4, dept="Ops")]
    await full_run(mapper, users)
    before = await mapper.people()
    login = {"kind": "source", "path": ["email"], "steps": [{"op": "first_of", "paths": [["login"]]}]}
    narrow = {"rule": {"not": {"field": "email", "operator": "begins_with", "value": "zoe.4"}}}
    proposed = {**mapped(role=BY_DEPARTMENT, email=login, username=login), "filter": narrow}
    said = await forecast(mapper, mapping=proposed)
    assert (said["state"], said["records"], said["seen"], said["base_version"], said["starts"]) == ("done", 4, 4, 1, 0)
    assert said["actions"] == {"create": 1, "update": 1, "unchanged": 1, "filter": 1}
    assert said["fields"]["person.role"] == 2
    assert said["examples"]["update"][0]["changes"]["person"] == {"role": ["Employee", "Ops"]}
    assert any("workflow engine did not answer" in note for note in said["notes"])
    assert (await mapper.people(), await mapper.call("GET", f"/integrations/{mapper.integration_id}/mapping/forecasts/{said['id']}")) == (
        before,
        said,
    )
    items = (await mapper.call("GET", f"/plans/{said['id']}/items"))["items"]
    assert sorted(item["action"] for item in items) == ["create", "filter", "update"]
    assert (await save(mapper, {**proposed, "forecast": said["id"]}))["version"] == 2
    counts = await full_run(mapper, users)
    assert (counts["added"], counts["updated"], counts["unchanged"], counts["filtered"]) == (1, 1, 1, 1)


async def test_a_launched_integration_is_not_changed_unseen(mapper: Mapper) -> None:
    """Refused with the forecast and the remedy; nothing is stored. A draft, and what changes no record, is saved freely."""
    assert (await save(mapper, mapped(role=BY_DEPARTMENT)))["version"] == 2, "nobody is known yet"
    await full_run(mapper, [source_user(1, dept="Ops"), source_user(2)])
    refused = await save(mapper, MAPPING, expect=409)
    assert (refused["code"], refused["forecast"]["actions"]) == ("forecast_needed", {"update": 1, "unchanged": 1})
    assert refused["forecast"]["id"] in refused["remedy"]
    assert "1 to update" in refused["detail"]
    again = await mapper.call(
        "POST", f"/integrations/{mapper.integration_id}/mapping/versions/1/restore", json={}, params={"complete": True}, expect=409
    )
    assert again["code"] == "forecast_needed"
    assert (await mapper.call("GET", f"/integrations/{mapper.integration_id}/mapping"))["version"] == 2
    assert (await save(mapper, {**mapped(role=BY_DEPARTMENT), "note": "the same"}))["version"] == 2
    label = {**mapped(role=BY_DEPARTMENT), "api_fields": [{"label": "Desk", "path": "desk"}]}
    assert (await save(mapper, label))["version"] == 3, "no record changes"
    bad = await save(mapper, {**MAPPING, "sync_keys": ["full_name"]}, expect=422)
    assert bad["code"] == "bad_sync_key", "what is wrong is said first"
    await mapper.call("PUT", f"/integrations/{mapper.integration_id}/mapping", json=MAPPING)


async def test_a_forecast_holds_for_what_was_looked_at_and_for_no_longer(mapper: Mapper) -> None:
    """Another mapping, another version, a run or a changed field in between: nobody has seen what would change now."""
    await full_run(mapper, [source_user(1, dept="Ops")])
    said = await forecast(mapper, mapping=mapped(role=BY_DEPARTMENT))
    other = {"kind": "constant", "value": "Guest"}
    moved = await save(mapper, {**mapped(role=other), "forecast": said["id"]}, expect=409)
    assert (moved["code"], moved["detail"]) == ("forecast_moved", "the forecast is of something else than what is saved")
    await full_run(mapper, [source_user(1, dept="Ops"), source_user(2, dept="Ops")])
    moved = await save(mapper, {**mapped(role=BY_DEPARTMENT), "forecast": said["id"]}, expect=409)
    assert moved["detail"] == "the integration has run since"
    said = await forecast(mapper, mapping=mapped(role=BY_DEPARTMENT))
    await mapper.call("POST", "/fields", json={"label": "Desk"})
    moved = await save(mapper, {**mapped(role=BY_DEPARTMENT), "forecast": said["id"]}, expect=409)
    assert moved["detail"] == "a field was changed since"
    said = await forecast(mapper, mapping=mapped(role=BY_DEPARTMENT))
    await mapper.call("PUT", f"/integrations/{mapper.integration_id}/mapping", json=mapped(role=other))
    moved = await save(mapper, {**mapped(role=BY_DEPARTMENT), "forecast": said["id"]}, expect=409)
    assert moved["detail"] == "another version of the mapping was stored since"
    unknown = await save(mapper, {**mapped(role=BY_DEPARTMENT), "forecast": str(uuid4())}, expect=404)
    assert unknown["code"] == "forecast_not_found"


async def test_a_preference_has_a_forecast_too(mapper: Mapper) -> None:
    """From *update only* to *create and update*: as many people as were held back."""
    mapper.preference = "update_only"
    assert (await full_run(mapper, [source_user(1), source_user(2)]))["skipped"] == 2
    said = await forecast(mapper, preference="create_and_update")
    assert said["actions"] == {"create": 2}
    path = f"/integrations/{mapper.integration_id}/mapping/forecasts/required"
    refused = await mapper.call("POST", path, json={"preference": "create_and_update"}, expect=409)
    assert refused["code"] == "forecast_needed"
    await mapper.call("POST", path, json={"preference": "create_and_update", "forecast": said["id"]}, expect=204)
    await mapper.call("POST", path, json={"preference": "update_only"}, expect=204)
    assert (await forecast(mapper, expect=422))["code"]


async def test_records_that_want_one_value_are_seen_together(mapper: Mapper) -> None:
    """A forecast looks at some hundred records at a time, and must still see who takes whose value."""
    await mapper.call("POST", "/fields", json={"label": "Badge", "unique": True})
    users = [source_user(number, badge="7" if number in (1, 600) else str(1000 + number)) for number in range(1, 601)]
    await full_run(mapper, users)
    said = await forecast(mapper, mapping=mapped(badge={"kind": "source", "path": ["badge"]}))
    assert said["actions"] == {"update": 599, "reject": 1}


async def test_who_is_new_with_another_filter_is_said_to_be_unknown(mapper: Mapper) -> None:
    """Nothing is kept of whom the filter holds back, and a forecast must not look whole when it is not."""
    narrow = {"rule": {"field": "source_type", "operator": "equals", "value": "custom"}}
    await mapper.call("PUT", f"/integrations/{mapper.integration_id}/mapping", json={**MAPPING, "filter": narrow})
    await full_run(mapper, [source_user(1), source_user(2, source={"type": "activeDirectory"})])
    said = await forecast(mapper, mapping=MAPPING)
    assert said["actions"] == {"unchanged": 1}
    assert any("At least 1 records were held back by the filter" in note for note in said["notes"])


async def test_a_forecast_that_a_process_left_behind_is_taken_on(mapper: Mapper) -> None:
    """Whoever asks waits for a moment; the worker goes on from where it stood."""
    await full_run(mapper, [source_user(number) for number in range(1, 4)])
    said = await forecast(mapper, mapping=mapped(role={"kind": "constant", "value": "Guest"}))
    fresh = {"state": "counting", "source_cursor": "", "seen": 0, "unchanged": 0, "fields": {}}
    async with mapper.units.begin(actor="admin") as unit:
        await unit.session.execute(update(FORECASTS).values({**fresh, "ended_at": None}))
        await unit.session.execute(delete(PLAN_ITEMS))
    parts: Any = mapper.units.parts
    parts.forecast_asked.set()
    path = f"/integrations/{mapper.integration_id}/mapping/forecasts/{said['id']}"
    for _ in range(500):
        if (await mapper.call("GET", path))["state"] == "done":
            break
    assert (await mapper.call("GET", path))["actions"] == {"update": 3}


async def test_forecasts_go_with_old_plans(mapper: Mapper) -> None:
    """They hold values of people."""
    await full_run(mapper, [source_user(1)])
    said = await forecast(mapper, mapping=mapped(role={"kind": "constant", "value": "Guest"}))
    assert await remove_old(mapper.units, timedelta(0)) > 0
    await mapper.call("GET", f"/integrations/{mapper.integration_id}/mapping/forecasts/{said['id']}", expect=404)


async def test_the_number_of_statements_does_not_grow_with_the_records(mapper: Mapper) -> None:
    """A query per record would make a forecast of a large directory take all night."""
    counted: dict[int, int] = {}
    for size in (10, 200):
        users = [source_user(size * 1000 + number) for number in range(size)]
        mapper.integration_id = uuid4()
        await mapper.call("PUT", f"/integrations/{mapper.integration_id}/mapping", json=MAPPING)
        await full_run(mapper, users)
        statements: list[str] = []
        engine = mapper.database.engine.sync_engine

        def count(*given: Any, seen: list[str] = statements) -> None:
            if "outbox" not in given[2]:
                seen.append(given[2])

        event.listen(engine, "before_cursor_execute", count)
        said = await forecast(mapper, mapping=mapped(role={"kind": "constant", "value": "Guest"}))
        event.remove(engine, "before_cursor_execute", count)
        assert said["actions"] == {"update": size}
        counted[size] = len(statements)
    # What else a service does meanwhile is counted too.
    assert counted[200] <= counted[10] + 20, counted


async def test_one_that_cannot_go_on_keeps_no_other_waiting(mapper: Mapper, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker takes the next one: nobody waits for a minute because somebody else's cannot be made now."""
    await full_run(mapper, [source_user(1, dept="Ops")])
    monkeypatch.setattr(working, "AT_ONCE", 0.0)
    stuck: list[UUID] = []

    async def unless_stuck(unit: Unit, row: Any) -> None:
        stuck[:] = stuck or [row.id]
        if row.id in stuck:
            raise OSError("no way")
        await count_some(unit, row)

    monkeypatch.setattr(working, "count_some", unless_stuck)
    path = f"/integrations/{mapper.integration_id}/mapping/forecasts"
    asked = [await mapper.call("POST", path, json={"mapping": mapped(role={"kind": "constant", "value": role})}) for role in ("A", "B")]
    states: list[str] = []
    async with asyncio.timeout(10):
        while "done" not in states:
            await asyncio.sleep(0.02)
            states = [(await mapper.call("GET", f"{path}/{one['id']}"))["state"] for one in asked]
    assert sorted(states) == ["counting", "done"]
