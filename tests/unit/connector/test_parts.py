"""Random partners whose tenants come, go, refuse and break off, run after run: absence is said tenant by tenant, and never falsely.

What the mapper keeps is a table here: of each user, in which tenant they were seen last. Everything else is the product's own: which
tenants are chosen, the listing over them, what it says of each, and the question for one user by id.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.sources.base import Cursor
from shared.errors import AppError
from shared.events.sources import ProofOfAbsence
from tests.unit.connector.test_tenants import Partner, opened

LETTERS = "abc"
TENANTS = {letter: f"{letter * 8}-{letter * 4}-4{letter * 3}-8{letter * 3}-{letter * 12}" for letter in LETTERS}
STATES: Any = st.sampled_from(["open", "open", "refuses", "no host", "not listed"])
USERS: Any = st.sets(st.integers(0, 5))
WORLD = st.fixed_dictionaries({letter: st.tuples(STATES, USERS) for letter in LETTERS})
RUN = st.tuples(WORLD, st.none() | st.integers(1, 5), WORLD)
"""What there is; before which page somebody else takes the run over, and what there is then."""


@dataclass
class Reader:
    """Runs over one partner, and what came of them."""

    known: dict[str, str] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)

    async def run(self, world: dict[str, Any], cut: int | None, then: dict[str, Any]) -> None:
        """Read everything; ask for those who were seen last in a tenant that was listed whole."""
        shown: set[str] = set()
        whole: set[str] = set()
        cursor: Cursor | None = None
        number = 0
        session = await opened(partner(world))
        try:
            while True:
                number += 1
                if number == cut:
                    session, world = await opened(partner(then)), then
                page = await session.page(cursor)
                whole |= {page.listed_part} - {None}  # type: ignore[arg-type]
                shown |= {user.source_id for user in page.users}
                self.known |= {user.source_id: page.part for user in page.users}
                if (cursor := page.next) is None:
                    break
        except AppError:
            return
        self.missing -= shown
        suspects = {one for one, part in self.known.items() if part in whole and one not in shown}
        for one in sorted(suspects):
            letter = self.known[one][0]
            assert one not in present(world) or cut is not None, "nobody who is there needs to be asked for"
            try:
                answer = await session.look_for(one, self.known[one])
            except AppError:
                continue
            if isinstance(answer, ProofOfAbsence):
                assert world[letter][0] == "open", "a tenant that does not answer proves nothing"
                assert one not in present(world), "a false missing"
                assert answer.asked.endswith(TENANTS[letter])
                self.missing.add(one)
        self._check(world, cut)

    def _check(self, world: dict[str, Any], cut: int | None) -> None:
        if cut is not None:
            return
        hidden = {one for one, part in self.known.items() if world[part[0]][0] != "open"}
        there = present(world)
        assert not self.missing & there - hidden, "whoever is shown is not missing"
        assert self.known.keys() - hidden - there <= self.missing, "one tenant out of reach keeps nobody of another from being missing"


def present(world: dict[str, Any]) -> set[str]:
    """Return who is there, whether or not their tenant can be read."""
    return {f"{letter}{number}" for letter, (_, users) in world.items() for number in users}


def partner(world: dict[str, Any]) -> Partner:
    """Return a partner whose tenants are in these states."""
    made = Partner()
    for letter, (state, users) in world.items():
        if state != "not listed":
            made.tenants[TENANTS[letter]] = 403 if state == "refuses" else [f"{letter}{number}" for number in sorted(users)]
        if state == "no host":
            made.hosts[TENANTS[letter]] = None
    return made


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(runs=st.lists(RUN, min_size=2, max_size=4))
def test_absence_is_said_tenant_by_tenant_and_never_falsely(runs: list[Any]) -> None:
    """Also when a run is taken over, and finds other tenants than it began with."""
    reader = Reader()

    async def one_after_the_other() -> None:
        for world, cut, then in runs:
            await reader.run(world, cut, then)

    asyncio.run(one_after_the_other())


async def test_a_user_is_asked_for_in_their_own_tenant_alone() -> None:
    """A request for each of a thousand tenants, and one of them out of reach, would prove nothing for the price of a day."""
    made = Partner(a=["a1"], b=403, c=["c1"])
    session = await opened(made)
    made.asked.clear()
    gone = await session.look_for("a9", TENANTS["a"])
    assert isinstance(gone, ProofOfAbsence)
    assert gone.status == httpx.codes.NOT_FOUND
    assert made.asked == ["a /a9"]
