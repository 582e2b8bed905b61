"""A directory of a million that nobody holds: any page at once, wherever it is, and correct after any changes."""

import tracemalloc
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from sophos_central_simulator.clock import Clock
from sophos_central_simulator.directory import Directory
from sophos_central_simulator.people import CYCLE, People
from sophos_central_simulator.selecting import Order, Selection, in_order

Json = dict[str, Any]
MILLION = 1_000_000
BY_ID: Order = (("id", False),)
BY_ID_DOWN: Order = (("id", True),)
BY_UPDATE: Order = (("updatedAt", False),)
BY_UPDATE_DOWN: Order = (("updatedAt", True),)


class CountedPeople(People):
    """People who count how often one of them is made."""

    made = 0

    def at(self, index: int) -> Json:
        """Make somebody."""
        self.made += 1
        return super().at(index)


def directory_of(count: int, *, awkward: bool = False) -> tuple[Directory, CountedPeople]:
    """Return a directory and its people."""
    people = CountedPeople(7, "t", "example.com", count)
    return Directory(people, Clock(), awkward=awkward), people


@pytest.mark.parametrize("order", [(), BY_ID, BY_ID_DOWN, BY_UPDATE, BY_UPDATE_DOWN])
@pytest.mark.parametrize("page", [1, 5_000, 10_000])
def test_a_page_of_a_million_makes_only_its_own_people(order: Order, page: int) -> None:
    """So its cost does not depend on where it is; memory neither."""
    tracemalloc.start()
    try:
        directory, people = directory_of(MILLION)
        directory.drift(Random(1), change=20, join=20, leave=20, leave_ids=[])
        people.made = 0
        rows = directory.rows(order)
        found = rows[(page - 1) * 100 : page * 100]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (len(rows), len(found)) == (MILLION, 100)
    assert people.made <= 100
    assert peak < 20_000_000
    keys = [row[order[0][0] if order else "id"] for row in found]
    assert keys == sorted(keys, reverse=bool(order) and order[0][1])


@settings(max_examples=60, deadline=None)
@given(count=some.integers(0, 60), seed=some.integers(0, 10_000), moves=some.lists(some.tuples(*[some.integers(0, 4)] * 3), max_size=5))
def test_every_stretch_is_what_sorting_everybody_gives(count: int, seed: int, moves: list[tuple[int, int, int]]) -> None:
    """Whoever changed, came and went; forwards and backwards."""
    directory, _ = directory_of(count)
    for number, (change, join, leave) in enumerate(moves):
        if change + leave <= len(directory.users):
            directory.drift(Random(seed + number), change=change, join=join, leave=leave, leave_ids=[])
    everybody = list(directory.users.values())
    assert len(everybody) == len(directory.users)
    for order in (BY_ID, BY_ID_DOWN, BY_UPDATE, BY_UPDATE_DOWN):
        expected = in_order(everybody, order)
        rows = directory.rows(order)
        assert [row["id"] for row in rows] == [row["id"] for row in expected]
        for first in range(0, len(expected) + 3, 7):
            assert rows[first : first + 7] == expected[first : first + 7]


@pytest.mark.parametrize(
    "selection",
    [
        Selection(source_type="activeDirectory"),
        Selection(search="an"),
        Selection(search="emma", search_fields=("email",)),
        Selection(search="smith@example.com", search_fields=("email",)),
        Selection(search="2@example.com", search_fields=("email",)),
        Selection(search="th2@example.com", search_fields=("email",)),
        Selection(search="MÜLLER", search_fields=("lastName", "exchangeLogin")),
        Selection(domain="EXAMPLE.com", source_type="custom"),
        Selection(domain="example.org"),
    ],
)
@pytest.mark.parametrize("order", [(), (("name", True),)])
def test_a_selection_is_what_looking_at_everybody_gives(selection: Selection, order: Order) -> None:
    """Short cuts must not change what is found."""
    directory, _ = directory_of(4000, awkward=True)
    directory.drift(Random(3), change=50, join=20, leave=50, leave_ids=[])
    looked = in_order(selection.among(in_order(list(directory.users.values()), BY_ID)), order)
    assert [row["id"] for row in directory.rows(order, selection)] == [row["id"] for row in looked]
    assert bool(looked) is (selection.domain != "example.org")


def test_counts_are_kept_without_looking_at_everybody() -> None:
    """By source and by group, after changes too."""
    directory, _ = directory_of(3 * CYCLE + 321, awkward=True)
    directory.drift(Random(3), change=50, join=20, leave=500, leave_ids=[])
    everybody = list(directory.users.values())
    counted = directory.by_source()
    assert counted == {source: sum(row["source"]["type"] == source for row in everybody) for source in counted}
    assert sum(counted.values()) == len(everybody)
    for group in [*directory.groups, *directory.synced_groups]:
        members = Selection(group_id=group["id"]).among(everybody)
        total, shown = directory.members(group["id"])
        assert total == len(members) == len(directory.rows((), Selection(group_id=group["id"])))
        assert {row["id"] for row in shown} <= {row["id"] for row in members}


def test_emails_are_found_in_a_million() -> None:
    """Whoever is changed or removed is found as they are now."""
    directory, _ = directory_of(MILLION)
    person = directory.rows(BY_ID)[765_432]
    assert directory.with_email(person["email"].upper()) == {person["id"]}
    directory.update(person["id"], {"email": "other@example.com"})
    assert (directory.with_email(person["email"]), directory.with_email("OTHER@example.com")) == (set(), {person["id"]})
    directory.remove(person["id"])
    assert directory.with_email("other@example.com") == set()


def test_everybody_is_a_mapping_like_any_other() -> None:
    """Tests put people in and take them out by hand."""
    directory, _ = directory_of(12)
    users = directory.users
    one, two, *_ = users
    row = users.pop(one)
    assert (one in users, len(users), users.get(one), "../whoami" in users, users.get("")) == (False, 11, None, False, None)
    users["odd"] = {**row, "id": None}
    assert (users["odd"]["id"], len(list(users)), dict(users) == users) == (None, 12, True)
    users[two] = {**users[two], "name": "X"}
    assert (users[two]["name"], len(users)) == ("X", 12)
    users.clear()
    assert (len(users), list(users), list(directory.rows(BY_ID))) == (0, [], [])
    with pytest.raises(KeyError):
        del users[one]
