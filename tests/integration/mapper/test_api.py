"""Lists, hand edits, fields and mappings: clear answers to bad input, and nothing changed by it."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr

from shared.clock import now
from shared.http.paging import encode_cursor
from tests.support.mapper import MAPPING, Mapper, running_mapper, source_user

TARGETS: dict[str, Any] = dict(MAPPING["targets"])  # type: ignore[arg-type]


def constant(value: Any) -> dict[str, Any]:
    """Return a target that is the same for everybody."""
    return {"kind": "constant", "value": value}


def from_source(*steps: dict[str, Any]) -> dict[str, Any]:
    """Return a target that is taken from the source through steps."""
    return {"kind": "source", "path": "name", "steps": list(steps)}


def where(field: str, operator: str, value: Any = None) -> str:
    """Return a rule as a query parameter."""
    return json.dumps({"field": field, "operator": operator, **({} if value is None else {"value": value})})


async def test_lists_are_paged_by_cursor_in_a_stable_order(mapper: Mapper) -> None:
    """Every row once, whatever the page size and the sort."""
    await mapper.observe([source_user(number) for number in range(30)])
    for sort in ("email", "-email", None):
        seen: list[str] = []
        cursor = None
        while True:
            params = {"limit": 7, **({"sort": sort} if sort else {}), **({"cursor": cursor} if cursor else {})}
            page = await mapper.call("GET", "/people", params=params)
            seen += [person["fields"]["email"] for person in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert len(seen) == len(set(seen)) == 30
        if sort:
            assert seen == sorted(seen, reverse=sort.startswith("-"))


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        (where("email", "equals", "ZOE.3@EXAMPLE.COM"), 1),
        (where("full_name", "begins_with", "żoë"), 5),
        (where("full_name", "contains", "%"), 0),
        (where("role", "not_equals", "Employee"), 0),
        (where("last_name", "is_empty"), 5),
        (where("email", "in", ["zoe.1@example.com", "zoe.2@example.com"]), 2),
        (where("email", "equals", "\x00"), 0),
        (where("email", "in", [f"zoe.{number}@example.com" for number in range(500)]), 5),
    ],
)
async def test_a_rule_filters_a_list(mapper: Mapper, rule: str, found: int) -> None:
    """The same language as in workflows, whatever the case and the script."""
    await mapper.observe([source_user(number) for number in range(5)])
    page = await mapper.call("GET", "/people", params={"filter": rule, "count": "true"})
    assert (page["total"], len(page["items"])) == (found, found)


@pytest.mark.parametrize(
    ("params", "code", "field"),
    [
        ({"filter": "{"}, "bad_rule", "filter"),
        ({"filter": "[]"}, "bad_rule", "filter"),
        ({"filter": '{"all": [1]}'}, "bad_rule", "filter.all.0"),
        ({"filter": where("emial", "is_empty")}, "bad_rule", "filter.field"),
        ({"filter": json.dumps({"field": "email", "operator": "resembles", "value": "x"})}, "bad_rule", "filter.operator"),
        ({"filter": json.dumps({"all": [{"not": json.loads(where("email", "at_least", "z"))}]})}, "bad_rule", "filter.all.0.not.operator"),
        ({"filter": where("source_created_at", "at_least", "2026-05-01")}, "bad_rule", "filter.value"),
        ({"filter": where("source_created_at", "days_forward", -1)}, "bad_rule", "filter"),
        ({"sort": "nothing"}, "unknown_field", "sort.nothing"),
        ({"cursor": "%%%"}, "bad_cursor", "cursor"),
        ({"cursor": encode_cursor([1])}, "bad_cursor", "cursor"),
        ({"cursor": encode_cursor(["not an id"])}, "bad_cursor", "cursor"),
        ({"cursor": encode_cursor(["a", "b"])}, "bad_cursor", "cursor"),
        ({"sort": "email", "cursor": encode_cursor(["nul\x00", str(UUID(int=1))])}, "bad_cursor", "cursor"),
        ({"filter": where("synced_at", "is_empty")}, "bad_rule", "filter.field"),
        ({"sort": "-synced_at"}, "not_listable", "sort.synced_at"),
        ({"filter": '{"not":' * 900 + where("email", "is_empty") + "}" * 900}, "bad_rule", "filter"),
        ({"filter": where("email", "in", ["x"] * 1001)}, "bad_rule", "filter"),
    ],
)
async def test_a_bad_list_query_names_what_is_wrong(mapper: Mapper, params: dict[str, str], code: str, field: str) -> None:
    """A typo in a filter must not answer with everybody."""
    problem = await mapper.call("GET", "/people", params=params, expect=422)
    assert problem["code"] == code
    assert problem["remedy"]
    assert problem["fields"][0]["field"] == field


async def test_a_hand_edit_is_a_revision_and_bad_ones_change_nothing(mapper: Mapper) -> None:
    """Clear errors that name the field; the record stays as it was."""
    await mapper.observe([source_user(1), source_user(2)])
    one = next(person for person in await mapper.people() if person["fields"]["email"] == "zoe.1@example.com")
    path = f"/people/{one['id']}"
    for fields, status, code in (
        ({"nickname": "Z"}, 422, "unknown_field"),
        ({"tenant_id": "mine"}, 422, "bad_values"),
        ({"email": ""}, 422, "bad_values"),
        ({"email": "zoe.2@example.com"}, 409, "value_taken"),
    ):
        assert (await mapper.call("PATCH", path, json={"fields": fields}, expect=status))["code"] == code
    assert (await mapper.call("GET", path))["revision"] == 1
    changed = await mapper.call("PATCH", path, json={"fields": {"full_name": "Zoë"}})
    assert (changed["revision"], changed["fields"]["full_name"]) == (2, "Zoë")


async def test_a_unique_custom_field_is_kept_unique_by_the_database(mapper: Mapper) -> None:
    """Two people with one Sophos User Id would be two people in one account."""
    field = await mapper.call("POST", "/fields", json={"label": "Sophos User Id", "unique": True})
    assert field["key"] == "sophos_user_id"
    assert (await mapper.call("POST", "/fields", json={"label": "sophos user ID"}, expect=409))["code"] == "field_exists"
    await mapper.observe([source_user(1), source_user(2)])
    one, two = await mapper.people()
    await mapper.call("PATCH", f"/people/{one['id']}", json={"fields": {"sophos_user_id": "A-1"}})
    problem = await mapper.call("PATCH", f"/people/{two['id']}", json={"fields": {"sophos_user_id": "a-1"}}, expect=409)
    assert problem["fields"][0]["field"] == "sophos_user_id"


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"targets": {**TARGETS, "emial": constant("x")}}, "unknown_field", "targets.emial"),
        ({"sync_keys": ["full_name"]}, "bad_sync_key", "sync_keys.full_name"),
        ({"sync_keys": ["nothing"]}, "unknown_field", "sync_keys.nothing"),
        ({"targets": {**TARGETS, "role": constant("x" * 5000)}}, "bad_mapping_source", "targets.role"),
        ({"targets": {**TARGETS, "role": constant("")}}, "bad_mapping_source", "targets.role"),
        ({"targets": {**TARGETS, "source_created_at": constant("soon")}}, "bad_mapping_source", "targets.source_created_at"),
        ({"targets": {**TARGETS, "email": constant("all@example.com")}}, "bad_mapping_source", "targets.email"),
        ({"targets": {**TARGETS, "full_name": {"kind": "sync_time"}}}, "bad_mapping_source", "targets.full_name"),
        ({"targets": {**TARGETS, "full_name": {"kind": "source", "path": ["\x00"]}}}, "bad_mapping_source", "targets.full_name"),
        (
            {"targets": {**TARGETS, "full_name": from_source({"op": "trim"}, {"op": "extract", "pattern": "("})}},
            "bad_mapping_source",
            "targets.full_name.steps.2",
        ),
        (
            {"targets": {**TARGETS, "full_name": from_source({"op": "split", "separator": " "})}},
            "bad_mapping_source",
            "targets.full_name",
        ),
        (
            {"targets": {**TARGETS, "full_name": from_source({"op": "map_values", "values": {"a": "\x00"}})}},
            "bad_mapping_source",
            "targets.full_name",
        ),
        (
            {"targets": {**TARGETS, "full_name": {"kind": "expression", "expression": "recrod.name"}}},
            "bad_mapping_source",
            "targets.full_name.expression",
        ),
        ({"targets": {"email": {"kind": "source", "path": ["email"]}}, "sync_keys": ["username"]}, "bad_sync_key", "sync_keys.username"),
    ],
)
async def test_a_mapping_that_cannot_work_is_refused_by_name(mapper: Mapper, change: dict[str, Any], code: str, field: str) -> None:
    """A mapping to a field that does not exist changes nothing."""
    path = f"/integrations/{mapper.integration_id}/mapping"
    problem = await mapper.call("PUT", path, json={**MAPPING, **change}, expect=422)
    assert all(entry["message"] for entry in problem["fields"])
    assert (problem["code"], problem["fields"][0]["field"]) == (code, field)
    assert (await mapper.call("GET", path))["version"] == 1


async def test_a_mapping_grows_by_versions_and_the_same_one_again_is_none(mapper: Mapper) -> None:
    """Who changed the mapping, and when, stays known."""
    path = f"/integrations/{mapper.integration_id}/mapping"
    assert (await mapper.call("PUT", path, json=MAPPING))["version"] == 1
    changed = {**MAPPING, "targets": {**TARGETS, "role": constant("Guest")}}
    stored = await mapper.call("PUT", path, json=changed)
    assert (stored["version"], stored["author"]) == (2, "admin")


async def test_readiness_names_what_a_launch_still_needs(mapper: Mapper) -> None:
    """Username, email, role and a sync key."""
    fresh = "/integrations/00000000-0000-4000-8000-000000000001/mapping/readiness"
    missing = (await mapper.call("GET", fresh))["missing"]
    assert [gap["field"] for gap in missing] == ["mapping.username", "mapping.email", "mapping.role", "mapping.sync_keys"]
    assert (await mapper.call("GET", f"/integrations/{mapper.integration_id}/mapping/readiness"))["missing"] == []


async def test_the_internal_api_is_closed_without_a_service_token(mapper: Mapper) -> None:
    """An internal port is not a permission."""
    for path in ("/internal/people", "/internal/fields", "/internal/saas-users"):
        response = await mapper.http.get(path)
        assert response.status_code == 401


async def test_other_services_ask_by_rule_or_by_id_and_page_on(mapper: Mapper) -> None:
    """What a sweep reads: every record once, flat, as rules see it."""
    await mapper.observe([source_user(number) for number in range(12)])
    rule = {"field": "email", "operator": "begins_with", "value": "ZOE.1"}
    seen, cursor = [], None
    while True:
        page = await mapper.call("POST", "/records/saas_user/query", json={"rule": rule, "limit": 2, "cursor": cursor})
        seen += [record["fields"]["email"] for record in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert sorted(seen) == ["zoe.10@example.com", "zoe.11@example.com", "zoe.1@example.com"]
    ids = [person["id"] for person in (await mapper.people())[:2]]
    page = await mapper.call("POST", "/records/person/query", json={"ids": [*ids, str(UUID(int=9))]})
    assert sorted(record["id"] for record in page["items"]) == sorted(ids)


async def test_a_person_added_by_hand_is_complete_and_unlike_any_other(mapper: Mapper) -> None:
    """Username, email and role, and nobody else's."""
    fields = {"username": "ann", "email": "ann@example.com", "role": "Employee"}
    problem = await mapper.call("POST", "/people", json={"fields": {"email": "ann@example.com"}}, expect=422)
    assert [entry["field"] for entry in problem["fields"]] == ["fields.username", "fields.role"]
    added = await mapper.call("POST", "/people", json={"fields": fields}, expect=201)
    assert (await mapper.timeline(added["id"]))[0]["cause"]["actor"] == "admin"
    problem = await mapper.call("POST", "/people", json={"fields": {**fields, "username": "ANN "}}, expect=409)
    assert [entry["field"] for entry in problem["fields"]] == ["username", "email"]


