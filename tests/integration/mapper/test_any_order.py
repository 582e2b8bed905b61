"""Pages told once, twice and late, hands at work, two integrations of the same people: nothing is lost, and nobody is doubled."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from pydantic import SecretStr
from sqlalchemy import select

from mapper.tables import LINKS, METADATA, PEOPLE
from shared.clock import now
from shared.events import ListingCompleted, ProofOfAbsence, UsersObserved, UsersProvenAbsent
from tests.support.invariants import check, tables
from tests.support.mapper import Mapper, running_mapper, source_user
from tests.support.undo import another, ended

NAMES = ("Ann", "Bob", "Żoë")
NUMBERS = st.integers(1, 5)
PAGE = st.lists(st.tuples(NUMBERS, st.integers(0, 2), NUMBERS), min_size=1, max_size=5, unique_by=lambda user: user[0])
"""Users of a page: whose id, which name, and whose address, which two may want, or swap."""
WHICH = st.integers(0, 1)
FREE: dict[str, Any] = {"guard_day_records": 1_000_000, "guard_week_records": 1_000_000}
EDITS = st.tuples(st.integers(0, 7), st.sampled_from(["full_name", "email", "username", "role"]), st.integers(1, 5))
"""A hand's edit: whom, which field, and to what."""
REFUSALS = {"duplicate_sync_key", "value_taken", "ambiguous_sync_keys"}
KEPT = {"fields", "field_options", "guard_scopes"}
Seen = st.sampled_from(["nothing", "newest", "older"])
"""Which revision a hand names."""


# What happens at once happens otherwise the next time: an example that failed is told as it was, and not made smaller.
WITHOUT_SHRINKING = (Phase.explicit, Phase.generate)
EVERY_CHECK = list(HealthCheck)
# A few for every build; many with `--hypothesis-profile=long`.
EXAMPLES = (
    settings(deadline=None, phases=WITHOUT_SHRINKING, suppress_health_check=EVERY_CHECK)
    if settings.get_current_profile_name() == "long"
    else settings(deadline=None, phases=WITHOUT_SHRINKING, suppress_health_check=EVERY_CHECK, max_examples=12, stateful_step_count=20)
)


