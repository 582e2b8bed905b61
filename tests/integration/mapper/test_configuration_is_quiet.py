"""A change of configuration alone starts no workflow; what happened at the source meanwhile does, as if nothing had been configured."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr, TypeAdapter
from sqlalchemy import delete

from mapper.observations.keeping import observed
from mapper.tables import OBSERVATIONS
from shared.rules import Rule
from tests.support.mapper import MAPPING, Mapper, running_mapper, source_user
from tests.support.undo import undo
from workflow_engine.triggers.match import starting

UTC = ZoneInfo("UTC")
OPS = TypeAdapter[Any](Rule).validate_python({"field": "role", "operator": "equals", "value": "Ops"})
NEW_ROLE = {"kind": "source", "path": ["dept"]}


async def full_run(mapper: Mapper, users: list[dict[str, Any]], **changes: Any) -> dict[str, int]:
    """Read the whole directory in a run of its own; return its counts. What was told before is forgotten."""
    mapper.run_id = uuid4()
    mapper.told.clear()
    counts = await mapper.observe(users, **changes)
    await mapper.publish(mapper.listing(len(users)))
    return counts


def started(mapper: Mapper, rule: Any = None, record_type: str = "person") -> list[UUID]:
    """Return for whom a workflow with this Begin rule starts, by what was told since the last run began."""
    events = [event for event in mapper.of("records.changed.v1") if event.record_type == record_type]
    return [one for event in events for one in starting(rule, event, UTC)]


async def test_saving_tells_nobody_and_the_next_run_is_quiet_and_says_why(mapper: Mapper) -> None:
    """Whoever maps the role otherwise must not onboard everybody who has it; that it was the mapping stands in each history."""
    users = [source_user(1, dept="Ops"), source_user(2, dept="Sales")]
    await full_run(mapper, users)
    mapper.told.clear()
    await mapper.map(role=NEW_ROLE)
    await mapper.drain()
    assert mapper.told == []
    assert (await full_run(mapper, users))["updated"] == 2
    assert started(mapper, OPS) == []
    changes = [one for event in mapper.of("records.changed.v1") if event.record_type == "person" for one in event.changes]
    assert {one.baseline["role"] for one in changes} == {"Ops", "Sales"}, "whoever listens sees what the configuration did"
    for person in await mapper.people():
        newest = next(one for one in await mapper.timeline(person["id"]) if "role" in one["fields"] and one["kind"] == "updated")
        assert newest["cause"]["detail"].endswith("as the configuration was changed")


async def test_what_happened_at_the_source_meanwhile_counts(mapper: Mapper) -> None:
    """Who moved to Ops between the change and the next run is onboarded; who was there all the time is not."""
    await full_run(mapper, [source_user(1, dept="Sales"), source_user(2, dept="Ops"), source_user(3, dept="Ops")])
    await mapper.map(role=NEW_ROLE)
    await full_run(mapper, [source_user(1, dept="Ops"), source_user(2, dept="Ops", name="Other"), source_user(3, dept="Ops")])
    one = next(person["id"] for person in await mapper.people() if person["fields"]["email"] == "zoe.1@example.com")
    assert [str(found) for found in started(mapper, OPS)] == [one]
    renamed = TypeAdapter[Any](Rule).validate_python({"field": "full_name", "operator": "equals", "value": "Other"})
    assert len(started(mapper, renamed)) == 1, "a field that the source changed counts beside one that the mapping changed"
    await full_run(mapper, [source_user(1, dept="Ops"), source_user(2, dept="Sales"), source_user(3, dept="Ops")])
    assert started(mapper, OPS) == []
    await full_run(mapper, [source_user(1, dept="Ops"), source_user(2, dept="Ops"), source_user(3, dept="Ops")])
    assert len(started(mapper, OPS)) == 1, "later runs are as always"


async def test_what_no_field_took_before_is_remembered(mapper: Mapper) -> None:
    """The department changed while nothing was mapped to it: that was before the mapping was changed, and is no news after it."""
    await full_run(mapper, [source_user(1, dept="Sales")])
    assert (await full_run(mapper, [source_user(1, dept="Ops")]))["unchanged"] == 1
    await mapper.map(role=NEW_ROLE)
    await full_run(mapper, [source_user(1, dept="Ops")])
    assert started(mapper, OPS) == []


async def test_who_comes_because_the_mapping_was_mended_comes_quietly(mapper: Mapper) -> None:
    """They were at the source all the time. Who is new with the same page, or mended at the source, is news."""
    nameless = [source_user(number, email=None, login=f"zoe.{number}@example.com") for number in (1, 2)]
    assert (await full_run(mapper, nameless))["failed"] == 2
    login = {"kind": "source", "path": ["email"], "steps": [{"op": "first_of", "paths": [["login"]]}]}
    await mapper.map(email=login, username=login)
    assert (await full_run(mapper, [*nameless, source_user(3)]))["added"] == 3
    assert len(started(mapper)) == 1
    assert len(started(mapper, None, "saas_user")) == 1
    assert (await full_run(mapper, [*nameless, source_user(3), source_user(4, email=None)]))["failed"] == 1
    assert (await full_run(mapper, [*nameless, source_user(3), source_user(4)]))["added"] == 1
    assert len(started(mapper)) == 1, "mended at the source, not by us"


async def test_a_changed_preference_is_quiet(mapper: Mapper) -> None:
    """Who was held back by *update only* was there before; who comes after the change is new."""
    mapper.preference = "update_only"
    assert (await full_run(mapper, [source_user(1)]))["skipped"] == 1
    mapper.preference = "create_and_update"
    assert (await full_run(mapper, [source_user(1), source_user(2)]))["added"] == 2
    assert len(started(mapper)) == 1


async def test_saas_users_that_a_changed_selection_brings_are_quiet(mapper: Mapper) -> None:
    """From *user only* to *user plus SaaS user*: everybody gets one at once, and nobody got an account anywhere."""
    await full_run(mapper, [source_user(1), source_user(2)], user_selection="user_only")
    await full_run(mapper, [source_user(1), source_user(2), source_user(3)])
    assert len(await mapper.saas_users()) == 3
    assert len(started(mapper, None, "saas_user")) == 1


async def test_who_returns_after_the_mapping_was_changed_is_news(mapper: Mapper) -> None:
    """That somebody is there again happened at the source, whatever was configured meanwhile."""
    await full_run(mapper, [source_user(1, dept="Ops")])
    mapper.run_id = uuid4()
    await mapper.publish(mapper.listing(0), mapper.absent(source_user(1)["id"]))
    assert (await mapper.saas_users())[0]["fields"]["missing_since"]
    await mapper.map(role=NEW_ROLE)
    await full_run(mapper, [source_user(1, dept="Ops")])
    back = TypeAdapter[Any](Rule).validate_python({"field": "returned_at", "operator": "is_not_empty"})
    assert len(started(mapper, back, "saas_user")) == 1
    assert started(mapper, OPS) == []


async def test_without_what_was_observed_a_changed_mapping_is_quiet_altogether(mapper: Mapper) -> None:
    """Of links from before observations were kept nobody can tell: a start too few can be made by hand, a flood cannot be taken back."""
    await full_run(mapper, [source_user(1)])
    async with mapper.units.begin(actor="test") as unit:
        await unit.session.execute(delete(OBSERVATIONS))
    await full_run(mapper, [source_user(1, name="Other")])
    renamed = TypeAdapter[Any](Rule).validate_python({"field": "full_name", "operator": "equals", "value": "Other"})
    assert len(started(mapper, renamed)) == 1, "the mapping is as it was"
    async with mapper.units.begin(actor="test") as unit:
        await unit.session.execute(delete(OBSERVATIONS))
    await mapper.map(role=NEW_ROLE)
    await full_run(mapper, [source_user(1, dept="Ops")])
    assert started(mapper, OPS) == []


async def test_what_an_undo_took_back_comes_again_as_it_came(mapper: Mapper) -> None:
    """The next run after an undo is as it would have been: what was observed by the undone run is no measure for it."""
    await full_run(mapper, [source_user(1)])
    await full_run(mapper, [source_user(1, name="Other")])
    await undo(mapper, mapper.run_id)
    await full_run(mapper, [source_user(1, name="Other")])
    renamed = TypeAdapter[Any](Rule).validate_python({"field": "full_name", "operator": "equals", "value": "Other"})
    assert len(started(mapper, renamed)) == 1


async def test_nothing_is_kept_of_who_is_anonymised_or_held_back_by_the_filter(mapper: Mapper) -> None:
    """The last raw record is as personal as anything."""
    rule = {"rule": {"field": "source_type", "operator": "equals", "value": "custom"}}
    await mapper.call("PUT", f"/integrations/{mapper.integration_id}/mapping", json={**MAPPING, "filter": rule})
    users = [source_user(1), source_user(2), source_user(3, source={"type": "activeDirectory"}), source_user(4, email=None)]
    await full_run(mapper, users)
    assert await _kept(mapper, users) == {0, 1, 3}
    (person,) = (one for one in await mapper.people() if one["fields"]["email"] == "zoe.1@example.com")
    export = await mapper.call("GET", f"/people/{person['id']}/export")
    assert export["links"][0]["last_observation"] == users[0]
    await mapper.call("POST", f"/people/{person['id']}/anonymise", json={"confirm": "zoe.1@example.com"})
    assert await _kept(mapper, users) == {1, 3}
    await full_run(mapper, users)
    assert await _kept(mapper, users) == {1, 3}


async def _kept(mapper: Mapper, users: list[dict[str, Any]]) -> set[int]:
    async with mapper.database.reading() as session:
        found = await observed(session, mapper.integration_id, [user["id"] for user in users])
    return {place for place, user in enumerate(users) if user["id"] in found}


VALUES = st.sampled_from(["x", "y", "z"])
RAW = st.fixed_dictionaries({"a": VALUES, "b": VALUES, "c": VALUES})
FIELDS = ("full_name", "first_name", "last_name", "role")
SOURCES = st.one_of(
    st.sampled_from("abc").map(lambda path: {"kind": "source", "path": [path]}),
    VALUES.map(lambda value: {"kind": "constant", "value": value}),
    st.sampled_from("abc").map(
        lambda path: {"kind": "source", "path": [path], "steps": [{"op": "map_values", "values": {"x": "y"}, "otherwise": "keep"}]}
    ),
    st.sampled_from("ab").map(lambda path: {"kind": "expression", "expression": f"record.{path} == record.c ? 'x' : record.c"}),
)
FILTERS = st.none() | st.tuples(st.sampled_from(FIELDS), VALUES).map(
    lambda pair: {"rule": {"not": {"field": pair[0], "operator": "equals", "value": pair[1]}}}
)
CONFIGURED = st.tuples(st.fixed_dictionaries(dict.fromkeys(FIELDS, SOURCES)), FILTERS)
CONDITION = st.tuples(st.sampled_from(FIELDS), VALUES).map(lambda pair: {"field": pair[0], "operator": "equals", "value": pair[1]})
RULES = st.none() | st.one_of(
    CONDITION, st.lists(CONDITION, min_size=1, max_size=3).map(lambda some: {"any": some}), CONDITION.map(lambda one: {"not": one})
)


def test_for_any_mappings_records_and_rules(database_url: SecretStr, tmp_path: Path) -> None:
    """Another configuration alone starts nothing, for any mappings, filters, records and Begin rules.

    With another record on top it starts what the change of the record starts once the configuration has been taken in.
    """

    async def case(mapper: Mapper, first: Any, second: Any, *shown_before_and_after: Any, rule: Any) -> None:
        one, two = shown_before_and_after
        begin = None if rule is None else TypeAdapter[Any](Rule).validate_python(rule)
        ended, held_back = [], False
        for shown in ((one, one, two), (one, two)):
            mine = replace(mapper, integration_id=uuid4(), told=mapper.told)
            user = source_user(1, id=str(uuid4()), email=f"{uuid4().hex}@example.com")
            for place, raw in enumerate(shown):
                if place < 2:
                    await _configure(mine, first if place == 0 else second)
                counts = await full_run(mine, [{**user, **raw}])
                if place == 0 and counts["filtered"]:
                    held_back = True
                if place == 1 and len(shown) == 3:
                    assert started(mine, begin) == []
            ended.append((len(started(mine, begin)), bool(mine.of("records.changed.v1"))))
        (in_steps, _), (at_once, is_told) = ended
        # Nothing is kept of whom a filter holds back: who passes it now, too, comes because of the source. And a record that ends as it
        # was has no history of the moment in between: nobody hears of it.
        assert held_back or at_once == (in_steps if is_told else 0)

    with asyncio.Runner() as runner:
        running = running_mapper(database_url, tmp_path / "dead-letters")
        mapper = runner.run(running.__aenter__())

        @settings(
            max_examples=60,
            phases=(Phase.generate,),
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
        )
        @given(first=CONFIGURED, second=CONFIGURED, one=RAW, two=RAW, rule=RULES)
        def holds(first: Any, second: Any, one: Any, two: Any, rule: Any) -> None:
            runner.run(case(mapper, first, second, one, two, rule=rule))

        try:
            holds()
        finally:
            runner.run(running.__aexit__(None, None, None))


async def _configure(mapper: Mapper, given: Any) -> None:
    targets, held_back_by = given
    mapping = {**MAPPING, "targets": {**MAPPING["targets"], **targets}, "filter": held_back_by}  # type: ignore[dict-item]
    await mapper.call("PUT", f"/integrations/{mapper.integration_id}/mapping", json=mapping)