async def test_a_field_that_cannot_work_is_refused(mapper: Mapper) -> None:
    """Each with its reason: no key in the label, a unique yes-or-no, a label that no database keeps."""
    for field, status in (
        ({"label": "日本"}, 422),
        ({"label": "Is boss", "data_type": "boolean", "unique": True}, 422),
        ({"label": "nul\x00byte"}, 422),
        ({"label": "E-Mail", "key": "email"}, 409),
        ({"label": "FULL  NAME"}, 409),
        ({"label": "Id"}, 409),
    ):
        problem = await mapper.call("POST", "/fields", json=field, expect=status)
        assert problem["remedy"]
        assert problem["fields"]
    added = await mapper.call("POST", "/fields", json={"label": "Größe (cm)", "data_type": "number"}, expect=201)
    assert added["key"] == "groe_cm"


async def test_a_rule_is_checked_before_it_is_used(mapper: Mapper) -> None:
    """The console shows each problem at its place, also for fields that this installation added."""
    await mapper.call("POST", "/fields", json={"label": "Offboarding date", "data_type": "datetime"}, expect=201)
    good = {"all": [{"field": "offboarding_date", "operator": "at_most", "value": {"today": 0}}]}
    assert (await mapper.call("POST", "/rules/check", json={"rule": good}))["problems"] == []
    for rule, place in (
        ({"not": {"field": "offboarding_date", "operator": "at_most", "value": "today"}}, "rule.not.value"),
        ({"any": [{"field": "offboarding", "operator": "is_empty"}]}, "rule.any.0.field"),
        ({"any": []}, "rule.any"),
        ({"field": "synced_at", "operator": "is_empty"}, "rule.field"),
    ):
        (problem,) = (await mapper.call("POST", "/rules/check", json={"rule": rule}))["problems"]
        assert problem["field"] == place
        assert problem["remedy"]
    other = {"object_type": "saas_user", "rule": good}
    assert len((await mapper.call("POST", "/rules/check", json=other))["problems"]) == 1


async def test_dates_in_a_filter_are_days_of_the_installations_zone(database_url: SecretStr, tmp_path: Path) -> None:
    """Half past midnight on the first of May in Auckland is the last of April in Greenwich."""
    async with running_mapper(database_url, tmp_path / "dead-letters", time_zone="Pacific/Auckland") as mapper:
        await mapper.ready()
        await mapper.call("POST", "/fields", json={"label": "Offboarding date", "data_type": "datetime"}, expect=201)
        await mapper.observe([source_user(1), source_user(2)])
        one, _two = await mapper.people()
        await mapper.call("PATCH", f"/people/{one['id']}", json={"fields": {"offboarding_date": "2026-04-30T12:30:00Z"}})
        for operator, value, found in (
            ("equals", {"date": "2026-05-01"}, 1),
            ("equals", {"date": "2026-04-30"}, 0),
            ("at_most", {"today": 0}, int(now() >= datetime(2026, 4, 30, 12, tzinfo=UTC))),
            ("not_equals", {"date": "2026-05-01"}, 1),
        ):
            rule = where("offboarding_date", operator, value)
            assert len(await mapper.people(filter=rule)) == found, (operator, value)
