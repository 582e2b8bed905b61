"""Undoing a run, for any past and any run: the state is what it was, but for what somebody changed since, which is named."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from tests.support.mapper import Mapper, running_mapper
from tests.support.undo import another, items, named, run, stored, undo

NAMES = ("Ann", "Bob", "Żoë")
Directory = list[tuple[int, int, int]]
"""Who there is: a number, a name, and a number for the address, which two may want, or swap."""
DIRECTORY = st.lists(
    st.tuples(st.integers(1, 6), st.integers(0, len(NAMES) - 1), st.integers(1, 6)), max_size=6, unique_by=lambda record: record[0]
)
EDITS = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from(["full_name", "first_name", "role"]), st.sampled_from(["Ann", "Eve"])), max_size=4
)
FREE: dict[str, Any] = {"guard_day_records": 1_000_000, "guard_week_records": 1_000_000}
Check = Callable[[Mapper, list[Directory], Directory, list[tuple[int, str, str]]], Coroutine[Any, Any, None]]


def everywhere(database_url: SecretStr, tmp_path: Path, check: Check, examples: int) -> None:
    """Try a check on many pasts, runs and edits, before one mapper; each example has an integration and a domain of its own."""
    with asyncio.Runner() as runner:
        running = running_mapper(database_url, tmp_path / "dead-letters", **FREE)
        mapper = runner.run(running.__aenter__())

        @settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
        @given(past=st.lists(DIRECTORY, max_size=2), then=DIRECTORY, edits=EDITS)
        def holds(past: list[Directory], then: Directory, edits: list[tuple[int, str, str]]) -> None:
            runner.run(check(mapper, past, then, edits))

        try:
            holds()
        finally:
            runner.run(running.__aexit__(None, None, None))


def users_of(directory: Directory, domain: str) -> list[dict[str, Any]]:
    """Return a directory as its source shows it."""
    return [{**named(number, NAMES[called], domain, address), "source": {"type": NAMES[called]}} for number, called, address in directory]


def test_a_run_that_is_undone_leaves_the_state_before(database_url: SecretStr, tmp_path: Path) -> None:
    """Records, links and unique values: the next run must find what it would have found without the one that is undone."""

    async def check(mapper: Mapper, past: list[Directory], then: Directory, _edits: list[tuple[int, str, str]]) -> None:
        mine, domain = await another(mapper), f"{uuid4().hex}.example"
        for directory in past:
            await run(mine, users_of(directory, domain), size=4)
        before = await stored(mine)
        undone_run = await run(mine, users_of(then, domain), size=2)
        after = await stored(mine)
        if before == after:
            return
        planned = await undo(mine, undone_run, mode="plan")
        assert await stored(mine) == after, "a plan writes nothing"
        undone = await undo(mine, undone_run)
        assert (undone["conflicts"], undone["actions"]) == (0, planned["actions"])
        assert await stored(mine) == before
        await undo(mine, undone["id"], of="undos")
        assert await stored(mine) == after, "an undo is undone as a run is"
        await undo(mine, undone_run)
        assert await stored(mine) == before, "and the run once more"

    everywhere(database_url, tmp_path, check, 25)


State = dict[str, dict[str, Any]]
Edits = dict[str, dict[str, str]]
Conflicts = dict[str, set[str | None]]


def test_what_somebody_changed_since_is_kept_and_listed_and_nothing_else(database_url: SecretStr, tmp_path: Path) -> None:
    """A hand that mended something after a bad run must not lose its work to the undo, nor anything else stay bad because of it."""

    async def check(mapper: Mapper, past: list[Directory], then: Directory, edits: list[tuple[int, str, str]]) -> None:
        mine, domain = await another(mapper), f"{uuid4().hex}.example"
        for directory in past:
            await run(mine, users_of(directory, domain))
        before = await stored(mine)
        undone_run = await run(mine, users_of(then, domain))
        ran = await stored(mine)
        if before == ran:
            return
        edited = chosen(ran, domain, edits)
        for one, fields in edited.items():
            await mine.call("PATCH", f"/people/{one}", json={"fields": fields})
        changed = await stored(mine)
        undone = await undo(mine, undone_run)
        state, listed = await stored(mine), await items(mine, undone, conflicts="true")
        expected, conflicts = kept(before, ran, changed, edited)
        found = told(listed, expected, state, edited.keys() - before["people"].keys())
        assert (state["people"], found) == (expected, conflicts)
        assert state["saas_users"] == before["saas_users"]
        assert undone["conflicts"] == len(listed)

    everywhere(database_url, tmp_path, check, 25)


def chosen(ran: State, domain: str, edits: list[tuple[int, str, str]]) -> Edits:
    """Return the edits that change something, by person."""
    there = sorted(one for one in ran["people"] if domain in ran["people"][one]["email"])
    edited: Edits = {}
    for place, field, value in edits:
        if place < len(there) and ran["people"][there[place]].get(field) != value:
            edited.setdefault(there[place], {})[field] = value
    return edited


def kept(before: State, ran: State, changed: State, edited: Edits) -> tuple[dict[str, Any], Conflicts]:
    """Return the people as they must be after the undo, and what must be listed of whom."""
    expected, conflicts = dict(before["people"]), Conflicts()
    for one, fields in edited.items():
        if one not in before["people"]:
            expected[one], conflicts[one] = changed["people"][one], {None}
            continue
        was, made = before["people"][one], ran["people"][one]
        expected[one] = {**was, **fields}
        if theirs := {key for key, value in fields.items() if made.get(key) != was.get(key) and value != was.get(key)}:
            conflicts[one] = {*theirs}
    return expected, conflicts


def told(listed: State, expected: dict[str, Any], state: State, staying: set[str]) -> Conflicts:
    """Return what is listed of whom, but for values that somebody whom the run created has, and stays with: these are expected to stay."""
    found: Conflicts = {}
    for one, item in listed.items():
        for conflict in item["conflicts"]:
            field, wanted = conflict["field"], conflict["would_be"]
            if conflict["code"] == "value_taken":
                assert state["unique_values"][f"person/{field}/{wanted}"] in staying
                expected[one] = {**expected[one], field: conflict["now"]}
            else:
                found.setdefault(one, set()).add(field)
    return found
