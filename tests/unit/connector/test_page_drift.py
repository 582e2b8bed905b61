"""Thousands of random histories of a directory that moves while it is read: nobody is called missing falsely, no newcomer is lost.

What the mapper keeps is two sets here: who is known, and who is missing. Everything else is the product's own: the listing of users,
the reading of what changed lately, and the question for one user by id.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.sources.base import Observed
from connector.sources.sophos.recent import DirectoryRestless, RecentUsers
from connector.sources.sophos.users import UsersListing
from tests.support.drifting import Directory, Happening, read_all

PAGE_SIZE = 3
HAPPENINGS: Any = st.tuples(st.sampled_from(["add", "remove", "change"]), st.integers(0, 60))
DRIFT = st.lists(st.lists(HAPPENINGS, max_size=4), max_size=40)
QUIET = st.lists(st.lists(HAPPENINGS.filter(lambda one: one[0] != "remove"), max_size=4), max_size=20)
PEOPLE = st.sets(st.integers(0, 60), max_size=20)
thousands = settings(max_examples=1_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@dataclass
class Reader:
    """Runs over one directory, and what came of them."""

    directory: Directory
    known: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)

    async def full(self) -> None:
        """Read everybody; ask for those who are known and were not shown; a 404 alone makes somebody missing."""
        self.directory.gone.clear()
        before = set(self.directory.users)
        listing, place = UsersListing(PAGE_SIZE), self.directory.place
        shown = {user.source_id for user in await read_all(lambda cursor: listing.page(place, cursor))}
        suspects = self.known - shown - self.missing
        self._seen(shown)
        for one in sorted(suspects):
            answer = await listing.look_for(place, one)
            if isinstance(answer, Observed):
                shown.add(one)
                self._seen({one})
                continue
            assert one not in self.directory.users, "a false missing"
            self.missing.add(one)
        self._check(before, shown)

    async def quick(self, since: Any) -> None:
        """Read who changed since then."""
        listing = RecentUsers(PAGE_SIZE, {"": since}, timedelta(0), lambda _place: "")
        self._seen({user.source_id for user in await read_all(lambda cursor: listing.page(self.directory.place, cursor))})

    def _seen(self, shown: set[str]) -> None:
        self.known |= shown
        self.missing -= shown

    def _check(self, before: set[str], shown: set[str]) -> None:
        stayed = before - self.directory.gone
        assert not self.missing & stayed, "somebody who was there all the time is called missing"
        left = self.known - before - set(self.directory.users) - shown
        assert left <= self.missing, "somebody who had left before the run began is not called missing"


def read(people: set[int], *histories: list[list[Happening]]) -> Reader:
    """Return a reader of a directory with these people, over one full run for each history."""
    directory = Directory(iter([]))
    directory.users = {f"u{number:03}": directory.now for number in people}
    reader = Reader(directory)
    for happenings in histories:
        directory.happenings = iter(happenings)
        asyncio.run(reader.full())
    return reader


@thousands
@given(people=PEOPLE, histories=st.lists(DRIFT, min_size=1, max_size=3))
def test_nobody_is_called_missing_who_is_there(people: set[int], histories: list[list[list[Happening]]]) -> None:
    """People are added, removed, changed and made again between any two requests, run after run: the checks stand in each run."""
    read(people, *histories)


@thousands
@given(people=PEOPLE, drift=st.lists(DRIFT, max_size=2), quiet=QUIET)
def test_a_newcomer_whom_drift_hid_is_shown_by_the_next_run_in_which_nobody_is_removed(
    people: set[int], drift: list[list[list[Happening]]], quiet: list[list[Happening]]
) -> None:
    """Additions and changes move people towards us, so they are seen twice at most; only a removal can move one past us."""
    reader = read(people, *drift)
    before = set(reader.directory.users)
    reader.directory.happenings = iter(quiet)
    asyncio.run(reader.full())
    assert before <= reader.known
    assert not reader.missing & before


@thousands
@given(people=PEOPLE, first=DRIFT, between=st.lists(HAPPENINGS, max_size=8), second=DRIFT, third=DRIFT)
def test_a_newcomer_whom_a_full_run_missed_is_read_by_the_quick_run_after_it(
    people: set[int], first: list[Any], between: list[Happening], second: list[Any], third: list[Any]
) -> None:
    """Whatever moves during any of them: a quick run goes back to where the run before the full one began."""
    reader = read(people, first)
    watermark = reader.directory.now
    reader.directory.happenings = iter([between])
    asyncio.run(reader.directory.get("/"))
    came = {one for one, at in reader.directory.users.items() if at > watermark}
    reader.directory.happenings = iter(second)
    asyncio.run(reader.full())
    began, at = reader.directory.now, dict(reader.directory.users)
    reader.directory.gone.clear()
    reader.directory.happenings = iter(third)
    with suppress(DirectoryRestless):
        asyncio.run(reader.quick(watermark))
        came &= set(reader.directory.users) - reader.directory.gone
        assert {one for one in came if reader.directory.users[one] == at.get(one)} <= reader.known
        # Whoever is changed during it has moved past it, and is read by the next one.
        reader.directory.happenings = iter([])
        asyncio.run(reader.quick(began))
        assert came <= reader.known
