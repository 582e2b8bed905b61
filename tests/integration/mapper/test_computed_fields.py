"""Fields that are computed on their way: what fails is one record's rejection, the rest of the page arrives."""

from typing import Any

from tests.support.mapper import MAPPING, Mapper, source_user

TARGETS: dict[str, Any] = dict(MAPPING["targets"])  # type: ignore[arg-type]


async def test_transformed_and_computed_values_arrive_and_a_bad_one_is_rejected(mapper: Mapper) -> None:
    """One source, several targets; the reason names the field and the step."""
    surname = {"kind": "source", "path": "name", "steps": [{"op": "split", "separator": " "}, {"op": "item", "index": -1}]}
    created = {"kind": "source", "path": "born", "steps": [{"op": "date", "formats": ["%d.%m.%Y"], "zone": "Europe/Berlin"}]}
    role = {"kind": "expression", "expression": 'record.groups.exists(g, g.name == "Ops") ? "Operator" : "Employee"'}
    computed = {"first_name": {"kind": "source", "path": ["name"]}, "last_name": surname, "source_created_at": created, "role": role}
    await mapper.ready(targets={**TARGETS, **computed})
    page = [
        source_user(1, born="24.11.2025", groups=[{"name": "Ops"}]),
        source_user(2, born="yesterday", groups=[]),
        source_user(3, groups=[{"name": "Dev"}]),
        source_user(4, groups="Ops"),
    ]
    counts = await mapper.observe(page)
    assert (counts["added"], counts["failed"]) == (2, 2)
    people = {person["fields"]["email"]: person["fields"] for person in await mapper.people()}
    one = people["zoe.1@example.com"]
    assert (one["last_name"], one["source_created_at"], one["role"]) == ("1", "2025-11-23T23:00:00.000Z", "Operator")
    assert people["zoe.3@example.com"]["role"] == "Employee"
    rejections = {rejection.source_id: rejection for rejection in mapper.last("sync.page.applied.v1").rejections}
    dated, grouped = rejections[page[1]["id"]], rejections[page[3]["id"]]
    assert (dated.code, dated.field) == ("not_computed", "source_created_at")
    assert "step 1 (date)" in dated.message
    assert (grouped.code, grouped.field) == ("not_computed", "role")