class Machine(RuleBasedStateMachine):
    """A mapper, two integrations of the same people, hands, and a subscriber who hears all that is told."""

    def __init__(self, mapper: Mapper, runner: asyncio.Runner) -> None:
        super().__init__()
        self.mapper, self.runner = mapper, runner
        self.sources: list[Mapper] = []
        self.pages: list[list[UsersObserved]] = [[], []]
        """What each integration has told, oldest first."""
        self.edits: list[tuple[UUID, int, dict[str, Any]]] = []
        """Edits that were accepted: whose, as which revision, and what."""
        self.ran: list[UUID] = []
        self.did: list[str] = []
        """What was done, for whoever has to find out why it failed."""

    def _run(self, doing: Coroutine[Any, Any, None]) -> None:
        try:
            self.runner.run(doing)
        except AssertionError as error:
            error.add_note("\n".join(self.did))
            raise

    @initialize()
    def begin(self) -> None:
        """Begin with nobody."""

        async def set_up() -> None:
            async with self.mapper.units.begin() as unit:
                for table in reversed(METADATA.sorted_tables):
                    if table.name not in KEPT:
                        await unit.session.execute(table.delete())
            self.mapper.told.clear()
            self.sources = [await another(self.mapper), await another(self.mapper)]
            self.sources[1].saas_instance_id = None

        self._run(set_up())

    @rule(which=WHICH, users=PAGE, new_run=st.booleans())
    def tell(self, which: int, users: list[tuple[int, int, int]], new_run: bool) -> None:
        """Tell a page that was just read: whom it does not refuse is as it says."""
        self.did.append(f"tell {which} {users} {new_run=}")
        page = self._page(which, users, new_run=new_run)

        async def telling() -> None:
            await self.mapper.publish(page)
            await self._is_as_told(page)

        self._run(telling())

    @precondition(lambda self: self.pages[0] or self.pages[1])
    @rule(chosen=st.integers(0, 99), how=st.sampled_from(["same", "late", "replayed"]))
    def tell_again(self, chosen: int, how: str) -> None:
        """Tell a page that was told before: as a message that comes twice or late, or as a replay, which sets nobody back."""
        self.did.append(f"tell again {chosen} {how}")
        pages = [page for told in self.pages for page in told]
        page = pages[chosen % len(pages)]

        async def telling() -> None:
            before = await tables(self.mapper)
            if how == "same":
                await self.mapper.publish(page)
                after = await tables(self.mapper)
                assert (after.records, after.links) == (before.records, before.links), "a message that came twice changed something"
                return
            if how == "late":
                await self.mapper.publish(page.model_copy(update={"id": uuid4()}))
                return
            source = self.sources[[page in told for told in self.pages].index(True)]
            again = source.provenance(run_id=uuid4(), replayed=True)
            await self.mapper.publish(page.model_copy(update={"id": uuid4(), "provenance": again}))
            newest = {link.source_id: link.last_observed_at for link in before.links if link.integration_id == source.integration_id}
            for link in (await tables(self.mapper)).links:
                if link.integration_id == source.integration_id and link.source_id in newest:
                    assert link.last_observed_at >= newest[link.source_id], "a replay set somebody back"

        self._run(telling())

    @rule(first=PAGE, second=PAGE)
    def tell_at_once(self, first: list[tuple[int, int, int]], second: list[tuple[int, int, int]]) -> None:
        """Let both integrations tell at the same moment."""
        self.did.append(f"tell at once {first} and {second}")
        pages = [self._page(which, users, new_run=True) for which, users in enumerate((first, second))]

        async def telling() -> None:
            await asyncio.gather(*(self.mapper.publish(page) for page in pages))

        self._run(telling())

    @rule(edit=EDITS, seen=Seen)
    def edit(self, edit: tuple[int, str, int], seen: str) -> None:
        """Change somebody by hand."""
        self.did.append(f"edit {edit} {seen}")
        self._run(self._edit(edit, seen))

    @rule(which=WHICH, users=PAGE, edits=st.lists(st.tuples(EDITS, Seen), min_size=1, max_size=3))
    def edit_while_telling(self, which: int, users: list[tuple[int, int, int]], edits: list[tuple[tuple[int, str, int], str]]) -> None:
        """Let hands change people at the moment at which an integration tells of them."""
        self.did.append(f"edit {edits} while telling {which} {users}")
        page = self._page(which, users, new_run=True)

        async def telling() -> None:
            await asyncio.gather(self.mapper.publish(page), *(self._edit(edit, seen, alone=False) for edit, seen in edits))

        self._run(telling())

    @rule(which=WHICH, users=PAGE)
    def miss(self, which: int, users: list[tuple[int, int, int]]) -> None:
        """Read the whole directory: whoever is not in it is proven absent."""
        self.did.append(f"miss all of {which} but {users}")
        source, page = self.sources[which], self._page(which, users, new_run=True)

        async def telling() -> None:
            await self.mapper.publish(page)
            await self.mapper.publish(ListingCompleted(provenance=source.provenance(), pages=1, records=len(users)))
            gone = self.mapper.last("sync.absence.suspected.v1").source_ids
            assert not set(gone) & set(page.source_ids)
            proofs = [ProofOfAbsence(source_id=one, asked="GET /users/{id}", status=404, asked_at=now()) for one in gone]
            await self.mapper.publish(UsersProvenAbsent(provenance=source.provenance(), proofs=proofs))

        self._run(telling())

    @precondition(lambda self: self.ran)
    @rule(chosen=st.integers(0, 99))
    def undo(self, chosen: int) -> None:
        """Take back what a run did."""
        self.did.append(f"undo {chosen}")
        run_id = self.ran[chosen % len(self.ran)]

        async def undoing() -> None:
            answer = await self.mapper.answer("POST", f"/runs/{run_id}/undo", json={"mode": "apply"})
            if answer.is_success:
                await ended(self.mapper, answer.json())
            else:
                assert answer.json()["code"] == "nothing_to_undo", answer.text

        self._run(undoing())

    @rule(whom=st.integers(0, 7), what=st.sampled_from(["archive", "restore"]))
    def put_away(self, whom: int, what: str) -> None:
        """Archive somebody, or bring them back."""
        self.did.append(f"{what} {whom}")

        async def putting() -> None:
            people = await self._people()
            if people:
                answer = await self.mapper.answer("POST", f"/people/{people[whom % len(people)][0]}/{what}")
                assert answer.status_code in {200, 409}, answer.text

        self._run(putting())

    @invariant()
    def everything_holds(self) -> None:
        """Ask the database, history and the subscriber."""
        if not self.sources:
            return

        async def checking() -> None:
            await self.mapper.drain()
            stored = await tables(self.mapper)
            check(stored, self.mapper.of("records.changed.v1"))
            for person_id, revision, values in self.edits:
                row = stored.revisions["person", person_id][revision - 1]
                assert row.cause["kind"] == "user", f"an edit of {person_id} is lost: its revision {revision} is {row.cause}"
                assert {key: after for key, (_, after) in row.changes.items()} == values
            told = {(page.provenance.run_id, page.page): len(page.records) for pages in self.pages for page in pages}
            for applied in self.mapper.of("sync.page.applied.v1"):
                fetched = told.get((applied.run_id, applied.page))
                assert fetched is None or applied.counts.total == fetched, "the books do not balance"
                assert len(applied.rejections) == applied.counts.failed
                assert {rejection.code for rejection in applied.rejections} <= REFUSALS

        self._run(checking())

    def _page(self, which: int, users: list[tuple[int, int, int]], *, new_run: bool) -> UsersObserved:
        source = self.sources[which]
        if new_run or not self.pages[which]:
            source.run_id = uuid4()
            self.ran.append(source.run_id)
        number = 1 + sum(page.provenance.run_id == source.run_id for page in self.pages[which])
        page = source.page(
            [source_user(one, name=NAMES[called], email=f"u{address}@example.com") for one, called, address in users], page=number
        )
        self.pages[which].append(page)
        return page

    async def _is_as_told(self, page: UsersObserved) -> None:
        applied = self.mapper.last("sync.page.applied.v1")
        refused = {rejection.source_id for rejection in applied.rejections}
        async with self.mapper.database.reading() as session:
            joined = select(LINKS.c.source_id, PEOPLE.c.fields, PEOPLE.c.archived_at).join(PEOPLE, LINKS.c.person_id == PEOPLE.c.id)
            rows = await session.execute(joined.where(LINKS.c.integration_id == page.provenance.integration_id))
            found = {row.source_id: row for row in rows}
        for record in page.records:
            if record["id"] in refused or applied.counts.skipped or applied.counts.unchanged:
                continue
            fields = found[record["id"]].fields
            said = {"full_name": record["name"], "email": record["email"], "username": record["email"]}
            assert {key: fields[key] for key in said} == said

    async def _people(self) -> list[tuple[UUID, int]]:
        async with self.mapper.database.reading() as session:
            rows = await session.execute(select(PEOPLE.c.id, PEOPLE.c.revision).order_by(PEOPLE.c.created_at, PEOPLE.c.id))
            return [(row.id, row.revision) for row in rows]

    async def _edit(self, edit: tuple[int, str, int], seen: str, *, alone: bool = True) -> None:
        whom, field, to = edit
        people = await self._people()
        if not people:
            return
        person_id, revision = people[whom % len(people)]
        value = f"u{to}@example.com" if field in {"email", "username"} else f"By hand {to}"
        named = {"nothing": None, "newest": revision, "older": max(revision - 1, 1)}[seen]
        change = {"fields": {field: value}, **({} if named is None else {"revision": named})}
        before = (await self.mapper.call("GET", f"/people/{person_id}"))["fields"].get(field) if alone else None
        answer = await self.mapper.answer("PATCH", f"/people/{person_id}", json=change)
        told = answer.json()
        if answer.status_code == 409:
            assert told["code"] in {"value_taken", "record_changed", "record_put_away"}, told
            assert told["code"] != "record_changed" or named is not None
            assert told["code"] != "record_changed" or not alone or named != revision
            return
        assert answer.status_code == 200, answer.text
        assert told["fields"][field] == value
        if alone:
            assert named in {None, revision}, "an edit of what was seen no more was accepted"
            if before != value:
                assert told["revision"] == revision + 1
                self.edits.append((person_id, told["revision"], {field: value}))
        elif named is not None and told["revision"] != named:
            assert told["revision"] == named + 1
            self.edits.append((person_id, told["revision"], {field: value}))


def test_whatever_comes_in_whatever_order_nothing_is_lost_and_nobody_is_doubled(database_url: SecretStr, tmp_path: Path) -> None:
    """A bus repeats, people work while a run does, and two sources know one person: the record must survive all of it together."""
    with asyncio.Runner() as runner:
        running = running_mapper(database_url, tmp_path / "dead-letters", **FREE)
        mapper = runner.run(running.__aenter__())

        class Here(Machine):
            def __init__(self) -> None:
                super().__init__(mapper, runner)

        try:
            run_state_machine_as_test(Here, settings=EXAMPLES)
        finally:
            runner.run(running.__aexit__(None, None, None))
        assert not list((tmp_path / "dead-letters").rglob("*.json")), "a page was given up"
