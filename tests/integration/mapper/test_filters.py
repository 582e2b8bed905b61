"""Filters of integrations: who is written at all, who was held back by which condition, and that changing one starts no workflow."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from mapper.filters.kept import MOST_KEPT
from mapper.plans.retention import remove_old
from shared.api.mappings import MappingIn
from shared.events import IntegrationDeleted, PlannedPageApproved
from shared.http.paging import encode_cursor
from tests.support.mapper import MAPPING, Mapper, source_user

CUSTOM_ONLY = {"rule": {"field": "source_type", "operator": "equals", "value": "Custom"}}
DIRECTORY = {"type": "activeDirectory"}


async def filtering(mapper: Mapper, given: dict[str, Any] | None, *, expect: int = 200) -> Any:
    """Store the usual mapping with a filter."""
    path = f"/integrations/{mapper.integration_id}/mapping"
    return await mapper.call("PUT", path, json={**MAPPING, "filter": given}, expect=expect)


async def held_back(mapper: Mapper, run_id: Any = None, **params: Any) -> list[dict[str, Any]]:
    """Return the records of a run that are kept as filtered."""
    return list((await mapper.call("GET", f"/runs/{run_id or mapper.run_id}/filtered", params={"limit": 500, **params}))["items"])


async def full_run(mapper: Mapper, users: list[dict[str, Any]], **changes: Any) -> dict[str, int]:
    """Read the whole directory in a run of its own; return its counts."""
    mapper.run_id = uuid4()
    counts = await mapper.observe(users, **changes)
    await mapper.publish(mapper.listing(len(users)))
    return counts


def told(mapper: Mapper) -> list[tuple[bool, int]]:
    """Return of each event of changed records whether it is quiet, and how many records it tells; forget them."""
    events = [(event.initial, len(event.changes)) for event in mapper.of("records.changed.v1")]
    mapper.told.clear()
    return events


async def test_only_records_that_meet_the_filter_are_written_and_the_books_balance(mapper: Mapper) -> None:
    """*Create or update the record if*: the others are counted, and each says by which condition it failed."""
    await filtering(mapper, CUSTOM_ONLY)
    users = [source_user(1), source_user(2, source=DIRECTORY), source_user(3, source=None)]
    counts = await mapper.observe(users)
    assert (counts["added"], counts["filtered"], sum(counts.values())) == (1, 2, 3)
    assert [person["fields"]["email"] for person in await mapper.people()] == ["zoe.1@example.com"]
    two, three = await held_back(mapper)
    assert (two["source_id"], two["page"], two["mapping_version"]) == (users[1]["id"], 1, 2)
    reason = {"path": "rule", "field": "source_type", "operator": "equals", "value": "Custom"}
    assert two["reasons"] == [{**reason, "found": "activeDirectory"}]
    assert three["reasons"] == [{**reason, "found": None}]


async def test_who_is_held_back_need_not_be_fit_to_be_written(mapper: Mapper) -> None:
    """Service accounts without an e-mail address are why people write filters: they must not be errors."""
    await filtering(mapper, CUSTOM_ONLY)
    nameless = source_user(2, email=None, source=DIRECTORY)
    counts = await mapper.observe([source_user(1), nameless, source_user(3, email=None)])
    assert (counts["added"], counts["filtered"], counts["failed"]) == (1, 1, 1)


async def test_a_filter_looks_at_fields_of_the_source_too(mapper: Mapper) -> None:
    """Not everything that decides about a record is worth a field of its own; any key may be on its path."""
    rule = {
        "all": [
            {
                "any": [
                    {"field": "cost_centre", "operator": "at_least", "value": 100},
                    {"field": "email", "operator": "ends_with", "value": "9@example.com"},
                ]
            },
            {"not": {"field": "groups", "operator": "contains", "value": "SERVICE"}},
            {"field": "updated", "operator": "greater_than", "value": {"date": "2026-02-02"}},
        ]
    }
    fields = {
        "cost_centre": {"path": ["x-org.data", "cost centre"], "data_type": "number"},
        "groups": {"path": ["groups"], "data_type": "text_list"},
        "updated": {"path": ["updatedAt"], "data_type": "datetime"},
    }
    await filtering(mapper, {"rule": rule, "source_fields": fields})

    def costing(number: int, cost: Any, **more: Any) -> dict[str, Any]:
        return source_user(number, **{"x-org.data": {"cost centre": cost}, **more})

    counts = await mapper.observe(
        [
            costing(1, 100),
            costing(2, 99),
            source_user(9),
            costing(4, 500, groups=["Staff", "Service accounts"]),
            costing(5, 500, updatedAt="2026-02-01T00:00:00Z"),
            costing(6, "a lot"),
        ]
    )
    assert (counts["added"], counts["filtered"], counts["failed"]) == (2, 3, 1)
    paths = {one["source_id"]: [reason["path"] for reason in one["reasons"]] for one in await held_back(mapper)}
    assert list(paths.values()) == [["rule.all.0.any.0", "rule.all.0.any.1"], ["rule.all.1.not"], ["rule.all.2"]]
    (rejection,) = mapper.last("sync.page.applied.v1").rejections
    assert (rejection.code, rejection.field) == ("value_does_not_fit", "cost_centre")
    (person, _) = await mapper.people()
    assert "cost_centre" not in person["fields"]


async def test_who_is_held_back_is_there_all_the_same(mapper: Mapper) -> None:
    """A filter decides what is written. It must neither change a person who was written before, nor make them missing."""
    await full_run(mapper, [source_user(1), source_user(2)])
    await filtering(mapper, CUSTOM_ONLY)
    mapper.told.clear()
    counts = await full_run(mapper, [source_user(1), source_user(2, name="Other", source=DIRECTORY)])
    assert (counts["unchanged"], counts["filtered"]) == (1, 1)
    assert mapper.last("sync.absence.suspected.v1").source_ids == []
    assert mapper.of("records.changed.v1") == []
    assert {person["revision"] for person in await mapper.people()} == {1}


async def test_a_changed_filter_starts_no_workflow_and_what_happens_later_does(mapper: Mapper) -> None:
    """Whoever widens a filter brings in people whom nobody hired today; the next new colleague is one."""
    await filtering(mapper, CUSTOM_ONLY)
    others = [source_user(number, source=DIRECTORY) for number in (2, 3)]
    await full_run(mapper, [source_user(1), *others])
    assert told(mapper) == [(False, 1), (False, 1)]
    await filtering(mapper, None)
    counts = await full_run(mapper, [source_user(1), *others, source_user(4)])
    assert counts["added"] == 3
    assert sorted(told(mapper)) == [(False, 1), (False, 1), (True, 2), (True, 2)]
    people = [source_user(1), *others, source_user(4), source_user(5, source=DIRECTORY)]
    people[1] = {**people[1], "name": "Other"}
    counts = await full_run(mapper, people)
    assert (counts["added"], counts["updated"]) == (1, 1)
    assert told(mapper) == [(False, 2), (False, 2)]


async def test_changes_that_a_filter_held_back_come_quietly_too(mapper: Mapper) -> None:
    """What changed while nobody was to hear of it is no news when the filter goes."""
    await full_run(mapper, [source_user(1), source_user(2)])
    await filtering(mapper, {"rule": {"not": {"field": "full_name", "operator": "begins_with", "value": "other"}}})
    users = [source_user(1), source_user(2, name="Other")]
    await full_run(mapper, users)
    await filtering(mapper, None)
    mapper.told.clear()
    assert (await full_run(mapper, users))["updated"] == 1
    assert told(mapper) == [(True, 1), (True, 1)]


async def test_a_filter_is_not_settled_before_everything_was_read_with_it(mapper: Mapper) -> None:
    """A run that broke off, or began before the change, has not shown everybody to the new filter."""
    await filtering(mapper, CUSTOM_ONLY)
    others = [source_user(number, source=DIRECTORY) for number in (2, 3)]
    await full_run(mapper, others)
    mapper.run_id = uuid4()
    await mapper.observe(others[:1])
    await filtering(mapper, None)
    await mapper.observe(others[1:], page=2)
    await mapper.publish(mapper.listing(2))
    assert told(mapper) == [], "a run keeps the filter that it began with"
    await full_run(mapper, others)
    assert told(mapper) == [(True, 2), (True, 2)]
    await full_run(mapper, others)
    assert told(mapper) == []


async def test_a_plan_shows_who_would_be_held_back_and_is_applied_as_it_stands(mapper: Mapper) -> None:
    """Whoever tries a filter looks at the plan first."""
    await filtering(mapper, CUSTOM_ONLY)
    planned = uuid4()
    page = mapper.page([source_user(1), source_user(2, source=DIRECTORY)], mode="plan", run_id=planned)
    await mapper.publish(page)
    assert mapper.last("sync.page.applied.v1").counts.filtered == 1
    plan = await mapper.call("GET", f"/plans/{planned}")
    assert plan["actions"] == {"create": 1, "filter": 1}
    assert len((await mapper.call("GET", f"/plans/{planned}/items", params={"action": "filter"}))["items"]) == 1
    assert [one["source_id"] for one in await held_back(mapper, planned)] == [page.source_ids[1]]
    approved = PlannedPageApproved(provenance=mapper.provenance(plan_run_id=planned), plan_run_id=planned, page=1, records=2)
    await mapper.publish(approved)
    counts = mapper.last("sync.page.applied.v1").counts
    assert (counts.added, counts.filtered, counts.total) == (1, 1, 2)


async def test_a_plan_made_before_the_filter_changed_is_not_applied(mapper: Mapper) -> None:
    """It rests on another version: each of its records has moved, and none is called applied."""
    planned = uuid4()
    await mapper.publish(mapper.page([source_user(1, source=DIRECTORY)], mode="plan", run_id=planned))
    await filtering(mapper, CUSTOM_ONLY)
    approved = PlannedPageApproved(provenance=mapper.provenance(plan_run_id=planned), plan_run_id=planned, page=1, records=1)
    await mapper.publish(approved)
    assert mapper.last("sync.page.applied.v1").counts.failed == 1
    assert (await mapper.call("GET", f"/plans/{planned}"))["outcomes"] == {"moved": 1}


async def test_only_the_first_are_kept_and_all_are_counted(mapper: Mapper) -> None:
    """A filter that holds back a directory of a million must not fill the database with them."""
    await filtering(mapper, CUSTOM_ONLY)
    users = [source_user(number, source=DIRECTORY) for number in range(MOST_KEPT + 100)]
    for page, start in enumerate(range(0, len(users), 600), 1):
        counts = await mapper.observe(users[start : start + 600], page=page)
        assert counts["filtered"] == len(users[start : start + 600])
    seen, cursor = [], None
    while True:
        page_of_list = await mapper.call(
            "GET", f"/runs/{mapper.run_id}/filtered", params={"limit": 400, **({"cursor": cursor} if cursor else {})}
        )
        seen += [one["source_id"] for one in page_of_list["items"]]
        if (cursor := page_of_list["next_cursor"]) is None:
            break
    assert seen == [user["id"] for user in users[:MOST_KEPT]]
    for bad in ("%%%", encode_cursor(["a", "b"])):
        assert (await mapper.call("GET", f"/runs/{mapper.run_id}/filtered", params={"cursor": bad}, expect=422))["code"] == "bad_cursor"
    assert await held_back(mapper, cursor=encode_cursor([2**40, 2**40])) == []


async def test_who_was_held_back_is_forgotten_in_time_and_with_the_integration(mapper: Mapper) -> None:
    """The values of people who are not even in the directory must not lie about."""
    await filtering(mapper, CUSTOM_ONLY)
    await mapper.observe([source_user(1, source=DIRECTORY)])
    assert await remove_old(mapper.units, timedelta(days=7)) == 0
    assert await remove_old(mapper.units, timedelta(0)) == 1
    assert await held_back(mapper) == []
    await mapper.observe([source_user(1, source=DIRECTORY)], page=2)
    assert len(await held_back(mapper)) == 1
    await mapper.publish(IntegrationDeleted(integration_id=mapper.integration_id, integration_name="Sophos users", deleted_by="admin"))
    assert await held_back(mapper) == []


@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        ({"rule": {"all": [{"field": "emial", "operator": "is_empty"}]}}, "filter.rule.all.0.field", "did you mean email?"),
        ({"rule": {"field": "last_name", "operator": "is_empty"}}, "filter.rule.field", "is not mapped"),
        ({"rule": {"not": {"field": "email", "operator": "less_than", "value": "x"}}}, "filter.rule.not.operator", "no operator less_than"),
        ({"rule": {"field": "email", "operator": "equals", "value": 5}}, "filter.rule.value", "a text"),
        ({"rule": {"all": [{"field": "email", "operator": "equal", "value": "x"}]}}, "filter.rule.all.0.operator", ""),
        ({"rule": {"field": "email", "operator": "equals"}}, "filter.rule", "needs a value"),
        ({"rule": {"all": []}, "source_fields": {"email": {"path": ["mail"]}}}, "filter.source_fields.email", "is a field of People"),
        ({"rule": {"all": []}, "source_fields": {"nul": {"path": ["a\x00"]}}}, "filter.source_fields.nul.path", "cannot be stored"),
        ({"rule": {"all": []}, "source_fields": {"a": {"path": []}}}, "filter.source_fields.a.path", ""),
        ({"source_fields": {}}, "filter.rule", ""),
    ],
)
async def test_a_filter_that_cannot_work_is_refused(mapper: Mapper, given: dict[str, Any], field: str, message: str) -> None:
    """Else it would hold back everybody, or nobody, and the next run would be the first to show it."""
    problem = await filtering(mapper, given, expect=422)
    assert problem["fields"][0]["field"] == field
    assert message in problem["fields"][0]["message"]
    assert problem["remedy"]
    stored = await mapper.call("GET", f"/integrations/{mapper.integration_id}/mapping")
    assert (stored["version"], stored["filter"]) == (1, None)


async def test_a_filter_is_part_of_the_version(mapper: Mapper) -> None:
    """The same again stores nothing; what is read can be sent back, also to another integration."""
    stored = await filtering(mapper, {"rule": {"not": {"all": [CUSTOM_ONLY["rule"]]}}})
    assert stored["version"] == 2
    assert (
        MappingIn.model_validate({key: stored[key] for key in ("targets", "sync_keys", "filter")}).model_dump(mode="json")["filter"]
        == stored["filter"]
    )
    assert (await filtering(mapper, stored["filter"]))["version"] == 2
    assert (await filtering(mapper, None))["version"] == 3
